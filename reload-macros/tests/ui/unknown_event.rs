//! No such event: the table and the nearest name are told.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, event_table, game_class};

event_table! { pub table Events { Damaged { amount: i32 }, Healed { amount: i32 }, Poked } }

#[game_class]
pub struct Thing {
    pub hp: i32,
}

#[game_class(events = Events)]
impl Thing {
    fn event_damagd(&mut self) {}
    fn event_healed(&mut self) {}
    fn event_something_else(&mut self) {}
}

fn main() {}
