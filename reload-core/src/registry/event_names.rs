//! Events that have another name: which one goes on with which, from version to version, and from a save file to now.

use super::{
    LibraryId, Numbers, numbers_since,
    vocabulary::{EventEntry, Vocabulary},
};
use crate::{
    schema,
    validation::{Problem, ValidEvent},
};
use rustc_hash::FxHashMap;

/// What the version before the one that runs had.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FormerEvents<'a> {
    pub(crate) vocabulary: &'a Vocabulary,
    /// Whether that version comes back; else it does so if the events are declared as they were.
    pub(crate) is_back: bool,
}

impl Vocabulary {
    /// All events, with their numbers.
    fn entries(&self) -> impl Iterator<Item = (u16, &EventEntry)> {
        (0..).zip(&self.events).filter_map(|(id, entry)| Some((id, entry.as_ref()?)))
    }

    /// Own events of a library, with their numbers.
    pub(crate) fn own(&self, library: LibraryId) -> impl Iterator<Item = (u16, &EventEntry)> {
        self.entries().filter(move |(_, entry)| entry.owner == library)
    }

    fn is_own(&self, library: LibraryId, id: u16) -> bool {
        self.event(id).is_some_and(|entry| entry.owner == library)
    }

    /// Whether the event is one that the library can give another name: it is its own, and no other one's as well.
    fn is_movable(&self, library: LibraryId, id: u16) -> bool {
        self.is_own(library, id) && !self.is_used_beside(library, id)
    }

    /// For each event of the tables of `library` the number that it goes on with.
    ///
    /// By its path and the one that it had, as fields are continued; where the version before comes back, the numbers of
    /// then. An event that is not the library's alone keeps its path.
    pub(super) fn continued(
        &self,
        library: LibraryId,
        events: &[&ValidEvent],
        former: Option<FormerEvents<'_>>,
    ) -> Vec<Option<u16>> {
        let mut found: Vec<Option<u16>> = events.iter().map(|event| self.find(&event.path)).collect();
        if !self.has_former_paths && events.iter().all(|event| event.was.is_none()) {
            return found;
        }
        let moving: Vec<usize> =
            (0..events.len()).filter(|at| found[*at].is_none_or(|id| self.is_movable(library, id))).collect();
        let of_library = events.iter().zip(&found).filter(|(_, found)| found.is_none_or(|id| self.is_own(library, id)));
        let of_library = of_library.map(|(event, _)| *event);
        if let Some(before) = former.and_then(|former| former.if_back(library, of_library)) {
            for at in moving {
                let by_path = found[at].filter(|id| before.values().all(|then| then != id));
                let then = before.get(&*events[at].path).copied();
                found[at] = then.map_or(by_path, |id| Some(id).filter(|id| self.is_movable(library, *id)));
            }
            return found;
        }
        let own: Vec<_> = self.own(library).filter(|(id, _)| self.is_movable(library, *id)).collect();
        let old: Vec<_> = own.iter().map(|(_, entry)| entry.names()).collect();
        let new = moving.iter().map(|at| (&*events[*at].path, events[*at].was.as_deref().unwrap_or("")));
        for (at, from) in moving.iter().zip(schema::continued(&old, &new.collect::<Vec<_>>())) {
            found[*at] = from.map(|from| own[from].0);
        }
        found
    }

    /// Why an event that the library has, and the world has not, is no new one, and the number that it has: the host, or another
    /// library, has it under the name that it had, or that it has now.
    pub(super) fn cannot_continue(
        &self,
        library: LibraryId,
        event: &ValidEvent,
        events: &[&ValidEvent],
    ) -> Option<(u16, Problem)> {
        let is_of_library = |path: &str| events.iter().any(|other| other.path == path);
        let is_other = |entry: &EventEntry| {
            let is_former = event.was.as_ref() == Some(&entry.path);
            (is_former || entry.was.as_ref() == Some(&event.path)) && !is_of_library(&entry.path)
        };
        let (id, entry) = self.entries().find(|(id, entry)| is_other(entry) && !self.is_movable(library, *id))?;
        let (code, whose) = match entry.owner {
            LibraryId::HOST => ("protocol.changed", "the host"),
            _ => ("event.used", "another library of this world"),
        };
        let problem = Problem::new(
            code,
            &event.path,
            format!("`was` says that it is the same event as `{}`, under which name {whose} has it", entry.path),
            "restart needed: all have to be built with one name; until then the old code goes on. Without `was` the two are \
             different events",
        );
        Some((id, problem))
    }

    /// The numbers of the events that go on with those of another time, by the paths that they had then.
    pub(crate) fn since(&self, then: &[&str]) -> Numbers {
        numbers_since(then, self.entries().map(|(id, entry)| (id, entry.names())))
    }

    /// Events that had another name before, with that name.
    pub(crate) fn renamed_since<'a>(&'a self, before: &'a Self) -> Vec<(u16, &'a str)> {
        if !self.has_former_paths && !before.has_former_paths {
            return Vec::new();
        }
        let renamed = |(id, entry): (u16, &EventEntry)| {
            let was = before.event(id)?.name.as_str();
            (entry.name != was).then_some((id, was))
        };
        self.entries().filter_map(renamed).collect()
    }
}

impl EventEntry {
    /// The path, and the one that it had, or nothing.
    fn names(&self) -> (&str, &str) {
        (&self.path, self.was.as_deref().unwrap_or(""))
    }
}

/// What one event became is one event. Within a table the macro sees it; for the host no event was another one.
pub(super) fn continued_twice(library: LibraryId, events: &[&ValidEvent]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, event) in events.iter().enumerate().filter(|_| library != LibraryId::HOST) {
        let Some(was) = &event.was else { continue };
        if let Some(other) = events[..at].iter().find(|other| other.was.as_ref() == Some(was)) {
            problems.push(Problem::new(
                "event.duplicate",
                &event.path,
                format!("says that it was `{was}`, and so does `{}`", other.path),
                "take `was` away from one of them",
            ));
        }
    }
    problems
}

impl<'a> FormerEvents<'a> {
    /// The numbers of then, if `events`, which are all of the library's, are those of then: with the same paths, and the
    /// same notes of what they were.
    fn if_back<'b>(
        self,
        library: LibraryId,
        mut events: impl Iterator<Item = &'b ValidEvent>,
    ) -> Option<FxHashMap<&'a str, u16>> {
        let own: FxHashMap<&str, (u16, &EventEntry)> =
            self.vocabulary.own(library).map(|(id, entry)| (&*entry.path, (id, entry))).collect();
        let mut count = 0;
        let is_as_then = |event: &ValidEvent| {
            count += 1;
            own.get(&*event.path).is_some_and(|(_, entry)| entry.was == event.was)
        };
        let is_back = self.is_back || (events.all(is_as_then) && count == own.len());
        is_back.then(|| own.into_iter().map(|(path, (id, _))| (path, id)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        boundary::{RawSlice, RawStr},
        event::{FIRST_USER_EVENT, TableRecord},
        schema::descriptor,
        validation::ValidTable,
    };

    static TABLE: TableRecord =
        TableRecord { path: RawStr::new(""), first: FIRST_USER_EVENT, events: RawSlice::EMPTY, base: None };

    /// The tables of a library with these events: the path, and the one that it had.
    fn tables(events: &[(&str, &str)]) -> [ValidTable; 1] {
        let events = events.iter().map(|(path, was)| ValidEvent {
            path: (*path).to_owned(),
            was: (!was.is_empty()).then(|| (*was).to_owned()),
            name: (*path).to_owned(),
            payload: descriptor::<u8>(),
        });
        [ValidTable { path: "game::Table".into(), record: &TABLE, events: events.collect() }]
    }

    fn numbers(of: &Vocabulary, paths: &[&str]) -> Vec<Option<u16>> {
        paths.iter().map(|path| of.find(path)).collect()
    }

    const LIBRARY: LibraryId = LibraryId(1);

    /// The next version of the library, if it is none that ran before.
    fn next(before: &Vocabulary, events: &[(&str, &str)]) -> Vocabulary {
        accepted(before, LIBRARY, events, None)
    }

    /// The next version of the library, where `former` ran before the one that runs.
    fn after(former: &Vocabulary, before: &Vocabulary, events: &[(&str, &str)]) -> Vocabulary {
        accepted(before, LIBRARY, events, Some(FormerEvents { vocabulary: former, is_back: false }))
    }

    fn accepted(
        before: &Vocabulary,
        library: LibraryId,
        events: &[(&str, &str)],
        former: Option<FormerEvents<'_>>,
    ) -> Vocabulary {
        let mut problems = Vec::new();
        let after = before.with(library, &tables(events), former, &mut problems);
        assert!(problems.is_empty(), "{problems:?}");
        after
    }

    #[test]
    fn an_event_of_another_name_keeps_its_number_and_gets_its_name_back() {
        let first = next(&Vocabulary::default(), &[("a", ""), ("b", "")]);
        let [a, b] = [first.find("a"), first.find("b")];
        let second = next(&first, &[("b", "a"), ("c", "b"), ("d", "")]);
        assert_eq!(numbers(&second, &["a", "b", "c"]), [None, a, b]);
        assert!(second.find("d").is_some_and(|d| ![a, b].contains(&Some(d))));
        let back = after(&first, &second, &[("a", ""), ("b", "")]);
        assert_eq!(numbers(&back, &["a", "b", "c", "d"]), [a, b, None, None]);
        // The next version, which says the same as the one before it.
        let third = after(&first, &second, &[("b", "a"), ("c", "b")]);
        assert_eq!(numbers(&third, &["b", "c", "d"]), [a, b, None]);
        // Of another time, by the names of then.
        let since = |then: &[&str]| second.since(then).into_iter().collect::<std::collections::BTreeMap<_, _>>();
        let of = |entries: &[(&str, Option<u16>)]| {
            entries.iter().map(|(path, id)| ((*path).to_owned(), id.expect("it has one"))).collect()
        };
        assert_eq!(since(&["a", "b", "gone"]), of(&[("a", a), ("b", b)]));
        assert_eq!(since(&["b", "c"]), of(&[("b", a), ("c", b)]));
    }

    #[test]
    fn what_comes_back_are_the_events_of_then_whatever_their_names_say_now() {
        // The note is that of the version to which the way goes back.
        let first = next(&Vocabulary::default(), &[("smash", "hit"), ("hit", "")]);
        let second = next(&first, &[("hit", "")]);
        let back = after(&first, &second, &[("smash", "hit"), ("hit", "")]);
        assert_eq!(back.find("hit"), first.find("hit"));
        assert_ne!(back.find("smash"), first.find("hit"));
        // The same names with other notes are no way back: `t` becomes `b`, which becomes `a`.
        let first = next(&Vocabulary::default(), &[("a", ""), ("b", "")]);
        let second = next(&first, &[("t", "a"), ("b", "")]);
        let third = after(&first, &second, &[("b", "t"), ("a", "b")]);
        assert_eq!(numbers(&third, &["b", "a"]), numbers(&first, &["a", "b"]));
        // An event that another library has as well is none that could be called otherwise.
        let first = next(&Vocabulary::default(), &[("a", ""), ("b", ""), ("shared", "")]);
        let both = accepted(&first, LibraryId(2), &[("shared", "")], None);
        let second = next(&both, &[("b", "a"), ("c", "b"), ("shared", "")]);
        for is_back in [false, true] {
            let former = Some(FormerEvents { vocabulary: &both, is_back });
            let back = accepted(&second, LIBRARY, &[("a", ""), ("b", ""), ("shared", "")], former);
            assert_eq!(numbers(&back, &["a", "b", "shared"]), numbers(&first, &["a", "b", "shared"]));
        }
    }

    #[test]
    fn an_event_that_another_library_has_keeps_its_name() {
        let one = [("a", "")];
        for owner in [LibraryId::HOST, LibraryId(1), LibraryId(2)] {
            let before = accepted(&Vocabulary::default(), owner, &one, None);
            let before = [1, 2].into_iter().fold(before, |before, id| accepted(&before, LibraryId(id), &one, None));
            for library in [LibraryId(1), LibraryId(2)] {
                let mut problems = Vec::new();
                before.with(library, &tables(&[("b", "a")]), None, &mut problems);
                let refused: Vec<_> = problems.iter().map(|problem| (problem.code, problem.subject.as_str())).collect();
                let code = if owner == LibraryId::HOST { "protocol.changed" } else { "event.used" };
                assert_eq!(refused, [(code, "b")], "{library:?} of {owner:?}");
                // And the other way round, where the library is the one that has the old name.
                let renamed = accepted(&Vocabulary::default(), owner, &[("b", "a")], None);
                let mut problems = Vec::new();
                if owner != library {
                    renamed.with(library, &tables(&one), None, &mut problems);
                    let refused: Vec<_> = problems.iter().map(|problem| (problem.code, &*problem.subject)).collect();
                    assert_eq!(refused, [(code, "a")], "{library:?} of {owner:?}");
                    accepted(&renamed, library, &[("a", ""), ("b", "a")], None);
                }
                // An old note, beside the event of that name.
                accepted(&before, library, &[("a", ""), ("b", "a")], None);
            }
        }
    }

    #[test]
    fn the_list_ends_with_the_last_event() {
        let many: Vec<String> = (0..200).map(|number| number.to_string()).collect();
        let many: Vec<(&str, &str)> = many.iter().map(|path| (path.as_str(), "")).collect();
        let first = next(&Vocabulary::default(), &many);
        assert_eq!(first.events.len(), usize::from(FIRST_USER_EVENT) + 200);
        assert_eq!(next(&first, &many[..3]).events.len(), usize::from(FIRST_USER_EVENT) + 3);
    }
}
