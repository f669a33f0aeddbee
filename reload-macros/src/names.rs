//! Where generated code finds the core. No other file spells the path, and no generated code names
//! anything of the core, of `core` or of `std` in another way: a user's module may be called like any of them.

use proc_macro2::{Ident, Punct, Spacing, Span, TokenStream};
use quote::{ToTokens, TokenStreamExt as _, quote};

/// The path of an item of the core's hidden module.
///
/// Written token by token. A stream of its own, put into another one, goes to the compiler and back each time, and
/// a class has some 25 paths.
#[derive(Clone, Copy)]
pub(crate) struct Private {
    item: &'static str,
    place: Span,
}

/// An item of the core's hidden module.
pub(crate) fn private(item: &'static str) -> Private {
    Private { item, place: Span::call_site() }
}

/// [`private`], so that an error is shown at `place`.
pub(crate) fn private_at(place: Span, item: &'static str) -> Private {
    Private { item, place: at(place) }
}

impl ToTokens for Private {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        for segment in ["reload_core", "__private", self.item] {
            for spacing in [Spacing::Joint, Spacing::Alone] {
                tokens.append(punct(':', spacing, self.place));
            }
            tokens.append(Ident::new(segment, self.place));
        }
    }
}

/// A character of an operator, at `place`.
pub(crate) fn punct(character: char, spacing: Spacing, place: Span) -> Punct {
    let mut punct = Punct::new(character, spacing);
    punct.set_span(place);
    punct
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
