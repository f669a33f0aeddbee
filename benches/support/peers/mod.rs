//! Who is compared: each in the way that its own documentation would have it.

pub(crate) mod bevy;
pub(crate) mod boxes;
pub(crate) mod bus;
pub(crate) mod coming;
pub(crate) mod hecs_world;
pub(crate) mod one;
pub(crate) mod signals;
pub(crate) mod statics;
pub(crate) mod world;

use bench_logic::Hit;

/// What everybody delivers.
pub(crate) const HIT: Hit = Hit { amount: 1 };
