//! The object table: from an id to an address and a class, in 12 bytes.

use super::lane::Lane;
use crate::boundary::ObjectId;

/// Most classes a world can have.
pub(crate) const MAX_CLASSES: u16 = 0x7ff0;

/// Set beside a class while the object is quarantined: no row of handlers reaches that far, so
/// targeted delivery finds nothing without asking.
const QUARANTINED: u16 = 0x8000;

/// In place of a class: the id has been given out, the object comes later.
const RESERVED: u16 = 0x7ffe;

/// In place of a class: the object is in the attic.
const IN_ATTIC: u16 = 0x7ffd;

/// In place of a class: nobody.
const FREE: u16 = 0x7fff;

/// One object's address, class and generation.
#[repr(C, packed(4))]
#[derive(Clone, Copy)]
struct Slot {
    /// Bits 16 and up: the address, of which no more than 48 bits are used. Below: the class, or one of the marks above.
    place: u64,
    generation: u32,
}

impl Slot {
    const fn vacant(mark: u16, generation: u32) -> Self {
        Self { place: mark as u64, generation }
    }

    fn put(&mut self, object: *mut u8, class: u16) {
        self.place = (object.expose_provenance() as u64) << 16 | u64::from(class);
    }

    fn mark(&mut self, mark: u16) {
        *self = Self::vacant(mark, self.generation);
    }

    #[inline(always)]
    fn address(&self) -> *mut u8 {
        core::ptr::with_exposed_provenance_mut((self.place >> 16) as usize)
    }

    #[inline(always)]
    const fn class(&self) -> u16 {
        self.place as u16
    }
}

/// The object table.
#[derive(Default)]
pub(crate) struct Slots {
    slots: Lane<Slot>,
    free: Lane<u32>,
}

impl Slots {
    /// Gives out an id without an object.
    pub(super) fn reserve(&mut self) -> ObjectId {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.mark(RESERVED);
            return ObjectId::from_parts(index, slot.generation);
        }
        let index = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        assert!(index < u32::MAX, "a world holds at most 2^32 - 1 objects");
        self.slots.push(Slot::vacant(RESERVED, 1));
        ObjectId::from_parts(index, 1)
    }

    /// Gives a slot, which is reserved, its object.
    #[inline(always)]
    pub(super) fn occupy(&mut self, slot: u32, object: *mut u8, class: u16) {
        let slot = &mut self.slots[slot as usize];
        debug_assert_eq!(slot.class(), RESERVED, "an id gets one object");
        slot.put(object, class);
    }

    /// Ends an id.
    pub(super) fn release(&mut self, id: ObjectId) {
        if self.target(id).is_some() {
            self.vacate(id.slot());
        }
    }

    /// Ends the id that a slot has now. A slot whose generations are used up is not used again.
    #[inline(always)]
    pub(super) fn vacate(&mut self, slot: u32) {
        let entry = &mut self.slots[slot as usize];
        entry.mark(FREE);
        if let Some(next) = entry.generation.checked_add(1) {
            entry.generation = next;
            self.free.push(slot);
        }
    }

    /// Address and class as rows of handlers are indexed: a class out of every row's range while the
    /// object is quarantined or only reserved.
    #[inline(always)]
    pub(crate) fn target(&self, id: ObjectId) -> Option<(*mut u8, u16)> {
        let slot = self.slots.get(id.slot() as usize)?;
        if slot.generation != id.generation() {
            return None;
        }
        Some((slot.address(), slot.class()))
    }

    /// Address and class of an object, quarantined or not.
    #[inline(always)]
    pub(crate) fn object(&self, id: ObjectId) -> Option<(*mut u8, u16)> {
        let (object, class) = self.target(id)?;
        let class = class & !QUARANTINED;
        (class < IN_ATTIC).then_some((object, class))
    }

    /// Whether the object is in the attic.
    pub(crate) fn is_in_attic(&self, id: ObjectId) -> bool {
        self.target(id).is_some_and(|(_, class)| class == IN_ATTIC)
    }

    /// The object has been put into the attic: its id stays.
    pub(crate) fn put_in_attic(&mut self, id: ObjectId) {
        if let Some(slot) = self.slot_mut(id) {
            slot.mark(IN_ATTIC);
        }
    }

    /// The object of `slot` is at another address, and of another class than before.
    pub(super) fn settle(&mut self, slot: u32, object: *mut u8, class: u16, quarantined: bool) {
        let class = if quarantined { class | QUARANTINED } else { class };
        self.slots[slot as usize].put(object, class);
    }

    /// The generation of each slot, for a save file.
    pub(crate) fn generations(&self) -> impl ExactSizeIterator<Item = u32> {
        self.slots.iter().map(|slot| slot.generation)
    }

    /// Slots with these generations, none of them in use: which are is said with [`Slots::claim`].
    pub(crate) fn with_generations(generations: impl Iterator<Item = u32>) -> Self {
        Self { slots: generations.map(|generation| Slot::vacant(FREE, generation)).collect(), free: Lane::default() }
    }

    /// Takes the slot of `id` into use as reserved. False if there is none, it has another generation, or is in use.
    pub(crate) fn claim(&mut self, id: ObjectId) -> bool {
        match self.slot_mut(id) {
            Some(slot) if slot.class() == FREE => {
                slot.mark(RESERVED);
                true
            }
            _ => false,
        }
    }

    /// Lets the slots that nobody has claimed be used. A slot whose generations are used up is not.
    pub(crate) fn free_unclaimed(&mut self) {
        let is_free = |slot: &Slot| slot.class() == FREE && slot.generation < u32::MAX;
        self.free = (0..self.slots.len() as u32).rev().filter(|index| is_free(&self.slots[*index as usize])).collect();
    }

    /// Whether the id has been given out and not ended.
    #[cfg(test)]
    pub(crate) fn is_alive(&self, id: ObjectId) -> bool {
        self.target(id).is_some_and(|(_, class)| class != FREE)
    }

    /// Whether the id has been given out and its object has not come yet.
    pub(crate) fn is_reserved(&self, id: ObjectId) -> bool {
        self.target(id).is_some_and(|(_, class)| class == RESERVED)
    }

    pub(crate) fn is_quarantined(&self, id: ObjectId) -> bool {
        self.target(id).is_some_and(|(_, class)| class & QUARANTINED != 0)
    }

    /// The id that a slot has now.
    pub(crate) fn id_of(&self, slot: u32) -> ObjectId {
        ObjectId::from_parts(slot, self.slots[slot as usize].generation)
    }

    /// [`Slots::id_of`] for a slot that may be any.
    pub(super) fn current(&self, slot: u32) -> Option<ObjectId> {
        Some(ObjectId::from_parts(slot, self.slots.get(slot as usize)?.generation))
    }

    /// The object of `slot` has moved.
    pub(super) fn moved(&mut self, slot: u32, object: *mut u8) {
        let entry = &mut self.slots[slot as usize];
        entry.put(object, entry.class());
    }

    pub(super) fn set_quarantined(&mut self, slot: u32, quarantined: bool) {
        let entry = &mut self.slots[slot as usize];
        let class = entry.class() & !QUARANTINED;
        entry.put(entry.address(), if quarantined { class | QUARANTINED } else { class });
    }

    fn slot_mut(&mut self, id: ObjectId) -> Option<&mut Slot> {
        self.slots.get_mut(id.slot() as usize).filter(|slot| slot.generation == id.generation())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_twelve_bytes_and_used_again_under_a_new_generation() {
        assert_eq!(size_of::<Slot>(), 12);
        let mut slots = Slots::default();
        let first = slots.reserve();
        assert!(slots.is_alive(first) && slots.object(first).is_none());
        let mut byte = 0_u8;
        slots.occupy(first.slot(), &raw mut byte, 3);
        assert_eq!(slots.object(first), Some((&raw mut byte, 3)));
        slots.set_quarantined(first.slot(), true);
        assert!(slots.target(first).expect("alive").1 > MAX_CLASSES);
        assert_eq!(slots.object(first), Some((&raw mut byte, 3)));
        slots.release(first);
        let second = slots.reserve();
        assert_eq!(second.slot(), first.slot());
        assert!(!slots.is_alive(first) && slots.is_alive(second));
        assert!(!slots.is_reserved(first) && slots.is_reserved(second), "the old id must not reach the new object");
    }

    #[test]
    fn a_slot_with_no_generation_left_retires() {
        let mut slots = Slots::default();
        let id = slots.reserve();
        slots.slots[0].generation = u32::MAX;
        slots.release(ObjectId::from_parts(id.slot(), u32::MAX));
        assert_ne!(slots.reserve().slot(), id.slot());
    }
}
