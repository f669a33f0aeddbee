//! What `events` names is no table.
#![deny(unused_imports)]
#![allow(dead_code, unused_variables, reason = "only what the macros say matters here")]
use reload_core::{event_table, game_class};

mod tables {
    reload_core::event_table! { pub table Unneeded { Slept } }
}
use tables::Unneeded;

event_table! { pub table Events { Damaged { amount: i32 } } }

pub struct Nonsense;

#[game_class]
#[derive(Default)]
pub struct Thing {
    pub hp: i32,
}

#[game_class(events = Nonsense)]
impl Thing {
    fn event_damaged(&mut self, ev: &Damaged) {}
}

#[game_class]
#[derive(Default)]
pub struct Other {
    pub hp: i32,
}

#[game_class(events = Missing)]
impl Other {
    fn event_damaged(&mut self, ev: &Damaged) {}
}

#[game_class]
#[derive(Default)]
pub struct Fine {
    pub hp: i32,
}

#[game_class(events = Unneeded)]
impl Fine {
    fn event_damaged(&mut self, ev: &Damaged) {}
}

fn main() {}
