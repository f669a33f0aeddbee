//! `Option` and `Result`.
#![expect(unsafe_code, reason = "boundary functions of enums")]

use super::{refuse, table};
use crate::{
    boundary::{Outcome, RawSlice, RawStr, guard},
    schema::{Carry, Descriptor, EnumOps, Field, Shape, State, Variant, default_of, descriptor},
};

/// An enum whose variants have at most one field.
trait Choice: Sized {
    const VARIANTS: &'static [Variant];
    /// The variant's index and the address of its field; null where it has none.
    fn active(&self) -> (u32, *const u8);
    /// The variant, its field moved out of `field`.
    ///
    /// # Safety
    ///
    /// 1. `field` gives the address of a valid field of the variant, which is not used again.
    unsafe fn of(variant: u32, field: impl FnOnce() -> *mut u8) -> Self;
}

/// A variant with one field of type `T`, or with none.
const fn variant(name: &'static str, fields: &'static [Field]) -> Variant {
    Variant { name: RawStr::new(name), was: RawStr::ABSENT, fields: RawSlice::new(fields) }
}

/// The field of a variant.
const fn payload<T: State>() -> Field {
    Field {
        name: RawStr::new("0"),
        was: RawStr::ABSENT,
        offset: 0,
        ty: descriptor::<T>,
        default: None,
        carry: Carry::ByShape,
    }
}

impl<T: State> Choice for Option<T> {
    const VARIANTS: &'static [Variant] = &[variant("None", &[]), variant("Some", const { &[payload::<T>()] })];

    fn active(&self) -> (u32, *const u8) {
        match self {
            None => (0, core::ptr::null()),
            Some(value) => (1, (&raw const *value).cast()),
        }
    }

    unsafe fn of(variant: u32, field: impl FnOnce() -> *mut u8) -> Self {
        match variant {
            0 => None,
            // SAFETY: (1) of this function.
            1 => Some(unsafe { field().cast::<T>().read() }),
            _ => refuse("no such variant"),
        }
    }
}

impl<T: State, E: State> Choice for Result<T, E> {
    const VARIANTS: &'static [Variant] =
        &[variant("Ok", const { &[payload::<T>()] }), variant("Err", const { &[payload::<E>()] })];

    fn active(&self) -> (u32, *const u8) {
        match self {
            Ok(value) => (0, (&raw const *value).cast()),
            Err(error) => (1, (&raw const *error).cast()),
        }
    }

    unsafe fn of(variant: u32, field: impl FnOnce() -> *mut u8) -> Self {
        match variant {
            // SAFETY: (1) of this function.
            0 => Ok(unsafe { field().cast::<T>().read() }),
            // SAFETY: (1) of this function.
            1 => Err(unsafe { field().cast::<E>().read() }),
            _ => refuse("no such variant"),
        }
    }
}

const fn enum_ops<C: Choice>() -> EnumOps {
    EnumOps {
        variants: RawSlice::new(C::VARIANTS),
        said: RawSlice::EMPTY,
        variant: active_variant::<C>,
        fields: active_fields::<C>,
        build: build::<C>,
    }
}

/// # Safety
///
/// 1. `value` points to a valid `C`.
unsafe extern "C" fn active_variant<C: Choice>(value: *const u8) -> u32 {
    // SAFETY: (1)
    let value = unsafe { &*value.cast::<C>() };
    value.active().0
}

/// # Safety
///
/// 1. `value` points to a valid `C`.
/// 2. `out` has room for the addresses of the active variant's fields.
unsafe extern "C" fn active_fields<C: Choice>(value: *const u8, out: *mut *const u8) {
    // SAFETY: (1)
    let value = unsafe { &*value.cast::<C>() };
    let (_, field) = value.active();
    if !field.is_null() {
        // SAFETY: (2) the variant has a field.
        unsafe { out.write(field) }
    }
}

/// # Safety
///
/// 1. `out` is valid for a write of `C`.
/// 2. `fields` holds the address of each field of the variant: valid values that are not used again.
unsafe extern "C" fn build<C: Choice>(out: *mut u8, variant: u32, fields: *const *mut u8) -> Outcome {
    guard(&mut || {
        // SAFETY: (2) `of` asks for the address only where the variant has a field.
        let value = unsafe { C::of(variant, || fields.read()) };
        // SAFETY: (1)
        unsafe { out.cast::<C>().write(value) }
    })
}

// SAFETY: (1) functions of the same type.
unsafe impl<T: State> State for Option<T> {
    const DESCRIPTOR: Descriptor = table::<Self>("Option", Some(default_of::<Self>()), Shape::Enum(enum_ops::<Self>()));
}

// SAFETY: (1) functions of the same type.
unsafe impl<T: State, E: State> State for Result<T, E> {
    const DESCRIPTOR: Descriptor = table::<Self>("Result", None, Shape::Enum(enum_ops::<Self>()));
}
