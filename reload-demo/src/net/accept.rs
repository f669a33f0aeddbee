//! Takes new connections while there is room, and says so when there is none.

use super::{Departure, Limits, NetEvent, Outbox, connection};
use core::time::Duration;
use std::{
    io::{self, Write},
    net::{Shutdown, SocketAddr},
    sync::Arc,
};
use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Semaphore, mpsc},
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

/// Takes connections until `stop`.
pub(super) async fn accept(
    listener: TcpListener,
    limits: Limits,
    events: mpsc::Sender<NetEvent>,
    outbox: Outbox,
    stop: CancellationToken,
    connections: TaskTracker,
) {
    let (limits, room) = (Arc::new(limits.clone()), Arc::new(Semaphore::new(limits.connections)));
    let mut id = 0;
    loop {
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => return,
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
        let Ok(place) = Arc::clone(&room).try_acquire_owned() else {
            tracing::info!(%peer, connections = limits.connections, "refused: full");
            refuse(stream);
            continue;
        };
        if let Err(error) = prepare(&stream) {
            tracing::debug!(%peer, %error, "the connection ended before it began");
            continue;
        }
        id += 1;
        let queue = outbox.open(id, limits.waiting_bytes);
        let (events, limits, outbox) = (events.clone(), Arc::clone(&limits), outbox.clone());
        connections.spawn(async move {
            let departure = connection::serve(stream, peer, id, queue, &events, &limits).await;
            outbox.forget(id);
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
