//! Where pools get their memory: rooms that grow without moving what they hold. A large one is a range of addresses that
//! is reserved once and gets its memory bit by bit.
#![expect(unsafe_code, reason = "raw memory")]

use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    cell::RefCell,
    ptr::NonNull,
    rc::Rc,
};

/// Up to this size a room is an allocation like others, and is replaced when it gets too small.
const SMALL: usize = 64 * 1024;

/// Bytes of a pool's first room, if one object is not larger.
const FIRST: usize = 1_024;

/// Bytes of a huge page on the processors that have few sizes of them.
const HUGE: usize = 2 * 1024 * 1024;

/// Addresses that are reserved for a room: 64 GiB, which take no memory. A room that needs more is replaced.
const RESERVED: usize = 1 << (usize::BITS / 2 + 4);

/// Bytes of a line of the processor's cache.
pub(super) const LINE: usize = 64;

/// The system has no memory left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfMemory {
    /// Bytes that were asked for.
    pub(crate) bytes: usize,
}

/// Ends the process, as a growing `Vec` does.
#[cold]
pub(super) fn no_memory(OutOfMemory { bytes }: OutOfMemory) -> ! {
    handle_alloc_error(Layout::from_size_align(bytes, 1).unwrap_or(Layout::new::<u8>()))
}

/// Where rooms come from. A handle: the pools of a world and those that a reload stages beside them share one, so that what a
/// replaced pool gives back is there for the next one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Rc<RefCell<Spares>>);

impl Memory {
    /// A room of at least `bytes`, whose content is not initialised.
    fn room(&self, bytes: usize, align: usize) -> Result<Room, OutOfMemory> {
        if bytes <= SMALL || align > HUGE {
            return self.on_heap(bytes, align);
        }
        let Some(Spare { start, size, most }) = self.spare(bytes).or_else(|| Spare::reserved(bytes)) else {
            return self.on_heap(bytes, align);
        };
        let mut room = Room { start, size, most, layout: None, memory: self.clone() };
        room.extend(bytes)?;
        Ok(room)
    }

    fn on_heap(&self, bytes: usize, align: usize) -> Result<Room, OutOfMemory> {
        let out_of_memory = OutOfMemory { bytes };
        let layout = Layout::from_size_align(bytes.max(1), align.max(LINE)).map_err(|_| out_of_memory)?;
        // SAFETY: the layout's size is not zero.
        let start = NonNull::new(unsafe { alloc(layout) }).ok_or(out_of_memory)?;
        check_address(start, layout.size());
        Ok(Room { start, size: layout.size(), most: layout.size(), layout: Some(layout), memory: self.clone() })
    }

    /// What was given back and fits best.
    fn spare(&self, bytes: usize) -> Option<Spare> {
        let spare = &mut self.0.borrow_mut().0;
        let fitting = spare.iter().enumerate().filter(|(_, spare)| spare.most >= bytes);
        let best = fitting.min_by_key(|(_, spare)| (spare.size < bytes, spare.size.abs_diff(bytes)))?.0;
        Some(spare.swap_remove(best))
    }

    /// Ranges that wait to be used again.
    #[cfg(test)]
    pub(super) fn spares(&self) -> usize {
        self.0.borrow().0.len()
    }
}

/// What has been given back. Goes back to the system with the last handle.
#[derive(Debug, Default)]
struct Spares(Vec<Spare>);

impl Drop for Spares {
    fn drop(&mut self) {
        for Spare { start, most, .. } in self.0.drain(..) {
            // SAFETY: reserved with this size; whoever takes a range out of the list has it alone.
            unsafe { system::release(start, most) };
        }
    }
}

/// Reserved addresses that no room has.
#[derive(Debug)]
struct Spare {
    start: NonNull<u8>,
    /// Bytes that can be used.
    size: usize,
    /// Bytes to which it can grow.
    most: usize,
}

impl Spare {
    /// Addresses for a room that will have `bytes` soon and more later, aligned to a huge page. `None` where the system
    /// does not have them.
    fn reserved(bytes: usize) -> Option<Self> {
        let twice = bytes.checked_next_power_of_two()?.checked_mul(2)?;
        // Where addresses are scarce others need them as well, and rooms have to be replaced as they grow.
        let most = if system::addresses_abound() { [RESERVED.max(twice), twice] } else { [twice; 2] };
        let (start, most) = most.into_iter().find_map(|most| Some((system::reserve(most, HUGE)?, most)))?;
        check_address(start, most);
        Some(Self { start, size: 0, most })
    }
}

/// Slots keep addresses in 48 bits.
fn check_address(start: NonNull<u8>, bytes: usize) {
    assert!(
        (start.as_ptr().addr() + bytes) >> 48 == 0,
        "this system hands out addresses above 2^48, which slots cannot hold"
    );
}

/// Whether this process can have rooms that need not be replaced.
#[cfg(test)]
pub(super) fn is_in_place() -> bool {
    system::addresses_abound()
}

/// What rooms are aligned to at least.
#[repr(align(64))]
struct Line;

/// Memory of one pool or list. When this is dropped, what is large is kept for the next one that needs as much, and is the
/// system's if that runs short.
#[derive(Debug)]
pub(super) struct Room {
    start: NonNull<u8>,
    /// Bytes that can be used.
    size: usize,
    /// Bytes to which it can grow.
    most: usize,
    /// Of an allocation; `None` for reserved addresses, and for a room of no size.
    layout: Option<Layout>,
    /// Where it came from.
    memory: Memory,
}

impl Room {
    /// A room of no size.
    pub(super) const fn none(memory: Memory) -> Self {
        Self { start: NonNull::<Line>::dangling().cast(), size: 0, most: 0, layout: None, memory }
    }

    /// Gives the memory back.
    pub(super) fn clear(&mut self) {
        *self = Self::none(self.memory.clone());
    }

    pub(super) const fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    pub(super) const fn size(&self) -> usize {
        self.size
    }

    /// Whether [`Room::shrink`] can do something.
    pub(super) const fn can_shrink(&self) -> bool {
        self.size > HUGE && self.is_reserved()
    }

    const fn is_reserved(&self) -> bool {
        self.most != 0 && self.layout.is_none()
    }

    /// Makes it at least `bytes` large; where it cannot grow it is replaced by one of twice the size, with the same
    /// content. Answers whether it was.
    ///
    /// # Errors
    ///
    /// There is no memory; then it is as it was.
    pub(super) fn grow(&mut self, bytes: usize, align: usize) -> Result<bool, OutOfMemory> {
        if self.extend(bytes)? {
            return Ok(false);
        }
        let larger = self.memory.room(bytes.max(2 * self.size).max(FIRST), align)?;
        // SAFETY: two rooms, of which the second one is larger; the first one is this one's own.
        unsafe { core::ptr::copy_nonoverlapping(self.start(), larger.start(), self.size) };
        *self = larger;
        Ok(true)
    }

    /// Makes it at least `bytes` large where it stands. Answers whether it can be.
    ///
    /// # Errors
    ///
    /// There is no memory; then it is as it was.
    fn extend(&mut self, bytes: usize) -> Result<bool, OutOfMemory> {
        if bytes <= self.size {
            return Ok(true);
        }
        if !self.is_reserved() || bytes > self.most {
            return Ok(false);
        }
        // Up to one huge page by an eighth at a time, then by one at a time.
        let size = match bytes {
            ..=HUGE => (bytes + bytes / 8).next_multiple_of(SMALL).min(HUGE).min(self.most),
            _ => bytes.next_multiple_of(HUGE),
        };
        // The first one is made of small pages, so that it takes no more than it holds, unless it is full at once.
        let huge_from = if self.size == 0 && size > HUGE { 0 } else { self.size.max(HUGE).min(size) };
        // SAFETY: the range lies within the reserved addresses, begins and ends at a page, and nobody uses it.
        if !unsafe { system::provide(self.start.add(self.size), size - self.size) } {
            return Err(OutOfMemory { bytes });
        }
        // SAFETY: as above.
        unsafe { system::prefer_huge_pages(self.start.add(huge_from), size - huge_from) };
        self.size = size;
        Ok(true)
    }

    /// Makes it smaller, down to at least `bytes`. What it has beyond is the system's if that runs short.
    pub(super) fn shrink(&mut self, bytes: usize) {
        let size = bytes.next_multiple_of(HUGE);
        if self.is_reserved() && size < self.size {
            // SAFETY: the range lies within what has been provided, begins and ends at a page, and nobody uses it any more.
            unsafe { system::offer_back(self.start.add(size), self.size - size) };
            self.size = size;
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let Self { start, size, most, .. } = *self;
        match self.layout {
            // SAFETY: allocated with this layout, and dropped once.
            Some(layout) => unsafe { dealloc(start.as_ptr(), layout) },
            None if most != 0 => {
                // SAFETY: the range is what has been provided, and nobody uses it any more.
                unsafe { system::offer_back(start, size) };
                self.memory.0.borrow_mut().0.push(Spare { start, size, most });
            }
            None => {}
        }
    }
}

/// Addresses without memory, and memory for them.
#[cfg(unix)]
mod system {
    use std::ptr::NonNull;

    /// Whether nobody has limited the addresses of this process.
    pub(super) fn addresses_abound() -> bool {
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        // SAFETY: the limit is this frame's.
        unsafe { libc::getrlimit(libc::RLIMIT_AS, &raw mut limit) == 0 && limit.rlim_cur == libc::RLIM_INFINITY }
    }

    /// Reserves addresses that cannot be used yet.
    pub(super) fn reserve(bytes: usize, align: usize) -> Option<NonNull<u8>> {
        let all = bytes.checked_add(align)?;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANON;
        // SAFETY: new addresses, chosen by the system.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), all, libc::PROT_NONE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return None;
        }
        let start = NonNull::new(start.cast::<u8>())?;
        let before = start.as_ptr().align_offset(align);
        // SAFETY: what lies in front of the aligned range and behind it is part of what has just been reserved.
        unsafe {
            if before > 0 {
                release(start, before);
            }
            release(start.add(before + bytes), align - before);
            Some(start.add(before))
        }
    }

    /// Gives reserved addresses memory. Answers whether there is some.
    ///
    /// # Safety
    ///
    /// 1. The range is part of a reserved one, and begins and ends at a page.
    pub(super) unsafe fn provide(start: NonNull<u8>, bytes: usize) -> bool {
        // SAFETY: (1)
        unsafe { libc::mprotect(start.as_ptr().cast(), bytes, libc::PROT_READ | libc::PROT_WRITE) == 0 }
    }

    /// With one entry of the processor's page table in place of 512, a million objects are reached faster at random, and
    /// the first touch of two megabytes is one fault. Where the system does not have or want that, nothing changes.
    ///
    /// # Safety
    ///
    /// 1. As for [`provide`].
    pub(super) unsafe fn prefer_huge_pages(start: NonNull<u8>, bytes: usize) {
        #[cfg(target_os = "linux")]
        if bytes > 0 {
            // SAFETY: (1); the advice does not change what the range holds.
            unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE) };
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (start, bytes);
    }

    /// Lets the system take the memory when it needs it; the addresses stay usable.
    ///
    /// # Safety
    ///
    /// 1. As for [`provide`], and what the range holds is not needed any more.
    pub(super) unsafe fn offer_back(start: NonNull<u8>, bytes: usize) {
        // SAFETY: (1). That it fails only means that the memory stays.
        unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_FREE) };
    }

    /// Gives addresses and memory back.
    ///
    /// # Safety
    ///
    /// 1. As for [`provide`], and nobody uses the range any more.
    pub(super) unsafe fn release(start: NonNull<u8>, bytes: usize) {
        if bytes > 0 {
            // SAFETY: (1)
            unsafe { libc::munmap(start.as_ptr().cast(), bytes) };
        }
    }
}

/// Where addresses are not had without memory, all rooms are allocations.
#[cfg(not(unix))]
mod system {
    use std::ptr::NonNull;

    pub(super) const fn addresses_abound() -> bool {
        false
    }

    pub(super) const fn reserve(_bytes: usize, _align: usize) -> Option<NonNull<u8>> {
        None
    }

    pub(super) const unsafe fn provide(_start: NonNull<u8>, _bytes: usize) -> bool {
        false
    }

    pub(super) const unsafe fn prefer_huge_pages(_start: NonNull<u8>, _bytes: usize) {}

    pub(super) const unsafe fn offer_back(_start: NonNull<u8>, _bytes: usize) {}

    pub(super) const unsafe fn release(_start: NonNull<u8>, _bytes: usize) {}
}
