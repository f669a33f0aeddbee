//! The `impl`'s half of a class.

use crate::{
    model::{ClassOptions, Method, Methods},
    names::{camel, private},
};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Type, spanned::Spanned};

/// What stands beside the `impl`.
pub(crate) fn handlers(class: &Type, options: &ClassOptions, methods: &Methods) -> TokenStream {
    let p = private();
    let handlers: Vec<Handler<'_>> =
        methods.handlers.iter().enumerate().map(|(at, method)| Handler::of(at, method, options)).collect();
    let indices = handlers.iter().map(|handler| {
        let Handler { method: Method { cfg, .. }, index, find, .. } = handler;
        let at = handler.method.ident.span();
        quote_spanned!(at=> #(#cfg)* const #index: u16 = #find;)
    });
    let tables = handlers.iter().map(|handler| {
        let Handler { method: Method { cfg, .. }, table, .. } = handler;
        quote!(#(#cfg)* let table = table.wider(#table);)
    });
    let masks = handlers.iter().map(|handler| {
        let Handler { method: Method { cfg, .. }, index, .. } = handler;
        quote!(#(#cfg)* let mask = mask.with(#index);)
    });
    let records = handlers.iter().map(|handler| handler_record(class, handler));
    let loops = methods.loops.iter().map(|method| loop_record(class, method));
    let needs_struct = quote_spanned!(class.span()=> #p::TheAnnotatedStruct);
    quote! {
        const _: () = {
            #(#indices)*
            #[automatically_derived]
            impl #p::TheAnnotatedImpl for #class where #class: #needs_struct {
                const TABLE: #p::TableRef = {
                    let table = #p::TableRef::of::<#p::Lifecycle>();
                    #(#tables)*
                    table
                };
                const OWN_MASK: #p::EventMask = {
                    let mask = #p::EventMask::EMPTY;
                    #(#masks)*
                    mask
                };
                const HANDLERS: &'static [#p::HandlerRecord] = &[#(#records),*];
                const LOOPS: &'static [#p::LoopRecord] = &[#(#loops),*];
            }
        };
    }
}

/// A handler and where its event is found.
struct Handler<'a> {
    method: &'a Method,
    /// The constant with the event's number.
    index: Ident,
    find: TokenStream,
    table: TokenStream,
    /// The payload's type; `()` where the handler does not look at it.
    payload: TokenStream,
}

impl<'a> Handler<'a> {
    fn of(at: usize, method: &'a Method, options: &ClassOptions) -> Self {
        let p = private();
        let (name, span) = (&method.name, method.ident.span());
        let index = format_ident!("EVENT_{at}", span = span);
        if method.payload.is_none()
            && !LIFECYCLE.contains(&name.as_str())
            && let Some(events) = &options.events
        {
            return Self {
                method,
                index,
                find: quote_spanned!(span=> #p::index_of::<#events>(#name)),
                table: quote!(#p::TableRef::of::<#events>()),
                payload: quote!(()),
            };
        }
        let event = match &method.payload {
            Some(payload) => quote!(#payload),
            None if LIFECYCLE.contains(&name.as_str()) => {
                let event = camel(name, span);
                quote!(#p::#event)
            }
            None => {
                let event = camel(name, span);
                quote!(#event)
            }
        };
        Self {
            method,
            index,
            find: quote_spanned!(span=> #p::index_of_event::<#event>(#name)),
            table: quote_spanned!(span=> #p::TableRef::of_event::<#event>()),
            payload: event,
        }
    }
}

/// The core's own events, found without an import.
const LIFECYCLE: [&str; 3] = ["constructed", "reloaded", "destroyed"];

fn handler_record(class: &Type, handler: &Handler<'_>) -> TokenStream {
    let p = private();
    let Handler { method, index, payload, .. } = handler;
    let Method { cfg, ident, name, .. } = method;
    let line = line(ident);
    let call = match (method.payload.is_some(), method.takes_ctx) {
        (false, false) => quote!(|this, _, _| this.#ident()),
        (true, false) => quote!(|this, event, _| this.#ident(event)),
        (false, true) => quote!(|this, _, ctx| this.#ident(ctx)),
        (true, true) => quote!(|this, event, ctx| this.#ident(event, ctx)),
    };
    quote!(#(#cfg)* #p::handler::<#class, #payload, _>(#name, #index, #line, #call))
}

fn loop_record(class: &Type, method: &Method) -> TokenStream {
    let p = private();
    let Method { cfg, ident, name, takes_ctx, .. } = method;
    let line = line(ident);
    let call = if *takes_ctx { quote!(|this, ctx| this.#ident(ctx)) } else { quote!(|this, _| this.#ident()) };
    quote!(#(#cfg)* #p::looping::<#class, _>(#name, #line, #call))
}

/// The line of the method.
fn line(ident: &Ident) -> TokenStream {
    let p = private();
    quote_spanned!(ident.span()=> #p::core::line!())
}
