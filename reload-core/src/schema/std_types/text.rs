//! Texts.
#![expect(unsafe_code, reason = "boundary functions of texts")]

use super::{refuse, table};
use crate::{
    boundary::{Outcome, RawStr, guard},
    schema::{Descriptor, Shape, State, TextOps, default_of},
};
use std::path::PathBuf;

/// A type whose values are texts.
trait Text: Sized {
    /// The text, if it is UTF-8.
    fn text(&self) -> Option<&str>;
    /// A value with this text.
    fn of(text: String) -> Self;
}

impl Text for String {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
    fn of(text: String) -> Self {
        text
    }
}

impl Text for Box<str> {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
    fn of(text: String) -> Self {
        text.into()
    }
}

impl Text for PathBuf {
    fn text(&self) -> Option<&str> {
        self.to_str()
    }
    fn of(text: String) -> Self {
        text.into()
    }
}

/// # Safety
///
/// 1. `value` points to a valid `T` that is not changed while the text is in use.
unsafe extern "C" fn read<T: Text>(value: *const u8) -> RawStr {
    // SAFETY: (1)
    let value = unsafe { &*value.cast::<T>() };
    value.text().map_or(RawStr::ABSENT, RawStr::borrowed)
}

/// # Safety
///
/// 1. `out` is valid for a write of `T`.
/// 2. `text` is readable during the call.
unsafe extern "C" fn build<T: Text>(out: *mut u8, text: RawStr) -> Outcome {
    guard(&mut || {
        // SAFETY: (2)
        let text = unsafe { text.get() };
        let mut owned = String::new();
        if owned.try_reserve_exact(text.len()).is_err() {
            refuse("out of memory");
        }
        owned.push_str(text);
        let value = T::of(owned);
        // SAFETY: (1)
        unsafe { out.cast::<T>().write(value) }
    })
}

macro_rules! text {
    ($($ty:ty = $path:literal),*) => {$(
        // SAFETY: (1) functions of the same type.
        unsafe impl State for $ty {
            const DESCRIPTOR: Descriptor = table::<Self>(
                $path,
                Some(default_of::<Self>()),
                Shape::Text(TextOps { read: read::<Self>, build: build::<Self> }),
            );
        }
    )*};
}
text!(String = "String", Box<str> = "Box<str>", PathBuf = "PathBuf");
