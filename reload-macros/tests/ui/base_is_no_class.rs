//! The base is not a class.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

pub struct Plain;

#[derive(State)]
pub struct JustState;

#[game_class(no_handlers, base = JustState)]
pub struct Thing {
    base: JustState,
}

fn main() {}
