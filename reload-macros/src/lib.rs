//! The macros of `reload-core`.

mod case;
mod check;
mod expand;
mod mistakes;
mod model;
mod names;
mod parse;
mod run;

use proc_macro::TokenStream;

/// Declares an event table.
#[proc_macro]
pub fn event_table(input: TokenStream) -> TokenStream {
    run::event_table(input.into()).into()
}

/// Makes a struct, or its `impl`, a live class.
#[proc_macro_attribute]
pub fn game_class(options: TokenStream, item: TokenStream) -> TokenStream {
    run::game_class(options.into(), item.into()).into()
}

/// Derives `State`.
#[proc_macro_derive(State, attributes(field))]
pub fn state(item: TokenStream) -> TokenStream {
    run::state(item.into()).into()
}
