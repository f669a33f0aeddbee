//! What an event carries is state.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

event_table! { pub table Events { Said { text: &'static str, by: ObjectId } } }

fn main() {}
