//! The macros of `reload-core`.

mod case;
mod check;
mod expand;
mod mistakes;
mod model;
mod names;
mod parse;
mod run;

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
    run::event_table(input.into()).into()
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
    run::game_class(options.into(), item.into()).into()
}

/// Derives `State`.
#[proc_macro_derive(State, attributes(field))]
pub fn state(item: TokenStream) -> TokenStream {
    run::state(item.into()).into()
}
