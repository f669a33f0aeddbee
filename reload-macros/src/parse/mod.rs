//! From tokens to what was written. Only grammar: whether it means anything is `check`'s to say.

mod block;
mod options;
mod table;

pub(crate) use block::{ImplBlock, Method, bare, like};
pub(crate) use options::{Opt, Options};
pub(crate) use table::{TableDecl, TableEvent};

use proc_macro2::TokenStream;
use syn::{
    Attribute, DeriveInput, Token, Visibility,
    parse::{Parse, ParseStream},
};

/// What is under `#[game_class]`.
///
/// # Errors
///
/// It is not an item.
pub(crate) fn item(tokens: TokenStream) -> syn::Result<Item> {
    syn::parse2(block::without_bodies(tokens))
}

/// The item under `#[game_class]`.
pub(crate) enum Item {
    /// A struct, an enum or a union.
    Type(Box<DeriveInput>),
    /// An `impl` block.
    Impl(Box<ImplBlock>),
    /// Anything else.
    Other,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        ahead.call(Attribute::parse_outer)?;
        ahead.parse::<Visibility>()?;
        if ahead.peek(Token![struct]) || ahead.peek(Token![enum]) || ahead.peek(Token![union]) {
            return Ok(Self::Type(input.parse()?));
        }
        ahead.parse::<Option<Token![unsafe]>>()?;
        if ahead.peek(Token![impl]) {
            return Ok(Self::Impl(input.parse()?));
        }
        block::skip_rest(input)?;
        Ok(Self::Other)
    }
}
