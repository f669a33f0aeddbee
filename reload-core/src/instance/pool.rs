//! All instances of one class, packed without holes into chunks. Quarantined instances are kept
//! behind the active ones, so that delivery walks a prefix and asks nothing.
#![expect(unsafe_code, reason = "raw memory of erased types")]

use super::{
    chunk::{CHUNK, ChunkSource, OutOfMemory},
    divisor::Divisor,
};
use std::ptr::NonNull;

/// Bytes at the start of a chunk that belong to the chunk itself.
const HEADER: usize = 64;

/// Bytes of a line of the processor's cache.
const LINE: usize = 64;

/// How many lines of the next chunk are fetched while one is at work; by then the processor fetches more by itself.
#[cfg(target_arch = "x86_64")]
const FETCHED: usize = 16;

/// Most places at which a chunk's first instance may lie.
const MOST_PLACES: usize = 8;

/// What stands at the start of each chunk.
#[repr(C)]
struct Header {
    /// Position of the chunk in its pool.
    ordinal: u32,
    /// Index of the pool's class.
    class: u32,
}

/// The instances of one class. Elements are bytes to it: who inserts says what they are, who
/// removes or drops the pool has to drop them first.
#[derive(Debug)]
pub(crate) struct Pool {
    class: u16,
    /// Bytes of one instance; at least 1, so that every instance has its own address.
    stride: Divisor,
    /// Least bytes from a chunk's start to its first instance; see [`Pool::first_in`].
    first: usize,
    /// Number of places at which a chunk's first instance may lie, a power of two, less one.
    places: usize,
    /// Bytes from a chunk's start to the slots of its instances.
    slots_at: usize,
    /// Instances in a chunk.
    capacity: Divisor,
    /// Bytes of a chunk.
    chunk_size: usize,
    chunks: Vec<NonNull<u8>>,
    len: usize,
    active: usize,
    /// Where instances come and go.
    tail: Tail,
}

/// The chunk of the last instance. At hand, so that coming and going need not find it.
#[derive(Clone, Copy, Debug)]
struct Tail {
    /// Of the chunk.
    first: *mut u8,
    /// Of its instances.
    slots: *mut u32,
    /// Instances in it: as many as fit when the next one needs another chunk, as in a pool without instances.
    len: usize,
}

/// An instance that a removal or a swap has moved.
pub(super) struct Moved {
    pub(super) slot: u32,
    pub(super) object: *mut u8,
}

impl Pool {
    pub(crate) fn new(class: u16, size: usize, align: usize) -> Self {
        let stride = size.max(1).next_multiple_of(align);
        let first = HEADER.next_multiple_of(align);
        let places = if align <= LINE { places_of(stride) } else { 1 };
        let last_first = first + (places - 1) * LINE;
        let fitting = CHUNK.saturating_sub(last_first) / (stride + size_of::<u32>());
        let capacity = fitting.max(1);
        let slots_at = (last_first + capacity * stride).next_multiple_of(align_of::<u32>());
        let needed = slots_at + capacity * size_of::<u32>();
        // Rounding `slots_at` up may have cost the last instance its slot.
        let (capacity, slots_at) = if needed > CHUNK && capacity > 1 {
            (capacity - 1, (last_first + (capacity - 1) * stride).next_multiple_of(align_of::<u32>()))
        } else {
            (capacity, slots_at)
        };
        let chunk_size = (slots_at + capacity * size_of::<u32>()).next_multiple_of(CHUNK);
        Self {
            class,
            stride: Divisor::new(stride),
            first,
            places: places - 1,
            slots_at,
            capacity: Divisor::new(capacity),
            chunk_size,
            chunks: Vec::new(),
            len: 0,
            active: 0,
            tail: Tail { first: core::ptr::null_mut(), slots: core::ptr::null_mut(), len: capacity },
        }
    }

    /// Number of instances, quarantined ones included.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Number of instances that receive events.
    pub(crate) const fn active(&self) -> usize {
        self.active
    }

    pub(crate) const fn stride(&self) -> usize {
        self.stride.get()
    }

    /// The chunk at `ordinal` as (first instance, number of active instances).
    #[inline(always)]
    pub(crate) fn active_chunk(&self, ordinal: usize) -> Option<(*mut u8, usize)> {
        let left = self.active.checked_sub(ordinal * self.capacity.get()).filter(|left| *left > 0)?;
        let chunk = self.chunks[ordinal];
        // SAFETY: the first instance lies within the chunk.
        Some((unsafe { self.object_in(chunk, 0) }, left.min(self.capacity.get())))
    }

    /// Has the processor fetch the beginning of a chunk, if there is one. A handler's loop leads it from line to line, but
    /// nothing tells it where the next chunk is: without this each of them begins with waiting for memory.
    #[inline(always)]
    pub(crate) fn prefetch(&self, ordinal: usize) {
        #[cfg(target_arch = "x86_64")]
        if let Some(&chunk) = self.chunks.get(ordinal) {
            use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            // SAFETY: the first instance lies within the chunk.
            let first = unsafe { self.object_in(chunk, 0) };
            for line in 0..FETCHED {
                // SAFETY: it is a hint that changes nothing and cannot fail, whatever the address.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(first.wrapping_add(line * LINE).cast()) };
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = ordinal;
    }

    /// Bytes from the start of this chunk to its first instance.
    ///
    /// Not the same in all chunks where instances are as long as several lines of the cache: a handler that touches one
    /// line of each would use the same few sets of the cache in every chunk, because chunks are aligned.
    #[inline(always)]
    fn first_in(&self, chunk: *mut u8) -> usize {
        if self.places == 0 {
            return self.first;
        }
        let number = chunk.addr() / CHUNK;
        // Classes that grow in turn have every eighth chunk or so.
        self.first + ((number + number / MOST_PLACES) & self.places) * LINE
    }

    /// Address of the instance at `index`.
    pub(crate) fn object(&self, index: usize) -> *mut u8 {
        debug_assert!(index < self.len);
        let (ordinal, position) = self.capacity.divide(index);
        // SAFETY: an index below `len` lies within its chunk.
        unsafe { self.object_in(self.chunks[ordinal], position) }
    }

    /// Slot of the instance at `index`.
    pub(crate) fn slot(&self, index: usize) -> u32 {
        debug_assert!(index < self.len);
        // SAFETY: slots of indices below `len` have been written.
        unsafe { self.slot_place(index).read() }
    }

    fn slot_place(&self, index: usize) -> *mut u32 {
        let (ordinal, position) = self.capacity.divide(index);
        // SAFETY: an index below `len` lies within its chunk.
        unsafe { self.slot_in(self.chunks[ordinal], position) }
    }

    /// # Safety
    ///
    /// 1. `chunk` is one of this pool, and `position` is below its capacity.
    #[inline(always)]
    unsafe fn object_in(&self, chunk: NonNull<u8>, position: usize) -> *mut u8 {
        // SAFETY: (1) the instances lie within the chunk.
        unsafe { chunk.as_ptr().add(self.first_in(chunk.as_ptr()) + position * self.stride()) }
    }

    /// # Safety
    ///
    /// As for [`Pool::object_in`].
    #[inline(always)]
    unsafe fn slot_in(&self, chunk: NonNull<u8>, position: usize) -> *mut u32 {
        // SAFETY: (1) the slots lie within the chunk; the alignment was taken care of in `new`.
        unsafe { chunk.as_ptr().add(self.slots_at).cast::<u32>().add(position) }
    }

    /// Index of the instance at this address.
    ///
    /// # Safety
    ///
    /// 1. `object` is the address of an instance of this pool.
    pub(super) unsafe fn index_of(&self, object: *mut u8) -> usize {
        let offset = object.addr() % CHUNK;
        let chunk = object.wrapping_sub(offset);
        // SAFETY: (1) chunks are aligned to `CHUNK` and begin with a header that `push` has written.
        let ordinal = unsafe { (*chunk.cast::<Header>()).ordinal } as usize;
        ordinal * self.capacity.get() + self.stride.divide(offset - self.first_in(chunk)).0
    }

    /// Slot of the instance at an address that may be any; `None` if it is none of this pool's.
    pub(super) fn slot_at(&self, object: *mut u8) -> Option<u32> {
        let offset = object.addr() % CHUNK;
        let ordinal = self.chunks.iter().position(|chunk| chunk.as_ptr().addr() == object.addr() - offset)?;
        let first = self.first_in(self.chunks[ordinal].as_ptr());
        let within = self.stride.divide(offset.checked_sub(first)?).0;
        let index = ordinal * self.capacity.get() + within;
        (within < self.capacity.get() && index < self.len).then(|| self.slot(index))
    }

    /// Room for one more instance, which belongs to `slot`; the caller writes it.
    #[inline]
    pub(super) fn push(&mut self, slot: u32, chunks: &ChunkSource) -> (*mut u8, Option<Moved>) {
        if self.tail.len == self.capacity.get() {
            self.begin_chunk(chunks);
        }
        if self.active < self.len {
            return self.push_before_resting(slot);
        }
        let position = self.tail.len;
        (self.tail.len, self.len, self.active) = (position + 1, self.len + 1, self.active + 1);
        // SAFETY: the position lies within the chunk.
        unsafe {
            self.tail.slots.add(position).write(slot);
            (self.tail.first.add(position * self.stride()), None)
        }
    }

    /// The new instance is active: it takes the place of the first one that rests.
    #[cold]
    fn push_before_resting(&mut self, slot: u32) -> (*mut u8, Option<Moved>) {
        let index = self.len;
        (self.tail.len, self.len) = (self.tail.len + 1, index + 1);
        let (from, to) = (self.object(self.active), self.object(index));
        // SAFETY: two different instances of this pool, `to` not initialised yet.
        unsafe { core::ptr::copy_nonoverlapping(from, to, self.stride()) };
        let quarantined = self.slot(self.active);
        // SAFETY: both indices are below `len`.
        unsafe {
            self.slot_place(index).write(quarantined);
            self.slot_place(self.active).write(slot);
        }
        self.active += 1;
        (from, Some(Moved { slot: quarantined, object: to }))
    }

    /// Lets the tail be the chunk behind it, without instances yet.
    #[cold]
    fn begin_chunk(&mut self, chunks: &ChunkSource) {
        let ordinal = self.capacity.divide(self.len).0;
        if ordinal == self.chunks.len() {
            self.add(chunks.take(self.chunk_size));
        }
        self.set_tail(ordinal, 0);
    }

    fn set_tail(&mut self, ordinal: usize, len: usize) {
        let chunk = self.chunks[ordinal];
        // SAFETY: the first position lies within the chunk.
        let (first, slots) = unsafe { (self.object_in(chunk, 0), self.slot_in(chunk, 0)) };
        self.tail = Tail { first, slots, len };
    }

    /// Finds the tail of a pool whose length has been set.
    fn find_tail(&mut self) {
        match self.len.checked_sub(1).map(|last| self.capacity.divide(last)) {
            Some((ordinal, position)) => self.set_tail(ordinal, position + 1),
            None => self.tail.len = self.capacity.get(),
        }
    }

    fn add(&mut self, chunk: NonNull<u8>) {
        let header = Header { ordinal: self.chunks.len() as u32, class: u32::from(self.class) };
        // SAFETY: a chunk is larger than a header and aligned to 64 KiB.
        unsafe { chunk.cast::<Header>().write(header) };
        self.chunks.push(chunk);
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
        chunks: &ChunkSource,
    ) -> Result<(), OutOfMemory> {
        debug_assert!(self.len == 0 && active <= slots.len());
        let needed = slots.len().div_ceil(self.capacity.get());
        while self.chunks.len() < needed {
            match chunks.try_take(self.chunk_size) {
                Ok(chunk) => self.add(chunk),
                Err(out_of_memory) => {
                    self.clear(chunks);
                    return Err(out_of_memory);
                }
            }
        }
        (self.len, self.active) = (slots.len(), active);
        self.find_tail();
        for (index, slot) in slots.enumerate() {
            // SAFETY: the index is below `len`, whose chunks are there.
            unsafe { self.slot_place(index).write(slot) };
        }
        Ok(())
    }

    /// Instances that lie one after the other from `index` on, in one chunk.
    pub(crate) const fn neighbours(&self, index: usize) -> usize {
        let (in_chunk, left) = (self.capacity.get() - self.capacity.divide(index).1, self.len - index);
        if in_chunk < left { in_chunk } else { left }
    }

    /// Slots of all instances, in order.
    pub(crate) fn slots(&self) -> impl ExactSizeIterator<Item = u32> {
        (0..self.len).map(|index| self.slot(index))
    }

    /// Takes an instance out; the caller has dropped or moved it. Tells `note` who moved.
    ///
    /// # Safety
    ///
    /// 1. `hole` is the address of an instance of this pool.
    #[inline]
    pub(super) unsafe fn remove(&mut self, hole: *mut u8, chunks: &ChunkSource, mut note: impl FnMut(Moved)) {
        if self.active < self.len {
            // SAFETY: (1)
            return unsafe { self.remove_among_resting(hole, chunks) }.into_iter().flatten().for_each(note);
        }
        let position = self.tail.len - 1;
        (self.tail.len, self.len, self.active) = (position, self.len - 1, self.active - 1);
        // SAFETY: the last instance lies within its chunk.
        let (last, slot) =
            unsafe { (self.tail.first.add(position * self.stride()), self.tail.slots.add(position).read()) };
        if last != hole {
            // The header is not looked at: those of all chunks share a few lines of the cache.
            let offset = hole.addr() % CHUNK;
            // SAFETY: (1) the hole and its slot lie in the chunk that is found by its alignment.
            unsafe {
                core::ptr::copy_nonoverlapping(last, hole, self.stride());
                let chunk = NonNull::new_unchecked(hole.wrapping_sub(offset));
                let first = self.first_in(chunk.as_ptr());
                self.slot_in(chunk, self.stride.divide(offset - first).0).write(slot);
            }
            note(Moved { slot, object: hole });
        }
        if position == 0 {
            self.trim(chunks);
            self.find_tail();
        }
    }

    /// # Safety
    ///
    /// As for [`Pool::remove`].
    #[cold]
    unsafe fn remove_among_resting(&mut self, hole: *mut u8, chunks: &ChunkSource) -> [Option<Moved>; 2] {
        // SAFETY: (1)
        let (mut hole, mut moves) = (unsafe { self.index_of(hole) }, [None, None]);
        if hole < self.active {
            self.active -= 1;
            moves[0] = self.fill(hole, self.active);
            hole = self.active;
        }
        moves[1] = self.fill(hole, self.len - 1);
        self.len -= 1;
        self.trim(chunks);
        self.find_tail();
        moves
    }

    /// One empty chunk is kept, so that coming and going at its edge costs nothing.
    #[cold]
    fn trim(&mut self, chunks: &ChunkSource) {
        while self.chunks.len() > self.len.div_ceil(self.capacity.get()) + 1 {
            if let Some(chunk) = self.chunks.pop() {
                chunks.give_back(chunk, self.chunk_size);
            }
        }
    }

    /// Moves the instance at `from` into the hole at `to`.
    fn fill(&mut self, to: usize, from: usize) -> Option<Moved> {
        if to == from {
            return None;
        }
        let (slot, object) = (self.slot(from), self.object(to));
        // SAFETY: two different instances of this pool; the one at `to` is gone.
        unsafe { core::ptr::copy_nonoverlapping(self.object(from), object, self.stride()) };
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
    pub(crate) fn clear(&mut self, chunks: &ChunkSource) {
        for chunk in self.chunks.drain(..) {
            chunks.give_back(chunk, self.chunk_size);
        }
        (self.len, self.active) = (0, 0);
        self.find_tail();
    }
}

/// At how many places chunks begin with instances of this stride: as many as an instance has whole lines, if those
/// always are the same lines of a chunk.
const fn places_of(stride: usize) -> usize {
    let lines = (1 << stride.trailing_zeros()) / LINE;
    match lines {
        0 => 1,
        lines if lines > MOST_PLACES => MOST_PLACES,
        lines => lines,
    }
}

/// Class and chunk-wise position of the instance at an address, found through its chunk.
///
/// # Safety
///
/// 1. `object` is the address of an instance of some pool.
pub(super) unsafe fn class_at(object: *mut u8) -> u16 {
    let chunk = object.wrapping_sub(object.addr() % CHUNK);
    // SAFETY: (1) chunks are aligned to `CHUNK` and begin with a header.
    unsafe { (*chunk.cast::<Header>()).class as u16 }
}
