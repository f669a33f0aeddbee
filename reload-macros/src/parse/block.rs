//! An `impl` block, as far as a class's handlers need it: signatures. Bodies and everything else are
//! passed over unread, which is most of the work that is not done at each edit.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::{
    Attribute, Generics, Signature, Token, Type, Visibility, braced,
    parse::{Parse, ParseStream},
    token,
};

/// An `impl` block.
pub(crate) struct ImplBlock {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) generics: Generics,
    /// The trait, in `impl Trait for Type`.
    pub(crate) implements: Option<Type>,
    pub(crate) self_ty: Type,
    pub(crate) methods: Vec<Method>,
    /// Where macro calls stand among the methods.
    pub(crate) calls: Vec<Span>,
}

/// The type itself, which a macro may have put into a group that nobody sees.
pub(crate) fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        _ => ty,
    }
}

/// A function of an `impl` block.
pub(crate) struct Method {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) sig: Signature,
}

impl Parse for ImplBlock {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        input.parse::<Option<Token![unsafe]>>()?;
        input.parse::<Token![impl]>()?;
        let mut generics: Generics = if input.peek(Token![<]) { input.parse()? } else { Generics::default() };
        let first: Type = input.parse()?;
        let (implements, self_ty) =
            if input.parse::<Option<Token![for]>>()?.is_some() { (Some(first), input.parse()?) } else { (None, first) };
        generics.where_clause = input.parse()?;
        let body;
        braced!(body in input);
        body.call(Attribute::parse_inner)?;
        let (mut methods, mut calls) = (Vec::new(), Vec::new());
        while !body.is_empty() {
            let attrs = body.call(Attribute::parse_outer)?;
            body.parse::<Visibility>()?;
            if starts_a_function(&body)? {
                methods.push(Method { attrs, sig: body.parse()? });
                if body.peek(Token![;]) {
                    body.parse::<Token![;]>()?;
                } else {
                    // A body that a macro was given is in a group that nobody sees.
                    body.parse::<TokenTree>()?;
                }
            } else {
                calls.extend(skip_item(&body)?);
            }
        }
        Ok(Self { attrs, generics, implements, self_ty, methods, calls })
    }
}

fn starts_a_function(input: ParseStream<'_>) -> syn::Result<bool> {
    let ahead = input.fork();
    loop {
        if ahead.peek(Token![fn]) {
            return Ok(true);
        } else if ahead.peek(Token![const]) || ahead.peek(Token![async]) || ahead.peek(Token![unsafe]) {
            ahead.parse::<TokenTree>()?;
        } else if ahead.peek(Token![extern]) {
            ahead.parse::<syn::Abi>()?;
        } else {
            return Ok(false);
        }
    }
}

/// Passes over a constant, a type or a macro call. Answers where it is, if it is a call.
fn skip_item(input: ParseStream<'_>) -> syn::Result<Option<Span>> {
    let ends_with_semicolon = input.peek(Token![const]) || input.peek(Token![type]);
    let (place, mut is_call) = (input.span(), false);
    // `default` and `const` before anything else are passed over like the rest.
    while !input.is_empty() {
        if input.peek(Token![;]) {
            input.parse::<Token![;]>()?;
            break;
        }
        let brace = input.peek(token::Brace);
        is_call |= !ends_with_semicolon && input.peek(Token![!]);
        input.parse::<TokenTree>()?;
        if brace && !ends_with_semicolon {
            break;
        }
    }
    Ok(is_call.then_some(place))
}

/// `item`, and where it is an `impl` block: without what is in the bodies of its functions. To read a token it has to be
/// fetched from the compiler, which for those of a body is in vain.
pub(super) fn without_bodies(item: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    let is_block = tokens.iter().any(|token| matches!(token, TokenTree::Ident(word) if word == "impl"));
    if let Some(TokenTree::Group(block)) = tokens.last_mut().filter(|_| is_block) {
        let items = block.stream().into_iter().map(|token| match token {
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
                TokenTree::Group(like(&body, TokenStream::new()))
            }
            other => other,
        });
        *block = like(block, items.collect());
    }
    tokens.into_iter().collect()
}

/// A group like this one, with other tokens in it.
pub(crate) fn like(group: &Group, tokens: TokenStream) -> Group {
    let mut like = Group::new(group.delimiter(), tokens);
    like.set_span(group.span());
    like
}

/// Passes over everything that is left.
pub(crate) fn skip_rest(input: ParseStream<'_>) -> syn::Result<()> {
    input.step(|cursor| {
        let mut rest = *cursor;
        while let Some((_, next)) = rest.token_tree() {
            rest = next;
        }
        Ok(((), rest))
    })
}
