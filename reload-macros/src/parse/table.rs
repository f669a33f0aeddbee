//! `pub table Name: Base { Event { field: Type }, .. }`.

use syn::{
    Attribute, Field, FieldsNamed, Generics, Ident, Path, Token, Visibility, braced, custom_keyword, parenthesized,
    parse::{Parse, ParseStream},
    token,
};

custom_keyword!(table);

/// A table as written.
pub(crate) struct TableDecl {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) name: Ident,
    pub(crate) generics: Generics,
    pub(crate) base: Option<Path>,
    pub(crate) events: Vec<TableEvent>,
}

/// An event as written.
pub(crate) struct TableEvent {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) generics: Generics,
    /// `None` where there is no payload.
    pub(crate) payload: Option<Vec<Field>>,
    /// What stands in parentheses behind the name, where only braces can.
    pub(crate) unnamed: Option<token::Paren>,
}

impl Parse for TableDecl {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if !input.peek(table) {
            return Err(input.error("a table is declared as `pub table Name { Event { field: Type }, OtherEvent }`"));
        }
        input.parse::<table>()?;
        let name = input.parse()?;
        let generics = input.parse()?;
        let base = match input.parse::<Option<Token![:]>>()? {
            Some(_) => Some(input.call(Path::parse_mod_style)?),
            None => None,
        };
        let body;
        braced!(body in input);
        let events = body.parse_terminated(TableEvent::parse, Token![,])?.into_iter().collect();
        if !input.is_empty() {
            return Err(
                input.error("one `event_table!` declares one table: put the next one into a macro call of its own")
            );
        }
        Ok(Self { attrs, vis, name, generics, base, events })
    }
}

impl Parse for TableEvent {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let name = input.parse()?;
        let generics = input.parse()?;
        let mut event = Self { attrs, name, generics, payload: None, unnamed: None };
        if input.peek(token::Brace) {
            let fields: FieldsNamed = input.parse()?;
            event.payload = Some(fields.named.into_iter().collect());
        } else if input.peek(token::Paren) {
            let inside;
            event.unnamed = Some(parenthesized!(inside in input));
            super::block::skip_rest(&inside)?;
        }
        Ok(event)
    }
}
