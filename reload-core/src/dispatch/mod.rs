//! From the committed state to calls. Knows nothing of reloading.

mod clock;
mod context;
mod drops;
mod fault;
mod host;
mod lifetime;
mod live;
mod next;
mod outside;
mod payload;
mod peopled;
mod pulse;
mod queue;

pub(crate) use crate::registry::Kind;
pub(crate) use clock::{Clock, Turn, What};
pub use context::{Ctx, HostCalls};
pub use fault::{Fault, FaultKind};
pub(crate) use host::HOST_CALLS;
pub(crate) use lifetime::end;
pub(crate) use live::{Live, LivePtr, advance, deliver, settle};
pub use next::Next;
pub(crate) use outside::{construct_now, emit, send, spawn_now};
pub(crate) use payload::Payload;
#[cfg(feature = "crash-report")]
pub(crate) use pulse::{Look, Pulse, each_here, reply, sight};
pub use queue::ChainBudget;
pub(crate) use queue::{Ask, Command, Origin, Queue};
