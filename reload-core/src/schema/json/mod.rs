//! Values as JSON: what an inspector shows, what a save file and the attic hold. Works on any type's
//! table, costs the types no code, and names the place of what it cannot read.

mod fill;
mod found;
mod key;
mod many;
mod read;
mod scalar;
mod write;

#[cfg(test)]
mod tests;

pub(crate) use key::{Plain, key_text, plain, proxy_of};
pub use read::{JsonOptions, JsonReport, JsonSeed};
pub(crate) use read::{field_from_json, missing_field, nested, value_from_json};
pub(crate) use write::{field_json, field_json_in, unkept};

use super::{Descriptor, Scalar, Shape};

/// Whether a value of the type may be `null` in JSON, so that `Some` of it has to say that it is there.
fn may_be_null(descriptor: &Descriptor) -> bool {
    match &descriptor.shape {
        Shape::Scalar(Scalar::Unit) => true,
        Shape::Enum(_) => descriptor.is_option(),
        Shape::Owner(ops) => may_be_null((ops.inner)()),
        Shape::Proxy(ops) => may_be_null((ops.proxy)()),
        Shape::Struct(_) if descriptor.is_newtype() => {
            let field = &descriptor.fields()[0];
            !matches!(field.carry, super::Carry::ByShape) || may_be_null(field.descriptor())
        }
        _ => false,
    }
}

/// Whether keys of the type are texts in JSON; maps with other keys are lists of pairs.
fn is_text_key(descriptor: &Descriptor) -> bool {
    match &descriptor.shape {
        Shape::Scalar(scalar) => *scalar != Scalar::Unit,
        Shape::Text(_) => true,
        Shape::Enum(_) => {
            !descriptor.is_option() && descriptor.variants().iter().all(|variant| variant.fields().is_empty())
        }
        Shape::Owner(ops) => is_text_key((ops.inner)()),
        Shape::Proxy(ops) => is_text_key((ops.proxy)()),
        Shape::Struct(_) if descriptor.is_newtype() => {
            let field = &descriptor.fields()[0];
            matches!(field.carry, super::Carry::ByShape) && is_text_key(field.descriptor())
        }
        _ => false,
    }
}

/// How the field is called that has what serde has written, as a text, where a JSON value does not say as much.
const SERDE: &str = "serde";
/// How the field of an opaque value is called.
const OPAQUE: &str = "opaque";
/// How the field of a `Some` is called whose value may itself be `null`.
const SOME: &str = "Some";
