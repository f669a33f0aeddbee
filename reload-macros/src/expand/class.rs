//! The struct half of a class.

use super::{state::plain_struct, under};
use crate::{
    model::{Base, Class},
    names::{at, line_of, private},
};
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};

/// Everything that stands beside the struct.
pub(crate) fn class(class: &Class) -> TokenStream {
    let name = &class.name;
    let state = plain_struct(name, class.path.as_ref(), &class.fields);
    let (annotated_struct, annotated_impl) = (private("TheAnnotatedStruct"), private("TheAnnotatedImpl"));
    let (game_class, class_record, class_entry) = (private("GameClass"), private("ClassRecord"), private("ClassEntry"));
    let inventory = private("inventory");
    let no_handlers = class.no_handlers.then(|| {
        let mask = mask();
        quote!(impl #annotated_impl for #name {} impl #name { #mask })
    });
    let (base, table) = class.base.as_ref().map(|base| (link(base), table(base))).unzip();
    // Handlers whose tables do not fit are told where the class's name stands.
    let (file, line) = (name.span().file(), line_of(name.span()));
    let record = quote_spanned!(at(name.span())=> #class_record::of::<#name>(#file, #line));
    let renamed = class.was.as_ref().map(|was| quote!(.renamed(#was)));
    let items = quote! {
        #state
        impl #annotated_struct for #name { #base }
        #no_handlers
        unsafe impl #game_class for #name {
            #table
            const RECORD: &'static #class_record = {
                static RECORD: #class_record = #record #renamed;
                &RECORD
            };
        }
        #inventory::submit! { #class_entry(<#name as #game_class>::RECORD) }
    };
    under(&class.attrs, items)
}

/// The class's mask by its own name. In the `impl` block with the handlers, where there is one: a block for it alone is one
/// more item that the compiler looks at.
pub(crate) fn mask() -> TokenStream {
    let (event_mask, game_class) = (private("EventMask"), private("GameClass"));
    quote! {
        /// The events that the class handles, its own handlers and those of its base class.
        pub const EVENT_MASK: #event_mask = <Self as #game_class>::EVENT_MASK;
    }
}

/// Keeps the other half's errors away when the struct's own have been told.
pub(crate) fn stub_of_class(name: &Ident) -> TokenStream {
    let annotated_struct = private("TheAnnotatedStruct");
    quote!(impl #annotated_struct for #name {})
}

/// The base class and where its part is.
fn link(Base { path, part }: &Base) -> TokenStream {
    let (core, link) = (private("core"), private("BaseLink"));
    quote! {
        const BASE: #core::option::Option<#link> =
            #core::option::Option::Some(#link::to::<#path, #part>(#core::mem::offset_of!(Self, base)));
    }
}

/// The table of own and inherited events; computed here so that two that do not fit are shown at the base.
fn table(base: &Base) -> TokenStream {
    let (core, table_ref, with_base) = (private("core"), private("TableRef"), private("table_with_base"));
    let place = base.path.segments.last().map_or_else(proc_macro2::Span::call_site, |last| last.ident.span());
    let place = at(place);
    quote_spanned!(place=> const TABLE_WITH_BASE: #core::option::Option<#table_ref> = #with_base::<Self>();)
}
