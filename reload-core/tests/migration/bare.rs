//! Values without bytes, which lie where something else does, under a `migrate` that refuses.

use crate::{Game, library};
use reload_core::{MigrateError, OldState, game_class};
use std::cell::Cell;

thread_local! {
    static ALIVE: Cell<i64> = const { Cell::new(0) };
}

pub struct Guard;

impl Default for Guard {
    fn default() -> Self {
        ALIVE.set(ALIVE.get() + 1);
        Self
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
    }
}

/// A class, and its next version, which refuses.
macro_rules! versions {
    ($name:ident { $($before:tt)* } { $($after:tt)* }) => {
        mod $name {
            pub mod before {
                use super::super::*;
                #[game_class(path = "game::It", no_handlers)]
                #[derive(Default)]
                #[repr(C)]
                pub struct It { $($before)* }
            }
            pub mod after {
                use super::super::*;
                #[game_class(path = "game::It")]
                #[derive(Default)]
                #[repr(C)]
                pub struct It { $($after)* }
                #[game_class]
                impl It {
                    fn migrate(_: &OldState<'_>, _: Self) -> Result<Self, MigrateError> {
                        Err(MigrateError::new("not today"))
                    }
                }
            }
        }
    };
}

versions!(nothing_else { pub n: u32, #[field(reset)] pub guard: Guard } { #[field(reset)] pub guard: Guard });
versions!(at_the_end { pub n: u64, pub m: u32, #[field(reset)] pub guard: Guard } { pub n: u64, #[field(reset)] pub guard: Guard });
versions!(moved { pub n: u32, #[field(opaque)] pub guard: Guard } { #[field(opaque)] pub guard: Guard });

macro_rules! check {
    ($($name:ident)*) => {$({
        let mut game = Game::open(library().class::<$name::before::It>());
        let id = game.spawn("game::It");
        let before = ALIVE.get();
        let report = game.session.offer(&mut game.world, library().class::<$name::after::It>());
        assert!(!report.is_reloaded(), "{report}");
        assert_eq!(ALIVE.get(), before, "{}: what was made is dropped once\n{report}", stringify!($name));
        assert!(game.world.contains(id));
        drop(game);
        assert_eq!(ALIVE.get(), 0, "{}", stringify!($name));
    })*};
}

#[test]
fn a_refused_migrate_drops_them_once() {
    check!(nothing_else at_the_end moved);
}
