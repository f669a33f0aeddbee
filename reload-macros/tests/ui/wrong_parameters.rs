//! Too many parameters, of the wrong kind, in the wrong order.
#![allow(unused, reason = "only what the macros say matters here")]
use reload_core::{Ctx, Next, ObjectId, event_table, game_class};

event_table! { pub table Events { Damaged { amount: i32 }, Healed { amount: i32 }, Poked } }

#[game_class]
pub struct Thing {
    pub hp: i32,
}

#[game_class]
impl Thing {
    fn event_damaged(&mut self, ev: &Damaged, ctx: &mut Ctx, more: &mut Ctx) {}
    fn event_healed(&mut self, ev: Healed) {}
    fn event_poked(&mut self, ctx: &mut Ctx, ev: &Poked) {}
    fn event_constructed(&mut self, ev: &'static reload_core::Constructed) {}
    fn loop_wander(&mut self, ev: &Damaged) -> Next {
        Next::turn()
    }
}

fn main() {}
