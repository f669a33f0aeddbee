//! Short ways: the events of the host's own tables, found by a look at one place that the compiler knows. Events of
//! libraries, and of host tables whose places are taken, are found in the vocabulary.

use super::{
    LibraryId, Vocabulary,
    routes::{Routes, Way},
};
use crate::event::TableRecord;

/// Places; as many as a chain of tables has events before two of them meet.
const PLACES: usize = 64;

#[derive(Clone, Copy, Debug)]
struct Place {
    table: *const TableRecord,
    index: u16,
    way: Way,
}

/// See the file's header.
#[derive(Clone, Debug)]
pub(super) struct ShortWays([Place; PLACES]);

impl Default for ShortWays {
    fn default() -> Self {
        Self([Place { table: core::ptr::null(), index: 0, way: Way::default() }; PLACES])
    }
}

impl ShortWays {
    pub(super) fn build(vocabulary: &Vocabulary, routes: &Routes) -> Self {
        let mut ways = Self::default();
        for (table, index, event) in vocabulary.events_of(LibraryId::HOST) {
            let place = &mut ways.0[usize::from(index) % PLACES];
            if place.table.is_null() {
                *place = Place { table, index, way: routes.way(event) };
            }
        }
        ways
    }

    #[inline(always)]
    pub(super) fn find(&self, table: &'static TableRecord, index: u16) -> Option<Way> {
        let place = &self.0[usize::from(index) % PLACES];
        (core::ptr::eq(place.table, table) && place.index == index).then_some(place.way)
    }
}
