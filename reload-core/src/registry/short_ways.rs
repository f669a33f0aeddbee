//! Short ways to the host's own events: number and handlers of each are found by a look at one place that the compiler knows.
//! Events of libraries, and of host tables whose places are taken, are found in the vocabulary.

use super::{LibraryId, Routes, Row, Vocabulary, known::key};
use crate::event::TableRecord;

/// Places; as many as a chain of tables has events before two of them meet.
const PLACES: usize = 64;

/// The way to one event.
#[derive(Clone, Debug)]
pub(crate) struct ShortWay {
    /// Whose it is, see [`key`]; 0, which is nobody's, while the place is free.
    key: u64,
    pub(crate) event: u16,
    pub(crate) row: Row,
}

/// See the file's header.
#[derive(Clone, Debug)]
pub(super) struct ShortWays([ShortWay; PLACES]);

impl Default for ShortWays {
    fn default() -> Self {
        let nobodys = Row::of(0);
        Self(core::array::from_fn(|_| ShortWay { key: 0, event: 0, row: nobodys.clone() }))
    }
}

/// The place of a table's event number `index`.
#[inline(always)]
pub(crate) const fn place(index: u16) -> u16 {
    index % PLACES as u16
}

impl ShortWays {
    /// The event whose way is at a place.
    pub(super) fn event_at(&self, place: u16) -> Option<u16> {
        self.0.get(usize::from(place)).map(|way| way.event)
    }

    pub(super) fn build(vocabulary: &Vocabulary, routes: &Routes) -> Self {
        let mut ways = Self::default();
        for (table, index, event) in vocabulary.events_of(LibraryId::HOST) {
            let way = &mut ways.0[usize::from(place(index))];
            if way.key == 0
                && let Some(row) = routes.row(event)
            {
                *way = ShortWay { key: key(table, index), event, row: row.clone() };
            }
        }
        ways
    }

    #[inline(always)]
    pub(super) fn find(&self, table: &'static TableRecord, index: u16) -> Option<&ShortWay> {
        let way = &self.0[usize::from(place(index))];
        (way.key == key(table, index)).then_some(way)
    }
}
