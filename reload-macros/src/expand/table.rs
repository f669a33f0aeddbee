//! An event table: a struct for each event, and the records.

use super::{state::plain_struct, under};
use crate::{
    model::{Event, Table},
    names::{at, path_of, private, private_at},
};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{Attribute, Data, DeriveInput, ext::IdentExt as _};

/// Everything that the table stands for. `sound` is false when mistakes have been told: the events exist
/// all the same, but what the compiler would say about their number would only repeat it.
pub(crate) fn table(table: &Table, sound: bool) -> TokenStream {
    let Table { attrs, vis, name, base, events } = table;
    let base = base.as_ref().map_or_else(|| private("Lifecycle").into_token_stream(), ToTokens::to_token_stream);
    let items = events.iter().enumerate().map(|(position, event)| event_items(table, position, event));
    let doc = (!has_doc(attrs)).then(|| quote!(#[doc = "A table of events."]));
    let handler_names: Vec<_> = events.iter().map(|event| &event.handler_name).collect();
    let (event_table, table_names, table_record) =
        (private("EventTable"), private("TableNames"), private("TableRecord"));
    let (first_after, raw_str, raw_slice) = (private("first_after"), private("RawStr"), private("RawSlice"));
    let (core, inventory, table_entry) = (private("core"), private("inventory"), private("TableEntry"));
    let written_name = name.unraw().to_string();
    let path = path_of(&written_name);
    let records = events.iter().map(event_record);
    let check = sound.then(|| {
        let check_table = private_at(name.span(), "check_table");
        let call = quote::quote_spanned!(at(name.span())=> #check_table::<#name>());
        quote!(const _: () = #call;)
    });
    quote! {
        #(#items)*
        #(#attrs)*
        #doc
        #vis enum #name {}
        unsafe impl #event_table for #name {
            const NAMES: #table_names = #table_names::new(
                #written_name,
                #path,
                #first_after::<#base>(),
                &[#(#handler_names),*],
                #core::option::Option::Some(&<#base as #event_table>::NAMES),
            );
            extern "C" fn record() -> &'static #table_record {
                static RECORD: #table_record = #table_record {
                    path: #raw_str::new(#path),
                    first: <#name as #event_table>::NAMES.first,
                    events: #raw_slice::new(&[#(#records),*]),
                    base: #core::option::Option::Some(<#base as #event_table>::record),
                };
                &RECORD
            }
        }
        #inventory::submit! { #table_entry(<#name as #event_table>::record) }
        #check
    }
}

fn event_items(table: &Table, position: usize, event: &Event) -> TokenStream {
    let Event { attrs, item, handler_name, fields, .. } = event;
    let (name, table_name) = (&item.ident, &table.name);
    let documented = documented(item, handler_name);
    let state = plain_struct(name, None, false, fields);
    let (event_trait, event_table, core) = (private("Event"), private("EventTable"), private("core"));
    // A table has at most 512 events.
    let position = proc_macro2::Literal::usize_unsuffixed(position);
    let items = quote! {
        #state
        unsafe impl #event_trait for #name {
            type Table = #table_name;
            const NAME: &'static #core::primitive::str = #handler_name;
            const INDEX: #core::primitive::u16 = <#table_name as #event_table>::NAMES.first + #position;
        }
    };
    let items = under(attrs, items);
    quote!(#documented #items)
}

fn event_record(event: &Event) -> TokenStream {
    let Event { attrs, item, was, handler_name, .. } = event;
    let (record, raw_str, descriptor) = (private("EventRecord"), private("RawStr"), private("descriptor"));
    let name = &item.ident;
    let path = path_of(&name.unraw().to_string());
    let was = was.as_ref().map_or_else(
        || quote!(#raw_str::ABSENT),
        |was| {
            let was = was.value();
            let path = if was.contains("::") { was.into_token_stream() } else { path_of(&was) };
            quote!(#raw_str::new(#path))
        },
    );
    quote! {
        #(#attrs)* #record {
            path: #raw_str::new(#path),
            was: #was,
            name: #raw_str::new(#handler_name),
            payload: #descriptor::<#name>,
        }
    }
}

/// The event with a word of documentation wherever its author left it out: a table reads as a list, and a
/// field's name often says it all.
fn documented(item: &DeriveInput, handler_name: &str) -> DeriveInput {
    let mut item = item.clone();
    if !has_doc(&item.attrs) {
        item.attrs.push(doc(&format!("The event of `event_{handler_name}`.")));
    }
    if let Data::Struct(data) = &mut item.data {
        for field in &mut data.fields {
            if let (false, Some(name)) = (has_doc(&field.attrs), &field.ident) {
                field.attrs.push(doc(&format!("`{name}` of the event.")));
            }
        }
    }
    item
}

fn has_doc(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("doc"))
}

fn doc(text: &str) -> Attribute {
    syn::parse_quote!(#[doc = #text])
}
