//! A class is a struct.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

#[game_class]
pub enum Mood {
    Calm,
}
#[game_class]
impl Mood {
    fn event_constructed(&mut self) {}
}

#[game_class(no_handlers)]
pub union Either {
    left: u32,
    right: f32,
}

#[game_class]
pub fn handler() {}

fn main() {}
