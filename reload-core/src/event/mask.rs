//! The event mask: which events of a table a class handles, as a constant.

use core::fmt;

/// Number of 64-bit words in a mask.
const WORDS: usize = 9;

/// First index that a user's table can use. Everything below belongs to the core's own
/// lifecycle events, so that a growing core never moves a user's event.
pub const FIRST_USER_EVENT: u16 = 64;

/// How many events a table can hold together with those that it extends, the core's not counted. A world has as many
/// numbers, for the tables of the host and of all its libraries.
pub const MAX_USER_EVENTS: u16 = 512;

/// One past the largest event index.
pub const EVENT_LIMIT: u16 = FIRST_USER_EVENT + MAX_USER_EVENTS;

/// A set of event indices: one bit per event of the table that the class was compiled with.
///
/// The mask of a class is a constant, so it can be asked at compile time:
///
/// ```
/// use reload_core::EventMask;
/// const MASK: EventMask = EventMask::EMPTY.with(64).with(70);
/// const _: () = assert!(MASK.contains(70) && !MASK.contains(71));
/// assert_eq!(MASK.iter().collect::<Vec<_>>(), [64, 70]);
/// ```
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventMask {
    words: [u64; WORDS],
}

impl EventMask {
    /// No event.
    pub const EMPTY: Self = Self { words: [0; WORDS] };

    /// This mask and `index`.
    ///
    /// # Panics
    ///
    /// When `index` is not below [`EVENT_LIMIT`]; in a constant that is a compile error.
    #[must_use]
    pub const fn with(mut self, index: u16) -> Self {
        assert!(index < EVENT_LIMIT, "event index out of range");
        self.words[index as usize / 64] |= 1 << (index % 64);
        self
    }

    /// The events of either mask.
    #[must_use]
    pub const fn union(mut self, other: Self) -> Self {
        let mut word = 0;
        while word < WORDS {
            self.words[word] |= other.words[word];
            word += 1;
        }
        self
    }

    /// The events of this mask that are not in `other`: `added = new.without(old)`.
    #[must_use]
    pub const fn without(mut self, other: Self) -> Self {
        let mut word = 0;
        while word < WORDS {
            self.words[word] &= !other.words[word];
            word += 1;
        }
        self
    }

    /// Whether the event with this index is in the mask. An index out of range is not.
    #[must_use]
    pub const fn contains(&self, index: u16) -> bool {
        index < EVENT_LIMIT && self.words[index as usize / 64] & (1 << (index % 64)) != 0
    }

    /// Whether there is no event in the mask.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of events in the mask.
    #[must_use]
    pub const fn len(&self) -> u32 {
        let (mut word, mut count) = (0, 0);
        while word < WORDS {
            count += self.words[word].count_ones();
            word += 1;
        }
        count
    }

    /// The indices in the mask, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u16> + use<> {
        let words = self.words;
        (0..EVENT_LIMIT).filter(move |index| words[usize::from(*index) / 64] & (1 << (index % 64)) != 0)
    }
}

impl fmt::Debug for EventMask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_is_part_of_every_operation() {
        let last = EVENT_LIMIT - 1;
        let mask = EventMask::EMPTY.with(0).with(last);
        assert!(mask.contains(last) && !mask.contains(last - 1) && !mask.contains(EVENT_LIMIT));
        assert_eq!(mask.len(), 2);
        assert_eq!(mask.without(EventMask::EMPTY.with(0)), EventMask::EMPTY.with(last));
        assert_eq!(EventMask::EMPTY.union(mask), mask);
        assert_eq!(format!("{mask:?}"), "{0, 575}");
    }
}
