//! What can be wrong with a candidate, and how it is told.

mod problem;

pub use problem::{Problem, Rejection};
