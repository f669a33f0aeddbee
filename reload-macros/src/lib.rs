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

/// Declares an event table: the numbered vocabulary of events that an engine and its game have in common, or the parts
/// of a game.
///
/// ```ignore
/// event_table! {
///     /// What engine and game tell each other.
///     pub table EngineEvents {
///         /// Time passed.
///         Tick { dt: f32 },
///         /// Somebody has come.
///         #[derive(Clone, Debug)]
///         PlayerJoined { player: ObjectId, name: String },
///         /// The engine is about to end.
///         Closing,
///     }
/// }
///
/// event_table! {
///     /// What the game tells itself. A table that extends another goes on numbering where that one ends.
///     pub table GameEvents: EngineEvents {
///         Damaged { amount: i32, by: ObjectId },
///     }
/// }
/// ```
///
/// Each event becomes a struct of its name, with the table's visibility and public fields: `world.emit(&Tick { dt })`,
/// `ctx.send(id, Damaged { amount: 3, by })`. The table becomes a type without values, for `#[game_class(events = ..)]`
/// and `InProcess::table`. One call declares one table.
///
/// # Names
///
/// An event's name says what its handlers are called: `event_` and the name in snake case. `PlayerJoined` is handled by
/// `event_player_joined`. So each word of it begins with one capital: `HttpRequest`, because `HTTPRequest` would not
/// come back from `http_request`. Along a chain of tables a name is declared once. `Constructed`, `Reloaded` and
/// `Destroyed` are the core's own events, on which every table stands.
///
/// # What an event carries
///
/// Nothing (`Closing`), or fields with names whose types are `State`. A field may have the options that a field of a
/// class has (see `game_class`). An event has no type parameters. It may have attributes, except `cfg`, because the
/// numbers of the events behind it would depend on it; a field may have `cfg`.
///
/// A reload may change what the events of the game's own tables carry: those that wait are carried over as objects are.
/// One that gets another name says which it had, `#[event(was = "Hit")]`, or `was = "game::old::Hit"` if it was in another
/// module: those that wait go to the handlers of the new name, and reports call it renamed. Without, they are dropped and
/// named.
/// An event that the engine has in its tables too has to stay as it is: a library that was built with another layout of
/// it, or with another name and a `was`, is refused, and the engine has to be built anew and started again.
///
/// # How many
///
/// A table and those that it extends have at most 512 events together (`MAX_USER_EVENTS`); more do not compile. A world
/// has 512 as well, of the host's tables and of all its libraries: a library for whose events there is no number left
/// is refused. The events that a class handles, its base's among them, are of one chain of tables.
#[proc_macro]
pub fn event_table(input: TokenStream) -> TokenStream {
    run::event_table(input.into()).into()
}

/// Makes a struct a live class. Stands on the struct, and on the one `impl` block that has its handlers.
///
/// ```ignore
/// #[game_class]
/// pub struct Creature {
///     pub name: String,
///     #[field(default = 10)]
///     pub hp: i32,
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
///     fn loop_breathe(&mut self) -> Next {
///         Next::after_secs(2.0)
///     }
/// }
///
/// #[game_class(base = Creature, no_handlers)]
/// pub struct Goblin {
///     base: Creature,
///     gold: u32,
/// }
/// ```
///
/// Mistakes are compile errors at the tokens that are wrong, all that a macro can see in one run. The struct or the
/// block is there all the same, so that the rest of the program is not wrong because of it.
///
/// # On the struct
///
/// The struct has no type parameters and no lifetimes. Its fields are of types that are `State`, or say how they are
/// carried (below). The attribute makes the struct itself `State`; `#[derive(State)]` is for the types that lie in it.
///
/// - `base = Creature`: the class inherits the handlers and loops of the class `Creature`, which run for its base part,
///   a field `base: Creature`. An own handler or loop of the same name takes the place of the inherited one, and when
///   it is taken out the inherited one is back.
/// - `path = "game::Goblin"`: the class's path, in place of `module::path::Name`. The path is what makes it the same
///   class in the next build.
/// - `was = "game::Imp"`: the path that it had before. The objects of that class go on as objects of this one.
/// - `no_handlers`: the class has no annotated `impl` block. Where this is not said, a missing block is a mistake.
///
/// # On the `impl` block
///
/// A class has one annotated `impl` block, without a trait and without parameters, in which there is at least one of
/// these:
///
/// - `fn event_damaged(&mut self, event: &Damaged, ctx: &mut Ctx)`: the handler of the event `Damaged`. Event and
///   context may be left out, either or both; the event comes first. It returns nothing.
/// - `fn loop_breathe(&mut self, ctx: &mut Ctx) -> Next`: a loop. It runs for a new object at the next
///   `World::advance`, and then whenever the `Next` that it returns says, always with the newest code. The context may
///   be left out. A reload that adds a loop starts it for the objects that are there.
/// - `fn migrate(old: &OldState<'_>, carried: Self) -> Self`: what an object becomes when the class's shape has changed
///   in a way that no rule can guess; see `OldState`. It may return `Result<Self, E>` with any `E` that can be
///   displayed, such as `MigrateError`.
///
/// Handlers and loops may take `&self`. None of the three can be `async`, `unsafe`, `extern` or generic; they may be
/// private, and be under `cfg`. All other methods of the block are left alone, and other `impl` blocks go without the
/// attribute. A macro call among the methods is a mistake, because a handler that it writes would not be seen.
///
/// A handler that does not take its event is for the event in scope that its name spells: `event_player_joined` for
/// `PlayerJoined`. With `#[game_class(events = GameEvents)]` on the block such names are looked up in that table and
/// those that it extends, and the events need not be in scope. `event_constructed`, `event_reloaded` and
/// `event_destroyed` need neither.
///
/// # Fields
///
/// | on a field | what it means |
/// |---|---|
/// | nothing | carried over a reload by its shape |
/// | `#[field(default = 10)]` | what an object gets that lacks the field: an expression, evaluated for each object |
/// | `#[field(was = "hp")]` | the name that it had before |
/// | `#[field(reset)]` | starts over with its default at each reload; of any type |
/// | `#[field(opaque)]` | a type of another crate, moved as bytes while its name and layout stay; not in save files. One of the library itself is refused: it can derive `State` |
/// | `#[field(serde)]` | a type of another crate that is `Serialize` and `DeserializeOwned`, carried as JSON |
///
/// Several stand together: `#[field(default = 10, was = "health")]`. Of `reset`, `opaque` and `serde` a field has at
/// most one.
///
/// # New objects, new fields
///
/// `spawn(value)` takes the object as it is. `spawn_named(path)` makes one: by the class's `Default`, if it has one,
/// and then `#[field(default = ..)]` is **not** looked at; otherwise field by field, by the field's own default or else
/// that of its type. A class without `Default` that has a field with neither cannot be made by name.
///
/// At a reload it is the other way round. A field that an object lacks gets what the attic has kept of it, else the
/// field's own default, else that of its type, else what the class's `Default` has there. So write no `Default` for a
/// class whose fields say how they begin, or have it say the same.
///
/// # The mask
///
/// The class has a constant `EVENT_MASK`: the events that it handles, its base's among them.
#[proc_macro_attribute]
pub fn game_class(options: TokenStream, item: TokenStream) -> TokenStream {
    run::game_class(options.into(), item.into()).into()
}

/// Derives `State` for a type of your own that lies in a field of a class, or in an event.
///
/// ```ignore
/// #[derive(Default, State)]
/// pub enum Mood {
///     #[default]
///     Calm,
///     #[field(was = "Furious")]
///     Angry {
///         at: ObjectId,
///         #[field(default = 1)]
///         since: u32,
///     },
/// }
///
/// #[derive(State)]
/// pub struct Stack<T> {
///     pub items: Vec<T>,
/// }
/// ```
///
/// For structs and enums of every form. A reload carries their values by the names of fields and variants, at any
/// depth. Type parameters have to be `State`, which the derive asks for by itself. A lifetime is a mistake, because
/// live state borrows nothing, and so is a union, because it does not say which of its fields is alive. A class needs
/// no derive: `#[game_class]` makes it `State`.
///
/// A field, of a struct or of a variant, has the options of a field of a class (see `game_class`): `default`, `was`,
/// `reset`, `opaque` and `serde`, the last three only in types without type parameters. A variant has
/// `#[field(was = "OldName")]`, the name that it had before. A former name that another variant has now (`A` is `B`, `B`
/// is `C`) is followed in objects that live, while out of a save file or the attic `B` is what is called so today.
///
/// A new field of the type gets the type's `Default`. A struct that has none is made of the defaults of its fields; an
/// enum that has none needs `#[field(default = ..)]` on the new field, or a `Default` of what the field is in.
#[proc_macro_derive(State, attributes(field))]
pub fn state(item: TokenStream) -> TokenStream {
    run::state(item.into()).into()
}
