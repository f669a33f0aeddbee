//! Handlers are not a trait's methods.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, event_table, game_class};

event_table! { pub table Events { Damaged { amount: i32 }, Healed { amount: i32 }, Poked } }

#[game_class]
pub struct Thing {
    pub hp: i32,
}

trait Speaks {
    fn event_damaged(&mut self);
}
#[game_class]
impl Speaks for Thing {
    fn event_damaged(&mut self) {}
}
#[game_class]
impl Thing {
    fn event_poked(&mut self) {}
}

fn main() {}
