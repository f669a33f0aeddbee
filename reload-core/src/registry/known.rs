//! From an image's number of an event to the world's, at one look: for handlers, which ask for events by their own image's
//! numbers.

use crate::{event::TableRecord, schema::Descriptor};

/// An event as whoever sends it needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownEvent {
    /// The world's number.
    pub(crate) event: u16,
    pub(crate) payload: &'static Descriptor,
}

/// Table and index as one number, which is not 0: addresses leave the highest 16 bits alone, and two tables are further apart
/// than any index.
#[inline(always)]
pub(super) fn key(table: *const TableRecord, index: u16) -> u64 {
    table.addr() as u64 ^ u64::from(index) << 48
}

/// A hash table with so much room that an entry is nearly always where it is looked for first.
#[derive(Clone, Debug)]
pub(super) struct KnownEvents {
    /// As many as a power of two, some of them without an entry, at which a search ends.
    places: Box<[Option<(u64, KnownEvent)>]>,
}

impl Default for KnownEvents {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl KnownEvents {
    pub(super) fn new(events: &[(*const TableRecord, u16, KnownEvent)]) -> Self {
        Self::with(events, (events.len() * 4).next_power_of_two())
    }

    /// With so many places: a power of two, and more than there are events.
    fn with(events: &[(*const TableRecord, u16, KnownEvent)], places: usize) -> Self {
        let mut this = Self { places: vec![None; places].into() };
        for (table, index, event) in events {
            let key = key(*table, *index);
            let mut at = this.first(key);
            while this.places[at].is_some() {
                at = this.after(at);
            }
            this.places[at] = Some((key, *event));
        }
        this
    }

    /// Where a key is looked for first: the highest bits of its product with the golden ratio, the index being lowest, so that all
    /// of the key counts.
    #[inline(always)]
    const fn first(&self, key: u64) -> usize {
        let product = key.rotate_left(16).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (product >> 32) as usize & (self.places.len() - 1)
    }

    #[inline(always)]
    const fn after(&self, at: usize) -> usize {
        (at + 1) & (self.places.len() - 1)
    }

    #[inline(always)]
    pub(super) fn find(&self, table: &'static TableRecord, index: u16) -> Option<KnownEvent> {
        let key = key(table, index);
        let mut at = self.first(key);
        while let Some((other, event)) = self.places[at] {
            if other == key {
                return Some(event);
            }
            at = self.after(at);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        boundary::{RawSlice, RawStr},
        schema::descriptor,
    };

    #[test]
    fn each_event_is_found_by_its_own_table_and_number_alone() {
        static TABLES: [TableRecord; 6] =
            [const { TableRecord { path: RawStr::new(""), first: 0, events: RawSlice::EMPTY, base: None } }; 6];
        let number = |table: usize, index: u16| table as u16 * 100 + index;
        let events: Vec<_> = TABLES[1..]
            .iter()
            .zip(1..)
            .flat_map(|(record, table)| (0..90).map(move |index| (record, table, index)))
            .map(|(record, table, index)| {
                let event = KnownEvent { event: number(table, index), payload: descriptor::<u8>() };
                (core::ptr::from_ref(record), index, event)
            })
            .collect();
        // 512 are so few that many are not where they are looked for first.
        for known in [KnownEvents::new(&events), KnownEvents::with(&events, 512)] {
            for (table, record) in TABLES.iter().enumerate() {
                for index in 0..100 {
                    let found = known.find(record, index).map(|known| known.event);
                    assert_eq!(
                        found,
                        (table > 0 && index < 90).then(|| number(table, index)),
                        "{index} of table {table}"
                    );
                }
            }
        }
        assert!(KnownEvents::default().find(&TABLES[0], 0).is_none());
    }
}
