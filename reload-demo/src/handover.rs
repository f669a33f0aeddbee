//! From one process to the next with the players still connected: the sockets stay open while the program is replaced,
//! and a file says which is which. MUDs call it copyover.
#![expect(unsafe_code, reason = "takes sockets over by their numbers")]

use crate::net::{ConnectionId, Handover, Kept, Unread};
use anyhow::Context;
use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
        unix::process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
};

/// Where the next process finds the file.
const VARIABLE: &str = "MUD_HANDOVER";

/// Everything that the next process goes on with.
#[derive(Debug)]
pub struct Baton {
    /// The port and the connections.
    pub handover: Handover,
    /// What opens the admin commands.
    pub token: String,
    /// The connections that have shown it.
    pub admins: Vec<ConnectionId>,
    /// Whether new code waits for `@apply`.
    pub held: bool,
    /// The world, saved.
    pub world: String,
    /// What keeps other hosts from the world's file, held all the time.
    pub lock: Option<File>,
}

/// The same as text.
#[derive(Serialize, Deserialize)]
struct Written {
    listener: RawFd,
    #[serde(default)]
    unread: HashMap<ConnectionId, Unread>,
    connections: Vec<(ConnectionId, SocketAddr, RawFd)>,
    last: ConnectionId,
    lines: Vec<(ConnectionId, String)>,
    token: String,
    admins: Vec<ConnectionId>,
    #[serde(default)]
    held: bool,
    world: String,
    #[serde(default)]
    lock: Option<RawFd>,
}

impl Baton {
    /// Replaces this process by `program`, with the arguments of this one. Comes back only if that fails.
    #[must_use]
    pub fn pass(self, program: &Path) -> (Self, anyhow::Error) {
        let error = match self.write() {
            Ok(file) => {
                let error = Command::new(program).args(std::env::args_os().skip(1)).env(VARIABLE, &file).exec();
                let _ = fs::remove_file(file);
                anyhow::Error::new(error).context(format!("{} does not start", program.display()))
            }
            Err(error) => error,
        };
        self.each(|socket| fcntl_setfd(socket, FdFlags::CLOEXEC).map_err(Into::into)).unwrap_or_else(|error| {
            tracing::warn!(%error, "a socket stays open in children of this process");
        });
        (self, error)
    }

    fn write(&self) -> anyhow::Result<PathBuf> {
        self.each(|socket| fcntl_setfd(socket, FdFlags::empty()).map_err(Into::into))
            .context("a socket cannot be kept open")?;
        let Handover { listener, connections, last, lines } = &self.handover;
        let written = Written {
            listener: listener.as_raw_fd(),
            unread: connections.iter().filter_map(|kept| Some((kept.id, kept.unread.clone()?))).collect(),
            connections: connections.iter().map(|kept| (kept.id, kept.peer, kept.stream.as_raw_fd())).collect(),
            last: *last,
            lines: lines.clone(),
            token: self.token.clone(),
            admins: self.admins.clone(),
            held: self.held,
            world: self.world.clone(),
            lock: self.lock.as_ref().map(AsRawFd::as_raw_fd),
        };
        // Readable for this user only: the token is in it.
        let mut file = tempfile::Builder::new().prefix("mud-handover-").tempfile().context("no temporary file")?;
        file.write_all(&serde_json::to_vec(&written)?).context("the temporary file cannot be written")?;
        file.into_temp_path().keep().context("the temporary file cannot be kept")
    }

    fn each(&self, mut change: impl FnMut(BorrowedFd<'_>) -> anyhow::Result<()>) -> anyhow::Result<()> {
        change(self.handover.listener.as_fd())?;
        if let Some(lock) = &self.lock {
            change(lock.as_fd())?;
        }
        self.handover.connections.iter().try_for_each(|kept| change(kept.stream.as_fd()))
    }

    /// What the process before this one has left, if it has.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or the sockets are not there.
    pub fn taken() -> anyhow::Result<Option<Self>> {
        let Some(file) = std::env::var_os(VARIABLE).map(PathBuf::from) else { return Ok(None) };
        // Whoever started the one before this one may have left the variable; the file is there once.
        let Ok(text) = fs::read_to_string(&file) else { return Ok(None) };
        let _ = fs::remove_file(&file);
        let written: Written = serde_json::from_str(&text).context("the handover is damaged")?;
        let listener = TcpListener::from(socket(written.listener)?);
        let mut unread = written.unread;
        let connections = written
            .connections
            .into_iter()
            .map(|(id, peer, number)| {
                Ok(Kept { id, peer, stream: TcpStream::from(socket(number)?), unread: unread.remove(&id) })
            })
            .collect::<anyhow::Result<_>>()?;
        let handover = Handover { listener, connections, last: written.last, lines: written.lines };
        let lock = written.lock.map(socket).transpose()?.map(File::from);
        let Written { token, admins, held, world, .. } = written;
        Ok(Some(Self { handover, token, admins, held, world, lock }))
    }
}

/// Takes over the socket, or the file, with this number, and keeps it from children of this process.
fn socket(number: RawFd) -> anyhow::Result<OwnedFd> {
    anyhow::ensure!(number > 2, "the handover names {number} as a socket");
    // SAFETY: the number is only asked about; whether it is open is the question.
    let borrowed = unsafe { BorrowedFd::borrow_raw(number) };
    fcntl_getfd(borrowed).with_context(|| format!("the socket {number} is not open"))?;
    fcntl_setfd(borrowed, FdFlags::CLOEXEC).with_context(|| format!("the socket {number} cannot be kept"))?;
    // SAFETY: it is open, and nothing else of this process owns it: it was opened by the process before this one, which
    // named each of them once in a file that is read once, before anything else is opened.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
