//! Fields that cannot be state, and a default of another type.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, State, event_table, game_class};

#[game_class(no_handlers)]
pub struct Thing {
    name: &'static str,
    shared: std::rc::Rc<u8>,
    #[field(default = "ten")]
    hp: i32,
    #[field(serde)]
    not_serde: NotSerde,
}
pub struct NotSerde;

fn main() {}
