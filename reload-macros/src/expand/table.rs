//! An event table and its payloads.

use super::state::derive_struct;
use crate::{
    model::{FieldModel, Table},
    names::{plain, private, snake},
};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Visibility;

/// The payload structs, the table, its records. `fields` are those of each event, with options.
pub(crate) fn table(table: &Table, fields: &[Vec<FieldModel>]) -> TokenStream {
    let p = private();
    let Table { attrs, vis, ident, .. } = table;
    let base = match &table.base {
        Some(base) => quote!(#base),
        None => quote!(#p::Lifecycle),
    };
    let name = plain(ident);
    let path = quote!(#p::core::concat!(#p::core::module_path!(), "::", #name));
    let names: Vec<String> = table.events.iter().map(|event| snake(&plain(&event.ident))).collect();
    let payloads = table.events.iter().zip(fields).enumerate().map(|(position, (event, fields))| {
        let (attrs, event_ident) = (&event.attrs, &event.ident);
        let body = match &event.fields {
            None => quote!(;),
            Some(fields) => {
                let fields = fields.iter().map(|field| {
                    let mut field = field.clone();
                    field.attrs.retain(|attr| !attr.path().is_ident("field"));
                    if matches!(field.vis, Visibility::Inherited) {
                        field.vis = syn::parse_quote!(pub);
                    }
                    field
                });
                quote!({ #(#fields),* })
            }
        };
        let state = derive_struct(event_ident, fields);
        let (event_name, position) = (&names[position], position as u16);
        quote! {
            #(#attrs)*
            #vis struct #event_ident #body
            const _: () = {
                #state
                #[automatically_derived]
                unsafe impl #p::Event for #event_ident {
                    type Table = #ident;
                    const NAME: &'static str = #event_name;
                    const INDEX: u16 = #p::first_after::<#base>() + #position;
                }
            };
        }
    });
    let records = table.events.iter().zip(&names).map(|(event, event_name)| {
        let (event_ident, plain_name) = (&event.ident, plain(&event.ident));
        quote! {
            #p::EventRecord {
                path: #p::RawStr::new(#p::core::concat!(#p::core::module_path!(), "::", #plain_name)),
                name: #p::RawStr::new(#event_name),
                payload: #p::descriptor::<#event_ident>,
            }
        }
    });
    let check = quote_spanned!(ident.span()=> const _: () = #p::check_table::<#ident>(););
    quote! {
        #(#attrs)*
        #[derive(#p::core::fmt::Debug)]
        #vis enum #ident {}
        #(#payloads)*
        const _: () = {
            #[automatically_derived]
            unsafe impl #p::EventTable for #ident {
                const NAMES: #p::TableNames = #p::TableNames {
                    name: #name,
                    path: #path,
                    first: #p::first_after::<#base>(),
                    events: &[#(#names),*],
                    base: #p::core::option::Option::Some(&<#base as #p::EventTable>::NAMES),
                };
                extern "C" fn record() -> &'static #p::TableRecord {
                    static RECORD: #p::TableRecord = #p::TableRecord {
                        path: #p::RawStr::new(#path),
                        first: #p::first_after::<#base>(),
                        events: #p::RawSlice::new(&[#(#records),*]),
                        base: #p::core::option::Option::Some(<#base as #p::EventTable>::record),
                    };
                    &RECORD
                }
            }
            #p::inventory::submit! { #p::TableEntry(<#ident as #p::EventTable>::record) }
        };
        #check
    }
}
