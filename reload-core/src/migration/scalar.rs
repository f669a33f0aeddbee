//! Scalars and texts that become one another: exactly, or not at all; but one float may be the nearest one of another type.
#![expect(unsafe_code, reason = "writes scalars in room that the caller vouches for")]

use super::convert::{Target, broken, does_not_fit};
use crate::{
    boundary::RawStr,
    schema::{Fault, Plain, Reason, Scalar, Shape, Value, number, plain},
};

pub(super) fn scalar_text(from: Value<'_>) -> String {
    let Shape::Scalar(scalar) = from.descriptor().shape else { return String::new() };
    plain(from, scalar).to_string()
}

/// # Safety
///
/// 1. `to.out` is valid for a write of its type.
pub(super) unsafe fn write_text(text: &str, to: Target<'_>) -> Result<(), Fault> {
    let Shape::Text(ops) = &to.ty.shape else { return Err(broken(to.path)) };
    // SAFETY: (1); the text lives during the call.
    unsafe { (ops.build)(to.out, RawStr::borrowed(text)) }
        .into_result()
        .map_err(|panicked| to.path.fault(Reason::Panicked(panicked)))
}

/// Calls `$write!(type, value)` for the scalar's type.
macro_rules! write_scalar {
    ($scalar:expr, $value:ident: $kind:ident => $out:expr) => {
        match $scalar {
            Scalar::I8 => $kind!(i8, $value, $out),
            Scalar::I16 => $kind!(i16, $value, $out),
            Scalar::I32 => $kind!(i32, $value, $out),
            Scalar::I64 => $kind!(i64, $value, $out),
            Scalar::I128 => $kind!(i128, $value, $out),
            Scalar::Isize => $kind!(isize, $value, $out),
            Scalar::U8 => $kind!(u8, $value, $out),
            Scalar::U16 => $kind!(u16, $value, $out),
            Scalar::U32 => $kind!(u32, $value, $out),
            Scalar::U64 => $kind!(u64, $value, $out),
            Scalar::U128 => $kind!(u128, $value, $out),
            Scalar::Usize => $kind!(usize, $value, $out),
            _ => None,
        }
    };
}

/// Writes the value if there is one.
///
/// # Safety
///
/// 1. `out` is valid for a write of `T`.
unsafe fn put<T>(value: Option<T>, out: *mut u8) -> Option<()> {
    // SAFETY: (1)
    value.map(|value| unsafe { out.cast::<T>().write(value) })
}

/// # Safety
///
/// 1. `to.out` is valid for a write of its type, a scalar; `from` is one as well.
pub(super) unsafe fn scalar(from: Value<'_>, to: Target<'_>) -> Result<(), Fault> {
    let (Shape::Scalar(old), Shape::Scalar(new)) = (&from.descriptor().shape, &to.ty.shape) else {
        return Err(broken(to.path));
    };
    let value = plain(from, *old);
    macro_rules! integer {
        ($ty:ty, $value:ident, $out:expr) => {{
            let number = match $value {
                Plain::Signed(number) => <$ty>::try_from(number).ok(),
                Plain::Unsigned(number) => <$ty>::try_from(number).ok(),
                Plain::F32(number) => number::whole(number.into()).and_then(|whole| <$ty>::try_from(whole).ok()),
                Plain::F64(number) => number::whole(number).and_then(|whole| <$ty>::try_from(whole).ok()),
                Plain::Bool(truth) => <$ty>::try_from(u8::from(truth)).ok(),
                _ => None,
            };
            // SAFETY: (1)
            unsafe { put(number, $out) }
        }};
    }
    macro_rules! float {
        ($ty:ty) => {{
            let number = match value {
                Plain::Signed(number) => {
                    Some(number as $ty).filter(|float| number::whole((*float).into()) == Some(number))
                }
                Plain::Unsigned(number) => Some(number as $ty)
                    .filter(|float| i128::try_from(number).is_ok_and(|n| number::whole((*float).into()) == Some(n))),
                Plain::F32(number) => Some(number as $ty),
                Plain::F64(number) => Some(number as $ty).filter(|float| number::is_in_range((*float).into(), number)),
                _ => None,
            };
            // SAFETY: (1)
            unsafe { put(number, to.out) }
        }};
    }
    let written = match *new {
        Scalar::F32 => float!(f32),
        Scalar::F64 => float!(f64),
        Scalar::Bool => {
            let truth = match value {
                Plain::Signed(number @ (0 | 1)) => Some(number == 1),
                Plain::Unsigned(number @ (0 | 1)) => Some(number == 1),
                Plain::Bool(truth) => Some(truth),
                _ => None,
            };
            // SAFETY: (1)
            unsafe { put(truth, to.out) }
        }
        scalar => write_scalar!(scalar, value: integer => to.out),
    };
    written.ok_or_else(|| does_not_fit(&value.to_string(), to))
}

/// # Safety
///
/// 1. `to.out` is valid for a write of its type, a scalar.
pub(super) unsafe fn parse(text: &str, to: Target<'_>) -> Result<(), Fault> {
    let Shape::Scalar(scalar) = to.ty.shape else { return Err(broken(to.path)) };
    let trimmed = text.trim();
    macro_rules! parsed {
        ($ty:ty, $text:ident, $out:expr) => {
            // SAFETY: (1)
            unsafe { put($text.parse::<$ty>().ok(), $out) }
        };
    }
    let written = match scalar {
        Scalar::Bool => parsed!(bool, trimmed, to.out),
        Scalar::Char => parsed!(char, text, to.out),
        // SAFETY: (1)
        Scalar::F32 => unsafe { put(number::float_of_text::<f32>(text), to.out) },
        // SAFETY: (1)
        Scalar::F64 => unsafe { put(number::float_of_text::<f64>(text), to.out) },
        Scalar::Object => parsed!(crate::ObjectId, trimmed, to.out),
        scalar => write_scalar!(scalar, trimmed: parsed => to.out),
    };
    written.ok_or_else(|| does_not_fit(&format!("{text:?}"), to))
}
