//! What the host says in its window. Must never end the host: whoever reads it may be gone, because `| tee` ends at the
//! same Ctrl-C.

use core::fmt;
use std::io::{self, Write};

/// Writes a line to stdout, if somebody reads it.
pub fn say(text: impl fmt::Display) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Writes a line to stderr, if somebody reads it.
pub fn warn(text: impl fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Where log records go: to stderr, if somebody reads it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = io::stderr().lock().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
