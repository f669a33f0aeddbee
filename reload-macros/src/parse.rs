//! Grammar only: from tokens to the model.

use crate::{
    model::{ClassOptions, EventModel, FieldModel, FieldOptions, Table},
    names::plain,
    report::Report,
};
use syn::{
    Attribute, Fields, Member, Token, braced,
    ext::IdentExt,
    meta::ParseNestedMeta,
    parse::{Parse, ParseStream, Parser},
    punctuated::Punctuated,
    spanned::Spanned,
};

mod keyword {
    syn::custom_keyword!(table);
}

/// The options of `#[game_class(..)]`; `allowed` are those that fit the item.
pub(crate) fn class_options(
    tokens: proc_macro2::TokenStream,
    allowed: &[&str],
    report: &mut Report,
) -> ClassOptions {
    let mut options = ClassOptions::default();
    let parser = syn::meta::parser(|meta: ParseNestedMeta<'_>| {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        if !allowed.contains(&name.as_str()) {
            return Err(meta.error(format!("unknown option: here `#[game_class]` knows {}", list(allowed))));
        }
        match name.as_str() {
            "base" => options.base = Some(meta.value()?.parse()?),
            "was" => options.was = Some(meta.value()?.parse()?),
            "path" => options.path = Some(meta.value()?.parse()?),
            "events" => options.events = Some(meta.value()?.parse()?),
            _ => options.no_handlers = Some(meta.path),
        }
        Ok(())
    });
    if let Err(error) = parser.parse2(tokens) {
        report.add(error);
    }
    options
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Takes the `#[field(..)]` attributes out of `attrs`.
pub(crate) fn take_field_options(attrs: &mut Vec<Attribute>, report: &mut Report) -> FieldOptions {
    let options = field_options(attrs, report);
    attrs.retain(|attr| !attr.path().is_ident("field"));
    options
}

/// Reads the `#[field(..)]` attributes.
pub(crate) fn field_options(attrs: &[Attribute], report: &mut Report) -> FieldOptions {
    const KNOWN: [&str; 5] = ["default", "was", "reset", "opaque", "serde"];
    let mut options = FieldOptions::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("field")) {
        let result = attr.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            match name.as_str() {
                "default" => options.default = Some(meta.value()?.parse()?),
                "was" => options.was = Some(meta.value()?.parse()?),
                "reset" => options.reset = true,
                "opaque" => options.opaque = true,
                "serde" => options.serde = true,
                _ => return Err(meta.error(format!("unknown option: `#[field]` knows {}", list(&KNOWN)))),
            }
            Ok(())
        });
        if let Err(error) = result {
            report.add(error);
        }
        if usize::from(options.reset) + usize::from(options.opaque) + usize::from(options.serde) > 1 {
            report.at(attr, "`reset`, `opaque` and `serde` exclude one another");
        }
    }
    options
}

/// The fields of a struct or a variant, with the `#[field]` attributes taken out.
pub(crate) fn take_fields(fields: &mut Fields, report: &mut Report) -> Vec<FieldModel> {
    fields
        .iter_mut()
        .enumerate()
        .map(|(at, field)| {
            let options = take_field_options(&mut field.attrs, report);
            let member = match &field.ident {
                Some(ident) => Member::Named(ident.clone()),
                None => Member::Unnamed(syn::Index { index: at as u32, span: field.ty.span() }),
            };
            FieldModel {
                name: field.ident.as_ref().map_or_else(|| at.to_string(), plain),
                member,
                ty: field.ty.clone(),
                cfg: cfg_of(&field.attrs),
                options,
            }
        })
        .collect()
}

/// The `#[cfg]`s among `attrs`.
pub(crate) fn cfg_of(attrs: &[Attribute]) -> Vec<Attribute> {
    attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect()
}

impl Parse for Table {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        input.parse::<keyword::table>()?;
        let ident = input.parse()?;
        if input.peek(Token![<]) {
            return Err(input.error("an event table cannot be generic"));
        }
        let base = if input.parse::<Option<Token![:]>>()?.is_some() { Some(input.parse()?) } else { None };
        let body;
        braced!(body in input);
        let events = Punctuated::<EventModel, Token![,]>::parse_terminated(&body)?;
        if !input.is_empty() {
            return Err(input.error("one `event_table!` declares one table"));
        }
        Ok(Self { attrs, vis, ident, base, events: events.into_iter().collect() })
    }
}

impl Parse for EventModel {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let ident = input.call(syn::Ident::parse_any)?;
        if input.peek(Token![<]) {
            return Err(input.error("an event cannot be generic: its payload has one shape"));
        }
        if input.peek(syn::token::Paren) {
            return Err(input.error("an event's fields have names: `Event { field: Type }`"));
        }
        let fields = if input.peek(syn::token::Brace) {
            let body;
            braced!(body in input);
            let fields = body.parse_terminated(syn::Field::parse_named, Token![,])?;
            Some(fields.into_iter().collect())
        } else {
            None
        };
        Ok(Self { attrs, ident, fields })
    }
}
