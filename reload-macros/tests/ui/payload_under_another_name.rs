//! The payload is called like the event that the method's name says, and is another one.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, game_class};

mod events {
    reload_core::event_table! { pub table Events { Damaged { amount: i32 }, Healed { amount: i32 } } }
}
use events::Healed as Damaged;

#[game_class]
pub struct Thing {
    pub hp: i32,
}

#[game_class]
impl Thing {
    fn event_damaged(&mut self, ev: &Damaged) {}
}

fn main() {}
