//! The shape of state. Knows nothing of classes, instances or libraries.

mod access;
mod build;
mod carry;
mod check;
mod compare;
mod copy;
mod derived;
mod descriptor;
mod fingerprint;
mod json;
mod name;
mod path;
mod place;
mod serde_field;
mod std_types;
#[cfg(test)]
pub(crate) mod testing;
mod value;

pub use build::{drop_value, write_default, write_field_default};
pub use check::{Limits, check_descriptor};
pub use compare::{Difference, DifferenceKind, differences, same_layout};
pub use copy::deep_copy;
pub use derived::{
    Addresses, EnumState, Parts, enum_descriptor, field, no_such_variant, opaque_descriptor, struct_descriptor, variant,
};
pub use descriptor::*;
pub use fingerprint::fingerprint;
pub use json::{JsonOptions, JsonReport, JsonSeed};
pub use path::{Fault, Reason};
pub use place::Place;
pub use serde_field::serde_ops;
pub use value::{ActiveVariant, Value};

pub(crate) use access::{continued_fields, continued_variants, is_positional};
pub(crate) use path::{Path, Step};
pub(crate) use place::Partial;
use std_types::TUPLE;
