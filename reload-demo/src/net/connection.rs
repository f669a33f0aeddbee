//! One connection from its first byte to its last. Must never make anybody else wait.

use super::{
    ConnectionId, Departure, Limits, NetEvent,
    line::{LineDecoder, Said},
    outbox::{Found, Queue},
    rate::Rate,
};
use core::{pin::pin, time::Duration};
use serde::{Deserialize, Serialize};
use std::{collections::VecDeque, io, sync::Arc};
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

/// What has been read of a connection and was not taken yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unread {
    bytes: VecDeque<u8>,
    decoder: LineDecoder,
    /// The first of it, once it is known.
    said: Option<Said>,
}

impl Unread {
    pub(super) fn nothing(limits: &Limits) -> Self {
        Self { bytes: VecDeque::new(), decoder: LineDecoder::new(limits.line), said: None }
    }

    /// What has been said next. It stays here until it is taken, so that a hand-over finds it.
    fn next(&mut self) -> Option<&Said> {
        while self.said.is_none() {
            self.said = self.decoder.push(self.bytes.pop_front()?);
        }
        self.said.as_ref()
    }
}

/// How serving a connection has ended.
pub(super) enum Served {
    /// The connection has ended.
    Left(Departure),
    /// It goes on elsewhere: nothing waits to be written, and this was read and not taken.
    HandedOver(TcpStream, Unread),
}

/// Serves a connection until it ends, or `handing_over` says that it goes on elsewhere. Begins with what is `unread`.
pub(super) async fn serve(
    mut stream: TcpStream,
    mut unread: Unread,
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
            departure = read(&mut reader, &mut unread, id, &queue, events, limits) => departure,
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
        return if written { Served::HandedOver(stream, unread) } else { Served::Left(Departure::NotReading) };
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

/// Reads until the connection ends. May be dropped at any time: what was read and not taken is in `unread`.
async fn read(
    reader: &mut ReadHalf<'_>,
    unread: &mut Unread,
    id: ConnectionId,
    queue: &Queue,
    events: &mpsc::Sender<NetEvent>,
    limits: &Limits,
) -> Departure {
    unread.decoder.set_limit(limits.line);
    let mut rate = Rate::new(limits.lines_per_second, limits.burst);
    let mut noticed: Option<Instant> = None;
    let mut bytes = [0; 512];
    loop {
        while let Some(said) = unread.next() {
            if let Said::Refuse(answer) = said {
                queue.push_raw(answer);
                unread.said = None;
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
            let Ok(place) = events.reserve().await else { return Departure::Closed };
            match unread.said.take() {
                Some(Said::Line(text)) => place.send(NetEvent::Line { id, text }),
                Some(Said::TooLong) => {
                    queue.push(&format!("That line was longer than {} bytes and has been ignored.", limits.line));
                }
                Some(Said::Request) => {
                    queue.push("This is no web server, and what a browser sends is not listened to.");
                    return Departure::Closed;
                }
                Some(Said::Refuse(_)) | None => {}
            }
        }
        let count = match reader.read(&mut bytes).await {
            Ok(0) => return Departure::Left,
            Ok(count) => count,
            Err(error) => return Departure::Broken(error.kind()),
        };
        unread.bytes.extend(&bytes[..count]);
        // What is no line (negotiation, the rest of a line that is too long) is paid by its bytes.
        tokio::time::sleep(rate.take(count as f64 / limits.line as f64)).await;
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
