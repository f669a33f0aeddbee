//! Classes and handlers that a macro writes: what it was given is in groups that nobody sees.
#![deny(warnings)]
use reload_core::{Ctx, GameClass, Next, event_table, game_class};

event_table! {
    pub table Events { Damaged { amount: u8 }, Healed }
}

macro_rules! class {
    ($name:ident { $field:ident: $ty:ty } $($method:ident($event:ty, $ctx:ty) -> $answer:ty $body:block)*) => {
        #[game_class]
        pub struct $name {
            pub $field: $ty,
        }
        #[game_class]
        impl $name {
            $(fn $method(&mut self, _ev: $event, _ctx: $ctx) -> $answer $body)*
            fn loop_wait(&mut self) -> Next {
                Next::turn()
            }
        }
    };
}
class! {
    Thing { hp: u8 }
    event_damaged(&Damaged, &mut Ctx) -> () {}
    event_healed(&Healed, &mut Ctx) -> () {}
}

fn main() {
    assert_eq!((Thing::record().handlers.len(), Thing::record().loops.len()), (2, 1));
}
