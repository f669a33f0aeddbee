//! From the committed state to calls. Knows nothing of reloading.

mod clock;
mod context;
mod fault;
mod host;
mod live;
mod next;
mod outside;
mod payload;
mod queue;

pub(crate) use clock::{Turn, What};
pub use context::{Ctx, HostCalls};
pub use fault::{Fault, FaultKind};
pub(crate) use host::HOST_CALLS;
pub(crate) use live::{Live, LivePtr, advance, deliver, end, settle};
pub use next::Next;
pub(crate) use outside::{construct_now, emit, send, spawn_now};
pub(crate) use payload::Payload;
pub use queue::ChainBudget;
pub(crate) use queue::{Command, Origin};
