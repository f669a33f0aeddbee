//! From a class's old and new shape to objects in the new shape, made beside the old ones. Nothing in here writes to
//! live state; whatever is dropped before commit leaves the world as it was.

mod bases;
mod convert;
mod hook;
mod program;
mod queued;
mod restore;
mod rules;
mod scalar;
mod stage;
#[cfg(test)]
mod tests;
mod unfit;

pub(crate) use bases::{Bases, Rework, place as base_place};
pub(crate) use program::{Hook, Program, stays};
pub(crate) use queued::{Births, StagedQueue};
pub(crate) use restore::{MadeAs, RestoredPool, Written};
pub(crate) use stage::{Carried, Olds, StageFault, StagedPool};
