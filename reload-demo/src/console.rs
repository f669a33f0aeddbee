//! What the host says in its window. Must never end the host, nor hold it up: whoever reads it may be gone, because `| tee` ends
//! at the same Ctrl-C, or may not read at all. So others write it; what waits too long for a reader is dropped.

use core::fmt;
use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError},
};
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Lines that may wait to be read.
const LINES: usize = 10_000;

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

/// Waits until what was said is written; where nobody reads it, some seconds at most.
pub fn finish() {
    let said = STREAMS.lock().unwrap_or_else(PoisonError::into_inner).take();
    drop(said);
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
