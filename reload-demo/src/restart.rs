//! Getting ready for a hot restart, beside the game: the new host is built, and tried with a copy of the world. Only if
//! it can take over, it does.

use crate::net::ConnectionId;
use anyhow::Context;
use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::mpsc,
};

/// How the host starts itself anew.
#[derive(Clone, Debug)]
pub struct Successor {
    /// The program's file. Asked for at the start, because a new build takes its place.
    program: PathBuf,
    /// How it is built, where it was started by cargo.
    build: Option<(PathBuf, PathBuf)>,
}

/// A restart that is being prepared.
#[derive(Debug)]
pub struct Preparing {
    /// Who has asked for it.
    pub asked_by: ConnectionId,
    result: mpsc::Receiver<anyhow::Result<()>>,
}

impl Successor {
    /// The program that runs, and the cargo that has started it, if any.
    ///
    /// # Errors
    ///
    /// When the system does not say which program runs.
    pub fn of_this_process() -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("the system does not say where this program is")?;
        let path = |name| std::env::var_os(name).map(PathBuf::from);
        Ok(Self { program, build: path("CARGO").zip(path("CARGO_MANIFEST_DIR")) })
    }

    /// The program's file.
    #[must_use]
    pub fn program(&self) -> &PathBuf {
        &self.program
    }

    /// Builds the new host and lets it read `world`, on a thread of its own.
    ///
    /// # Errors
    ///
    /// When there is no thread, or no temporary file.
    pub fn prepare(&self, asked_by: ConnectionId, world: String) -> anyhow::Result<Preparing> {
        let (sender, result) = mpsc::channel();
        let successor = self.clone();
        std::thread::Builder::new()
            .name("restart".into())
            .spawn(move || {
                // Nobody listens any more when the host ends meanwhile.
                let _ = sender.send(successor.build().and_then(|()| successor.try_out(&world)));
            })
            .context("no thread could be started")?;
        Ok(Preparing { asked_by, result })
    }

    fn build(&self) -> anyhow::Result<()> {
        let Some((cargo, folder)) = &self.build else { return Ok(()) };
        let mut command = Command::new(cargo);
        command.args(["build", "--quiet", "--package", "reload-demo", "--bin", "reload-demo"]).current_dir(folder);
        if !cfg!(debug_assertions) {
            command.arg("--release");
        }
        if cfg!(feature = "linked") {
            command.args(["--features", "linked"]);
        }
        check(command, "the new host cannot be built")
    }

    /// Starts the new host only to read the world.
    fn try_out(&self, world: &str) -> anyhow::Result<()> {
        let mut file = tempfile::NamedTempFile::new().context("no temporary file")?;
        file.write_all(world.as_bytes()).context("the temporary file cannot be written")?;
        let mut command = Command::new(&self.program);
        command.args(std::env::args_os().skip(1)).arg("--check-world").arg(file.path());
        check(command, "the new host cannot take over")
    }
}

fn check(mut command: Command, what: &str) -> anyhow::Result<()> {
    let Output { status, stderr, .. } =
        command.stdin(Stdio::null()).output().with_context(|| format!("{what}: {command:?} does not start"))?;
    if status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&stderr);
    let lines: Vec<&str> = told.trim().lines().collect();
    anyhow::bail!("{what} ({status}):\n{}", lines[lines.len().saturating_sub(20)..].join("\n"))
}

impl Preparing {
    /// How it went, once that is known.
    #[must_use]
    pub fn poll(&self) -> Option<anyhow::Result<()>> {
        match self.result.try_recv() {
            Ok(result) => Some(result),
            Err(mpsc::TryRecvError::Empty) => None,
            Err(mpsc::TryRecvError::Disconnected) => Some(Err(anyhow::anyhow!("the thread that prepared it ended"))),
        }
    }
}
