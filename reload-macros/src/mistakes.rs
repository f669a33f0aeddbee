//! Collects everything that is wrong with an item, so that one compile shows all of it, each mistake
//! at its own token.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(crate) struct Mistakes {
    found: Vec<syn::Error>,
}

impl Mistakes {
    /// A mistake at `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, advice: impl core::fmt::Display) {
        self.found.push(syn::Error::new_spanned(tokens, advice));
    }

    /// A mistake at `span`.
    pub(crate) fn at_span(&mut self, span: Span, advice: impl core::fmt::Display) {
        self.found.push(syn::Error::new(span, advice));
    }

    /// The value, or its default and the mistake that took its place.
    pub(crate) fn or_default<T: Default>(&mut self, parsed: syn::Result<T>) -> T {
        parsed.unwrap_or_else(|error| {
            self.found.push(error);
            T::default()
        })
    }

    /// How many there are: a rule's caller compares before and after.
    pub(crate) fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// One `compile_error!` for each.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.found.iter().map(syn::Error::to_compile_error).collect()
    }
}
