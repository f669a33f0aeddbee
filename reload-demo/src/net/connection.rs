//! One connection from its first byte to its last. Must never make anybody else wait.

use super::{
    ConnectionId, Departure, Limits, NetEvent,
    line::{LineDecoder, Said},
    outbox::{Found, Queue},
    rate::Rate,
};
use core::{pin::pin, time::Duration};
use std::{io, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::mpsc,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

/// How long the last lines may take to leave.
const FLUSH: Duration = Duration::from_secs(2);
/// How long to wait for the other side to close as well, so that what it still sends does not undo our last line.
const LINGER: Duration = Duration::from_millis(300);
/// Between two notices to one player.
const BETWEEN_NOTICES: Duration = Duration::from_secs(10);

/// How serving a connection has ended.
pub(super) enum Served {
    /// The connection has ended.
    Left(Departure),
    /// It goes on elsewhere: nothing waits to be written, and nothing more was read.
    HandedOver(TcpStream),
}

/// Serves a connection until it ends, or `handing_over` says that it goes on elsewhere.
pub(super) async fn serve(
    mut stream: TcpStream,
    id: ConnectionId,
    queue: Arc<Queue>,
    events: &mpsc::Sender<NetEvent>,
    limits: &Limits,
    handing_over: &CancellationToken,
) -> Served {
    let (mut reader, mut writer) = stream.split();
    let (departure, written) = {
        let mut write = pin!(write(&mut writer, &queue));
        let mut written = false;
        let departure = tokio::select! {
            biased;
            () = queue.ending() => Departure::Closed,
            () = handing_over.cancelled() => Departure::HandedOver,
            departure = read(&mut reader, id, &queue, events, limits) => departure,
            result = &mut write => {
                written = true;
                result.map_or_else(|error| Departure::Broken(error.kind()), |()| Departure::Closed)
            }
        };
        if queue.ran_over() {
            return Served::Left(Departure::NotReading);
        }
        queue.close("");
        if !written && !matches!(departure, Departure::Broken(_)) {
            written = matches!(timeout(FLUSH, write).await, Ok(Ok(())));
        }
        (departure, written)
    };
    if matches!(departure, Departure::HandedOver) {
        // Who does not take what is sent cannot come along: half a line would be lost.
        return if written { Served::HandedOver(stream) } else { Served::Left(Departure::NotReading) };
    }
    if written && matches!(departure, Departure::Closed) {
        let _ = timeout(LINGER, async {
            let _ = writer.shutdown().await;
            let mut rest = [0; 1024];
            while matches!(reader.read(&mut rest).await, Ok(1..)) {}
        })
        .await;
    }
    Served::Left(departure)
}

async fn read(
    reader: &mut ReadHalf<'_>,
    id: ConnectionId,
    queue: &Queue,
    events: &mpsc::Sender<NetEvent>,
    limits: &Limits,
) -> Departure {
    let mut decoder = LineDecoder::new(limits.line);
    let mut rate = Rate::new(limits.lines_per_second, limits.burst);
    let mut noticed: Option<Instant> = None;
    let mut bytes = [0; 512];
    loop {
        let count = match reader.read(&mut bytes).await {
            Ok(0) => return Departure::Left,
            Ok(count) => count,
            Err(error) => return Departure::Broken(error.kind()),
        };
        // What is no line (negotiation, the rest of a line that is too long) is paid by its bytes.
        tokio::time::sleep(rate.take(count as f64 / limits.line as f64)).await;
        for &byte in &bytes[..count] {
            let Some(said) = decoder.push(byte) else { continue };
            if let Said::Refuse(answer) = said {
                queue.push_raw(&answer);
                continue;
            }
            let wait = rate.take(1.0);
            if !wait.is_zero() {
                if noticed.is_none_or(|at| at.elapsed() >= BETWEEN_NOTICES) {
                    noticed = Some(Instant::now());
                    queue.push("Not so fast: your lines are taken one after another.");
                }
                tokio::time::sleep(wait).await;
            }
            match said {
                Said::Line(text) => {
                    if events.send(NetEvent::Line { id, text }).await.is_err() {
                        return Departure::Closed;
                    }
                }
                Said::TooLong => {
                    queue.push(&format!("That line was longer than {} bytes and has been ignored.", limits.line));
                }
                Said::Refuse(_) => {}
            }
        }
    }
}

async fn write(writer: &mut WriteHalf<'_>, queue: &Queue) -> io::Result<()> {
    loop {
        match queue.take() {
            Found::Bytes(bytes) => writer.write_all(&bytes).await?,
            Found::Nothing => queue.changed().await,
            Found::End => return Ok(()),
        }
    }
}
