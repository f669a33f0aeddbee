//! The struct has no attribute.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

pub struct Thing;

#[game_class]
impl Thing {
    fn event_constructed(&mut self) {}
}

fn main() {}
