//! One macro call, from its tokens to those that it stands for: parse, check, expand. The user's item is
//! always part of the answer, so that one mistake does not make the rest of the program unknown.

use crate::{
    check, expand,
    mistakes::Mistakes,
    parse::{self, ImplBlock, Item, Options, TableDecl},
};
use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::DeriveInput;

/// `#[game_class]`.
pub(crate) fn game_class(options: TokenStream, item: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let options: Options = mistakes.or_default(syn::parse2(options));
    let (kept, generated) = match parse::item(item.clone()) {
        Ok(Item::Type(parsed)) => class(&options, item, *parsed, &mut mistakes),
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

fn class(
    options: &Options,
    item: TokenStream,
    mut parsed: DeriveInput,
    mistakes: &mut Mistakes,
) -> (TokenStream, TokenStream) {
    let class = check::class(&options.0, &parsed, mistakes);
    let generated = match &class {
        Some(class) => expand::class(class),
        None if parsed.generics.params.is_empty() => expand::stub_of_class(&parsed.ident),
        None => TokenStream::new(),
    };
    // Mostly there is nothing to take out, and the item can stay where it is.
    let kept = if check::strip_field_options(&mut parsed) { parsed.into_token_stream() } else { item };
    (kept, generated)
}

fn handlers(options: &Options, block: &ImplBlock, mistakes: &mut Mistakes) -> TokenStream {
    match check::handlers(&options.0, block, mistakes) {
        Some(handlers) => expand::handlers(&handlers),
        None if is_of_class(block) => expand::no_methods(&block.self_ty),
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
        *body = parse::like(body, quote!(#items #mask));
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
