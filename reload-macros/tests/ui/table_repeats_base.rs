//! An event that the base has already.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

event_table! { pub table Engine { Tick, Damaged } }
mod game {
    reload_core::event_table! { pub table Game: super::Engine { Damaged, Constructed } }
}

fn main() {}
