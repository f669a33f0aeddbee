//! Options of the struct: unknown, of the impl, with and without a value, twice.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

#[game_class(no_handler, no_handlers = true, base, was = old::Path, events = Events, base = 3)]
pub struct Thing {
    base: u8,
}
#[game_class(no_handlers, no_handlers)]
pub struct Twice;
#[game_class(base = )]
pub struct Unfinished;
#[game_class]
impl Unfinished {
    fn event_constructed(&mut self) {}
}

fn main() {}
