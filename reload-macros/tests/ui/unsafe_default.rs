//! A field's default is the user's own code: what is unsafe has to say so.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{State, game_class};

unsafe fn danger() -> u32 {
    1
}

#[game_class(no_handlers)]
pub struct Thing {
    #[field(default = danger())]
    pub hp: u32,
    pub name: String,
}

#[derive(State)]
pub enum Mood {
    Calm {
        #[field(default = danger())]
        since: u32,
    },
}

fn main() {}
