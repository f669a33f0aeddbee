//! One macro call, from its tokens to those that it stands for: parse, check, expand. The user's item is
//! always part of the answer, so that one mistake does not make the rest of the program unknown.

use crate::{
    check, expand,
    mistakes::Mistakes,
    parse::{ImplBlock, Item, Options, TableDecl},
};
use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::DeriveInput;

/// `#[game_class]`.
pub(crate) fn game_class(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let options: Options = mistakes.or_default(syn::parse2(options));
    let (kept, generated) = match syn::parse2(item.clone()) {
        Ok(Item::Type(parsed)) => class(&options, *parsed, &mut mistakes),
        Ok(Item::Impl(block)) => {
            let generated = handlers(&options, &block, &mut mistakes);
            (if is_of_class(&block) { with_mask(item) } else { item }, generated)
        }
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

fn handlers(options: &Options, block: &ImplBlock, mistakes: &mut Mistakes) -> TokenStream {
    match check::handlers(&options.0, block, mistakes) {
        Some(handlers) => expand::handlers(&handlers),
        None if is_of_class(block) => expand::stub_of_handlers(&block.self_ty),
        None => TokenStream::new(),
    }
}

/// Whether the block can be that of a class, whatever else is wrong with it.
fn is_of_class(block: &ImplBlock) -> bool {
    block.implements.is_none() && block.generics.params.is_empty()
}

/// The `impl` block with the class's mask behind what it has. Its tokens are the user's and stay as they are.
fn with_mask(block: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = block.into_iter().collect();
    if let Some(TokenTree::Group(body)) = tokens.last_mut() {
        let (items, mask) = (body.stream(), expand::mask());
        let mut with_mask = Group::new(body.delimiter(), quote!(#items #mask));
        with_mask.set_span(body.span());
        *body = with_mask;
    }
    tokens.into_iter().collect()
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
