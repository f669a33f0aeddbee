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

use syn::{Attribute, Meta, parse_quote};

/// What generated code for an item takes over from the item's own attributes: it exists when the item does,
/// and what the author allows there, or has said by `#[deprecated]`, is not said again.
fn taken_over(attrs: &[Attribute]) -> Vec<Attribute> {
    let mut taken: Vec<Attribute> =
        attrs.iter().filter(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("allow")).cloned().collect();
    // What is expected where the author has written it need not be in what is generated.
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("expect")) {
        if let Meta::List(list) = &attr.meta {
            let lints = &list.tokens;
            taken.push(parse_quote!(#[allow(#lints)]));
        }
    }
    if attrs.iter().any(|attr| attr.path().is_ident("deprecated")) {
        taken.push(parse_quote!(#[allow(deprecated, reason = "the method is deprecated for its callers, not for the events that reach it")]));
    }
    taken
}
