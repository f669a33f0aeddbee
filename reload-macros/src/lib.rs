//! The macros of `reload-core`, which re-exports them and shows how they are used.
//!
//! Each is parse -> check -> expand: [`parse`] knows grammar, `check` the rules, `expand` fills the
//! tables of the core and cannot fail. All mistakes of an item are reported in one compile, and the
//! item itself is always emitted.

mod check;
mod expand;
mod model;
mod names;
mod parse;
mod report;

use crate::{model::VariantModel, report::Report};
use proc_macro::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Item, ItemImpl, ItemStruct, parse_macro_input};

/// Declares an event table: the numbered vocabulary of events that classes can handle.
///
/// Each event becomes a struct with public fields. A table can extend another one; its numbers go on
/// where the other's end. A library's tables hold at most 512 events together.
///
/// ```
/// reload_core::event_table! {
///     /// What the engine tells the game.
///     pub table EngineEvents {
///         /// Time passed.
///         Tick { dt: f32 },
///         /// Everybody out.
///         Shutdown,
///     }
/// }
/// reload_core::event_table! {
///     /// What the game tells itself.
///     pub table GameEvents: EngineEvents {
///         /// Something was hit.
///         #[derive(Clone, Debug)]
///         Damaged { amount: i32 },
///     }
/// }
/// use reload_core::Event;
/// assert_eq!(Damaged::NAME, "damaged");
/// assert_eq!(Damaged::INDEX, Tick::INDEX + 2);
/// ```
#[proc_macro]
pub fn event_table(input: TokenStream) -> TokenStream {
    let table = parse_macro_input!(input as model::Table);
    let mut report = Report::default();
    check::events(&table, &mut report);
    let fields: Vec<_> = table
        .events
        .iter()
        .map(|event| {
            let named = event.fields.clone().unwrap_or_default();
            let mut fields = syn::Fields::Named(syn::FieldsNamed {
                brace_token: syn::token::Brace::default(),
                named: named.into_iter().collect(),
            });
            parse::take_fields(&mut fields, &mut report)
        })
        .collect();
    let expanded = expand::table(&table, &fields);
    let errors = report.into_tokens();
    quote!(#expanded #errors).into()
}

/// Makes a struct a live class, and finds the handlers and loops in its `impl`.
///
/// It goes on the struct and on one inherent `impl`:
///
/// ```
/// use reload_core::{Ctx, Next, event_table, game_class};
/// event_table! {
///     /// What can happen.
///     pub table Events { Tick { dt: f32 }, Damaged { amount: i32 } }
/// }
///
/// #[game_class]
/// pub struct Creature {
///     name: String,
///     #[field(default = 10)]
///     hp: i32,
/// }
///
/// #[game_class]
/// impl Creature {
///     fn event_damaged(&mut self, event: &Damaged, ctx: &mut Ctx) {
///         self.hp -= event.amount;
///         if self.hp <= 0 {
///             ctx.destroy(ctx.id());
///         }
///     }
/// }
///
/// #[game_class(base = Creature)]
/// pub struct Goblin {
///     base: Creature,
///     steps: u32,
/// }
///
/// #[game_class]
/// impl Goblin {
///     fn event_tick(&mut self) {
///         self.steps += 1;
///     }
///     fn loop_grumble(&mut self) -> Next {
///         Next::after_secs(2.0)
///     }
/// }
/// # use reload_core::Event;
/// const _: () = assert!(Goblin::EVENT_MASK.contains(Damaged::INDEX), "inherited");
/// const _: () = assert!(!Creature::EVENT_MASK.contains(Tick::INDEX));
/// ```
///
/// # On a struct
///
/// | option | meaning |
/// |---|---|
/// | `base = Path` | inherits the handlers and loops of that class, which is the type of the field `base` |
/// | `no_handlers` | the class has no `impl` with handlers |
/// | `was = "old::Path"` | the class was renamed or moved: its objects are carried over |
/// | `path = "game::Class"` | the class's path, instead of where it stands |
///
/// | field option | meaning |
/// |---|---|
/// | `default = value` | for objects that did not have the field |
/// | `was = "old_name"` | the field was renamed |
/// | `reset` | starts over with its default at each reload |
/// | `opaque` | the bytes are moved while type and layout are the same |
/// | `serde` | carried through its serde form |
///
/// # On an `impl`
///
/// Methods called `event_<name>` are handlers: `fn event_name(&mut self [, event: &Event] [, ctx: &mut Ctx])`.
/// The event is the payload's type, else the type in scope whose name fits (`event_player_joined`: `PlayerJoined`),
/// else, with the option `events = Table`, the event of that table. `event_constructed`, `event_reloaded` and
/// `event_destroyed` are the core's own. Methods called `loop_<name>` are loops: `fn loop_name(&mut self [, ctx: &mut Ctx]) -> Next`.
#[proc_macro_attribute]
pub fn game_class(options: TokenStream, item: TokenStream) -> TokenStream {
    match parse_macro_input!(item as Item) {
        Item::Struct(item) => class_struct(options, item),
        Item::Impl(item) => class_impl(options, item),
        other => {
            let mut report = Report::default();
            report.at(&other, "`#[game_class]` goes on a struct or on its `impl`; for a nested enum use `#[derive(State)]`");
            let errors = report.into_tokens();
            quote!(#other #errors).into()
        }
    }
}

fn class_struct(options: TokenStream, mut item: ItemStruct) -> TokenStream {
    let mut report = Report::default();
    let options = parse::class_options(options.into(), &["base", "no_handlers", "was", "path"], &mut report);
    check::not_generic(&item.generics, "a class", &mut report);
    let generic = !item.generics.params.is_empty();
    let fields = parse::take_fields(&mut item.fields, &mut report);
    check::base_field(&item.ident, &options, &fields, &mut report);
    // A generic struct would only add errors that follow from the first.
    let expanded = if generic { proc_macro2::TokenStream::new() } else { expand::class(&item.ident, &options, &fields) };
    let errors = report.into_tokens();
    quote!(#item #expanded #errors).into()
}

fn class_impl(options: TokenStream, item: ItemImpl) -> TokenStream {
    let mut report = Report::default();
    let options = parse::class_options(options.into(), &["events"], &mut report);
    let fits = check::class_of_impl(&item, &mut report);
    let methods = check::methods(&item, &mut report);
    let expanded =
        if fits { expand::handlers(&item.self_ty, &options, &methods) } else { proc_macro2::TokenStream::new() };
    let errors = report.into_tokens();
    quote!(#item #expanded #errors).into()
}

/// Describes a type that is nested in a class or an event.
///
/// ```
/// use reload_core::State;
/// #[derive(State)]
/// enum Mood {
///     Calm,
///     Angry { at: String, #[field(default = 1)] level: u8 },
/// }
/// #[derive(State)]
/// struct Item {
///     name: String,
///     mood: Option<Box<Mood>>,
/// }
/// ```
#[proc_macro_derive(State, attributes(field))]
pub fn state(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    let mut report = Report::default();
    check::not_generic(&item.generics, "a type that is part of live state", &mut report);
    let generic = !item.generics.params.is_empty();
    let expanded = match item.data {
        Data::Struct(mut data) => {
            let fields = parse::take_fields(&mut data.fields, &mut report);
            expand::derive_struct(&item.ident, &fields)
        }
        Data::Enum(data) => {
            let variants: Vec<VariantModel> = data
                .variants
                .into_iter()
                .map(|mut variant| VariantModel {
                    was: check::variant_options(&variant, &mut report),
                    fields: parse::take_fields(&mut variant.fields, &mut report),
                    ident: variant.ident,
                })
                .collect();
            expand::derive_enum(&item.ident, &variants)
        }
        Data::Union(data) => {
            report.at(data.union_token, "a union cannot be part of live state: nobody knows which of its fields is valid");
            proc_macro2::TokenStream::new()
        }
    };
    let expanded = if generic { proc_macro2::TokenStream::new() } else { expanded };
    let errors = report.into_tokens();
    quote!(const _: () = { #expanded }; #errors).into()
}
