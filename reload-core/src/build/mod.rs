//! From a source edit to an artifact. Knows cargo, and nothing of libraries or the world.

mod burst;
mod call;
mod compile;
mod driver;
mod lane;
mod lock;
mod package;
mod parts;
mod unseen;
mod watch;

pub use compile::{BuildFailure, Built};
pub use driver::{Driver, DriverEvent};
pub use package::BuildSpec;
