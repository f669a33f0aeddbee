//! The shape of state. Knows nothing of classes, instances or libraries.

mod derived;
mod descriptor;
mod serde_field;
mod std_types;
#[cfg(test)]
pub(crate) mod testing;
mod value;

pub use derived::{
    Addresses, EnumState, Parts, enum_descriptor, field, no_such_variant, opaque_descriptor, struct_descriptor, variant,
};
pub use descriptor::*;
pub use serde_field::serde_ops;
