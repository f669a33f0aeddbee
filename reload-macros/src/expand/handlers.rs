//! The `impl` half of a class.

use super::under;
use crate::{
    case::snake,
    model::{EventKind, Handler, Handlers, Loop, Migrate},
    names::{at, id_of, line_of, private, private_at},
    parse::bare,
};
use proc_macro2::{Delimiter, Group, TokenStream};
use quote::{ToTokens, TokenStreamExt as _, quote, quote_spanned};
use syn::{Type, ext::IdentExt as _};

/// Everything that stands beside the `impl` block.
pub(crate) fn handlers(block: &Handlers) -> TokenStream {
    let Handlers { attrs, class, handlers, loops, migrate, idle_table } = block;
    let annotated_impl = private("TheAnnotatedImpl");
    let methods = private("Methods");
    let (checks, handlers) = (handlers.iter().filter_map(check), handlers.iter().map(Entry));
    let loops = (!loops.is_empty()).then(|| {
        let entries = loops.iter().map(turn);
        quote!(.looping(&[#(#entries),*]))
    });
    let migrate = (!migrate.is_empty()).then(|| {
        let entries = migrate.iter().map(entry_of_migrate);
        // In a list, where attributes may take them out.
        quote!(.migrating(&[#(#entries),*]))
    });
    // It is one, and it is used, whether a handler needs it or not.
    let table = private("TableRef");
    let idle_table = idle_table.iter().map(|path| quote!(const _: #table = #table::of::<#path>();));
    // What the user has written is only named in the `unsafe` block.
    let items = quote! {
        impl #annotated_impl for #class {
            const METHODS: #methods = unsafe { #methods::of(&[#(#handlers),*]) } #loops #migrate;
        }
        #(#checks)*
        #(#idle_table)*
    };
    under(attrs, items)
}

/// What stands beside an `impl` block without methods of the core: of a class that says so, and of a block whose own errors
/// have been told, so that the other half has none.
pub(crate) fn no_methods(class: &impl ToTokens) -> TokenStream {
    let (annotated_impl, methods) = (private("TheAnnotatedImpl"), private("Methods"));
    quote!(impl #annotated_impl for #class { const METHODS: #methods = #methods::of(&[]); })
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
            let Type::Path(path) = bare(ty) else { return None };
            let last = path.path.segments.last()?;
            (snake(&last.ident.unraw().to_string()) == handler.event).then(|| ty.to_token_stream())
        }
        EventKind::Lifecycle(name) => Some(private(name).into_token_stream()),
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

/// The record of a handler.
struct Entry<'a>(&'a Handler);

impl ToTokens for Entry<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self(handler) = *self;
        let Handler { method, event, kind, attrs, .. } = handler;
        let ((make, form), line) = (form(handler), line_of(method.span()));
        for attr in attrs {
            attr.to_tokens(tokens);
        }
        if let Some(ty) = event_it_is_called_like(handler) {
            let (place, id) = (at(method.span()), id_of(event));
            private_at(method.span(), make).to_tokens(tokens);
            if !handler.takes_event {
                tokens.extend(quote_spanned!(place=> ::<_, #ty, _>));
            }
            let mut arguments =
                Group::new(Delimiter::Parenthesis, quote_spanned!(place=> #event, #id, #line, Self::#method));
            arguments.set_span(place);
            tokens.append(arguments);
            return;
        }
        let (make, form, slot) = (private("handler"), private(form), slot(handler));
        let payload = match kind {
            EventKind::Type(ty) if handler.takes_event => ty.to_token_stream(),
            _ => quote!(()),
        };
        tokens.extend(quote!(#make::<Self, #payload, #form, _>(#slot, #line, Self::#method)));
    }
}

/// What makes a record of the handler's form for an event that it is called like, and the form's name.
fn form(handler: &Handler) -> (&'static str, &'static str) {
    match (handler.shared, handler.takes_event, handler.takes_ctx) {
        (false, false, false) => ("plain", "Plain"),
        (false, true, false) => ("with_event", "WithEvent"),
        (false, false, true) => ("with_ctx", "WithCtx"),
        (false, true, true) => ("with_both", "WithBoth"),
        (true, false, false) => ("shared", "Shared"),
        (true, true, false) => ("shared_with_event", "SharedWithEvent"),
        (true, false, true) => ("shared_with_ctx", "SharedWithCtx"),
        (true, true, true) => ("shared_with_both", "SharedWithBoth"),
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
    let make = private("migration");
    // A return type that does not fit is shown where it stands.
    let call = quote_spanned!(at(*answer)=> #make::<Self, _, _>(|__old, __carried| Self::#method(__old, __carried)));
    quote!(#(#attrs)* #call)
}
