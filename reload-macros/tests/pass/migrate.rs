//! The forms of `migrate`, in game logic without unsafe code.
#![no_implicit_prelude]
#![forbid(unsafe_code)]
#![deny(warnings)]

use ::reload_core::{MigrateError, OldState, game_class};
use ::std::{result::Result, string::String};

#[game_class]
pub struct Plain {
    pub hp: i32,
}

#[game_class]
impl Plain {
    fn migrate(_old: &OldState<'_>, carried: Self) -> Self {
        carried
    }
}

#[game_class]
pub struct Fails {
    pub hp: i32,
}

#[game_class]
impl Fails {
    fn migrate(old: &OldState<'_>, carried: Self) -> Result<Self, MigrateError> {
        Result::Ok(Self { hp: old.get::<i32>("hp")? + carried.hp })
    }
}

#[game_class]
pub struct FailsWithText {
    pub hp: i32,
}

#[game_class]
impl FailsWithText {
    fn migrate(_: &OldState<'_>, _: FailsWithText) -> Result<Self, String> {
        Result::Err(String::new())
    }
}

fn main() {
    let _ = (Plain { hp: 1 }.hp, Fails { hp: 1 }.hp, FailsWithText { hp: 1 }.hp);
}
