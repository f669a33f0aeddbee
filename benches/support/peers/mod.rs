//! Who is compared: each in the way that its own documentation would have it.

pub(crate) mod asked;
pub(crate) mod bevy;
pub(crate) mod boxes;
pub(crate) mod bus;
pub(crate) mod coming;
pub(crate) mod hecs_world;
pub(crate) mod one;
pub(crate) mod signals;
pub(crate) mod statics;
pub(crate) mod world;

use crate::support::{
    contest::Entry,
    family::{Family, Population},
};
use bench_logic::Hit;

/// What everybody delivers.
pub(crate) const HIT: Hit = Hit { amount: 1 };

/// The limit, this project, and the fastest peers, for an event to all.
pub(crate) fn fastest<F: Family>(population: Population) -> Vec<Entry> {
    vec![
        ("static loop", Box::new(statics::StaticLoop::<F>::new(population))),
        ("reload-core", Box::new(world::Broadcast::new::<F>(population))),
        ("hecs", Box::new(hecs_world::Hecs::new::<F>(population))),
        ("Bevy, messages and systems", Box::new(bevy::Messages::new::<F>(population))),
    ]
}
