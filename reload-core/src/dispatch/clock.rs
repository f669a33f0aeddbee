//! World time: what is due when. Turns of loops and delayed events, in order of time, then of request.

use super::payload::Payload;
use crate::boundary::ObjectId;
use std::{cmp::Ordering, collections::BinaryHeap, sync::Arc};

/// Something that is due at a time.
#[derive(Debug)]
pub(crate) struct Timed {
    pub(crate) at: u64,
    /// Which came first of those that are due at the same time; different for each.
    pub(crate) order: u64,
    pub(crate) what: What,
}

/// What is due.
#[derive(Debug)]
pub(crate) enum What {
    Turn(Turn),
    /// Boxed, because the heap that sorts by time moves it about.
    Deliver {
        event: u16,
        to: ObjectId,
        payload: Box<Payload>,
    },
}

/// A turn of a loop.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    pub(crate) object: ObjectId,
    pub(crate) name: Arc<str>,
    /// When the class got the loop; see `registry::Loop`.
    pub(crate) since: u32,
}

impl PartialEq for Timed {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Timed {}
impl PartialOrd for Timed {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Timed {
    /// The earliest is the greatest: `BinaryHeap` gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

/// The clock and what waits for it.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// Nanoseconds.
    pub(crate) now: u64,
    order: u64,
    waiting: BinaryHeap<Timed>,
    /// Turns that are due at the next advance, however short it is.
    next: Vec<Turn>,
}

impl Clock {
    /// The time of what is due when its object comes back from the attic.
    pub(crate) const ON_RETURN: u64 = u64::MAX;

    /// The time in so many nanoseconds. Never that of a return, however far.
    pub(crate) fn after(&self, delay_ns: u64) -> u64 {
        self.now.saturating_add(delay_ns).min(Self::ON_RETURN - 1)
    }

    pub(crate) fn at(&mut self, at: u64, what: What) {
        self.order += 1;
        self.waiting.push(Timed { at, order: self.order, what });
    }

    /// At the next advance.
    pub(crate) fn next_advance(&mut self, turn: Turn) {
        self.next.push(turn);
    }

    /// An advance begins: turns that waited for one are due now.
    pub(crate) fn begin(&mut self) {
        for turn in std::mem::take(&mut self.next) {
            self.at(self.now, What::Turn(turn));
        }
    }

    /// The next thing that is due until `end`; the clock goes to its time.
    pub(crate) fn due(&mut self, end: u64) -> Option<What> {
        let next = self.waiting.peek()?.at;
        if next > end || next == Self::ON_RETURN {
            return None;
        }
        let timed = self.waiting.pop()?;
        self.now = self.now.max(timed.at);
        Some(timed.what)
    }

    /// Lets what has waited for the return of an object be due now, in the order in which it was due.
    pub(crate) fn returned(&mut self, is_away: impl Fn(ObjectId) -> bool) {
        if self.waiting.iter().all(|timed| timed.at != Self::ON_RETURN) {
            return;
        }
        let now = self.now;
        self.revise(|mut timed| {
            if let What::Deliver { to, .. } = timed.what
                && timed.at == Self::ON_RETURN
                && !is_away(to)
            {
                timed.at = now;
            }
            Some(timed)
        });
    }

    /// Everything that waits for a time, in no order.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &Timed> {
        self.waiting.iter()
    }

    /// Turns that are due at the next advance.
    pub(crate) fn next_turns(&self) -> &[Turn] {
        &self.next
    }

    /// Lets `change` look at everything that waits for a time, and change it or take it out.
    pub(crate) fn revise(&mut self, mut change: impl FnMut(Timed) -> Option<Timed>) {
        let revised: Vec<Timed> =
            std::mem::take(&mut self.waiting).into_vec().into_iter().filter_map(&mut change).collect();
        self.waiting = revised.into();
    }

    pub(crate) fn drain(&mut self) -> Vec<What> {
        self.next.clear();
        std::mem::take(&mut self.waiting).into_vec().into_iter().map(|timed| timed.what).collect()
    }
}
