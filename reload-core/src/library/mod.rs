//! From an artifact to a candidate. Knows nothing of the committed state.

mod entry;
mod fingerprint;
mod in_process;

pub use entry::*;
pub use fingerprint::Fingerprint;
pub use in_process::InProcess;
