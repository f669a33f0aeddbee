//! Takes new connections while there is room, and says so when there is none.

use super::{
    ConnectionId, Departure, Limits, NetEvent, Outbox,
    connection::{self, Served, Unread},
};
use core::time::Duration;
use std::{
    io::{self, Write},
    net::{Shutdown, SocketAddr},
    sync::Arc,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Connections that the system may hold until we take them.
const BACKLOG: u32 = 1024;
/// After this long without a sign of life the system asks whether the other side still exists.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Opens the port.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // The port of a host that has just ended is free again at once. (Elsewhere this would let two hosts share it.)
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What every connection shares.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) limits: Arc<Limits>,
    pub(super) events: mpsc::Sender<NetEvent>,
    pub(super) outbox: Outbox,
    /// No new connections.
    pub(super) stop: CancellationToken,
    /// Connections go on elsewhere.
    pub(super) handing_over: CancellationToken,
    /// Where those go that do.
    pub(super) handed_over: mpsc::UnboundedSender<Kept>,
    pub(super) connections: TaskTracker,
    pub(super) room: Arc<Semaphore>,
}

/// A connection without anybody to serve it.
#[derive(Debug)]
pub struct Kept {
    /// Its number.
    pub id: ConnectionId,
    /// Where from.
    pub peer: SocketAddr,
    /// The socket.
    pub stream: std::net::TcpStream,
    /// What has been read from it and not been taken.
    pub unread: Option<Unread>,
}

impl Shared {
    /// Serves a connection on a task of its own. One that is new is told of first: what is answered to that finds its
    /// queue already open.
    pub(super) fn serve(
        &self,
        stream: TcpStream,
        (id, peer): (ConnectionId, SocketAddr),
        unread: Option<Unread>,
        is_new: bool,
        place: OwnedSemaphorePermit,
    ) {
        let queue = self.outbox.open(id, self.limits.waiting_bytes);
        let shared = self.clone();
        self.connections.spawn(async move {
            let Shared { limits, events, outbox, handing_over, handed_over, .. } = shared;
            if is_new && events.send(NetEvent::Connected { id, peer }).await.is_err() {
                return;
            }
            let unread = unread.unwrap_or_else(|| Unread::nothing(&limits));
            let served = connection::serve(stream, unread, id, queue, &events, &limits, &handing_over).await;
            outbox.forget(id);
            let departure = match served {
                Served::Left(departure) => departure,
                Served::HandedOver(stream, unread) => match stream.into_std() {
                    Ok(stream) => {
                        // Fails only when nobody waits for it any more.
                        let _ = handed_over.send(Kept { id, peer, stream, unread: Some(unread) });
                        return;
                    }
                    Err(error) => Departure::Broken(error.kind()),
                },
            };
            match departure {
                Departure::NotReading => tracing::warn!(id, %peer, "{departure}"),
                _ => tracing::debug!(id, %peer, "{departure}"),
            }
            // Fails only when the host is closing and nobody listens any more.
            let _ = events.send(NetEvent::Left { id, departure }).await;
            drop(place);
        });
    }
}

/// Takes connections until told to stop; answers with the open port and the number of the last connection.
pub(super) async fn accept(listener: TcpListener, mut id: ConnectionId, shared: Shared) -> (TcpListener, ConnectionId) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = shared.stop.cancelled() => return (listener, id),
            () = shared.handing_over.cancelled() => return (listener, id),
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Mostly: no file descriptors left. Those who play go on; new ones wait in the system's queue.
                tracing::warn!(%error, "cannot take a new connection");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&shared.room).try_acquire_owned() else {
            tracing::info!(%peer, connections = shared.limits.connections, "refused: full");
            refuse(stream);
            continue;
        };
        if let Err(error) = prepare(&stream) {
            tracing::debug!(%peer, %error, "the connection ended before it began");
            continue;
        }
        id += 1;
        shared.serve(stream, (id, peer), None, true, place);
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    socket2::SockRef::from(stream).set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(KEEPALIVE))
}

/// One line for somebody there is no room for, without waiting for anything.
fn refuse(stream: TcpStream) {
    if let Ok(mut stream) = stream.into_std() {
        let _ = stream.write_all(b"There is no room for more players right now. Please come back later.\r\n");
        let _ = stream.shutdown(Shutdown::Write);
    }
}
