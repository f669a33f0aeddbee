//! Where generated code finds the core. No other file spells the path, and no generated code names
//! anything of the core, of `core` or of `std` in another way: a user's module may be called like any of them.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

/// An item of the core's hidden module.
pub(crate) fn private(item: &str) -> TokenStream {
    let item = Ident::new(item, Span::call_site());
    quote!(::reload_core::__private::#item)
}

/// [`private`], so that an error is shown at `place`.
pub(crate) fn private_at(place: Span, item: &str) -> TokenStream {
    let place = at(place);
    let item = Ident::new(item, place);
    quote_spanned!(place=> ::reload_core::__private::#item)
}

/// An error in code with this span is shown at `place`, while lints see it as the macro's own code.
pub(crate) fn at(place: Span) -> Span {
    Span::call_site().located_at(place)
}

/// `module::path::Name` as the compiler of the user's crate writes it.
pub(crate) fn path_of(name: &str) -> TokenStream {
    let core = private("core");
    let suffix = format!("::{name}");
    quote!(#core::concat!(#core::module_path!(), #suffix))
}

/// A name as the core numbers it for the compiler: the 64-bit FNV-1a hash of its bytes.
pub(crate) fn id_of(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The line of `place`, from 1. A number, not `line!()`: that would be one more macro call for each handler at every build.
pub(crate) fn line_of(place: Span) -> u32 {
    u32::try_from(place.start().line).unwrap_or(u32::MAX)
}
