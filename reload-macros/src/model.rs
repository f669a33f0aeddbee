//! What was written, once it is known to make sense: each part with its own tokens, so that
//! whatever the compiler finds wrong with it later is shown where it stands. `attrs` are those that
//! generated code takes over.

use proc_macro2::{Ident, Span};
use syn::{Attribute, DeriveInput, Expr, Generics, LitStr, Member, Path, Type, Visibility};

/// A struct with `#[game_class]`.
pub(crate) struct Class {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) fields: Vec<Field>,
    pub(crate) base: Option<Base>,
    pub(crate) path: Option<LitStr>,
    pub(crate) was: Option<LitStr>,
    /// Whether `#[derive(Default)]` is seen on it: it may have a `Default` in another way.
    pub(crate) derives_default: bool,
    /// Whether the struct says that there is no annotated `impl`.
    pub(crate) no_handlers: bool,
}

/// The base of a class.
pub(crate) struct Base {
    pub(crate) path: Path,
    /// The type of the field `base`.
    pub(crate) part: Type,
}

/// A field of a class, a payload or a nested type.
pub(crate) struct Field {
    pub(crate) member: Member,
    pub(crate) ty: Type,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) was: Option<LitStr>,
    pub(crate) default: Option<Expr>,
    pub(crate) carry: Carry,
}

/// How a field is carried.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carry {
    ByShape,
    Reset,
    Opaque,
    Serde,
}

/// A type with `#[derive(State)]`.
pub(crate) struct Nested {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) generics: Generics,
    pub(crate) shape: Shape,
}

/// The parts of a type.
pub(crate) enum Shape {
    Struct(Vec<Field>),
    Enum(Vec<Variant>, Layout),
}

/// What is said of an enum's layout.
pub(crate) struct Layout {
    /// The `repr` attributes, as written.
    pub(crate) repr: String,
    /// The type of the discriminants.
    pub(crate) number: &'static str,
    /// Each variant's discriminant, where it is said.
    pub(crate) discriminants: Vec<Option<Expr>>,
}

/// A variant of an enum.
pub(crate) struct Variant {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) name: Ident,
    pub(crate) was: Option<LitStr>,
    pub(crate) fields: Vec<Field>,
}

/// An `impl` block with `#[game_class]`.
pub(crate) struct Handlers {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) class: Type,
    pub(crate) handlers: Vec<Handler>,
    pub(crate) loops: Vec<Loop>,
    /// More than one where attributes say which is there.
    pub(crate) migrate: Vec<Migrate>,
    /// The block's table, if no handler is looked up in it.
    pub(crate) idle_table: Option<Path>,
}

/// The `migrate` function.
pub(crate) struct Migrate {
    pub(crate) method: Ident,
    /// Where a return type that does not fit is shown.
    pub(crate) answer: Span,
    pub(crate) attrs: Vec<Attribute>,
}

/// An `event_*` method.
pub(crate) struct Handler {
    pub(crate) method: Ident,
    /// `damaged` for `event_damaged`.
    pub(crate) event: String,
    pub(crate) kind: EventKind,
    /// Whether it takes `&self`.
    pub(crate) shared: bool,
    pub(crate) takes_event: bool,
    pub(crate) takes_ctx: bool,
    pub(crate) attrs: Vec<Attribute>,
}

/// How a handler says which event it is for.
pub(crate) enum EventKind {
    /// By the payload's type, or the type that the method's name stands for.
    Type(Box<Type>),
    /// By its name alone, as one of the core's own events.
    Lifecycle(&'static str),
    /// By its name alone, as an event of a table.
    Named(Path),
}

/// A `loop_*` method.
pub(crate) struct Loop {
    pub(crate) method: Ident,
    /// `wander` for `loop_wander`.
    pub(crate) name: String,
    pub(crate) takes_ctx: bool,
    /// Where a return type that does not fit is shown.
    pub(crate) answer: Span,
    pub(crate) attrs: Vec<Attribute>,
}

/// An `event_table!`.
pub(crate) struct Table {
    /// All of them.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) name: Ident,
    pub(crate) base: Option<Path>,
    pub(crate) events: Vec<Event>,
}

/// An event of a table.
pub(crate) struct Event {
    pub(crate) attrs: Vec<Attribute>,
    /// The payload as a struct.
    pub(crate) item: DeriveInput,
    /// The name that it had, or, if it was elsewhere, the path.
    pub(crate) was: Option<LitStr>,
    /// `player_joined` for `PlayerJoined`.
    pub(crate) handler_name: String,
    pub(crate) fields: Vec<Field>,
}
