//! The `impl` half of a class.

use crate::{
    model::{EventKind, Handler, Handlers, Loop, Migrate},
    names::{at, line_of, private},
};
use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Type, ext::IdentExt as _, spanned::Spanned as _};

/// Everything that stands beside the `impl` block.
pub(crate) fn handlers(block: &Handlers) -> TokenStream {
    let Handlers { attrs, class, handlers, loops, migrate } = block;
    let annotated_impl = private("TheAnnotatedImpl");
    let (slots, tables) = (handlers.iter().map(slot), handlers_tables(class, handlers));
    let loops = (!loops.is_empty()).then(|| {
        let (record, entries) = (private("LoopRecord"), loops.iter().map(turn));
        quote!(const LOOPS: &'static [#record] = &[#(#entries),*];)
    });
    let migrate = migrate.as_ref().map(entry_of_migrate);
    quote! {
        #(#attrs)*
        const _: () = {
            #(#slots)*
            impl #annotated_impl for #class { #tables #loops #migrate }
        };
    }
}

/// Keeps the other half's errors away when the block's own have been told.
pub(crate) fn stub_of_handlers(class: &Type) -> TokenStream {
    let annotated_impl = private("TheAnnotatedImpl");
    quote!(impl #annotated_impl for #class {})
}

/// Which event a handler is for, as a constant with the method's name, and a check that it is so.
fn slot(handler: &Handler) -> TokenStream {
    let Handler { method, event, kind, attrs, .. } = handler;
    let (slot, constant) = (private("Slot"), slot_name(method));
    let (find, place) = match kind {
        EventKind::Type(ty) => (quote!(of::<#ty>), method.span()),
        EventKind::Lifecycle(name) => {
            let ty = private(name);
            (quote!(of::<#ty>), method.span())
        }
        EventKind::Named(table) => (quote!(named::<#table>), method.span()),
    };
    // The check stands where the method's name is.
    let check = quote_spanned!(at(place)=> #constant.check());
    quote! {
        #(#attrs)* const #constant: #slot = #slot::#find(#event);
        #(#attrs)* const _: () = #check;
    }
}

/// The slot's name. It belongs to the macro: a lint does not look at it.
fn slot_name(method: &Ident) -> Ident {
    Ident::new(&format!("__{}", method.unraw()), at(method.span()))
}

fn handlers_tables(class: &Type, handlers: &[Handler]) -> Option<TokenStream> {
    if handlers.is_empty() {
        return None;
    }
    let (table_ref, widest, record) = (private("TableRef"), private("widest"), private("HandlerRecord"));
    let tables = handlers.iter().map(|Handler { method, attrs, .. }| {
        let constant = slot_name(method);
        quote!(#(#attrs)* #constant.table)
    });
    let entries = handlers.iter().map(entry);
    let widest = quote_spanned!(at(class.span())=> #widest(&[#(#tables),*]));
    Some(quote! {
        const TABLE: #table_ref = #widest;
        const HANDLERS: &'static [#record] = &[#(#entries),*];
    })
}

fn entry(handler: &Handler) -> TokenStream {
    let Handler { method, event, kind, takes_event, takes_ctx, attrs } = handler;
    let (make, constant) = (private("handler"), slot_name(method));
    let payload = match kind {
        EventKind::Type(ty) if *takes_event => ty.to_token_stream(),
        _ => quote!(()),
    };
    let line = line_of(method.span());
    let event_argument = takes_event.then(|| quote!(, __event));
    let ctx_argument = takes_ctx.then(|| quote!(, __ctx));
    quote! {
        #(#attrs)* #make::<Self, #payload, _>(#event, #constant.index, #line, |__this, __event, __ctx| {
            Self::#method(__this #event_argument #ctx_argument)
        })
    }
}

fn turn(turn: &Loop) -> TokenStream {
    let Loop { method, name, takes_ctx, answer, attrs } = turn;
    let (make, next, line) = (private("looping"), private("Next"), line_of(method.span()));
    let ctx_argument = takes_ctx.then(|| quote!(, __ctx));
    // A return type that does not fit is shown where it stands.
    let call = quote_spanned!(at(*answer)=> Self::#method(__this #ctx_argument));
    quote!(#(#attrs)* #make::<Self, _>(#name, #line, |__this, __ctx| -> #next { #call }))
}

fn entry_of_migrate(migrate: &Migrate) -> TokenStream {
    let Migrate { method, answer, attrs } = migrate;
    let (make, entry, core) = (private("migration"), private("MigrateFn"), private("core"));
    // A return type that does not fit is shown where it stands.
    let call = quote_spanned!(at(*answer)=> #make::<Self, _, _>(|__old, __carried| Self::#method(__old, __carried)));
    quote!(#(#attrs)* const MIGRATE: #core::option::Option<#entry> = #core::option::Option::Some(#call);)
}
