//! Turns a package's name into where its artifact will be and which folders it is made of. Must never build.

use super::parts::Made;
use crate::{library::child::lost, validation::Problem};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};
use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

/// What to build, and how.
#[derive(Clone, Debug)]
pub struct BuildSpec {
    /// The package of the library.
    pub package: String,
    /// Packages that are built in the same call, so that features resolve alike.
    pub also: Vec<String>,
    /// A folder in the workspace; `None` is the host's own package while `cargo run` runs it, else the working directory.
    pub manifest_dir: Option<PathBuf>,
    /// A profile's name; `None` is `dev`.
    pub profile: Option<String>,
    /// Features, as `--features` takes them.
    pub features: Vec<String>,
    /// Where to build, if not where cargo would.
    pub target_dir: Option<PathBuf>,
    /// Looks for changes this often instead of having the system tell.
    pub polling: Option<Duration>,
    /// Whether the compiler may be called as cargo last did, while only the package's own sources change. Linux only.
    pub lane: bool,
}

impl BuildSpec {
    /// The package as cargo would build it in the current workspace.
    #[must_use]
    pub fn new(package: impl Into<String>) -> Self {
        Self {
            package: package.into(),
            also: Vec::new(),
            manifest_dir: None,
            profile: None,
            features: Vec::new(),
            target_dir: None,
            polling: None,
            lane: true,
        }
    }

    /// The folder that cargo is called in.
    pub(super) fn folder(&self) -> PathBuf {
        self.manifest_dir
            .clone()
            .or_else(|| std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from))
            .filter(|folder| folder.is_dir())
            .unwrap_or_else(|| PathBuf::from("."))
    }

    /// Cargo, freed of what an outer `cargo run` sets for the host and what would make two builds of one source differ.
    pub(super) fn cargo(&self) -> Command {
        let mut command = Command::new(cargo_program());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            let of_outer_run = text.starts_with("CARGO_PKG_")
                || text.starts_with("CARGO_BIN_")
                || matches!(
                    &*text,
                    "CARGO_MANIFEST_DIR"
                        | "CARGO_MANIFEST_PATH"
                        | "CARGO_PRIMARY_PACKAGE"
                        | "CARGO_CRATE_NAME"
                        | "OUT_DIR"
                );
            if of_outer_run {
                command.env_remove(&name);
            }
        }
        command.current_dir(self.folder());
        command
    }
}

fn cargo_program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The package, its local dependencies, and where cargo puts things.
#[derive(Clone, Debug)]
pub(super) struct Workspace {
    pub(super) root: PathBuf,
    /// The folder that cargo is called in, which may lie below the root.
    pub(super) called_in: PathBuf,
    pub(super) target: PathBuf,
    pub(super) manifest: PathBuf,
    /// Folders of the package and of its local dependencies, transitively, with the names of the packages.
    pub(super) folders: BTreeMap<PathBuf, String>,
    /// Folders of packages that the library is not made of; they may lie inside the ones above.
    pub(super) foreign: Vec<PathBuf>,
    /// Files that the library is made of, as far as a build has told, wherever they are and whatever they are called.
    pub(super) files: BTreeSet<PathBuf>,
    /// Whether every local dependency could be read. Else nobody knows what it is made of itself.
    pub(super) is_complete: bool,
}

impl Workspace {
    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("Cargo.lock")
    }

    /// The files that decide how the package is compiled, beside its sources; some may not exist.
    pub(super) fn manifests(&self) -> Vec<PathBuf> {
        let of_root = ["Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml"];
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
        // Cargo looks for configuration from where it is called.
        let above = self.root.ancestors().chain(self.called_in.ancestors()).map(|folder| folder.join(".cargo"));
        let configured = above.chain(home).flat_map(|folder| ["config", "config.toml"].map(|name| folder.join(name)));
        let configured: BTreeSet<PathBuf> = configured.collect();
        let included = included(&configured);
        let of_root = of_root.map(|name| self.root.join(name)).into_iter();
        of_root.chain(configured).chain(included).chain([self.manifest.clone()]).collect()
    }

    /// All files that may keep cargo from building: [`Workspace::manifests`], and those of each package that is known.
    pub(super) fn all_manifests(&self) -> Vec<PathBuf> {
        let folders = self.folders.keys().chain(&self.foreign);
        self.manifests().into_iter().chain(folders.map(|folder| folder.join("Cargo.toml"))).collect()
    }

    /// The folder of the package that a file belongs to, which may lie inside another one's.
    pub(super) fn package_of(&self, file: &Path) -> Option<&Path> {
        let folders = self.folders.keys().chain(&self.foreign).map(PathBuf::as_path);
        folders.filter(|folder| file.starts_with(folder)).max_by_key(|folder| folder.components().count())
    }

    /// Takes in what the library is made of as well, which manifests do not tell: packages of a `[patch]`, files that lie elsewhere.
    pub(super) fn learn(&mut self, made: &Made) {
        self.foreign.retain(|folder| !made.folders.contains_key(folder));
        for (folder, name) in &made.folders {
            self.folders.entry(folder.clone()).or_insert_with(|| name.clone());
        }
        self.files.clone_from(&made.files);
    }

    /// Asks cargo. Takes some 30 ms for each workspace that is involved, and never needs a network.
    #[tracing::instrument(name = "metadata", level = "debug", skip_all, fields(package = spec.package))]
    pub(super) fn find(spec: &BuildSpec) -> Result<Self, Problem> {
        let first = ask(&spec.folder(), None)?;
        let package = first.packages.iter().find(|package| *package.name == spec.package).ok_or_else(|| {
            let names: Vec<&str> = first.packages.iter().map(|package| package.name.as_str()).collect();
            Problem::new(
                "build.no_package",
                first.workspace_root.as_str(),
                format!("there is no package `{}` in this workspace; it has {}", spec.package, names.join(", ")),
                "correct the name given to `LibrarySource::cargo`, or name the workspace's folder with `manifest_dir`",
            )
        })?;
        let mut found = Self {
            root: first.workspace_root.clone().into(),
            called_in: std::path::absolute(spec.folder()).unwrap_or_else(|_| spec.folder()),
            target: spec
                .target_dir
                .clone()
                .map_or_else(|| Ok(first.target_directory.clone().into()), std::path::absolute)
                .map_err(|error| {
                    Problem::new("build.target_dir", "target_dir", error.to_string(), "give an absolute path")
                })?,
            manifest: package.manifest_path.clone().into(),
            folders: BTreeMap::new(),
            foreign: Vec::new(),
            files: BTreeSet::new(),
            is_complete: true,
        };
        let mut known: Vec<Package> = first.packages.clone();
        let mut open = vec![package.clone()];
        while let Some(package) = open.pop() {
            let Some(folder) = package.manifest_path.parent() else { continue };
            if found.folders.insert(folder.into(), package.name.to_string()).is_some() {
                continue;
            }
            for dependency in &package.dependencies {
                let Some(path) = dependency.path.as_ref().filter(|_| dependency.kind != DependencyKind::Development)
                else {
                    continue;
                };
                let manifest = path.join("Cargo.toml");
                if !known.iter().any(|package| package.manifest_path == manifest) {
                    // Another workspace. If it cannot be read, the build says why.
                    match ask(path.as_std_path(), Some(manifest.as_std_path())) {
                        Ok(metadata) => known.extend(metadata.packages),
                        Err(problem) => tracing::debug!(%problem, "a local dependency cannot be read"),
                    }
                }
                match known.iter().find(|package| package.manifest_path == manifest) {
                    Some(package) => open.push(package.clone()),
                    None => {
                        // Where it can be mended.
                        found.folders.insert(path.clone().into(), dependency.name.clone());
                        found.is_complete = false;
                    }
                }
            }
        }
        found.foreign = known
            .iter()
            .filter_map(|package| package.manifest_path.parent())
            .map(|folder| folder.as_std_path().to_owned())
            .filter(|folder| !found.folders.contains_key(folder))
            .collect();
        Ok(found)
    }
}

/// The files that configuration takes in by `include`, and what these take in.
fn included(configured: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open: Vec<PathBuf> = configured.iter().cloned().collect();
    while let Some(file) = open.pop() {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        for name in included_in(&text) {
            let file = file.parent().unwrap_or(&file).join(name);
            if found.insert(file.clone()) {
                open.push(file);
            }
        }
    }
    found
}

/// All texts in quotes behind `include`, up to the next key: more than is meant does no harm.
fn included_in(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_list = false;
    for line in text.lines().map(str::trim) {
        let value = line.strip_prefix("include").map(str::trim_start).and_then(|rest| rest.strip_prefix('='));
        is_list = value.is_some() || (is_list && !line.contains('=') && !line.starts_with('['));
        let value = value.unwrap_or(line);
        if is_list || value.contains("path") {
            let quoted = |mark| value.split(mark).skip(1).step_by(2);
            names.extend(quoted('"').chain(quoted('\'')));
        }
    }
    names
}

fn ask(folder: &Path, manifest: Option<&Path>) -> Result<Metadata, Problem> {
    let mut command = MetadataCommand::new();
    command.cargo_path(PathBuf::from(cargo_program())).current_dir(folder).no_deps();
    if let Some(manifest) = manifest {
        command.manifest_path(manifest);
    }
    command.exec().map_err(|error| {
        let message = match error {
            cargo_metadata::Error::CargoMetadata { stderr } => stderr.trim().to_owned(),
            cargo_metadata::Error::Io(error) => lost(&error),
            other => other.to_string(),
        };
        Problem::new(
            "build.metadata",
            folder.display().to_string(),
            format!("cargo cannot read the workspace: {message}"),
            "correct what cargo names and save; the running code is not affected",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::included_in;

    #[test]
    fn what_configuration_includes_is_found() {
        assert_eq!(included_in("[build]\njobs = 1\n"), [""; 0]);
        assert_eq!(included_in("include = \"a.toml\"\n[env]\nX = \"y\"\n"), ["a.toml"]);
        assert_eq!(included_in("include = [\n  'a.toml',\n  \"b.toml\",\n]\n"), ["a.toml", "b.toml"]);
        assert_eq!(included_in("include = [\n  { path = \"a.toml\", optional = true },\n]\n"), ["a.toml"]);
    }
}
