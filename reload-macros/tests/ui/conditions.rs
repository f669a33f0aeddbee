//! Conditions that would leave half of something behind, or that the macro cannot see.
#![allow(unexpected_cfgs, reason = "conditions that do not hold")]
use reload_core::{State, event_table, game_class};

event_table! {
    #[cfg(never)]
    pub table Events { Damaged }
}

#[game_class(no_handlers)]
pub struct Pair(#[cfg(never)] Missing, pub u8);

#[game_class(no_handlers)]
pub struct Thing {
    #[cfg_attr(never, field(default = 10))]
    pub hp: u8,
}

/// A type of another crate.
pub struct Foreign<const N: usize>;

#[game_class(no_handlers)]
pub struct Node {
    #[field(reset)]
    pub cached: Option<Box<Self>>,
}

#[derive(State)]
pub struct Wrapper<const N: usize> {
    #[field(opaque)]
    pub inner: Foreign<N>,
    #[field(opaque)]
    pub other: Foreign<3>,
}

fn main() {}
