//! From a candidate's tables to facts: everything that can be wrong is found in one pass, before
//! anything of it is believed. Must never change the world.

mod problem;
mod tables;

pub use problem::{Problem, Rejection};
pub(crate) use tables::{Image, ValidClass, ValidEvent, ValidTable, Validated, validate};
