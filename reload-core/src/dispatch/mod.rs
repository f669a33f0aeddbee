//! From the committed state to calls. Knows nothing of reloading.

mod chains;
mod clock;
mod context;
mod crowds;
mod drops;
mod each;
mod fault;
mod host;
mod lifetime;
mod live;
mod next;
mod outside;
mod payload;
mod peak;
mod peopled;
mod pulse;
mod queue;
mod turns;
mod unborn;

pub(crate) use crate::registry::Kind;
pub use chains::ChainBudget;
pub(crate) use chains::Origin;
pub(crate) use clock::{Clock, Turn, What};
pub use context::{Ctx, HostCalls};
pub(crate) use each::send_each;
pub use fault::{Fault, FaultKind};
pub(crate) use host::HOST_CALLS;
pub(crate) use lifetime::end;
pub(crate) use live::{Live, LivePtr, deliver, settle};
pub use next::Next;
pub(crate) use outside::{construct_now, emit, send, spawn_now};
pub(crate) use payload::Payload;
#[cfg(feature = "crash-report")]
pub(crate) use pulse::{Look, Pulse, each_here, reply, sight};
pub(crate) use queue::{Ask, Command, Queue};
pub(crate) use turns::advance;
pub(crate) use unborn::Unborn;
