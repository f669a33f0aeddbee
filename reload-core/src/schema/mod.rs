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
mod keeper;
mod name;
pub(crate) mod number;
mod opaque;
mod path;
mod place;
mod serde_field;
mod std_types;
#[cfg(test)]
pub(crate) mod testing;
mod ties;
mod value;

pub use build::{drop_value, write_default, write_field_default};
pub use check::{Limits, check_descriptor};
pub use compare::{Difference, DifferenceKind, differences, same_layout};
pub(crate) use compare::{differences_told, same_struct};
pub use copy::deep_copy;
pub use derived::{
    Addresses, EnumState, Parts, Start, discriminant_i8, discriminant_i16, discriminant_i32, discriminant_i64,
    discriminant_i128, discriminant_isize, discriminant_u8, discriminant_u16, discriminant_u32, discriminant_u64,
    discriminant_u128, discriminant_usize, enum_descriptor, field, no_such_variant, opaque_descriptor,
    struct_descriptor, variant,
};
pub(crate) use descriptor::write_one;
pub use descriptor::*;
pub use fingerprint::fingerprint;
pub use json::{JsonOptions, JsonReport, JsonSeed};
pub use path::{Fault, Reason};
pub use place::Place;
pub use serde_field::serde_ops;
pub use value::{ActiveVariant, Value};

pub(crate) use access::{Direction, continued, continued_names, is_positional};
pub(crate) use build::{
    Enclosing, build_owner, build_proxied, build_variant, default_at, field_default_at, fill_array,
};
pub(crate) use carry::{read_serde, write_serde};
pub(crate) use copy::{borrowed, copy_at};
pub(crate) use json::{
    Plain, field_from_json, field_json, field_json_in, key_text, missing_field, nested, plain, proxy_of, unkept,
    value_from_json,
};
pub(crate) use keeper::{Keeper, NoKeeper, Tentative};
pub(crate) use opaque::{
    any_field, field_types, hashers_of_own_types, opaque_fields, opaque_fields_of_own_types, unknown_fields_of_shared,
};
pub(crate) use path::{Path, Step};
pub(crate) use place::{Partial, Undo};
pub(crate) use std_types::TUPLE;
pub(crate) use ties::Ties;
