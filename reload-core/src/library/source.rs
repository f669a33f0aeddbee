//! Where libraries come from.

use super::InProcess;
#[cfg(feature = "hot")]
use super::ProbePolicy;
#[cfg(feature = "build")]
use crate::build::BuildSpec;
#[cfg(feature = "hot")]
use std::path::PathBuf;
#[cfg(feature = "hot")]
use std::time::Duration;

/// Where the reloadable library comes from.
#[derive(Clone, Debug)]
pub struct LibrarySource {
    pub(crate) origin: Origin,
    #[cfg(feature = "hot")]
    pub(crate) probe: ProbePolicy,
}

#[derive(Clone, Debug)]
pub(crate) enum Origin {
    #[cfg(feature = "build")]
    Cargo(BuildSpec),
    #[cfg(feature = "hot")]
    File {
        folder: PathBuf,
        name: String,
    },
    Linked,
    InProcess(String, InProcess),
}

impl LibrarySource {
    /// The library is part of the program, with its tables listed by hand; see [`InProcess`].
    #[must_use]
    pub fn in_process(name: impl Into<String>, library: InProcess) -> Self {
        Self {
            origin: Origin::InProcess(name.into(), library),
            #[cfg(feature = "hot")]
            probe: ProbePolicy::default(),
        }
    }

    /// Builds `package` with cargo now and whenever its sources, or those of its local dependencies, change.
    #[cfg(feature = "build")]
    pub fn cargo(package: impl Into<String>) -> CargoSource {
        CargoSource { spec: BuildSpec::new(package), probe: ProbePolicy::default() }
    }

    /// Follows the library `name` in `folder` (on Linux `lib<name>.so`), whoever builds it. Waits for it if it is missing.
    #[cfg(feature = "hot")]
    pub fn watch(folder: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        let name = name.into().replace('-', "_");
        Self { origin: Origin::File { folder: folder.into(), name }, probe: ProbePolicy::default() }
    }

    /// The library is linked into the host: nothing is ever loaded.
    #[must_use]
    pub fn linked() -> Self {
        Self {
            origin: Origin::Linked,
            #[cfg(feature = "hot")]
            probe: ProbePolicy::default(),
        }
    }

    /// Whether the library is linked into the host.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        matches!(self.origin, Origin::Linked)
    }

    /// How long loading may take in the child process that tries every candidate first; 5 seconds if not given.
    #[cfg(feature = "hot")]
    #[must_use]
    pub fn probe_timeout(mut self, timeout: Duration) -> Self {
        self.probe = ProbePolicy { timeout: Some(timeout) };
        self
    }

    /// Loads candidates that no child process has tried. One that crashes or hangs takes the host with it.
    #[cfg(feature = "hot")]
    #[must_use]
    pub fn unprobed(mut self) -> Self {
        self.probe = ProbePolicy { timeout: None };
        self
    }

    /// The name of the library, as in its file's name.
    #[must_use]
    pub fn library_name(&self) -> String {
        match &self.origin {
            #[cfg(feature = "build")]
            Origin::Cargo(spec) => spec.package.replace('-', "_"),
            #[cfg(feature = "hot")]
            Origin::File { name, .. } => name.clone(),
            Origin::Linked => "linked".into(),
            Origin::InProcess(name, _) => name.clone(),
        }
    }
}

/// [`LibrarySource::cargo`] with its options.
#[cfg(feature = "build")]
#[derive(Clone, Debug)]
pub struct CargoSource {
    spec: BuildSpec,
    probe: ProbePolicy,
}

#[cfg(feature = "build")]
impl CargoSource {
    /// A folder in the package's workspace. If not given, that of the host's package while `cargo run` runs it, else the
    /// working directory.
    #[must_use]
    pub fn manifest_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spec.manifest_dir = Some(folder.into());
        self
    }

    /// Builds with optimisations.
    #[must_use]
    pub fn release(self) -> Self {
        self.profile("release")
    }

    /// Builds with a profile of Cargo.toml.
    #[must_use]
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.spec.profile = Some(name.into());
        self
    }

    /// Builds with these features of the package.
    #[must_use]
    pub fn features<S: Into<String>>(mut self, features: impl IntoIterator<Item = S>) -> Self {
        self.spec.features.extend(features.into_iter().map(Into::into));
        self
    }

    /// Builds another package in the same call. With the host's package the features of shared
    /// dependencies resolve as they did for the host, so that nothing is compiled twice; the library then has all that
    /// the host asks of them, which makes it longer to copy and load at each reload.
    #[must_use]
    pub fn also(mut self, package: impl Into<String>) -> Self {
        self.spec.also.push(package.into());
        self
    }

    /// Builds in another target directory than cargo would, where no other cargo makes the build wait: an editor that
    /// checks at each save works in the same one otherwise. The price is that everything is built there once more, and
    /// lies on the disk twice.
    #[must_use]
    pub fn target_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spec.target_dir = Some(folder.into());
        self
    }

    /// Has cargo make every build. Otherwise, on Linux, the compiler is called as cargo last called it while nothing but the
    /// package's own sources changes, for the dynamic library alone, which saves what cargo needs to find that out and what
    /// other kinds of library take. For that the package is compiled once more, at low priority, after a build by cargo.
    #[must_use]
    pub fn only_cargo(mut self) -> Self {
        self.spec.lane = false;
        self
    }

    /// Looks for edits this often instead of having the system tell: for network drives and containers.
    #[must_use]
    pub fn polling(mut self, every: Duration) -> Self {
        self.spec.polling = Some(every);
        self
    }

    /// See [`LibrarySource::probe_timeout`].
    #[must_use]
    pub fn probe_timeout(mut self, timeout: Duration) -> Self {
        self.probe = ProbePolicy { timeout: Some(timeout) };
        self
    }

    /// See [`LibrarySource::unprobed`].
    #[must_use]
    pub fn unprobed(mut self) -> Self {
        self.probe = ProbePolicy { timeout: None };
        self
    }
}

#[cfg(feature = "build")]
impl From<CargoSource> for LibrarySource {
    fn from(source: CargoSource) -> Self {
        Self { origin: Origin::Cargo(source.spec), probe: source.probe }
    }
}
