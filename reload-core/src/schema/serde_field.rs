//! `#[field(serde)]`: a value as JSON and back, for types that only serde knows.
#![expect(unsafe_code, reason = "boundary functions of one field")]

use super::SerdeOps;
use crate::boundary::{Outcome, RawStr, guard};

/// The functions of a field of type `T`.
#[must_use]
pub const fn serde_ops<T: serde::Serialize + serde::de::DeserializeOwned>() -> SerdeOps {
    SerdeOps { read: read::<T>, build: build::<T> }
}

/// # Safety
///
/// 1. `value` points to a valid `T`.
/// 2. `take` fits `state`.
unsafe extern "C" fn read<T: serde::Serialize>(
    value: *const u8,
    take: unsafe extern "C" fn(state: *mut u8, ok: bool, text: RawStr),
    state: *mut u8,
) -> Outcome {
    guard(&mut || {
        // SAFETY: (1)
        let value = unsafe { &*value.cast::<T>() };
        let (ok, text) = match serde_json::to_string(value) {
            Ok(json) => (true, json),
            Err(error) => (false, error.to_string()),
        };
        // SAFETY: (2) the text lives during the call.
        unsafe { take(state, ok, RawStr::borrowed(&text)) }
    })
}

/// # Safety
///
/// 1. `out` is valid for a write of `T`.
/// 2. `json` is readable.
unsafe extern "C" fn build<T: serde::de::DeserializeOwned>(out: *mut u8, json: RawStr) -> Outcome {
    guard(&mut || {
        // SAFETY: (2)
        let json = unsafe { json.get() };
        match serde_json::from_str::<T>(json) {
            // SAFETY: (1)
            Ok(value) => unsafe { out.cast::<T>().write(value) },
            Err(error) => panic!("{error}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::MaybeUninit;

    /// Keeps what `read` answers.
    ///
    /// # Safety
    ///
    /// 1. `state` is an answer.
    unsafe extern "C" fn keep(state: *mut u8, ok: bool, text: RawStr) {
        // SAFETY: (1) and the text is readable during the call.
        unsafe { *state.cast::<(bool, String)>() = (ok, text.get().to_owned()) }
    }

    #[test]
    fn a_value_goes_through_json_and_a_bad_text_is_a_panic_with_the_reason() {
        let ops = serde_ops::<Vec<u8>>();
        let value = vec![1_u8, 2];
        let mut answer = (false, String::new());
        // SAFETY: a valid value; `keep` fits the answer.
        let outcome = unsafe { (ops.read)((&raw const value).cast(), keep, (&raw mut answer).cast()) };
        assert_eq!(outcome.into_result(), Ok(()));
        assert_eq!(answer, (true, "[1,2]".to_owned()));

        let mut back = MaybeUninit::<Vec<u8>>::uninit();
        // SAFETY: room for the value; the text lives during the call.
        let outcome = unsafe { (ops.build)(back.as_mut_ptr().cast(), RawStr::borrowed(&answer.1)) };
        assert_eq!(outcome.into_result(), Ok(()));
        // SAFETY: the outcome was fine, so a value was written.
        assert_eq!(unsafe { back.assume_init() }, value);

        let mut unwritten = MaybeUninit::<Vec<u8>>::uninit();
        // SAFETY: as above.
        let outcome = unsafe { (ops.build)(unwritten.as_mut_ptr().cast(), RawStr::borrowed("[1,")) };
        let panicked = outcome.into_result().expect_err("the text is cut off");
        assert!(panicked.message.contains("EOF"), "{}", panicked.message);
    }
}
