//! Fields that are carried through their serde form.
#![expect(unsafe_code, reason = "calls the field's functions on memory that the caller vouches for")]

use super::{Reason, SerdeOps, Value};
use crate::boundary::RawStr;

/// The field's value as JSON text.
pub(crate) fn read_serde(ops: &SerdeOps, value: Value<'_>) -> Result<String, Reason> {
    /// # Safety
    ///
    /// 1. `state` points to an `Option<Result<String, String>>` that nothing else refers to during the call.
    /// 2. `text` is readable during the call.
    unsafe extern "C" fn take(state: *mut u8, ok: bool, text: RawStr) {
        // SAFETY: (1)
        let taken = unsafe { &mut *state.cast::<Option<Result<String, String>>>() };
        // SAFETY: (2)
        let text = unsafe { text.get() }.to_owned();
        *taken = Some(if ok { Ok(text) } else { Err(text) });
    }

    let mut taken: Option<Result<String, String>> = None;
    // SAFETY: the field's functions and a value of it, as its table says; `take` fits the state.
    let outcome = unsafe { (ops.read)(value.as_ptr(), take, (&raw mut taken).cast()) };
    outcome.into_result().map_err(Reason::Panicked)?;
    taken.unwrap_or_else(|| Err("its serde form was not handed over".into())).map_err(Reason::Serde)
}

/// Writes the field's value, made from JSON text.
///
/// # Safety
///
/// 1. `out` is valid for a write of the field's type.
pub(crate) unsafe fn write_serde(ops: &SerdeOps, out: *mut u8, json: &str) -> Result<(), Reason> {
    // SAFETY: (1)
    let outcome = unsafe { (ops.build)(out, RawStr::borrowed(json)) };
    outcome.into_result().map_err(|panicked| Reason::Serde(panicked.message))
}
