//! What cannot be nested state.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

#[derive(State)]
pub union Either {
    left: u32,
    right: f32,
}

#[derive(State)]
pub struct Borrowing<'a> {
    value: &'a u8,
}

#[derive(State)]
#[field(was = "Old")]
pub enum Mood {
    #[field(reset)]
    Calm,
    #[field(was = "Old")]
    Angry,
    #[field(was = "Old")]
    Furious { #[field(unknown)] since: u8 },
}

#[derive(State)]
pub struct Holder<T> {
    #[field(opaque)]
    value: T,
}

#[derive(State)]
#[repr(C, packed(2))]
pub struct Tight {
    value: u32,
}

fn main() {}
