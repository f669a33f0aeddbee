//! The `impl` half of a class.

use super::under;
use crate::{
    case::snake,
    model::{EventKind, Handler, Handlers, Loop, Migrate},
    names::{at, id_of, line_of, private, private_at},
};
use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::{Type, ext::IdentExt as _};

/// Everything that stands beside the `impl` block.
pub(crate) fn handlers(block: &Handlers) -> TokenStream {
    let Handlers { attrs, class, handlers, loops, migrate } = block;
    let annotated_impl = private("TheAnnotatedImpl");
    let (checks, handlers) = (handlers.iter().filter_map(check), handler_table(handlers));
    let loops = (!loops.is_empty()).then(|| {
        let (record, entries) = (private("LoopRecord"), loops.iter().map(turn));
        quote!(const LOOPS: &'static [#record] = &[#(#entries),*];)
    });
    let migrate = migrate.as_ref().map(entry_of_migrate);
    let items = quote! {
        impl #annotated_impl for #class { #handlers #loops #migrate }
        #(#checks)*
    };
    under(attrs, items)
}

/// Keeps the other half's errors away when the block's own have been told.
pub(crate) fn stub_of_handlers(class: &Type) -> TokenStream {
    let annotated_impl = private("TheAnnotatedImpl");
    quote!(impl #annotated_impl for #class {})
}

/// Which event a handler is for.
fn slot(handler: &Handler) -> TokenStream {
    let Handler { event, kind, .. } = handler;
    let slot = private("Slot");
    match kind {
        EventKind::Type(ty) => quote!(#slot::of::<#ty>(#event)),
        EventKind::Lifecycle(name) => {
            let ty = private(name);
            quote!(#slot::of::<#ty>(#event))
        }
        EventKind::Named(table) => quote!(#slot::named::<#table>(#event)),
    }
}

/// The event, if the handler is called like it as far as that can be seen here: otherwise it is likely to be wrong.
fn event_it_is_called_like(handler: &Handler) -> Option<TokenStream> {
    match &handler.kind {
        EventKind::Type(ty) => {
            let Type::Path(path) = &**ty else { return None };
            let last = path.path.segments.last()?;
            (snake(&last.ident.unraw().to_string()) == handler.event).then(|| ty.to_token_stream())
        }
        EventKind::Lifecycle(name) => Some(private(name)),
        EventKind::Named(_) => None,
    }
}

/// A constant of its own for a handler that is likely to be wrong, so that each that is wrong is one error; it stands where
/// the method's name is.
fn check(handler: &Handler) -> Option<TokenStream> {
    if event_it_is_called_like(handler).is_some() {
        return None;
    }
    let (slot, attrs) = (slot(handler), &handler.attrs);
    let place = handler.method.span();
    let check = private_at(place, "check_slot");
    let check = quote_spanned!(at(place)=> #check(#slot));
    Some(quote!(#(#attrs)* const _: () = #check;))
}

fn handler_table(handlers: &[Handler]) -> Option<TokenStream> {
    if handlers.is_empty() {
        return None;
    }
    let (record, entries) = (private("HandlerRecord"), handlers.iter().map(entry));
    Some(quote!(const HANDLERS: &'static [#record] = &[#(#entries),*];))
}

fn entry(handler: &Handler) -> TokenStream {
    let Handler { method, event, kind, attrs, .. } = handler;
    let (form, line) = (form(handler), line_of(method.span()));
    if let Some(ty) = event_it_is_called_like(handler) {
        let (make, id) = (private_at(method.span(), "handler_of"), id_of(event));
        let call = quote_spanned!(at(method.span())=> #make::<Self, #ty, #form, _>(#event, #id, #line, Self::#method));
        return quote!(#(#attrs)* #call);
    }
    let (make, slot) = (private("handler"), slot(handler));
    let payload = match kind {
        EventKind::Type(ty) if handler.takes_event => ty.to_token_stream(),
        _ => quote!(()),
    };
    quote!(#(#attrs)* #make::<Self, #payload, #form, _>(#slot, #line, Self::#method))
}

/// The name of the handler's form.
fn form(handler: &Handler) -> TokenStream {
    private(match (handler.shared, handler.takes_event, handler.takes_ctx) {
        (false, false, false) => "Plain",
        (false, true, false) => "WithEvent",
        (false, false, true) => "WithCtx",
        (false, true, true) => "WithBoth",
        (true, false, false) => "Shared",
        (true, true, false) => "SharedWithEvent",
        (true, false, true) => "SharedWithCtx",
        (true, true, true) => "SharedWithBoth",
    })
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
