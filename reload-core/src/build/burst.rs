//! Turns changes of sources into bursts of edits, and says when one is over. Must never look at files or at the clock.

use super::watch::{Change, Writing};
use std::{
    collections::BTreeSet,
    path::PathBuf,
    time::{Duration, Instant},
};

/// A burst whose files were all closed, or moved into place, is over after this much silence: whoever saves several
/// files has opened the next one by then.
const AFTER_SAVE: Duration = Duration::from_millis(3);
/// One in which somebody may still be writing is over after this much silence,
const SILENCE: Duration = Duration::from_millis(15);
/// or after this long, silent or not.
const LONGEST: Duration = Duration::from_millis(200);

/// The edits since the last burst that was over.
#[derive(Debug, Default)]
pub(super) struct Edits {
    burst: Option<Burst>,
}

#[derive(Debug)]
struct Burst {
    first: Instant,
    last: Instant,
    edited: BTreeSet<PathBuf>,
    /// Files that were written to and not closed yet.
    written: BTreeSet<PathBuf>,
    /// Something happened that has no end of its own.
    vague: bool,
}

impl Edits {
    /// Takes in what has happened to sources.
    pub(super) fn note(&mut self, change: Change, now: Instant) {
        let is_edit = change.structure || !change.paths.is_empty();
        // Somebody reads, or has closed what was not written to.
        if !is_edit && (self.burst.is_none() || change.closed.is_empty()) {
            return;
        }
        let burst = self.burst_at(now);
        burst.last = now;
        burst.vague |= change.structure;
        match change.writing {
            Writing::Begun => burst.written.extend(change.paths.iter().cloned()),
            Writing::Ended => change.paths.iter().chain(&change.closed).for_each(|path| {
                burst.written.remove(path);
            }),
            Writing::Unknown => {}
        }
        burst.edited.extend(change.paths);
    }

    /// Takes in that something has happened, nobody knows to which file.
    pub(super) fn note_something(&mut self, now: Instant) {
        let burst = self.burst_at(now);
        burst.last = now;
        burst.vague = true;
    }

    fn burst_at(&mut self, now: Instant) -> &mut Burst {
        self.burst.get_or_insert_with(|| Burst {
            first: now,
            last: now,
            edited: BTreeSet::new(),
            written: BTreeSet::new(),
            vague: false,
        })
    }

    /// When the burst is over, if nothing else happens.
    pub(super) fn end(&self) -> Option<Instant> {
        let burst = self.burst.as_ref()?;
        let silence = if burst.vague || !burst.written.is_empty() { SILENCE } else { AFTER_SAVE };
        Some((burst.last + silence).min(burst.first + LONGEST))
    }

    /// The first edit of a burst that is over, and what was edited.
    pub(super) fn take_over(&mut self, now: Instant) -> Option<(Instant, Vec<PathBuf>)> {
        self.end().filter(|end| now >= *end)?;
        let burst = self.burst.take()?;
        Some((burst.first, burst.edited.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(writing: Writing, paths: &[&str]) -> Change {
        let paths = paths.iter().map(PathBuf::from).collect();
        match writing {
            Writing::Ended => Change { writing, closed: paths, ..Change::default() },
            _ => Change { writing, paths, ..Change::default() },
        }
    }

    /// How long after the last of `changes`, which are a millisecond apart, the burst is over.
    #[track_caller]
    fn check(changes: &[(Writing, &[&str])], silence: Option<Duration>) {
        let (mut edits, mut now) = (Edits::default(), Instant::now());
        for (writing, paths) in changes {
            now += Duration::from_millis(1);
            edits.note(change(*writing, paths), now);
        }
        assert_eq!(edits.end().map(|end| end - now), silence, "{changes:?}");
    }

    #[test]
    fn a_save_is_over_when_every_file_is_closed() {
        use Writing::{Begun, Ended, Unknown};
        check(&[(Begun, &["a"]), (Begun, &["a"]), (Ended, &["a"])], Some(AFTER_SAVE));
        check(&[(Begun, &["a"])], Some(SILENCE));
        check(&[(Begun, &["a"]), (Ended, &["a"]), (Begun, &["b"])], Some(SILENCE));
        check(&[(Begun, &["a"]), (Begun, &["b"]), (Ended, &["a"])], Some(SILENCE));
        check(&[(Begun, &["a"]), (Ended, &["a"]), (Unknown, &["a"])], Some(AFTER_SAVE));
        check(&[(Ended, &["a"])], None);
    }

    #[test]
    fn who_reads_does_not_prolong_a_burst() {
        let (mut edits, now) = (Edits::default(), Instant::now());
        edits.note(change(Writing::Begun, &["a"]), now);
        edits.note(change(Writing::Ended, &["a"]), now);
        edits.note(Change::default(), now + Duration::from_millis(2));
        assert_eq!(edits.end(), Some(now + AFTER_SAVE));
    }

    #[test]
    fn a_burst_ends_once_and_at_last() {
        let (mut edits, start) = (Edits::default(), Instant::now());
        let mut now = start;
        while now < start + LONGEST {
            assert_eq!(edits.take_over(now), None, "it goes on");
            edits.note(change(Writing::Begun, &["a"]), now);
            edits.note(change(Writing::Begun, &["b"]), now);
            now += Duration::from_millis(2);
        }
        assert_eq!(edits.take_over(now), Some((start, vec!["a".into(), "b".into()])));
        assert_eq!((edits.end(), edits.take_over(now)), (None, None));
        edits.note_something(now);
        assert_eq!(edits.end(), Some(now + SILENCE));
    }
}
