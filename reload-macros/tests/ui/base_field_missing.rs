//! The base part is missing, or of another type.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

#[game_class(no_handlers)]
pub struct Creature;

#[game_class(no_handlers, base = Creature)]
pub struct Goblin {
    parent: Creature,
}

#[game_class(no_handlers, base = Creature)]
pub struct Unit;

#[game_class(no_handlers, base = Creature)]
pub struct Boxed {
    base: Box<Creature>,
}

fn main() {}
