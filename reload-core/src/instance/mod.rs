//! Memory: one pool per class, one slot per object. Knows nothing of events or libraries.

mod chunk;
mod divisor;
mod pool;
mod slots;
mod store;

pub(crate) use chunk::{ChunkSource, OutOfMemory};
pub(crate) use pool::Pool;
pub(crate) use slots::{MAX_CLASSES, Slots};
pub(crate) use store::Store;
