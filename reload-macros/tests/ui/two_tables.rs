//! Events of two tables that have nothing to do with each other.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, event_table, game_class};

event_table! { pub table Events { Damaged { amount: i32 }, Healed { amount: i32 }, Poked } }

#[game_class]
pub struct Thing {
    pub hp: i32,
}

mod other {
    reload_core::event_table! { pub table Others { Rained } }
}
#[game_class]
impl Thing {
    fn event_damaged(&mut self) {}
    fn event_rained(&mut self, ev: &other::Rained) {}
}

#[game_class(base = Thing)]
pub struct Wet {
    base: Thing,
}
#[game_class(events = other::Others)]
impl Wet {
    fn event_rained(&mut self) {}
}

fn main() {}
