//! From an artifact to a candidate. Knows nothing of the committed state.

mod entry;
mod fingerprint;

pub use entry::*;
pub use fingerprint::Fingerprint;
