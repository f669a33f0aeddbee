//! From the committed state to calls. Knows nothing of reloading.

mod context;
mod next;

pub use context::{Ctx, HostCalls};
pub use next::Next;
