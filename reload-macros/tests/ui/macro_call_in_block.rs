//! What a macro call among the handlers writes cannot be seen.
use reload_core::{event_table, game_class};

event_table! {
    pub table Events { Damaged, Healed }
}
macro_rules! heals {
    () => {
        fn event_healed(&mut self) {}
    };
}

#[game_class]
pub struct Thing {}
#[game_class]
impl Thing {
    const LIMIT: usize = 3;
    fn event_damaged(&mut self) {}
    heals!();
}

fn main() {}
