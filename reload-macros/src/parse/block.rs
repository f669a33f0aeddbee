//! An `impl` block, as far as a class's handlers need it: signatures. Bodies and everything else are
//! passed over unread, which is most of the work that is not done at each edit.

use proc_macro2::{Group, TokenTree};
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
        let mut methods = Vec::new();
        while !body.is_empty() {
            let attrs = body.call(Attribute::parse_outer)?;
            body.parse::<Visibility>()?;
            if starts_a_function(&body)? {
                methods.push(Method { attrs, sig: body.parse()? });
                if body.peek(Token![;]) {
                    body.parse::<Token![;]>()?;
                } else {
                    body.parse::<Group>()?;
                }
            } else {
                skip_item(&body)?;
            }
        }
        Ok(Self { attrs, generics, implements, self_ty, methods })
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

/// Passes over a constant, a type or a macro call.
fn skip_item(input: ParseStream<'_>) -> syn::Result<()> {
    let ends_with_semicolon = input.peek(Token![const]) || input.peek(Token![type]);
    // `default` and `const` before anything else are passed over like the rest.
    while !input.is_empty() {
        if input.peek(Token![;]) {
            input.parse::<Token![;]>()?;
            return Ok(());
        }
        let brace = input.peek(token::Brace);
        input.parse::<TokenTree>()?;
        if brace && !ends_with_semicolon {
            return Ok(());
        }
    }
    Ok(())
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
