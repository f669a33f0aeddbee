//! What a processor does with bytes at an address that the compiler cannot see by itself to be worth it.
#![expect(unsafe_code, reason = "copies bytes")]

/// Copies the bytes of one value. Those of usual sizes without a call.
///
/// # Safety
///
/// 1. As for [`core::ptr::copy_nonoverlapping`].
#[inline(always)]
pub(crate) unsafe fn move_one(from: *const u8, to: *mut u8, bytes: usize) {
    macro_rules! sizes {
        ($($size:literal)*) => {
            match bytes {
                // SAFETY: (1)
                $($size => unsafe { core::ptr::copy_nonoverlapping(from.cast::<[u8; $size]>(), to.cast(), 1) },)*
                // SAFETY: (1)
                _ => unsafe { core::ptr::copy_nonoverlapping(from, to, bytes) },
            }
        };
    }
    sizes!(0 4 8 12 16 24 32 40 48 56 64 72 80 88 96 104 112 120 128);
}

/// Lets the processor fetch the line of memory at an address, which is read or written soon. Any address will do.
#[inline(always)]
pub(super) fn fetch(at: *const u8) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a hint, which does nothing where nothing can be read.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}
