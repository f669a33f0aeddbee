//! Masks of bases and tables that extend one another, as constants.
use reload_core::{EventTable, FIRST_USER_EVENT, GameClass, event_table, game_class};

event_table! { pub table First { A { n: u8 }, B } }
event_table! { pub table Second: First { C } }
mod deeper {
    reload_core::event_table! { pub table Third: super::Second { D, E { text: String } } }
}

macro_rules! classes {
    ($($name:ident: $base:path { $($handler:ident)* })*) => {$(
        #[game_class(base = $base)]
        pub struct $name { base: $base }
        #[game_class(events = deeper::Third)]
        impl $name { $(fn $handler(&mut self) {})* }
    )*};
}

#[game_class]
pub struct Root;
#[game_class(events = First)]
impl Root {
    fn event_a(&mut self) {}
}
classes! {
    Middle: Root { event_c }
    Leaf: Middle { event_a event_d event_e }
}

#[game_class(no_handlers, base = Leaf)]
pub struct Silent {
    own: u64,
    base: Leaf,
}

const A: u16 = FIRST_USER_EVENT;
const _: () = assert!(Second::NAMES.first == A + 2 && deeper::Third::NAMES.first == A + 3);
const _: () = assert!(Root::EVENT_MASK.contains(A) && Root::EVENT_MASK.len() == 1);
const _: () = assert!(Middle::EVENT_MASK.contains(A) && Middle::EVENT_MASK.contains(A + 2));
const _: () = assert!(Middle::EVENT_MASK.len() == 2);
const _: () = assert!(Leaf::EVENT_MASK.without(Middle::EVENT_MASK).len() == 2);
const _: () = assert!(Silent::EVENT_MASK.len() == 4);

fn main() {
    let (leaf, silent) = (Leaf::record(), Silent::record());
    assert_eq!(leaf.own_mask.iter().collect::<Vec<_>>(), [A, A + 3, A + 4]);
    assert!(silent.own_mask.is_empty());
    assert_eq!(silent.base_offset, std::mem::offset_of!(Silent, base));
    let base = silent.base.expect("it has one");
    assert!(std::ptr::eq(base(), leaf));
    // The widest table that the chain of classes needs.
    assert!(std::ptr::eq((silent.table.record)(), deeper::Third::record()));
    assert!(std::ptr::eq((Root::record().table.record)(), First::record()));
    let _ = Silent { own: 0, base: Leaf { base: Middle { base: Root } } }.own;
}
