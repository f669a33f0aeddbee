//! Events that cannot be: every one is told.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

event_table! {
    pub table Events<T> {
        Damaged { amount: i32 },
        Damaged,
        Generic<U> { value: U },
        Tuple(i32),
        #[cfg(unix)]
        Sometimes,
        HTTPRequest,
        lower_case,
        Visible { pub(crate) amount: i32 },
        Options { #[field(defualt = 3)] amount: i32 },
        #[event(was = "Renamed")]
        Renamed,
        #[event(was = "Old")]
        Once,
        #[event(was = "Old")]
        Again,
        #[event(wsa = "Older")]
        Misspelt,
        #[event]
        Bare,
        #[field(was = "Oldest")]
        LikeAField,
        #[event(was = "Coarse")]
        Fine { amount: i32 },
    }
}
const _: Option<Fine> = None;

fn main() {}
