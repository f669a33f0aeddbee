//! No such event in scope: the compiler offers the nearest type.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, event_table, game_class};

event_table! { pub table Events { Damaged { amount: i32 }, Healed { amount: i32 }, Poked } }

#[game_class]
pub struct Thing {
    pub hp: i32,
}

#[game_class]
impl Thing {
    fn event_damagd(&mut self) {}
}

fn main() {}
