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

pub use accept::Kept;
pub use connection::Unread;
pub use outbox::{ConnectionId, Outbox};

use accept::Shared;
use core::{fmt, time::Duration};
use std::sync::Arc;
use std::{
    io::{self, Write},
    net::{IpAddr, Shutdown, SocketAddr},
};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    sync::{Notify, Semaphore, mpsc},
    task::JoinHandle,
};
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
    /// It goes on in another process.
    HandedOver,
    /// The network failed.
    Broken(io::ErrorKind),
}

impl fmt::Display for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left => f.write_str("left"),
            Self::Closed => f.write_str("closed by the host"),
            Self::NotReading => f.write_str("dropped: does not read what is sent"),
            Self::HandedOver => f.write_str("handed over"),
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
    waker: Arc<Notify>,
    outbox: Outbox,
    stop: CancellationToken,
    handing_over: CancellationToken,
    handed_over: mpsc::UnboundedReceiver<Kept>,
    connections: TaskTracker,
    accepting: JoinHandle<(TcpListener, ConnectionId)>,
}

/// A port and its connections without anybody to serve them: on their way into another process.
#[derive(Debug)]
pub struct Handover {
    /// The open port: who connects meanwhile waits.
    pub listener: std::net::TcpListener,
    /// The connections.
    pub connections: Vec<Kept>,
    /// The number of the last connection.
    pub last: ConnectionId,
    /// Lines that were typed and not taken yet.
    pub lines: Vec<(ConnectionId, String)>,
}

impl Handover {
    /// Closes everything, with `farewell` for those who take it at once.
    pub fn close(self, farewell: &str) {
        for Kept { mut stream, .. } in self.connections {
            // Whoever does not is gone, or does not read.
            let _ = stream.set_nonblocking(true);
            let _ = stream.write_all(format!("{farewell}\r\n").as_bytes());
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
}

impl Network {
    /// Opens `port` (0: any free one) on the interface `listen`.
    ///
    /// # Errors
    ///
    /// When the port cannot be opened; the error says what to do.
    pub fn open(listen: IpAddr, port: u16, limits: Limits) -> Result<Self, NetError> {
        let wanted = SocketAddr::new(listen, port);
        let runtime = threads()?;
        let listener = {
            let _inside = runtime.enter();
            accept::listen(wanted).map_err(|error| NetError::listen(wanted, error))?
        };
        Self::start(runtime, listener, (0, Vec::new()), limits, wanted)
    }

    /// Goes on with a port and connections that were handed over.
    ///
    /// # Errors
    ///
    /// When the port cannot be used. A connection that cannot is left out.
    pub fn resume(handover: Handover, limits: Limits) -> Result<Self, NetError> {
        let unknown = SocketAddr::new(IpAddr::V4(core::net::Ipv4Addr::UNSPECIFIED), 0);
        let runtime = threads()?;
        let listener = {
            let _inside = runtime.enter();
            handover
                .listener
                .set_nonblocking(true)
                .and_then(|()| TcpListener::from_std(handover.listener))
                .map_err(|error| NetError::listen(unknown, error))?
        };
        Self::start(runtime, listener, (handover.last, handover.connections), limits, unknown)
    }

    fn start(
        runtime: Runtime,
        listener: TcpListener,
        (last, kept): (ConnectionId, Vec<Kept>),
        limits: Limits,
        wanted: SocketAddr,
    ) -> Result<Self, NetError> {
        let address = listener.local_addr().map_err(|error| NetError::listen(wanted, error))?;
        let (sender, events) = mpsc::channel(WAITING_EVENTS);
        let (handed, handed_over) = mpsc::unbounded_channel();
        let shared = Shared {
            room: Arc::new(Semaphore::new(limits.connections)),
            limits: Arc::new(limits),
            events: sender,
            outbox: Outbox::default(),
            stop: CancellationToken::new(),
            handing_over: CancellationToken::new(),
            handed_over: handed,
            connections: TaskTracker::new(),
        };
        let (outbox, connections) = (shared.outbox.clone(), shared.connections.clone());
        let (stop, handing_over) = (shared.stop.clone(), shared.handing_over.clone());
        let inside = runtime.enter();
        for Kept { id, peer, stream, unread } in kept {
            let usable = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
            match (usable, Arc::clone(&shared.room).try_acquire_owned()) {
                (Ok(stream), Ok(place)) => {
                    shared.serve(stream, (id, peer), unread, false, place);
                    continue;
                }
                (Err(error), _) => tracing::warn!(id, %peer, %error, "the connection cannot go on"),
                (_, Err(_)) => tracing::warn!(id, %peer, "no room for the connection any more"),
            }
            let shared = shared.clone();
            runtime.spawn(async move {
                let _ = shared.events.send(NetEvent::Left { id, departure: Departure::Closed }).await;
            });
        }
        drop(inside);
        let accepting = runtime.spawn(accept::accept(listener, last, shared));
        Ok(Self {
            runtime,
            address,
            events,
            waker: Arc::default(),
            outbox,
            stop,
            handing_over,
            handed_over,
            connections,
            accepting,
        })
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

    /// The next event, if there is one.
    pub fn take(&mut self) -> Option<NetEvent> {
        self.events.try_recv().ok()
    }

    /// The next event, or nothing after `longest`, or as soon as somebody wakes the game.
    pub fn wait(&mut self, longest: Duration) -> Option<NetEvent> {
        let next = async {
            tokio::select! {
                biased;
                () = self.waker.notified() => None,
                event = self.events.recv() => event,
            }
        };
        self.runtime.block_on(async { tokio::time::timeout(longest, next).await.ok().flatten() })
    }

    /// Ends one [`Network::wait`], the one that goes on or the next.
    pub fn waker(&self) -> impl Fn() + Send + 'static {
        let waker = Arc::clone(&self.waker);
        move || waker.notify_one()
    }

    /// Takes the port and the connections out of service, for another process. What waits to be written is written
    /// first; who does not take it in time is dropped. Takes at most `longest`.
    ///
    /// # Errors
    ///
    /// When the port cannot be had; the connections are closed then.
    pub fn hand_over(mut self, longest: Duration) -> Result<Handover, NetError> {
        self.handing_over.cancel();
        self.connections.close();
        let (address, accepting, connections) = (self.address, self.accepting, self.connections);
        let all = self.runtime.block_on(async {
            let listener = accepting.await.map_err(io::Error::other)?;
            let mut lines = Vec::new();
            let mut take = |event| {
                if let NetEvent::Line { id, text } = event {
                    lines.push((id, text));
                }
            };
            // The events are taken meanwhile, so that no connection waits for room to tell of its last one.
            let done = tokio::time::timeout(longest, async {
                let mut waiting = core::pin::pin!(connections.wait());
                loop {
                    tokio::select! {
                        () = &mut waiting => break,
                        Some(event) = self.events.recv() => take(event),
                    }
                }
            })
            .await;
            while let Ok(event) = self.events.try_recv() {
                take(event);
            }
            if done.is_err() {
                tracing::warn!(left = connections.len(), "some connections could not be handed over in time");
            }
            let mut kept = Vec::new();
            while let Ok(connection) = self.handed_over.try_recv() {
                kept.push(connection);
            }
            kept.sort_by_key(|kept: &Kept| kept.id);
            Ok::<_, io::Error>((listener, kept, lines))
        });
        let listen = |error| NetError::listen(address, error);
        let ((listener, last), connections, lines) = all.map_err(listen)?;
        let listener = listener.into_std().map_err(listen)?;
        self.runtime.shutdown_background();
        Ok(Handover { listener, connections, last, lines })
    }

    /// Sends `farewell` to everybody and closes all connections, in at most `longest`.
    pub fn close(mut self, farewell: &str, longest: Duration) {
        self.stop.cancel();
        // The port is free from here on, and nobody comes in whom the farewell would miss.
        if let Err(error) = self.runtime.block_on(self.accepting) {
            tracing::warn!(%error, "what takes new connections had ended before");
        }
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

/// The threads of a network.
fn threads() -> Result<Runtime, NetError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("network")
        .enable_all()
        .build()
        .map_err(NetError::Threads)
}
