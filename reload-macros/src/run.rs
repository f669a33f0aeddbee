//! One macro call, from its tokens to those that it stands for: parse, check, expand. The user's item is
//! always part of the answer, so that one mistake does not make the rest of the program unknown.

use crate::{
    check, expand,
    mistakes::Mistakes,
    parse::{Item, Options, TableDecl},
};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::DeriveInput;

/// `#[game_class]`.
pub(crate) fn game_class(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let options: Options = mistakes.or_default(syn::parse2(options));
    let (kept, generated) = match syn::parse2(item.clone()) {
        Ok(Item::Type(parsed)) => class(&options, *parsed, &mut mistakes),
        Ok(Item::Impl(block)) => (item, handlers(&options, &block, &mut mistakes)),
        Ok(Item::Other) => {
            mistakes.at(&item, "`#[game_class]` belongs on a struct, or on the `impl` block with its handlers");
            (item, TokenStream::new())
        }
        Err(error) => {
            mistakes.at_span(error.span(), error);
            (item, TokenStream::new())
        }
    };
    let mistakes = mistakes.into_tokens();
    quote!(#kept #generated #mistakes)
}

fn class(options: &Options, mut item: DeriveInput, mistakes: &mut Mistakes) -> (TokenStream, TokenStream) {
    let class = check::class(&options.0, &item, mistakes);
    let generated = match &class {
        Some(class) => expand::class(class),
        None if item.generics.params.is_empty() => expand::stub_of_class(&item.ident),
        None => TokenStream::new(),
    };
    check::strip_field_options(&mut item);
    (item.into_token_stream(), generated)
}

fn handlers(options: &Options, block: &crate::parse::ImplBlock, mistakes: &mut Mistakes) -> TokenStream {
    match check::handlers(&options.0, block, mistakes) {
        Some(handlers) => expand::handlers(&handlers),
        None if block.implements.is_none() && block.generics.params.is_empty() => {
            expand::stub_of_handlers(&block.self_ty)
        }
        None => TokenStream::new(),
    }
}

/// `#[derive(State)]`.
pub(crate) fn state(item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let generated = match syn::parse2(item) {
        Ok(parsed) => check::nested(&parsed, &mut mistakes).map(|nested| expand::nested(&nested)),
        Err(error) => {
            mistakes.at_span(error.span(), error);
            None
        }
    };
    let mistakes = mistakes.into_tokens();
    quote!(#generated #mistakes)
}

/// `event_table!`.
pub(crate) fn event_table(input: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let generated = match syn::parse2::<TableDecl>(input) {
        Ok(written) => {
            let table = check::table(written, &mut mistakes);
            Some(expand::table(&table, mistakes.is_empty()))
        }
        Err(error) => {
            mistakes.at_span(error.span(), error);
            None
        }
    };
    let mistakes = mistakes.into_tokens();
    quote!(#generated #mistakes)
}
