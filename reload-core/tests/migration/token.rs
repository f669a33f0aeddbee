//! A value that is counted, so that a leak or a second drop shows.
#![allow(unsafe_code, reason = "a table written by hand: deriving it would make values without counting them")]

use reload_core::{
    __private::ProxyOps,
    State,
    boundary::{Outcome, RawStr, guard},
    schema::{Descriptor, Shape, default_of, descriptor, drop_of},
};
use std::cell::Cell;

thread_local! {
    static ALIVE: Cell<i64> = const { Cell::new(0) };
    static FUEL: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// How many tokens this thread has.
pub fn alive() -> i64 {
    ALIVE.get()
}

/// How many more may be made before making one panics.
pub fn set_fuel(fuel: u64) {
    FUEL.set(fuel);
}

/// Uses up fuel, as making a token does.
pub fn burn() {
    match FUEL.get() {
        0 => panic!("out of fuel"),
        fuel => FUEL.set(fuel - 1),
    }
}

/// A number that is counted. Comparing two uses fuel as well.
#[derive(Debug)]
pub struct Token(u32);

impl Token {
    pub fn new(number: u32) -> Self {
        burn();
        ALIVE.set(ALIVE.get() + 1);
        Self(number)
    }
}

impl Default for Token {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        ALIVE.set(ALIVE.get() - 1);
    }
}

impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Token {}

impl PartialOrd for Token {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Token {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        burn();
        self.0.cmp(&other.0)
    }
}

impl std::hash::Hash for Token {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        burn();
        self.0.hash(state);
    }
}

unsafe extern "C" fn read(value: *const u8, out: *mut u8) -> Outcome {
    // SAFETY: the caller gives a token, and room for its number.
    guard(&mut || unsafe { out.cast::<u32>().write((*value.cast::<Token>()).0) })
}

unsafe extern "C" fn build(out: *mut u8, proxy: *mut u8) -> Outcome {
    // SAFETY: the caller gives a number, and room for a token.
    guard(&mut || unsafe { out.cast::<Token>().write(Token::new(proxy.cast::<u32>().read())) })
}

// SAFETY: (1) layout taken from the compiler, functions of the same type.
unsafe impl State for Token {
    const DESCRIPTOR: Descriptor = Descriptor {
        path: RawStr::new("game::Token"),
        size: size_of::<Self>(),
        align: align_of::<Self>(),
        drop_in_place: drop_of::<Self>(),
        default: Some(default_of::<Self>()),
        shape: Shape::Proxy(ProxyOps { proxy: descriptor::<u32>, read, build }),
    };
}
