//! Memory: one pool per class, one slot per object. Knows nothing of events or libraries.

mod bytes;
mod lane;
mod memory;
mod pool;
mod slots;
mod store;
mod stride;

pub(crate) use bytes::move_one;
pub(crate) use memory::{Memory, OutOfMemory};
pub(crate) use pool::Pool;
pub(crate) use slots::{MAX_CLASSES, Seat, Slots};
pub(crate) use store::Store;
