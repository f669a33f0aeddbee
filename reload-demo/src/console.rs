//! What the host says in its window. Must never end the host, nor hold it up: whoever reads it may be gone, because `| tee` ends
//! at the same Ctrl-C, or may not read at all. So others write it; what waits too long for a reader is dropped.

use core::{fmt, time::Duration};
use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError, mpsc},
};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Lines that may wait to be read.
const LINES: usize = 10_000;

/// How long the end of the host waits for a reader.
const PATIENCE: Duration = Duration::from_secs(3);

/// Stdout and stderr, each with a thread that writes to it.
struct Streams {
    out: NonBlocking,
    err: NonBlocking,
    /// What has been said is written when they go.
    _guards: [WorkerGuard; 2],
}

/// Opened when something is said.
static STREAMS: Mutex<Option<Streams>> = Mutex::new(None);

impl Streams {
    fn open() -> Self {
        let thread = |name| NonBlockingBuilder::default().buffered_lines_limit(LINES).thread_name(name);
        let (out, of_out) = thread("stdout").finish(io::stdout());
        let (err, of_err) = thread("stderr").finish(io::stderr());
        Self { out, err, _guards: [of_out, of_err] }
    }
}

fn write(bytes: &[u8], stream: impl FnOnce(&mut Streams) -> &mut NonBlocking) {
    let mut streams = STREAMS.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = stream(streams.get_or_insert_with(Streams::open)).write_all(bytes);
}

/// Writes a line to stdout, if somebody reads it.
pub fn say(text: impl fmt::Display) {
    write(format!("{text}\n").as_bytes(), |streams| &mut streams.out);
}

/// Writes a line to stderr, if somebody reads it.
pub fn warn(text: impl fmt::Display) {
    write(format!("{text}\n").as_bytes(), |streams| &mut streams.err);
}

/// Waits until what was said is written; where nobody reads it, three seconds at most.
pub fn finish() {
    let said = STREAMS.lock().unwrap_or_else(PoisonError::into_inner).take();
    let (done, written) = mpsc::channel();
    // On a thread of its own: it may have to wait for one that waits for a reader.
    let finish = move || {
        drop(said);
        let _ = done.send(());
    };
    if std::thread::Builder::new().name("console".into()).spawn(finish).is_ok() {
        let _ = written.recv_timeout(PATIENCE);
    }
}

/// Where log records go: to stderr, if somebody reads it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write(bytes, |streams| &mut streams.err);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
