//! What waits to be written: one bounded queue of bytes for each connection. Writing to it never waits; a
//! connection whose queue runs over is cut off, because its player does not read.

use core::fmt;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// The number of a connection. Never used twice while the host runs.
pub type ConnectionId = u64;

/// Sends text to connections, from any thread and without waiting.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    queues: Arc<Mutex<HashMap<ConnectionId, Arc<Queue>>>>,
}

impl Outbox {
    /// Sends `text` and a line end. A connection that is gone is no error: its player has just left.
    pub fn send(&self, to: ConnectionId, text: &str) {
        if let Some(queue) = self.queue(to) {
            queue.push(text);
        }
    }

    /// Sends `farewell` and closes the connection as soon as it is written.
    pub fn close(&self, to: ConnectionId, farewell: &str) {
        if let Some(queue) = self.queue(to) {
            queue.close(farewell);
        }
    }

    pub(crate) fn close_all(&self, farewell: &str) {
        let queues: Vec<Arc<Queue>> = lock(&self.queues).values().cloned().collect();
        for queue in queues {
            queue.close(farewell);
        }
    }

    pub(crate) fn open(&self, id: ConnectionId, limit: usize) -> Arc<Queue> {
        let queue = Arc::new(Queue::new(limit));
        lock(&self.queues).insert(id, Arc::clone(&queue));
        queue
    }

    pub(crate) fn forget(&self, id: ConnectionId) {
        lock(&self.queues).remove(&id);
    }

    fn queue(&self, id: ConnectionId) -> Option<Arc<Queue>> {
        lock(&self.queues).get(&id).cloned()
    }
}

/// The bytes that wait for one connection.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Notify,
    ending: CancellationToken,
    limit: usize,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    closing: bool,
    ran_over: bool,
}

/// What the writer finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Bytes(Vec<u8>),
    Nothing,
    /// Everything is written and nothing will follow.
    End,
}

impl Queue {
    fn new(limit: usize) -> Self {
        Self { waiting: Mutex::default(), changed: Notify::new(), ending: CancellationToken::new(), limit }
    }

    /// Adds lines, with the line ends that telnet wants.
    pub(crate) fn push(&self, text: &str) {
        let mut waiting = lock(&self.waiting);
        if waiting.closing {
            return;
        }
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            waiting.bytes.extend_from_slice(line.trim_end_matches('\r').as_bytes());
            waiting.bytes.extend_from_slice(b"\r\n");
        }
        self.added(waiting);
    }

    /// Adds bytes of the protocol.
    pub(crate) fn push_raw(&self, bytes: &[u8]) {
        let mut waiting = lock(&self.waiting);
        if !waiting.closing {
            waiting.bytes.extend_from_slice(bytes);
            self.added(waiting);
        }
    }

    fn added(&self, mut waiting: MutexGuard<'_, Waiting>) {
        if waiting.bytes.len() > self.limit {
            *waiting = Waiting { bytes: Vec::new(), closing: true, ran_over: true };
            self.ending.cancel();
        }
        drop(waiting);
        self.changed.notify_one();
    }

    pub(crate) fn close(&self, farewell: &str) {
        if !farewell.is_empty() {
            self.push(farewell);
        }
        lock(&self.waiting).closing = true;
        self.ending.cancel();
        self.changed.notify_one();
    }

    pub(crate) fn ran_over(&self) -> bool {
        lock(&self.waiting).ran_over
    }

    /// Resolves when the queue takes no more: it was closed, or it ran over.
    pub(crate) async fn ending(&self) {
        self.ending.cancelled().await;
    }

    pub(crate) fn take(&self) -> Found {
        let mut waiting = lock(&self.waiting);
        if !waiting.bytes.is_empty() {
            Found::Bytes(core::mem::take(&mut waiting.bytes))
        } else if waiting.closing {
            Found::End
        } else {
            Found::Nothing
        }
    }

    /// Resolves when [`Queue::take`] may find something new.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = lock(&self.waiting);
        f.debug_struct("Queue").field("waiting", &waiting.bytes.len()).field("closing", &waiting.closing).finish()
    }
}

/// No code under these locks can panic halfway, so a poisoned one holds what it should.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{Found, Queue};

    #[test]
    fn lines_get_telnet_line_ends() {
        let queue = Queue::new(100);
        queue.push("one\ntwo\r\nthree");
        assert_eq!(queue.take(), Found::Bytes(b"one\r\ntwo\r\nthree\r\n".to_vec()));
        queue.push("a\n");
        assert_eq!(queue.take(), Found::Bytes(b"a\r\n".to_vec()));
        assert_eq!(queue.take(), Found::Nothing);
    }

    #[test]
    fn a_closed_queue_gives_what_it_has_and_takes_no_more() {
        let queue = Queue::new(100);
        queue.close("bye");
        queue.push("late");
        assert_eq!(queue.take(), Found::Bytes(b"bye\r\n".to_vec()));
        assert_eq!(queue.take(), Found::End);
    }

    #[test]
    fn running_over_frees_the_bytes_and_cuts() {
        let queue = Queue::new(100);
        for _ in 0..1000 {
            queue.push("0123456789");
        }
        assert!(queue.ran_over());
        assert_eq!(queue.take(), Found::End);
    }
}
