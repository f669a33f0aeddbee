//! The struct half of a class.

use super::{state::plain_struct, under};
use crate::{
    model::{Base, Class},
    names::{at, private},
};
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

/// Everything that stands beside the struct.
pub(crate) fn class(class: &Class) -> TokenStream {
    let name = &class.name;
    let state = plain_struct(name, class.path.as_ref(), &class.fields);
    let facts = facts(class);
    let (annotated_struct, annotated_impl) = (private("TheAnnotatedStruct"), private("TheAnnotatedImpl"));
    let (game_class, class_record, class_entry) = (private("GameClass"), private("ClassRecord"), private("ClassEntry"));
    let (event_mask, class_facts, inventory) = (private("EventMask"), private("ClassFacts"), private("inventory"));
    let no_handlers = class.no_handlers.then(|| quote!(impl #annotated_impl for #name {}));
    let table = class.base.as_ref().map(table);
    let items = quote! {
        #state
        impl #annotated_struct for #name {
            const FACTS: #class_facts = #facts;
        }
        #no_handlers
        unsafe impl #game_class for #name {
            #table
            extern "C" fn record() -> &'static #class_record {
                static RECORD: #class_record = #class_record::of::<#name>();
                &RECORD
            }
        }
        impl #name {
            /// The events that the class handles, its own handlers and those of its base class: a constant, so
            /// that it can be asked at compile time.
            pub const EVENT_MASK: #event_mask = <Self as #game_class>::EVENT_MASK;
        }
        #inventory::submit! { #class_entry(<#name as #game_class>::record) }
    };
    under(&class.attrs, items)
}

/// Keeps the other half's errors away when the struct's own have been told.
pub(crate) fn stub_of_class(name: &Ident) -> TokenStream {
    let annotated_struct = private("TheAnnotatedStruct");
    quote!(impl #annotated_struct for #name {})
}

fn facts(class: &Class) -> TokenStream {
    let (class_facts, core, option) = (private("ClassFacts"), private("core"), some_or_none);
    let path = option(class.path.as_ref().map(|path| quote!(#path)));
    let was = option(class.was.as_ref().map(|was| quote!(#was)));
    let base = option(class.base.as_ref().map(|Base { path, part }| {
        let link = private("BaseLink");
        quote!(#link::to::<#path, #part>(#core::mem::offset_of!(Self, base)))
    }));
    quote!(#class_facts { file: #core::file!(), line: #core::line!(), path: #path, was: #was, base: #base })
}

fn some_or_none(value: Option<TokenStream>) -> TokenStream {
    let core = private("core");
    match value {
        Some(value) => quote!(#core::option::Option::Some(#value)),
        None => quote!(#core::option::Option::None),
    }
}

/// The table of own and inherited events; computed here so that two that do not fit are shown at the base.
fn table(base: &Base) -> TokenStream {
    let (table_ref, class_table) = (private("TableRef"), private("class_table"));
    let place = base.path.segments.last().map_or_else(proc_macro2::Span::call_site, |last| last.ident.span());
    let place = at(place);
    quote_spanned!(place=> const TABLE: #table_ref = #class_table::<Self>();)
}
