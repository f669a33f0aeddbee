//! From the model to code. Cannot fail, and writes no behaviour: tables are filled, and what the
//! tables are for is the core's.

mod class;
mod handlers;
mod state;
mod table;

pub(crate) use class::{class, mask, stub_of_class};
pub(crate) use handlers::{handlers, no_methods};
pub(crate) use state::nested;
pub(crate) use table::table;

use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

/// `items` under `attrs`, where there are any: a constant without a name keeps them together.
fn under(attrs: &[Attribute], items: TokenStream) -> TokenStream {
    if attrs.is_empty() { items } else { quote!(#(#attrs)* const _: () = { #items };) }
}
