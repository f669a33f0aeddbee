//! The object table: from an id to an address and a class, in 12 bytes.

use super::{bytes::fetch, lane::Lane};
use crate::boundary::ObjectId;
use std::collections::BTreeMap;

/// Most classes a world can have.
pub(crate) const MAX_CLASSES: u16 = 0x7ff0;

/// Where in a row of handlers an object's is: its class's number times [`Seat::STEPS`], and one step further while the object is
/// quarantined, where no entry has a handler. So nothing has to be asked before the row is read. A step is eight bytes, because
/// that is the most by which a processor multiplies while it computes an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seat(u16);

impl Seat {
    /// From one class's to the next one's.
    pub(crate) const STEPS: usize = 2;

    /// Set in the seat of whoever receives nothing: the objects in quarantine, and the slots that have none.
    const RESTS: u16 = 1;

    /// In place of an object and its seat: whoever is here has no handler.
    pub(crate) const NOBODY: (*mut u8, Self) = (core::ptr::null_mut(), Self(Self::RESTS));

    const fn of(class: u16) -> Self {
        debug_assert!(class <= MAX_CLASSES);
        Self(class * Self::STEPS as u16)
    }

    const fn resting(self, rests: bool) -> Self {
        Self(self.0 & !Self::RESTS | if rests { Self::RESTS } else { 0 })
    }

    const fn rests(self) -> bool {
        self.0 & Self::RESTS != 0
    }

    pub(crate) const fn class(self) -> u16 {
        self.0 / Self::STEPS as u16
    }

    #[inline(always)]
    pub(crate) const fn steps(self) -> usize {
        self.0 as usize
    }
}

/// Why a slot has no object. Kept in place of the object's address, where none is as low as the last of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    /// Nobody has the slot.
    Free = 1,
    /// The id has been given out, the object comes later.
    Reserved = 2,
    /// The object is in the attic.
    InAttic = 3,
}

/// One object's address, class and generation.
#[repr(C, packed(4))]
#[derive(Clone, Copy)]
struct Slot {
    /// Bits 16 and up: the address, of which no more than 48 bits are used, or a [`Mark`]. Below: the [`Seat`].
    place: u64,
    generation: u32,
}

impl Slot {
    const fn vacant(mark: Mark, generation: u32) -> Self {
        Self { place: (mark as u64) << 16 | Seat::RESTS as u64, generation }
    }

    fn put(&mut self, object: *mut u8, seat: Seat) {
        self.place = (object.expose_provenance() as u64) << 16 | u64::from(seat.0);
    }

    fn mark(&mut self, mark: Mark) {
        *self = Self::vacant(mark, self.generation);
    }

    fn is(&self, mark: Mark) -> bool {
        self.place == Self::vacant(mark, 0).place
    }

    /// Of the object, if there is one.
    #[inline(always)]
    fn address(&self) -> *mut u8 {
        core::ptr::with_exposed_provenance_mut((self.place >> 16) as usize)
    }

    #[inline(always)]
    const fn seat(&self) -> Seat {
        Seat(self.place as u16)
    }

    #[inline(always)]
    const fn has_object(&self) -> bool {
        self.place >> 16 > Mark::InAttic as u64
    }
}

/// The object table.
#[derive(Default)]
pub(crate) struct Slots {
    slots: Lane<Slot>,
    free: Lane<u32>,
    /// The newest generation that a slot has had, where a file has put an older one into it: ids that were given out after the
    /// file was written stay those of objects that are gone.
    newest: BTreeMap<u32, u32>,
}

impl Slots {
    /// Gives out an id without an object.
    pub(super) fn reserve(&mut self) -> ObjectId {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.mark(Mark::Reserved);
            return ObjectId::from_parts(index, slot.generation);
        }
        let index = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        assert!(index < u32::MAX, "a world holds at most 2^32 - 1 objects");
        self.slots.push(Slot::vacant(Mark::Reserved, 1));
        ObjectId::from_parts(index, 1)
    }

    /// Gives a slot, which is reserved, its object.
    #[inline(always)]
    pub(super) fn occupy(&mut self, slot: u32, object: *mut u8, class: u16) {
        let slot = &mut self.slots[slot as usize];
        debug_assert!(slot.is(Mark::Reserved), "an id gets one object");
        slot.put(object, Seat::of(class));
    }

    /// Ends an id, if it has been given out.
    pub(super) fn release(&mut self, id: ObjectId) {
        if self.slot(id).is_some_and(|slot| !slot.is(Mark::Free)) {
            self.vacate(id.slot());
        }
    }

    /// Ends the id that a slot has now. A slot whose generations are used up is not used again.
    #[inline(always)]
    pub(super) fn vacate(&mut self, slot: u32) {
        let entry = &mut self.slots[slot as usize];
        entry.mark(Mark::Free);
        if !self.newest.is_empty() {
            entry.generation = entry.generation.max(self.newest.remove(&slot).unwrap_or(0));
        }
        if let Some(next) = entry.generation.checked_add(1) {
            entry.generation = next;
            self.free.push(slot);
        }
    }

    #[inline(always)]
    fn slot(&self, id: ObjectId) -> Option<Slot> {
        self.slots.get(id.slot() as usize).copied().filter(|slot| slot.generation == id.generation())
    }

    /// Address of an object, and its seat. Where there is nobody who receives events, the seat has no handler.
    #[inline(always)]
    pub(crate) fn target(&self, id: ObjectId) -> Option<(*mut u8, Seat)> {
        self.slot(id).map(|slot| (slot.address(), slot.seat()))
    }

    /// So many places of a list before its own an object is fetched, and twice as many before it what says where it lies.
    const AHEAD: usize = 16;

    /// Whether they and the objects are more than what a processor has near by.
    #[inline(always)]
    pub(crate) fn are_many(&self) -> bool {
        self.slots.len() > 16_384
    }

    /// Lets the processor fetch those further on in a list, worth it where [they are many](Self::are_many). `id_at` tells
    /// whom the list has so many places further on, if it goes on so far.
    #[inline(always)]
    pub(crate) fn fetch_ahead(&self, id_at: impl Fn(usize) -> Option<ObjectId>) {
        if let Some(slot) = id_at(Self::AHEAD).and_then(|near| self.slots.get(near.slot() as usize)) {
            fetch(slot.address());
        }
        if let Some(far) = id_at(2 * Self::AHEAD) {
            fetch(self.slots.as_ptr().wrapping_add(far.slot() as usize).cast());
        }
    }

    /// Address and class of an object, quarantined or not.
    #[inline(always)]
    pub(crate) fn object(&self, id: ObjectId) -> Option<(*mut u8, u16)> {
        let slot = self.slot(id)?;
        slot.has_object().then(|| (slot.address(), slot.seat().class()))
    }

    /// Whether the id has been given out, and its slot has this mark.
    fn is(&self, id: ObjectId, mark: Mark) -> bool {
        self.slot(id).is_some_and(|slot| slot.is(mark))
    }

    /// Whether the object is in the attic.
    pub(crate) fn is_in_attic(&self, id: ObjectId) -> bool {
        self.is(id, Mark::InAttic)
    }

    /// The object has been put into the attic: its id stays.
    pub(crate) fn put_in_attic(&mut self, id: ObjectId) {
        if let Some(slot) = self.slot_mut(id) {
            slot.mark(Mark::InAttic);
        }
    }

    /// The object of `slot` is at another address, and of another class than before.
    pub(super) fn settle(&mut self, slot: u32, object: *mut u8, class: u16, quarantined: bool) {
        self.slots[slot as usize].put(object, Seat::of(class).resting(quarantined));
    }

    /// The generation of each slot, for a save file.
    pub(crate) fn generations(&self) -> impl ExactSizeIterator<Item = u32> {
        self.slots.iter().map(|slot| slot.generation)
    }

    /// The newest generation of the slots that have an older one again.
    pub(crate) fn newest(&self) -> &BTreeMap<u32, u32> {
        &self.newest
    }

    /// Slots with these generations, none of them in use: which are is said with [`Slots::claim`].
    pub(crate) fn with_generations(generations: impl Iterator<Item = u32>, newest: BTreeMap<u32, u32>) -> Self {
        Self {
            slots: generations.map(|generation| Slot::vacant(Mark::Free, generation)).collect(),
            free: Lane::default(),
            newest,
        }
    }

    /// Takes the slot of `id` into use as reserved. False if there is none, it has another generation, or is in use.
    pub(crate) fn claim(&mut self, id: ObjectId) -> bool {
        match self.slot_mut(id) {
            Some(slot) if slot.is(Mark::Free) => {
                slot.mark(Mark::Reserved);
                true
            }
            _ => false,
        }
    }

    /// Takes the place of `former`, of which no id reaches an object from now on unless it is one of those that have been
    /// claimed: whoever has kept another one finds nobody, now and later.
    pub(crate) fn follow(&mut self, former: &Self) {
        for (index, slot) in (0..).zip(&*former.slots) {
            // The last one may have been given out: a free slot does not tell.
            let is_next = slot.is(Mark::Free) && slot.generation < u32::MAX;
            let had = slot.generation.saturating_sub(u32::from(is_next));
            let newest = former.newest.get(&index).map_or(had, |newest| had.max(*newest));
            match self.slots.get_mut(index as usize) {
                None => self.slots.push(Slot::vacant(Mark::Free, newest.saturating_add(1))),
                Some(own) if own.is(Mark::Free) => own.generation = own.generation.max(newest.saturating_add(1)),
                Some(own) if own.generation < newest => {
                    let own = self.newest.entry(index).or_default();
                    *own = newest.max(*own);
                }
                Some(_) => {}
            }
        }
    }

    /// Lets the slots that nobody has claimed be used. A slot whose generations are used up is not.
    pub(crate) fn free_unclaimed(&mut self) {
        let is_free = |slot: &Slot| slot.is(Mark::Free) && slot.generation < u32::MAX;
        self.free = (0..self.slots.len() as u32).rev().filter(|index| is_free(&self.slots[*index as usize])).collect();
    }

    /// Whether the id has been given out and not ended.
    #[cfg(test)]
    pub(crate) fn is_alive(&self, id: ObjectId) -> bool {
        self.slot(id).is_some_and(|slot| !slot.is(Mark::Free))
    }

    /// Whether the id has been given out and its object has not come yet.
    pub(crate) fn is_reserved(&self, id: ObjectId) -> bool {
        self.is(id, Mark::Reserved)
    }

    pub(crate) fn is_quarantined(&self, id: ObjectId) -> bool {
        self.slot(id).is_some_and(|slot| slot.has_object() && slot.seat().rests())
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
        entry.put(object, entry.seat());
    }

    pub(super) fn set_quarantined(&mut self, slot: u32, quarantined: bool) {
        let entry = &mut self.slots[slot as usize];
        entry.put(entry.address(), entry.seat().resting(quarantined));
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
        assert!(slots.target(first).expect("alive").1.rests() && slots.is_quarantined(first));
        assert_eq!(slots.object(first), Some((&raw mut byte, 3)));
        slots.release(first);
        let second = slots.reserve();
        assert_eq!(second.slot(), first.slot());
        assert!(!slots.is_alive(first) && slots.is_alive(second));
        assert!(!slots.is_reserved(first) && slots.is_reserved(second), "the old id must not reach the new object");
        slots.release(second);
        // The id that the free slot would give next is nobody's yet.
        slots.release(ObjectId::from_parts(second.slot(), second.generation() + 1));
        assert_ne!(slots.reserve().slot(), slots.reserve().slot(), "a slot is not free twice");
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
