//! Short ways to the numbers of the host's own events: each is found by a look at one place that the compiler knows. Events of
//! libraries, and of host tables whose places are taken, are found in the vocabulary.

use super::{LibraryId, Vocabulary};
use crate::event::TableRecord;

/// Places; as many as a chain of tables has events before two of them meet.
const PLACES: usize = 64;

#[derive(Clone, Copy, Debug)]
struct Place {
    table: *const TableRecord,
    index: u16,
    event: u16,
}

/// See the file's header.
#[derive(Clone, Debug)]
pub(super) struct ShortWays([Place; PLACES]);

impl Default for ShortWays {
    fn default() -> Self {
        Self([Place { table: core::ptr::null(), index: 0, event: 0 }; PLACES])
    }
}

impl ShortWays {
    pub(super) fn build(vocabulary: &Vocabulary) -> Self {
        let mut ways = Self::default();
        for (table, index, event) in vocabulary.events_of(LibraryId::HOST) {
            let place = &mut ways.0[usize::from(index) % PLACES];
            if place.table.is_null() {
                *place = Place { table, index, event };
            }
        }
        ways
    }

    #[inline(always)]
    pub(super) fn find(&self, table: &'static TableRecord, index: u16) -> Option<u16> {
        let place = &self.0[usize::from(index) % PLACES];
        (core::ptr::eq(place.table, table) && place.index == index).then_some(place.event)
    }
}
