//! The world's own numbering of events. Tables of different images are mapped to it by the events'
//! paths, so that a table that was re-ordered or has grown changes nothing.

use super::{
    LibraryId, check_shared,
    event_names::{FormerEvents, continued_twice},
    known::{KnownEvent, KnownEvents},
};
use crate::{
    event::{EVENT_LIMIT, FIRST_USER_EVENT, TableRecord},
    schema::{self, Descriptor},
    validation::{Problem, ValidEvent, ValidTable},
};

/// An event of the world.
#[derive(Clone, Debug)]
pub(crate) struct EventEntry {
    pub(crate) path: String,
    /// The path that it had before, as its code says.
    pub(crate) was: Option<String>,
    pub(crate) name: String,
    pub(crate) payload: &'static Descriptor,
    /// Whose descriptor `payload` is.
    pub(crate) owner: LibraryId,
}

/// Where a table's events stand in the world's numbering.
#[derive(Clone, Debug)]
struct TableMap {
    record: *const TableRecord,
    first: u16,
    library: LibraryId,
    ids: Box<[u16]>,
}

impl TableMap {
    /// Table, number in the table, the world's number.
    fn events(&self) -> impl Iterator<Item = (*const TableRecord, u16, u16)> {
        (self.first..).zip(&self.ids).map(|(index, id)| (self.record, index, *id))
    }
}

/// All events of the world.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vocabulary {
    /// By number, up to the last one in use.
    pub(super) events: Vec<Option<EventEntry>>,
    tables: Vec<TableMap>,
    /// All of the tables' events.
    known: KnownEvents,
    /// Whether any event says that it had another path.
    pub(super) has_former_paths: bool,
}

impl Vocabulary {
    /// The world's number of the event that `record` numbers `index`.
    pub(crate) fn id(&self, record: &'static TableRecord, index: u16) -> Option<u16> {
        self.known(record, index).map(|known| known.event)
    }

    /// The event that `record` numbers `index`.
    #[inline]
    pub(crate) fn known(&self, record: &'static TableRecord, index: u16) -> Option<KnownEvent> {
        self.known.find(record, index)
    }

    /// The events of a library's tables, as [`TableMap::events`].
    pub(super) fn events_of(&self, library: LibraryId) -> impl Iterator<Item = (*const TableRecord, u16, u16)> {
        self.tables.iter().filter(move |map| map.library == library).flat_map(TableMap::events)
    }

    pub(crate) fn event(&self, id: u16) -> Option<&EventEntry> {
        self.events.get(usize::from(id))?.as_ref()
    }

    /// The name as handlers have it; for reports.
    pub(crate) fn name(&self, id: u16) -> &str {
        self.event(id).map_or("unknown", |entry| &entry.name)
    }

    pub(crate) fn find(&self, path: &str) -> Option<u16> {
        self.events
            .iter()
            .position(|entry| entry.as_ref().is_some_and(|entry| entry.path == path))
            .and_then(|id| u16::try_from(id).ok())
    }

    /// The paths of all events.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.events.iter().flatten().map(|entry| entry.path.as_str())
    }

    /// This vocabulary with the tables of `library` replaced by `tables`. `former` is the version that ran before the one that
    /// runs, if there is one.
    ///
    /// An event whose payload has a new layout, or that has a new path and says which one it had, keeps its number.
    pub(crate) fn with(
        &self,
        library: LibraryId,
        tables: &[ValidTable],
        former: Option<FormerEvents<'_>>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut next = self.clone();
        next.tables.retain(|map| map.library != library);
        // Events that another image owns stay; the library's own are looked up again.
        let mut stays = vec![false; next.events.len()];
        for (id, entry) in next.events.iter().enumerate() {
            stays[id] = entry.as_ref().is_some_and(|entry| entry.owner != library);
        }
        let mut maps = Vec::new();
        let mut fresh = Vec::new();
        let events: Vec<&ValidEvent> = tables.iter().flat_map(|table| &table.events).collect();
        problems.extend(continued_twice(library, &events));
        let mut continued = self.continued(library, &events, former).into_iter();
        for table in tables {
            let mut ids = Vec::with_capacity(table.events.len());
            for (event, known) in table.events.iter().zip(&mut continued) {
                if let Some(id) = known {
                    let slot = usize::from(id);
                    if let Some(entry) = next.events[slot].as_mut() {
                        if entry.owner == library {
                            if self.is_used_beside(library, id) {
                                if !schema::same_layout(entry.payload, event.payload) {
                                    problems.push(used_event_changed(entry, event.payload));
                                }
                                check_shared(&entry.path, entry.payload, event.payload, problems);
                            }
                            entry.payload = event.payload;
                            entry.name.clone_from(&event.name);
                            entry.path.clone_from(&event.path);
                            entry.was.clone_from(&event.was);
                        } else {
                            if !schema::same_layout(entry.payload, event.payload) {
                                problems.push(shared_event_changed(entry, event.payload));
                            }
                            check_shared(&entry.path, entry.payload, event.payload, problems);
                        }
                    }
                    stays[slot] = true;
                    ids.push(id);
                } else {
                    if let Some((id, problem)) = self.cannot_continue(library, event, &events) {
                        stays[usize::from(id)] = true;
                        problems.push(problem);
                    }
                    // Its number is given below, when it is known which are free.
                    fresh.push((maps.len(), ids.len(), table, event));
                    ids.push(u16::MAX);
                }
            }
            maps.push(TableMap { record: table.record, first: table.record.first, library, ids: ids.into() });
        }
        for (id, _) in (0..).zip(&stays).filter(|(_, stays)| !**stays) {
            let gone = next.events[usize::from(id)].take();
            problems.extend(gone.filter(|_| self.is_used_beside(library, id)).map(|entry| used_event_gone(&entry)));
        }
        for (map, at, table, event) in fresh {
            // A number is not used again in the same reload, because queued events may still have it.
            let core = table.record.first < FIRST_USER_EVENT;
            let range = if core { 0..FIRST_USER_EVENT } else { FIRST_USER_EVENT..EVENT_LIMIT };
            match range.into_iter().find(|id| next.event(*id).is_none() && self.event(*id).is_none()) {
                Some(id) => {
                    let end = next.events.len().max(usize::from(id) + 1);
                    next.events.resize_with(end, || None);
                    next.events[usize::from(id)] = Some(EventEntry {
                        path: event.path.clone(),
                        was: event.was.clone(),
                        name: event.name.clone(),
                        payload: event.payload,
                        owner: library,
                    });
                    maps[map].ids[at] = id;
                }
                None => problems.push(Problem::new(
                    "event.too_many",
                    &table.path,
                    format!("no number is left for the event `{}`: a world has 512", event.path),
                    "remove events that are no longer used; numbers of removed ones are free after the next reload",
                )),
            }
        }
        next.tables.extend(maps);
        next.has_former_paths = (self.has_former_paths || events.iter().any(|event| event.was.is_some()))
            && next.events.iter().flatten().any(|entry| entry.was.is_some());
        let end = next.events.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        next.events.truncate(end);
        let known = next.tables.iter().flat_map(TableMap::events).filter_map(|(table, index, event)| {
            let payload = next.event(event)?.payload;
            Some((table, index, KnownEvent { event, payload }))
        });
        next.known = KnownEvents::new(&known.collect::<Vec<_>>());
        next
    }

    /// Whether a library other than this one has the event in its tables.
    pub(super) fn is_used_beside(&self, library: LibraryId, id: u16) -> bool {
        self.tables.iter().any(|map| map.library != library && map.ids.contains(&id))
    }
}

fn used_event_gone(entry: &EventEntry) -> Problem {
    Problem::new(
        "event.used",
        &entry.path,
        "the library does not have the event any more, and another library of this world, which has it as well, still does",
        "take it out of the other library first, or restart with both; until then the old code goes on",
    )
}

fn used_event_changed(entry: &EventEntry, new: &'static Descriptor) -> Problem {
    let differences = schema::differences_told(entry.payload, new);
    Problem::new(
        "event.used",
        &entry.path,
        format!("another library of this world was built with another layout of the event: {differences}"),
        "restart needed: both libraries have to be built with the same declaration; until then the old code goes on",
    )
}

fn shared_event_changed(host: &EventEntry, library: &'static Descriptor) -> Problem {
    let differences = schema::differences_told(host.payload, library);
    Problem::new(
        "protocol.changed",
        &host.path,
        format!("the event is shared with the host, which was built with another layout: {differences}"),
        "restart needed: the host has to be built with the same declaration; until then the old code goes on",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        boundary::{RawSlice, RawStr},
        schema::descriptor,
    };

    static TABLE: TableRecord =
        TableRecord { path: RawStr::new(""), first: FIRST_USER_EVENT, events: RawSlice::EMPTY, base: None };

    #[test]
    fn an_event_that_another_library_has_stays_as_it_is() {
        let (first, second) = (LibraryId(1), LibraryId(2));
        let table = |payload: Option<&'static Descriptor>| {
            let event = |payload| ValidEvent { path: "game::Rang".into(), was: None, name: "rang".into(), payload };
            [ValidTable {
                path: "game::Table".into(),
                record: &TABLE,
                events: payload.map(event).into_iter().collect(),
            }]
        };
        let (narrow, wide, gone) = (table(Some(descriptor::<u8>())), table(Some(descriptor::<u64>())), table(None));
        let enter = |before: &Vocabulary, library, tables: &[ValidTable]| {
            let mut problems = Vec::new();
            let after = before.with(library, tables, None, &mut problems);
            (after, problems.into_iter().map(|problem| (problem.code, problem.subject)).collect::<Vec<_>>())
        };
        let refused = [("event.used", "game::Rang".to_owned())];
        let (alone, problems) = enter(&Vocabulary::default(), first, &narrow);
        assert_eq!(problems, []);
        assert_eq!(enter(&alone, first, &wide).1, [], "nobody else has it");
        assert_eq!(enter(&alone, first, &gone).1, [], "nobody else has it");
        let (both, problems) = enter(&alone, second, &narrow);
        assert_eq!(problems, []);
        assert_eq!(enter(&both, first, &wide).1, refused);
        assert_eq!(enter(&both, first, &gone).1, refused);
        assert_eq!(enter(&both, first, &narrow).1, []);
        let (again, problems) = enter(&both, second, &gone);
        assert_eq!(problems, []);
        assert_eq!(enter(&again, first, &wide).1, [], "the other one has gone without it");
    }
}
