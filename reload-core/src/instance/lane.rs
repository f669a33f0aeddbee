//! A list that grows without moving what it holds, once it is large: no single push pays for all that came before it.
#![expect(unsafe_code, reason = "elements in raw memory")]

use super::memory::{Memory, OutOfMemory, Room, no_memory};
use core::{
    marker::PhantomData,
    ops::{Deref, DerefMut},
    slice,
};

/// A list of plain values in a room of its own.
#[derive(Debug)]
pub(super) struct Lane<T: Copy> {
    room: Room,
    len: usize,
    /// Elements for which there is room.
    capacity: usize,
    elements: PhantomData<T>,
}

impl<T: Copy> Default for Lane<T> {
    fn default() -> Self {
        Self::new(Memory::default())
    }
}

impl<T: Copy> Lane<T> {
    /// An empty list whose room comes from `memory`.
    pub(super) const fn new(memory: Memory) -> Self {
        Self { room: Room::none(memory), len: 0, capacity: 0, elements: PhantomData }
    }

    #[inline(always)]
    fn place(&self, index: usize) -> *mut T {
        self.room.start().cast::<T>().wrapping_add(index)
    }

    #[inline]
    pub(super) fn push(&mut self, value: T) {
        if self.len == self.capacity {
            self.grow();
        }
        // SAFETY: there is room for `capacity` elements.
        unsafe { self.place(self.len).write(value) };
        self.len += 1;
    }

    #[inline]
    pub(super) fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        // SAFETY: elements below the former length have been written.
        Some(unsafe { self.place(self.len).read() })
    }

    #[cold]
    fn grow(&mut self) {
        self.reserve(1).unwrap_or_else(|out_of_memory| no_memory(out_of_memory));
    }

    /// Makes room for `more` elements.
    ///
    /// # Errors
    ///
    /// There is no memory; then the list is as it was.
    pub(super) fn reserve(&mut self, more: usize) -> Result<(), OutOfMemory> {
        let bytes = self.len.checked_add(more).and_then(|len| len.checked_mul(size_of::<T>()));
        let bytes = bytes.ok_or(OutOfMemory { bytes: usize::MAX })?;
        self.room.grow(bytes, align_of::<T>())?;
        self.capacity = self.room.size() / size_of::<T>();
        Ok(())
    }

    /// Keeps room for at least `elements`, of which there are no more.
    pub(super) fn shrink(&mut self, elements: usize) {
        debug_assert!(elements >= self.len);
        self.room.shrink(elements * size_of::<T>());
        self.capacity = self.room.size() / size_of::<T>();
    }

    /// Gives the memory back.
    pub(super) fn clear(&mut self) {
        (self.len, self.capacity) = (0, 0);
        self.room.clear();
    }
}

impl<T: Copy> Deref for Lane<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        // SAFETY: elements below the length have been written; a room is aligned for them, and of no size it is dangling
        // but aligned to a line of the cache.
        unsafe { slice::from_raw_parts(self.place(0), self.len) }
    }
}

impl<T: Copy> DerefMut for Lane<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and the elements are this list's own.
        unsafe { slice::from_raw_parts_mut(self.place(0), self.len) }
    }
}

impl<T: Copy> FromIterator<T> for Lane<T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        let mut lane = Self::default();
        elements.into_iter().for_each(|element| lane.push(element));
        lane
    }
}

#[cfg(test)]
mod tests {
    use super::{super::memory::is_in_place, *};

    /// From an allocation to reserved addresses: it is what a `Vec` is.
    #[test]
    fn it_holds_what_was_pushed() {
        let mut lane: Lane<[u32; 3]> = (0..300_000).map(|number| [number; 3]).collect();
        assert_eq!(lane.len(), 300_000);
        assert!((0..).zip(lane.iter()).all(|(number, element)| *element == [number; 3]));
        let start = lane.as_ptr();
        (300_000..600_000).for_each(|number| lane.push([number; 3]));
        assert!(lane.as_ptr() == start || !is_in_place(), "a large one does not move");
        lane[7] = [0; 3];
        assert!((0..600_000).rev().all(|number| lane.pop() == Some([if number == 7 { 0 } else { number }; 3])));
        assert_eq!((lane.pop(), lane.len(), &lane[..]), (None, 0, &[][..]));
    }
}
