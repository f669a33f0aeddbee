//! From something found to a scalar.
#![expect(unsafe_code, reason = "writes scalars where a slot vouches for the room")]

use super::{found::Found, read::Slot};
use crate::{
    ObjectId,
    schema::{Reason, Scalar, number},
};
use serde::de::{Error, MapAccess, SeqAccess};

/// Writes the scalar if what was found is one, exactly; with `convert`, also if it is one as text.
pub(super) fn fill<'de, S, M>(slot: &Slot<'_>, scalar: Scalar, found: Found<'_, S, M>) -> Result<(), S::Error>
where
    S: SeqAccess<'de>,
    M: MapAccess<'de, Error = S::Error>,
{
    let convert = slot.reader.options.convert;
    macro_rules! write {
        ($ty:ty, $value:expr) => {
            match $value {
                // SAFETY: the slot's room is for this type.
                Some(value) => unsafe { slot.out.cast::<$ty>().write(value) },
                None => return Err(slot.expected(slot.descriptor.path(), &found.describe())),
            }
        };
    }
    macro_rules! integer {
        ($ty:ty) => {
            write!(
                $ty,
                match &found {
                    Found::Signed(value) => match <$ty>::try_from(*value) {
                        Ok(value) => Some(value),
                        Err(_) => return Err(out_of_range(slot, &value.to_string())),
                    },
                    Found::Unsigned(value) => match <$ty>::try_from(*value) {
                        Ok(value) => Some(value),
                        Err(_) => return Err(out_of_range(slot, &value.to_string())),
                    },
                    // The largest integers are texts in JSON, which has no numbers for them.
                    Found::Text(text) if convert || size_of::<$ty>() == 16 => text.trim().parse::<$ty>().ok(),
                    Found::Bool(value) if convert => <$ty>::try_from(u8::from(*value)).ok(),
                    Found::Float(value) if convert =>
                        match number::whole(*value).and_then(|whole| <$ty>::try_from(whole).ok()) {
                            Some(value) => Some(value),
                            None => return Err(out_of_range(slot, &format!("{value:?}"))),
                        },
                    _ => None,
                }
            )
        };
    }
    macro_rules! float {
        ($ty:ty, $of_text:expr) => {
            write!(
                $ty,
                match &found {
                    Found::Float(value) if convert && !number::is_in_range((*value as $ty).into(), *value) => {
                        return Err(out_of_range(slot, &format!("{value:?}")));
                    }
                    Found::Signed(value) if convert && number::whole((*value as $ty).into()) != Some(*value) => {
                        return Err(out_of_range(slot, &value.to_string()));
                    }
                    Found::Unsigned(value)
                        if convert
                            && number::whole((*value as $ty).into()).and_then(|value| u128::try_from(value).ok())
                                != Some(*value) =>
                    {
                        return Err(out_of_range(slot, &value.to_string()));
                    }
                    Found::Float(value) => Some($of_text(*value)),
                    Found::Signed(value) => Some(*value as $ty),
                    Found::Unsigned(value) => Some(*value as $ty),
                    Found::Text("NaN") => Some(<$ty>::NAN),
                    Found::Text("inf") => Some(<$ty>::INFINITY),
                    Found::Text("-inf") => Some(<$ty>::NEG_INFINITY),
                    Found::Text(text) if convert => number::float_of_text(text),
                    _ => None,
                }
            )
        };
    }
    match scalar {
        Scalar::Unit => match found {
            Found::Null => {}
            found => return Err(slot.expected("null", &found.describe())),
        },
        Scalar::Bool => write!(
            bool,
            match &found {
                Found::Bool(value) => Some(*value),
                Found::Text(text) if convert => text.trim().parse().ok(),
                Found::Unsigned(value @ (0 | 1)) if convert => Some(*value == 1),
                Found::Signed(value @ (0 | 1)) if convert => Some(*value == 1),
                _ => None,
            }
        ),
        Scalar::Char => write!(
            char,
            match &found {
                Found::Text(text) => text.parse().ok(),
                _ => None,
            }
        ),
        Scalar::I8 => integer!(i8),
        Scalar::I16 => integer!(i16),
        Scalar::I32 => integer!(i32),
        Scalar::I64 => integer!(i64),
        Scalar::I128 => integer!(i128),
        Scalar::Isize => integer!(isize),
        Scalar::U8 => integer!(u8),
        Scalar::U16 => integer!(u16),
        Scalar::U32 => integer!(u32),
        Scalar::U64 => integer!(u64),
        Scalar::U128 => integer!(u128),
        Scalar::Usize => integer!(usize),
        Scalar::F32 => float!(f32, number::f32_of_text),
        Scalar::F64 => float!(f64, core::convert::identity),
        Scalar::Object => write!(
            ObjectId,
            match &found {
                Found::Text(text) => text.parse().ok(),
                _ => None,
            }
        ),
    }
    Ok(())
}

#[cold]
fn out_of_range<E: Error>(slot: &Slot<'_>, found: &str) -> E {
    slot.fault(Reason::Expected {
        expected: slot.descriptor.path().to_owned(),
        found: format!("{found}, which does not fit"),
    })
}
