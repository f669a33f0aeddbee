//! What rows of handlers have where the handler itself cannot be: an [`OneFn`](super::OneFn) each.
#![expect(unsafe_code, reason = "called as handlers are")]

use crate::dispatch::Ctx;

/// Where there is no handler.
///
/// # Safety
///
/// None beyond those of its parameters' types.
pub(crate) unsafe extern "C" fn nobody(_object: *mut u8, _ctx: &mut Ctx, _event: *const u8) {}

/// Where the part that the handler is written for lies further from the start of the object than a row can tell.
///
/// # Safety
///
/// 1. As for the handler that the pulse tells, `object` being the whole object.
pub(crate) unsafe extern "C" fn far(object: *mut u8, ctx: &mut Ctx, event: *const u8) {
    // SAFETY: (1)
    unsafe { ctx.deliver_far(object, event) }
}
