//! What `cfg` takes away leaves no trace in the tables.
#![deny(warnings)]
#![allow(unexpected_cfgs, reason = "a condition that does not hold")]
use reload_core::{GameClass, MigrateError, Next, OldState, event_table, game_class};

event_table! {
    pub table Events { Here, Gone, Either { #[cfg(never)] amount: Missing, other: u8 } }
}

#[game_class]
pub struct Thing {
    #[cfg(never)]
    gone: Missing,
    pub here: u8,
}

#[game_class]
impl Thing {
    fn event_here(&mut self) {}
    #[cfg(never)]
    fn event_gone(&mut self, _ev: &Missing) {}
    #[cfg(not(never))]
    fn event_either(&mut self) {
        self.here += 1;
    }
    #[cfg(never)]
    fn event_either(&mut self) {}
    #[cfg(never)]
    fn loop_gone(&mut self) -> Next {
        Next::turn()
    }
    #[cfg(not(never))]
    fn loop_here(&mut self) -> Next {
        Next::turn()
    }
}

#[game_class]
pub struct Moved {
    pub here: u8,
    #[cfg(never)]
    #[field(was = "former")]
    pub one: Missing,
    #[cfg(not(never))]
    #[field(was = "former")]
    pub other: u8,
}

#[game_class]
impl Moved {
    #[cfg(not(never))]
    fn migrate(_: &OldState<'_>, carried: Self) -> Result<Self, MigrateError> {
        Ok(carried)
    }
    #[cfg(never)]
    fn migrate(_: &OldState<'_>, carried: Missing) -> Missing {
        carried
    }
}

#[cfg(never)]
#[game_class]
pub struct NotThere {
    field: Missing,
}

#[game_class]
#[cfg(never)]
impl NotThere {
    fn event_here(&mut self) {}
}

const _: () = assert!(Thing::EVENT_MASK.contains(64) && !Thing::EVENT_MASK.contains(65));
const _: () = assert!(Thing::EVENT_MASK.contains(66) && Thing::EVENT_MASK.len() == 2);

fn main() {
    let record = Thing::record();
    assert_eq!((record.handlers.len(), record.loops.len()), (2, 1));
    assert!(Moved::record().migrate.is_some(), "the one that is there");
}
