//! The stable name of an object.

use core::{cmp::Ordering, fmt};

/// The stable name of one object: a slot and the slot's generation. An id outlives its object;
/// it never names another one, because the generation grows when a slot is used again.
// One number, because two that are stored one after the other and fetched together hold the processor up. The slot is its
// lower half, because it is needed first.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObjectId(u64);

impl ObjectId {
    /// The id that names no object; also the default.
    pub const NONE: Self = Self::from_parts(u32::MAX, 0);

    /// An id from its parts, as a save file has them.
    #[must_use]
    pub const fn from_parts(slot: u32, generation: u32) -> Self {
        Self((generation as u64) << 32 | slot as u64)
    }

    /// The id as one number.
    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The slot.
    #[must_use]
    pub const fn slot(self) -> u32 {
        self.0 as u32
    }

    /// The slot's generation.
    #[must_use]
    pub const fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// As a report has it: `#4.1`.
    pub(crate) fn serialize_as_text<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    /// Whether this is [`ObjectId::NONE`].
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.slot() == u32::MAX
    }
}

/// By slot, then by generation.
impl Ord for ObjectId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.rotate_left(32).cmp(&other.0.rotate_left(32))
    }
}

impl PartialOrd for ObjectId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Default for ObjectId {
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() { f.write_str("#none") } else { write!(f, "#{}.{}", self.slot(), self.generation()) }
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is not an object id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAnObjectId(String);

impl fmt::Display for NotAnObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not an object id: expected `#slot.generation`, such as `#12.1`", self.0)
    }
}

impl std::error::Error for NotAnObjectId {}

impl core::str::FromStr for ObjectId {
    type Err = NotAnObjectId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "#none" {
            return Ok(Self::NONE);
        }
        text.strip_prefix('#')
            .and_then(|rest| rest.split_once('.'))
            .and_then(|(slot, generation)| Some(Self::from_parts(slot.parse().ok()?, generation.parse().ok()?)))
            .ok_or_else(|| NotAnObjectId(text.to_owned()))
    }
}

impl serde::Serialize for ObjectId {
    /// As text, `#12.1`.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for ObjectId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_order_of_slots() {
        let mut ids =
            [ObjectId::NONE, ObjectId::from_parts(2, 1), ObjectId::from_parts(1, 7), ObjectId::from_parts(1, 3)];
        ids.sort();
        assert_eq!(ids.map(|id| id.to_string()), ["#1.3", "#1.7", "#2.1", "#none"]);
    }
}
