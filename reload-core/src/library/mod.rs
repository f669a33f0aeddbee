//! From an artifact to a candidate, and from a candidate to a loaded library. Knows nothing of the committed state.

#[cfg(feature = "hot")]
mod candidate;
#[cfg(feature = "hot")]
pub(crate) mod child;
mod entry;
#[cfg(feature = "hot")]
mod epoch;
mod fingerprint;
#[cfg(feature = "hot")]
mod follow;
mod in_process;
#[cfg(feature = "hot")]
mod object;
#[cfg(feature = "hot")]
mod pin;
#[cfg(feature = "hot")]
mod probe;
#[cfg(feature = "hot")]
mod shelf;
pub(crate) mod source;
#[cfg(feature = "hot")]
mod staging;
#[cfg(feature = "hot")]
mod supply;
#[cfg(feature = "hot")]
mod trim;
#[cfg(feature = "hot")]
mod verify;

#[cfg(all(feature = "hot", not(unix)))]
compile_error!("the feature `hot` of reload-core needs a Unix; link the library (`LibrarySource::linked`) instead");

#[cfg(feature = "hot")]
pub use candidate::{Candidate, Gate, Gated, ProbePolicy, StageTimes};
pub use entry::*;
#[cfg(feature = "hot")]
pub use epoch::{LoadedLibrary, Loader};
pub use fingerprint::Fingerprint;
pub use in_process::InProcess;
#[cfg(feature = "hot")]
pub use shelf::{GivenBack, MappedVersions, Shelf};
#[cfg(feature = "build")]
pub use source::CargoSource;
pub use source::LibrarySource;
#[cfg(feature = "hot")]
pub use staging::ContentHash;
#[cfg(feature = "hot")]
pub use supply::{Supply, SupplyEvent};
