//! The base is not a table.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

pub struct NotATable;
event_table! { pub table Game: NotATable { Damaged } }

fn main() {}
