//! `migrate` gets the old fields and the carried object, and returns the object.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{OldState, game_class};

#[game_class]
pub struct TakesSelf {
    pub hp: i32,
}

#[game_class]
impl TakesSelf {
    fn migrate(&mut self, old: &OldState<'_>) {}
}

#[game_class]
pub struct AnswersNothing {
    pub hp: i32,
}

#[game_class]
impl AnswersNothing {
    fn migrate(old: &OldState<'_>, carried: Self) {}
}

#[game_class]
pub struct AnswersAnother {
    pub hp: i32,
}

#[game_class]
impl AnswersAnother {
    fn migrate(old: &OldState<'_>, carried: Self) -> i32 {
        carried.hp
    }
}

fn main() {}
