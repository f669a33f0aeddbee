//! The struct half of a class.

use super::{handlers::no_methods, state::plain_struct, under};
use crate::{
    model::{Base, Class},
    names::{at, line_of, private},
};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

/// Everything that stands beside the struct.
pub(crate) fn class(class: &Class) -> TokenStream {
    let name = &class.name;
    let state = plain_struct(name, class.path.as_ref(), class.derives_default, &class.fields);
    let (game_class, class_record, class_entry) = (private("GameClass"), private("ClassRecord"), private("ClassEntry"));
    let inventory = private("inventory");
    let no_handlers = class.no_handlers.then(|| {
        let (none, mask) = (no_methods(name), mask());
        quote!(#none impl #name { #mask })
    });
    let base = class.base.as_ref().map(|base| link(name, base));
    // Handlers whose tables do not fit are told where the class's name stands.
    let (file, line) = (name.span().file(), line_of(name.span()));
    let record = quote_spanned!(at(name.span())=> #class_record::of::<#name>(#file, #line));
    let renamed = class.was.as_ref().map(|was| quote!(.renamed(#was)));
    let items = quote! {
        #state
        #no_handlers
        unsafe impl #game_class for #name {
            const RECORD: &'static #class_record = {
                static RECORD: #class_record = #record #base #renamed;
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
        pub const EVENT_MASK: #event_mask = <Self as #game_class>::RECORD.mask;
    }
}

/// Keeps the other half's errors away when the struct's own have been told.
pub(crate) fn stub_of_class(name: &Ident) -> TokenStream {
    let (state, game_class) = (private("State"), private("GameClass"));
    let (class_record, no_class) = (private("ClassRecord"), private("NO_CLASS"));
    quote! {
        unsafe impl #state for #name {}
        unsafe impl #game_class for #name {
            const RECORD: &'static #class_record = &#no_class;
        }
    }
}

/// The base class and where its part is; two tables that do not fit are told where the base is named.
fn link(class: &Ident, Base { path, part }: &Base) -> TokenStream {
    let (core, link) = (private("core"), private("BaseLink"));
    let place = at(path.segments.last().map_or_else(Span::call_site, |last| last.ident.span()));
    quote_spanned!(place=> .based_on(#link::to::<#path, #part>(#core::mem::offset_of!(#class, base))))
}
