//! From a candidate's tables to facts: everything that can be wrong is found in one pass, before
//! anything of it is believed. Must never change the world.

mod problem;
mod tables;

pub use problem::{Problem, Rejection};
#[cfg(test)]
pub(crate) use tables::ValidEvent;
pub(crate) use tables::{Image, ValidClass, ValidTable, Validated, validate};
