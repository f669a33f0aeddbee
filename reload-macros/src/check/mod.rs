//! From what was written to the model: one function for each rule, every mistake collected. Knows
//! nothing of the code that is generated.

mod class;
mod fields;
mod generics;
mod handlers;
mod options;
mod signature;
mod table;

pub(crate) use class::{class, strip_field_options};
pub(crate) use fields::nested;
pub(crate) use handlers::handlers;
pub(crate) use table::table;

use syn::Attribute;

/// The `#[cfg]`s among `attrs`: what is generated for an item exists when the item does.
fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect()
}
