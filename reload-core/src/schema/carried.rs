//! Fields whose type the core does not look into: `#[field(opaque)]` and `#[field(serde)]`.
#![expect(unsafe_code, reason = "reads and writes values of an erased type")]

use super::{Descriptor, SerdeOps, Shape, WriteFn, drop_of};
use crate::boundary::{Outcome, RawStr, guard};
use serde::{Serialize, de::DeserializeOwned};

/// The descriptor of a type that the core does not look into.
#[must_use]
pub const fn opaque<T>(path: &'static str, default: Option<WriteFn>) -> Descriptor {
    Descriptor {
        path: RawStr::new(path),
        size: size_of::<T>(),
        align: align_of::<T>(),
        drop_in_place: drop_of::<T>(),
        default,
        shape: Shape::Opaque,
    }
}

/// The functions of a field that is carried through serde.
#[must_use]
pub const fn serde_ops<T: Serialize + DeserializeOwned>() -> SerdeOps {
    SerdeOps { read: read::<T>, build: build::<T> }
}

/// See [`SerdeOps::read`].
///
/// # Safety
///
/// 1. `value` points to a valid `T`; `take` fits `state`.
unsafe extern "C" fn read<T: Serialize>(
    value: *const u8,
    take: unsafe extern "C" fn(state: *mut u8, ok: bool, text: RawStr),
    state: *mut u8,
) -> Outcome {
    guard(|| {
        // SAFETY: (1)
        let (ok, text) = match serde_json::to_string(unsafe { &*value.cast::<T>() }) {
            Ok(json) => (true, json),
            Err(error) => (false, error.to_string()),
        };
        // SAFETY: (1)
        unsafe { take(state, ok, RawStr::borrowed(&text)) }
    })
}

/// See [`SerdeOps::build`].
///
/// # Safety
///
/// 1. `out` is valid for a write of `T`; `json` is readable.
unsafe extern "C" fn build<T: DeserializeOwned>(out: *mut u8, json: RawStr) -> Outcome {
    guard(|| {
        // SAFETY: (1)
        match serde_json::from_str::<T>(unsafe { json.get() }) {
            // SAFETY: (1)
            Ok(value) => unsafe { out.cast::<T>().write(value) },
            Err(error) => panic!("{error}"),
        }
    })
}
