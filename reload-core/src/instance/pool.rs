//! All instances of one class, one behind the other without holes. Quarantined instances are kept behind the active ones,
//! so that delivery walks a prefix and asks nothing.
#![expect(unsafe_code, reason = "raw memory of erased types")]

use super::{
    bytes::move_one,
    lane::Lane,
    memory::{LINE, Memory, OutOfMemory, Room, no_memory},
    stride::Stride,
};

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
    /// Of the instances.
    room: Room,
    /// Address of the first one.
    first: *mut u8,
    /// The slot of each.
    slots: Lane<u32>,
    active: usize,
    /// Instances for which there is room.
    capacity: usize,
}

/// An instance that a removal, a swap or a new room has moved.
pub(super) struct Moved {
    pub(super) slot: u32,
    pub(super) object: *mut u8,
}

impl Pool {
    /// An empty pool whose rooms come from `memory`.
    pub(crate) fn new(class: u16, size: usize, align: usize, memory: &Memory) -> Self {
        let stride = size.max(1).next_multiple_of(align);
        let off = if align <= LINE { usize::from(class) % lines_off(stride) * LINE } else { 0 };
        Self {
            stride: Stride::new(stride),
            align,
            off,
            room: Room::none(memory.clone()),
            first: core::ptr::null_mut(),
            slots: Lane::new(memory.clone()),
            active: 0,
            capacity: 0,
        }
    }

    /// Number of instances, quarantined ones included.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
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
        debug_assert!(index < self.len());
        // SAFETY: an index below `len` lies within the room.
        unsafe { self.first.add(index * self.stride()) }
    }

    /// Slot of the instance at `index`.
    pub(crate) fn slot(&self, index: usize) -> u32 {
        self.slots[index]
    }

    /// Index of the instance at an address that may be any; `None` if it is none of this pool's.
    #[inline(always)]
    pub(super) fn index_of(&self, object: *mut u8) -> Option<usize> {
        let index = self.stride.count(object.addr().wrapping_sub(self.first.addr()));
        (index < self.len()).then_some(index)
    }

    /// Index of the instance within whose bytes an address lies that may be any.
    pub(super) fn index_around(&self, address: *mut u8) -> Option<usize> {
        let index = address.addr().wrapping_sub(self.first.addr()) / self.stride();
        (index < self.len()).then_some(index)
    }

    /// Room for one more instance, which belongs to `slot`; the caller writes it. Tells `note` who moved.
    #[inline(always)]
    pub(super) fn push(&mut self, slot: u32, note: impl FnMut(Moved)) -> *mut u8 {
        let index = self.len();
        if self.active < index || index == self.capacity {
            return self.push_with_moves(slot, note);
        }
        self.slots.push(slot);
        self.active = index + 1;
        self.object(index)
    }

    #[cold]
    fn push_with_moves(&mut self, slot: u32, mut note: impl FnMut(Moved)) -> *mut u8 {
        let (from, to) = (self.active, self.len());
        let moved = self.grow(to + 1).unwrap_or_else(|out_of_memory| no_memory(out_of_memory));
        if moved {
            (0..to).for_each(|index| note(self.moved_to(index)));
        }
        self.slots.push(slot);
        self.active = from + 1;
        if from != to {
            // The new instance is active: it takes the place of the first one that rests.
            // SAFETY: two different instances of this pool, the second one not initialised yet.
            unsafe { move_one(self.object(from), self.object(to), self.stride()) };
            self.slots.swap(from, to);
            note(self.moved_to(to));
        }
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
    fn grow(&mut self, wanted: usize) -> Result<bool, OutOfMemory> {
        let bytes = wanted.checked_mul(self.stride()).and_then(|bytes| bytes.checked_add(self.off));
        let moved = self.room.grow(bytes.ok_or(OutOfMemory { bytes: usize::MAX })?, self.align)?;
        self.look_at_room();
        Ok(moved)
    }

    /// The room has changed.
    fn look_at_room(&mut self) {
        self.first = self.room.start().wrapping_add(self.off);
        self.capacity = self.room.size().saturating_sub(self.off) / self.stride();
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
    ) -> Result<(), OutOfMemory> {
        debug_assert!(self.len() == 0 && active <= slots.len());
        self.slots.reserve(slots.len())?;
        self.grow(slots.len())?;
        slots.for_each(|slot| self.slots.push(slot));
        self.active = active;
        Ok(())
    }

    /// Slots of all instances, in order.
    pub(crate) fn slots(&self) -> impl ExactSizeIterator<Item = u32> {
        self.slots.iter().copied()
    }

    /// Takes the instance at `hole` out; the caller has dropped or moved it. Tells `note` who moved.
    #[inline]
    pub(super) fn remove(&mut self, mut hole: usize, mut note: impl FnMut(Moved)) {
        let last = self.len() - 1;
        if self.active <= last && hole < self.active {
            hole = self.move_hole_to_resting(hole, &mut note);
        }
        let from = self.object(last);
        let Some(slot) = self.slots.pop() else { return };
        self.active = self.active.min(last);
        if hole != last {
            note(self.put(slot, from, hole));
        }
        if self.room.can_shrink() && last < self.capacity / 4 {
            self.shrink();
        }
    }

    /// Fills a hole with the last active instance, whose place is the first of those that rest, and answers with that.
    #[cold]
    fn move_hole_to_resting(&mut self, hole: usize, note: &mut impl FnMut(Moved)) -> usize {
        self.active -= 1;
        if hole != self.active {
            note(self.put(self.slot(self.active), self.object(self.active), hole));
        }
        self.active
    }

    /// Room for twice the instances that are left stays.
    #[cold]
    fn shrink(&mut self) {
        let stays = 2 * self.len();
        self.room.shrink(self.off + stays * self.stride());
        self.slots.shrink(stays);
        self.look_at_room();
    }

    /// Moves the instance at `from`, which belongs to `slot`, into a hole.
    #[inline(always)]
    fn put(&mut self, slot: u32, from: *mut u8, hole: usize) -> Moved {
        let object = self.object(hole);
        // SAFETY: two different instances of this pool; the one in the hole is gone.
        unsafe { move_one(from, object, self.stride()) };
        self.slots[hole] = slot;
        Moved { slot, object }
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
            self.slots.swap(index, last);
        }
        Some([
            Moved { slot: mine, object: there },
            Moved { slot: other, object: if index == last { there } else { here } },
        ])
    }

    /// Makes all instances active again.
    pub(super) fn release_quarantined(&mut self) {
        self.active = self.len();
    }

    /// Gives all memory back. The caller has dropped or moved the instances.
    pub(crate) fn clear(&mut self) {
        self.active = 0;
        self.room.clear();
        self.slots.clear();
        self.look_at_room();
    }

    /// The end of a pool without instances.
    pub(crate) fn end(self) {
        debug_assert_eq!(self.len(), 0, "a pool with objects is never given back");
    }
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
