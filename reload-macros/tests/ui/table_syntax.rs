//! A table that is not one.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

event_table! {
    pub enum Events {
        Damaged,
    }
}

fn main() {}
