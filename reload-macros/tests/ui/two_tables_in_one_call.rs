//! One call declares one table.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

event_table! {
    pub table First { A }
    pub table Second { B }
}

fn main() {}
