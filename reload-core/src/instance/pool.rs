//! All instances of one class, one behind the other without holes. Quarantined instances are kept behind the active ones,
//! so that delivery walks a prefix and asks nothing.
#![expect(unsafe_code, reason = "raw memory of erased types")]

use super::{
    memory::{LINE, Memory, OutOfMemory, Room, no_memory},
    stride::Stride,
};
use std::ptr::null_mut;

/// Most lines of the processor's cache by which one pool's first instance is off another's.
const MOST_LINES: usize = 8;

/// The instances of one class. Elements are bytes to it: who inserts says what they are, who
/// removes or drops the pool has to drop them first.
#[derive(Debug)]
pub(crate) struct Pool {
    /// Bytes of one instance; at least 1, so that every instance has its own address.
    stride: Stride,
    align: usize,
    /// Bytes from the start of their room to the first instance; see [`lines_off`].
    off: usize,
    /// Address of the first instance.
    first: *mut u8,
    /// Of the slot of each instance.
    slots: *mut u32,
    len: usize,
    active: usize,
    /// Instances for which there is room.
    capacity: usize,
    /// With so few instances room is given back.
    few: usize,
    rooms: Rooms,
}

/// What a pool's memory is.
#[derive(Debug)]
struct Rooms {
    instances: Room,
    slots: Room,
}

/// An instance that a removal, a swap or a new room has moved.
pub(super) struct Moved {
    pub(super) slot: u32,
    pub(super) object: *mut u8,
}

impl Pool {
    pub(crate) fn new(class: u16, size: usize, align: usize) -> Self {
        let stride = size.max(1).next_multiple_of(align);
        let off = if align <= LINE { usize::from(class) % lines_off(stride) * LINE } else { 0 };
        Self {
            stride: Stride::new(stride),
            align,
            off,
            first: null_mut(),
            slots: null_mut(),
            len: 0,
            active: 0,
            capacity: 0,
            few: 0,
            rooms: Rooms { instances: Room::none(), slots: Room::none() },
        }
    }

    /// Number of instances, quarantined ones included.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Number of instances that receive events: the first ones.
    pub(crate) const fn active(&self) -> usize {
        self.active
    }

    pub(crate) const fn stride(&self) -> usize {
        self.stride.get()
    }

    /// The active instances: address of the first, their number, and bytes from one to the next.
    #[inline(always)]
    pub(crate) const fn active_ones(&self) -> (*mut u8, usize, usize) {
        (self.first, self.active, self.stride())
    }

    /// Address of the instance at `index`; the others lie before and behind it, [`Pool::stride`] bytes apart.
    #[inline(always)]
    pub(crate) fn object(&self, index: usize) -> *mut u8 {
        debug_assert!(index < self.len);
        // SAFETY: an index below `len` lies within the room.
        unsafe { self.first.add(index * self.stride()) }
    }

    /// Slot of the instance at `index`.
    pub(crate) fn slot(&self, index: usize) -> u32 {
        debug_assert!(index < self.len);
        // SAFETY: slots of indices below `len` have been written.
        unsafe { self.slot_place(index).read() }
    }

    #[inline(always)]
    fn slot_place(&self, index: usize) -> *mut u32 {
        debug_assert!(index < self.len);
        // SAFETY: an index below `len` lies within the room.
        unsafe { self.slots.add(index) }
    }

    /// Index of the instance at an address that may be any; `None` if it is none of this pool's.
    #[inline(always)]
    pub(super) fn index_of(&self, object: *mut u8) -> Option<usize> {
        let index = self.stride.count(object.addr().wrapping_sub(self.first.addr()));
        (index < self.len).then_some(index)
    }

    /// Room for one more instance, which belongs to `slot`; the caller writes it. Tells `note` who moved.
    #[inline]
    pub(super) fn push(&mut self, slot: u32, memory: &Memory, note: impl FnMut(Moved)) -> *mut u8 {
        if self.len == self.capacity || self.active < self.len {
            return self.push_with_moves(slot, memory, note);
        }
        let index = self.len;
        (self.len, self.active) = (index + 1, index + 1);
        // SAFETY: the index lies within the room.
        unsafe { self.slot_place(index).write(slot) };
        self.object(index)
    }

    #[cold]
    fn push_with_moves(&mut self, slot: u32, memory: &Memory, mut note: impl FnMut(Moved)) -> *mut u8 {
        if self.len == self.capacity {
            match self.grow(self.len + 1, memory) {
                Ok(false) => {}
                Ok(true) => (0..self.len).for_each(|index| note(self.moved_to(index))),
                Err(out_of_memory) => no_memory(out_of_memory),
            }
        }
        let (from, to) = (self.active, self.len);
        (self.len, self.active) = (to + 1, from + 1);
        if from != to {
            // The new instance is active: it takes the place of the first one that rests.
            let resting = self.slot(from);
            // SAFETY: two different instances of this pool, the second one not initialised yet.
            unsafe {
                core::ptr::copy_nonoverlapping(self.object(from), self.object(to), self.stride());
                self.slot_place(to).write(resting);
            }
            note(self.moved_to(to));
        }
        // SAFETY: the index is below `len`.
        unsafe { self.slot_place(from).write(slot) };
        self.object(from)
    }

    fn moved_to(&self, index: usize) -> Moved {
        Moved { slot: self.slot(index), object: self.object(index) }
    }

    /// Makes room for at least `wanted` instances. Answers whether those that are there have moved.
    ///
    /// # Errors
    ///
    /// There is no memory; then the instances are where they were.
    fn grow(&mut self, wanted: usize, memory: &Memory) -> Result<bool, OutOfMemory> {
        let bytes = |each: usize| {
            let all = wanted.checked_mul(each).and_then(|all| all.checked_add(self.off));
            all.ok_or(OutOfMemory { bytes: usize::MAX })
        };
        let (instances, slots) = (bytes(self.stride())?, bytes(size_of::<u32>())?);
        let Rooms { instances: room, slots: slots_room } = &mut self.rooms;
        slots_room.grow(slots, align_of::<u32>(), memory)?;
        let moved = room.grow(instances, self.align, memory)?;
        (self.first, self.slots) = (room.start().wrapping_add(self.off), slots_room.start().cast());
        self.set_capacity();
        Ok(moved && self.len > 0)
    }

    fn set_capacity(&mut self) {
        let Rooms { instances, slots } = &self.rooms;
        self.capacity =
            (instances.size().saturating_sub(self.off) / self.stride()).min(slots.size() / size_of::<u32>());
        self.few = if instances.can_shrink() { self.capacity / 4 } else { 0 };
    }

    /// Makes room for one instance per slot, `active` of them active. The instances are not there yet: until all are
    /// written, only [`Pool::clear`] may be called besides what gives their addresses.
    ///
    /// # Errors
    ///
    /// There is no memory; then the pool is empty.
    pub(crate) fn reserve(
        &mut self,
        slots: impl ExactSizeIterator<Item = u32>,
        active: usize,
        memory: &Memory,
    ) -> Result<(), OutOfMemory> {
        debug_assert!(self.len == 0 && active <= slots.len());
        if slots.len() > self.capacity {
            self.grow(slots.len(), memory)?;
        }
        (self.len, self.active) = (slots.len(), active);
        for (index, slot) in slots.enumerate() {
            // SAFETY: the index is below `len`, for which there is room.
            unsafe { self.slot_place(index).write(slot) };
        }
        Ok(())
    }

    /// Slots of all instances, in order.
    pub(crate) fn slots(&self) -> impl ExactSizeIterator<Item = u32> {
        (0..self.len).map(|index| self.slot(index))
    }

    /// Takes the instance at `hole` out; the caller has dropped or moved it. Tells `note` who moved.
    #[inline]
    pub(super) fn remove(&mut self, mut hole: usize, mut note: impl FnMut(Moved)) {
        if self.active < self.len && hole < self.active {
            // The last active one, whose place is the first of those that rest.
            self.active -= 1;
            self.fill(hole, self.active).into_iter().for_each(&mut note);
            hole = self.active;
        }
        self.fill(hole, self.len - 1).into_iter().for_each(note);
        self.len -= 1;
        self.active = self.active.min(self.len);
        if self.len < self.few {
            self.shrink();
        }
    }

    /// Room for twice the instances that are left stays.
    #[cold]
    fn shrink(&mut self) {
        self.rooms.instances.shrink(self.off + 2 * self.len * self.stride());
        self.rooms.slots.shrink(2 * self.len * size_of::<u32>());
        self.set_capacity();
    }

    /// Moves the instance at `from` into the hole at `to`.
    fn fill(&mut self, to: usize, from: usize) -> Option<Moved> {
        if to == from {
            return None;
        }
        let (slot, object) = (self.slot(from), self.object(to));
        // SAFETY: two different instances of this pool; the one at `to` is gone.
        unsafe { move_one(self.object(from), object, self.stride()) };
        // SAFETY: the index is below `len`.
        unsafe { self.slot_place(to).write(slot) };
        Some(Moved { slot, object })
    }

    /// Puts the instance at `index` behind the active ones.
    pub(super) fn quarantine(&mut self, index: usize) -> Option<[Moved; 2]> {
        if index >= self.active {
            return None;
        }
        self.active -= 1;
        let last = self.active;
        let (here, there) = (self.object(index), self.object(last));
        let (mine, other) = (self.slot(index), self.slot(last));
        if index != last {
            // SAFETY: two different instances of this pool.
            unsafe { core::ptr::swap_nonoverlapping(here, there, self.stride()) };
            // SAFETY: both indices are below `len`.
            unsafe {
                self.slot_place(index).write(other);
                self.slot_place(last).write(mine);
            }
        }
        Some([
            Moved { slot: mine, object: there },
            Moved { slot: other, object: if index == last { there } else { here } },
        ])
    }

    /// Makes all instances active again.
    pub(super) fn release_quarantined(&mut self) {
        self.active = self.len;
    }

    /// Gives all memory back. The caller has dropped or moved the instances.
    pub(crate) fn clear(&mut self, memory: &Memory) {
        (self.len, self.active, self.capacity, self.few) = (0, 0, 0, 0);
        (self.first, self.slots) = (null_mut(), null_mut());
        for room in [&mut self.rooms.instances, &mut self.rooms.slots] {
            memory.give_back(std::mem::replace(room, Room::none()));
        }
    }
}

/// Copies the bytes of one instance. Those of usual sizes without a call.
///
/// # Safety
///
/// 1. As for [`core::ptr::copy_nonoverlapping`].
#[inline(always)]
unsafe fn move_one(from: *const u8, to: *mut u8, bytes: usize) {
    macro_rules! sizes {
        ($($size:literal)*) => {
            match bytes {
                // SAFETY: (1)
                $($size => unsafe { core::ptr::copy_nonoverlapping(from.cast::<[u8; $size]>(), to.cast(), 1) },)*
                // SAFETY: (1)
                _ => unsafe { core::ptr::copy_nonoverlapping(from, to, bytes) },
            }
        };
    }
    sizes!(8 16 24 32 40 48 56 64 72 80 88 96 104 112 120 128);
}

/// By how many lines of the processor's cache the first instances of pools of this stride differ: as many as an instance
/// has whole ones. A handler that touches one line of each would use the same few sets of the cache for all classes,
/// because rooms are aligned.
const fn lines_off(stride: usize) -> usize {
    let lines = (1 << stride.trailing_zeros()) / LINE;
    match lines {
        0 => 1,
        lines if lines > MOST_LINES => MOST_LINES,
        lines => lines,
    }
}
