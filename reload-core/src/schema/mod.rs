//! The shape of state. Knows nothing of classes, instances or libraries.

mod descriptor;
mod std_types;

pub use descriptor::*;
