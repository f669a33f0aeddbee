//! Turns sockets into lines of text for the game's thread, and text into bytes on sockets. Knows nothing of the
//! game, and must never let one connection cost the others more than its share of memory or time.
//!
//! The sockets live on threads of their own. The game's thread takes [`NetEvent`]s when it likes and hands text to
//! an [`Outbox`]; neither makes it wait.

mod accept;
mod connection;
pub mod line;
mod outbox;
mod rate;

pub use outbox::{ConnectionId, Outbox};

use core::{fmt, time::Duration};
use std::{
    io,
    net::{IpAddr, SocketAddr},
};
use tokio::{runtime::Runtime, sync::mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Events that wait for the game's thread, at most. When it is late, connections are read later.
const WAITING_EVENTS: usize = 1024;

/// What happens on the connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetEvent {
    /// Somebody has connected. First event of a connection.
    Connected {
        /// The connection's number.
        id: ConnectionId,
        /// Where from.
        peer: SocketAddr,
    },
    /// A line has arrived.
    Line {
        /// The connection's number.
        id: ConnectionId,
        /// The line without its end: valid UTF-8, no control characters, bounded length.
        text: String,
    },
    /// The connection has ended. Its last event.
    Left {
        /// The connection's number.
        id: ConnectionId,
        /// Why it ended.
        departure: Departure,
    },
}

/// Why a connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// The player has closed it.
    Left,
    /// We have closed it.
    Closed,
    /// The player did not read what was sent, until too much was waiting.
    NotReading,
    /// The network failed.
    Broken(io::ErrorKind),
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left => f.write_str("left"),
            Self::Closed => f.write_str("closed by the host"),
            Self::NotReading => f.write_str("dropped: does not read what is sent"),
            Self::Broken(kind) => write!(f, "broken: {kind}"),
        }
    }
}

/// What one connection, and all of them, may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once; who comes later is told that the place is full.
    pub connections: usize,
    /// Bytes in a line.
    pub line: usize,
    /// Lines a second of one connection, in the long run.
    pub lines_per_second: f64,
    /// Lines that one connection may send at once.
    pub burst: f64,
    /// Bytes that may wait for one connection before it is dropped.
    pub waiting_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 2000, line: 512, lines_per_second: 10.0, burst: 20.0, waiting_bytes: 32 * 1024 }
    }
}

/// Why the network could not start.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// The threads of the network did not start.
    #[error("cannot start the network's threads: {0}")]
    Threads(#[source] io::Error),
    /// Another program listens there.
    #[error("cannot listen on {0}: the port is taken, perhaps by another copy of this program; stop that one, or choose another port: --port {next}", next = .0.port().checked_add(1).unwrap_or(4000))]
    Taken(SocketAddr),
    /// The port is not for everybody.
    #[error("cannot listen on {0}: this port needs special rights; choose one above 1023, such as --port 4000")]
    Forbidden(SocketAddr),
    /// The address is not one of this computer.
    #[error(
        "cannot listen on {0}: no network interface here has this address; use --listen 127.0.0.1 or --listen 0.0.0.0"
    )]
    NotOurs(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Where we wanted to listen.
        address: SocketAddr,
        /// What the system says.
        #[source]
        error: io::Error,
    },
}

impl NetError {
    fn listen(address: SocketAddr, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::Taken(address),
            io::ErrorKind::PermissionDenied => Self::Forbidden(address),
            io::ErrorKind::AddrNotAvailable => Self::NotOurs(address),
            _ => Self::Listen { address, error },
        }
    }
}

/// An open port with its connections.
#[derive(Debug)]
pub struct Network {
    runtime: Runtime,
    address: SocketAddr,
    events: mpsc::Receiver<NetEvent>,
    outbox: Outbox,
    stop: CancellationToken,
    connections: TaskTracker,
}

impl Network {
    /// Opens `port` (0: any free one) on the interface `listen`.
    ///
    /// # Errors
    ///
    /// When the port cannot be opened; the error says what to do.
    pub fn open(listen: IpAddr, port: u16, limits: Limits) -> Result<Self, NetError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("network")
            .enable_all()
            .build()
            .map_err(NetError::Threads)?;
        let wanted = SocketAddr::new(listen, port);
        let listener = {
            let _inside = runtime.enter();
            accept::listen(wanted).map_err(|error| NetError::listen(wanted, error))?
        };
        let address = listener.local_addr().map_err(|error| NetError::listen(wanted, error))?;
        let (sender, events) = mpsc::channel(WAITING_EVENTS);
        let (outbox, stop, connections) = (Outbox::default(), CancellationToken::new(), TaskTracker::new());
        runtime.spawn(accept::accept(listener, limits, sender, outbox.clone(), stop.clone(), connections.clone()));
        Ok(Self { runtime, address, events, outbox, stop, connections })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The way to the players.
    #[must_use]
    pub fn outbox(&self) -> Outbox {
        self.outbox.clone()
    }

    /// The threads of the network, for other things that wait on the system.
    #[must_use]
    pub fn runtime(&self) -> &tokio::runtime::Handle {
        self.runtime.handle()
    }

    /// The next event, if there is one.
    pub fn take(&mut self) -> Option<NetEvent> {
        self.events.try_recv().ok()
    }

    /// The next event, or nothing after `longest`.
    pub fn wait(&mut self, longest: Duration) -> Option<NetEvent> {
        self.runtime.block_on(async { tokio::time::timeout(longest, self.events.recv()).await.ok().flatten() })
    }

    /// Sends `farewell` to everybody and closes all connections, in at most `longest`.
    pub fn close(mut self, farewell: &str, longest: Duration) {
        self.stop.cancel();
        self.connections.close();
        self.events.close();
        self.outbox.close_all(farewell);
        let all = self.runtime.block_on(async { tokio::time::timeout(longest, self.connections.wait()).await });
        if all.is_err() {
            tracing::warn!(left = self.connections.len(), "some connections did not take their farewell in time");
        }
        self.runtime.shutdown_background();
    }
}
