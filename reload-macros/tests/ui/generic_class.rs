//! A class with parameters, of each kind.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

#[game_class]
pub struct Generic<T> {
    value: T,
}
#[game_class]
impl<T> Generic<T> {
    fn event_constructed(&mut self) {}
}

#[game_class(no_handlers)]
pub struct Borrowing<'a> {
    value: &'a u8,
}

#[game_class(no_handlers)]
pub struct Sized<const N: usize>;

fn main() {}
