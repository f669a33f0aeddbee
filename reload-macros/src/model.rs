//! What was written, each part with the tokens that it came from.

use proc_macro2::Ident;
use syn::{Attribute, Expr, LitStr, Path, Type, Visibility};

/// `#[game_class(..)]`.
#[derive(Default)]
pub(crate) struct ClassOptions {
    pub(crate) base: Option<Path>,
    pub(crate) no_handlers: Option<Path>,
    pub(crate) was: Option<LitStr>,
    pub(crate) path: Option<LitStr>,
    pub(crate) events: Option<Path>,
}

/// `#[field(..)]`.
#[derive(Default)]
pub(crate) struct FieldOptions {
    pub(crate) default: Option<Expr>,
    pub(crate) was: Option<LitStr>,
    pub(crate) reset: bool,
    pub(crate) opaque: bool,
    pub(crate) serde: bool,
}

/// A field of a struct, a variant or an event.
pub(crate) struct FieldModel {
    /// As it is named in `offset_of!` and patterns: an identifier or a number.
    pub(crate) member: syn::Member,
    /// As it is named in the schema.
    pub(crate) name: String,
    pub(crate) ty: Type,
    /// `#[cfg]`s, repeated on what is generated.
    pub(crate) cfg: Vec<Attribute>,
    pub(crate) options: FieldOptions,
}

/// A variant of an enum.
pub(crate) struct VariantModel {
    pub(crate) ident: Ident,
    pub(crate) was: Option<LitStr>,
    pub(crate) fields: Vec<FieldModel>,
}

/// A method that the host calls.
pub(crate) struct Method {
    pub(crate) ident: Ident,
    /// Without `event_` or `loop_`.
    pub(crate) name: String,
    pub(crate) cfg: Vec<Attribute>,
    /// The payload's type, without the reference.
    pub(crate) payload: Option<Type>,
    pub(crate) takes_ctx: bool,
}

/// What `#[game_class]` on an `impl` found.
pub(crate) struct Methods {
    pub(crate) handlers: Vec<Method>,
    pub(crate) loops: Vec<Method>,
}

/// `event_table! { .. }`.
pub(crate) struct Table {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) base: Option<Path>,
    pub(crate) events: Vec<EventModel>,
}

/// One event of a table.
pub(crate) struct EventModel {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) ident: Ident,
    /// `None` for `Event` without braces.
    pub(crate) fields: Option<Vec<syn::Field>>,
}
