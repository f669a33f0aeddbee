//! The macros of `reload-core`.
use proc_macro::TokenStream;

/// Declares an event table.
#[proc_macro]
pub fn event_table(_input: TokenStream) -> TokenStream {
    TokenStream::new()
}

/// Makes a struct, or its `impl`, a live class.
#[proc_macro_attribute]
pub fn game_class(_options: TokenStream, item: TokenStream) -> TokenStream {
    item
}

/// Derives `State`.
#[proc_macro_derive(State, attributes(field))]
pub fn state(_item: TokenStream) -> TokenStream {
    TokenStream::new()
}
