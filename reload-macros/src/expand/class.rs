//! The struct's half of a class.

use super::state::{derive_struct, optional_text};
use crate::{
    model::{ClassOptions, FieldModel},
    names::{plain, private},
};
use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Member, Path, spanned::Spanned};

/// What stands beside the struct.
pub(crate) fn class(ident: &Ident, options: &ClassOptions, fields: &[FieldModel]) -> TokenStream {
    let p = private();
    let state = derive_struct(ident, fields);
    let name = plain(ident);
    let path = match &options.path {
        Some(path) => quote!(#path),
        None => quote!(#p::core::concat!(#p::core::module_path!(), "::", #name)),
    };
    let was = optional_text(options.was.as_ref());
    let base = Base::of(ident, options.base.as_ref(), fields);
    let Base { wider, mask, record: base_record, offset, check } = base;
    // At the name, so that a missing half is reported there.
    let implements = quote_spanned!(ident.span()=> #p::TheAnnotatedImpl);
    let no_handlers = options.no_handlers.as_ref().map(|_| {
        quote! {
            #[automatically_derived]
            impl #p::TheAnnotatedImpl for #ident {
                const TABLE: #p::TableRef = #p::TableRef::of::<#p::Lifecycle>();
                const OWN_MASK: #p::EventMask = #p::EventMask::EMPTY;
                const HANDLERS: &'static [#p::HandlerRecord] = &[];
                const LOOPS: &'static [#p::LoopRecord] = &[];
            }
        }
    });
    quote! {
        const _: () = {
            #state
            #no_handlers
            #[automatically_derived]
            impl #p::TheAnnotatedStruct for #ident {}
            #[automatically_derived]
            unsafe impl #p::GameClass for #ident {
                const TABLE: #p::TableRef = <#ident as #implements>::TABLE #wider;
                const EVENT_MASK: #p::EventMask = <#ident as #implements>::OWN_MASK #mask;
                extern "C" fn record() -> &'static #p::ClassRecord {
                    static RECORD: #p::ClassRecord = #p::ClassRecord {
                        path: #p::RawStr::new(#path),
                        was: #was,
                        file: #p::RawStr::new(#p::core::file!()),
                        line: #p::core::line!(),
                        state: #p::descriptor::<#ident>,
                        base: #base_record,
                        base_offset: #offset,
                        table: <#ident as #p::GameClass>::TABLE.record,
                        mask: <#ident as #p::GameClass>::EVENT_MASK,
                        own_mask: <#ident as #implements>::OWN_MASK,
                        handlers: #p::RawSlice::new(<#ident as #implements>::HANDLERS),
                        loops: #p::RawSlice::new(<#ident as #implements>::LOOPS),
                        construct: <#ident as #p::State>::DESCRIPTOR.default,
                    };
                    &RECORD
                }
            }
            #[automatically_derived]
            impl #ident {
                /// The events that the class handles, own and inherited.
                #[allow(dead_code, reason = "for the user's own checks")]
                pub const EVENT_MASK: #p::EventMask = <Self as #p::GameClass>::EVENT_MASK;
            }
            #check
            #p::inventory::submit! { #p::ClassEntry(<#ident as #p::GameClass>::record) }
        };
    }
}

/// The parts that depend on the base class.
#[derive(Default)]
struct Base {
    wider: TokenStream,
    mask: TokenStream,
    record: TokenStream,
    offset: TokenStream,
    check: TokenStream,
}

impl Base {
    fn of(ident: &Ident, base: Option<&Path>, fields: &[FieldModel]) -> Self {
        let p = private();
        let Some(base) = base else {
            let none = quote!(#p::core::option::Option::None);
            return Self { record: none, offset: quote!(0), ..Self::default() };
        };
        let field = fields.iter().find(|field| matches!(&field.member, Member::Named(name) if name == "base"));
        let at = base.span();
        let class = quote_spanned!(at=> #p::GameClass);
        // Without the field there is an error already; the offset must not add another.
        let (offset, check) = match field {
            None => (quote!(0), TokenStream::new()),
            Some(field) => {
                let borrow = quote_spanned!(field.ty.span()=> &object.base);
                let check = quote! { const _: fn(&#ident) -> &#base = |object| #borrow; };
                (quote!(#p::core::mem::offset_of!(#ident, base)), check)
            }
        };
        Self {
            wider: quote!(.wider(<#base as #class>::TABLE)),
            mask: quote!(.union(<#base as #class>::EVENT_MASK)),
            record: quote!(#p::core::option::Option::Some(<#base as #class>::record)),
            offset,
            check,
        }
    }
}
