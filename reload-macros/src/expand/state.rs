//! `State`: the descriptor of a type.

use crate::{
    model::{FieldModel, VariantModel},
    names::{plain, private},
};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{LitStr, spanned::Spanned};

/// The impl for a struct.
pub(crate) fn derive_struct(ident: &Ident, fields: &[FieldModel]) -> TokenStream {
    let p = private();
    let fields = fields.iter().map(|field| {
        let member = &field.member;
        field_record(field, &quote!(#p::core::mem::offset_of!(#ident, #member)))
    });
    state(ident, &quote!(#p::Shape::Struct(#p::RawSlice::new(&[#(#fields),*]))))
}

/// The impl for an enum.
pub(crate) fn derive_enum(ident: &Ident, variants: &[VariantModel]) -> TokenStream {
    let p = private();
    let records = variants.iter().map(|variant| {
        let (name, was) = (plain(&variant.ident), optional_text(variant.was.as_ref()));
        let fields = variant.fields.iter().map(|field| field_record(field, &quote!(0)));
        quote! {
            #p::Variant {
                name: #p::RawStr::new(#name),
                was: #was,
                fields: #p::RawSlice::new(&[#(#fields),*]),
            }
        }
    });
    let numbers = variants.iter().enumerate().map(|(number, variant)| {
        let (number, name) = (number as u32, &variant.ident);
        quote!(#ident::#name { .. } => #number)
    });
    let addresses = variants.iter().map(|variant| {
        let name = &variant.ident;
        let members = variant.fields.iter().map(|field| &field.member);
        let places: Vec<Ident> = (0..variant.fields.len()).map(|at| format_ident!("field_{at}")).collect();
        let positions = 0..variant.fields.len();
        quote! {
            #ident::#name { #(#members: #places),* } => {
                #(out.add(#positions).write(#p::core::ptr::from_ref(#places).cast());)*
            }
        }
    });
    let builds = variants.iter().enumerate().map(|(number, variant)| {
        let (number, name) = (number as u32, &variant.ident);
        let members = variant.fields.iter().map(|field| &field.member);
        let types = variant.fields.iter().map(|field| &field.ty);
        let positions = 0..variant.fields.len();
        quote! {
            #number => out.cast::<#ident>().write(#ident::#name {
                #(#members: (*fields.add(#positions)).cast::<#types>().read()),*
            })
        }
    });
    let shape = quote! {
        #p::Shape::Enum(#p::EnumOps {
            variants: #p::RawSlice::new(&[#(#records),*]),
            variant: {
                unsafe extern "C" fn variant(value: *const u8) -> u32 {
                    unsafe { match &*value.cast::<#ident>() { #(#numbers),* } }
                }
                variant
            },
            fields: {
                #[allow(unused_variables, reason = "an enum may have no fields")]
                unsafe extern "C" fn fields(value: *const u8, out: *mut *const u8) {
                    unsafe { match &*value.cast::<#ident>() { #(#addresses)* } }
                }
                fields
            },
            build: {
                #[allow(unused_variables, reason = "an enum may have no fields")]
                unsafe extern "C" fn build(out: *mut u8, variant: u32, fields: *const *mut u8) -> #p::Outcome {
                    #p::guard(|| unsafe {
                        match variant {
                            #(#builds,)*
                            _ => #p::core::panic!("no such variant"),
                        }
                    })
                }
                build
            },
        })
    };
    state(ident, &shape)
}

fn state(ident: &Ident, shape: &TokenStream) -> TokenStream {
    let p = private();
    let name = plain(ident);
    quote! {
        #[automatically_derived]
        unsafe impl #p::State for #ident {
            const DESCRIPTOR: #p::Descriptor = #p::Descriptor {
                path: #p::RawStr::new(#p::core::concat!(#p::core::module_path!(), "::", #name)),
                size: #p::core::mem::size_of::<#ident>(),
                align: #p::core::mem::align_of::<#ident>(),
                drop_in_place: #p::drop_of::<#ident>(),
                default: {
                    #[allow(unused_imports, reason = "used where the type has no `Default`")]
                    use #p::NoDefault as _;
                    #p::Probe::<#ident>::DEFAULT
                },
                shape: #shape,
            };
        }
    }
}

/// The record of a field.
fn field_record(field: &FieldModel, offset: &TokenStream) -> TokenStream {
    let p = private();
    let (cfg, ty, name) = (&field.cfg, &field.ty, &field.name);
    let was = optional_text(field.options.was.as_ref());
    let default = match &field.options.default {
        Some(value) => {
            quote_spanned!(value.span()=> #p::core::option::Option::Some(#p::default_with::<#ty, _>(|| #value)))
        }
        None => quote!(#p::core::option::Option::None),
    };
    let descriptor = if field.options.opaque || field.options.serde {
        let path = quote!(#ty).to_string().replace(' ', "");
        quote!({
            extern "C" fn opaque() -> &'static #p::Descriptor {
                static DESCRIPTOR: #p::Descriptor = {
                    #[allow(unused_imports, reason = "used where the type has no `Default`")]
                    use #p::NoDefault as _;
                    #p::opaque::<#ty>(#path, #p::Probe::<#ty>::DEFAULT)
                };
                &DESCRIPTOR
            }
            opaque
        })
    } else {
        quote_spanned!(ty.span()=> #p::descriptor::<#ty>)
    };
    let carry = if field.options.serde {
        quote_spanned!(ty.span()=> #p::Carry::Serde(#p::serde_ops::<#ty>()))
    } else if field.options.reset {
        quote!(#p::Carry::Reset)
    } else {
        quote!(#p::Carry::ByShape)
    };
    quote! {
        #(#cfg)*
        #p::Field {
            name: #p::RawStr::new(#name),
            was: #was,
            offset: #offset,
            ty: #descriptor,
            default: #default,
            carry: #carry,
        }
    }
}

pub(super) fn optional_text(text: Option<&LitStr>) -> TokenStream {
    let p = private();
    match text {
        Some(text) => quote!(#p::RawStr::new(#text)),
        None => quote!(#p::RawStr::ABSENT),
    }
}
