//! Options of fields: unknown, without value, of the wrong kind, twice, contradicting.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

#[game_class(no_handlers)]
#[field(reset)]
pub struct Thing {
    #[field(defualt = 1)]
    a: i32,
    #[field(default)]
    b: i32,
    #[field(was = hp)]
    c: i32,
    #[field(was = "")]
    d: i32,
    #[field(reset = true)]
    e: i32,
    #[field(reset, reset)]
    f: i32,
    #[field(reset, opaque)]
    #[field(serde)]
    g: i32,
    #[field]
    h: i32,
    #[field(was = "i")]
    i: i32,
    #[field(was = "old")]
    j: i32,
    #[field(was = "old")]
    k: i32,
    #[field(default = )]
    l: i32,
}

fn main() {}
