//! Where pools get their memory: blocks of 64 KiB, aligned to their size, so that an object's
//! address leads to its block. Freed blocks are kept for the next pool.
#![expect(unsafe_code, reason = "raw memory")]

use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    cell::RefCell,
    ptr::NonNull,
    rc::Rc,
};

/// Bytes of a chunk; also its alignment.
pub(super) const CHUNK: usize = 64 * 1024;

/// Chunks that are taken from the allocator at once: as many as fit into a huge page.
const SLAB_CHUNKS: usize = 32;

/// Hands out chunks. A handle: the pools of a world and those that a reload stages beside them share one source, so
/// that a staged pool can give back what it took. All memory goes to the allocator when the last handle is dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChunkSource(Rc<RefCell<Chunks>>);

#[derive(Debug, Default)]
struct Chunks {
    free: Vec<NonNull<u8>>,
    slabs: Vec<(NonNull<u8>, Layout)>,
    oversized: Vec<(NonNull<u8>, Layout)>,
}

/// The system has no memory left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfMemory {
    /// Bytes that were asked for.
    pub(crate) bytes: usize,
}

impl ChunkSource {
    /// A chunk of `size` bytes, a multiple of [`CHUNK`]. Its content is not initialised.
    pub(super) fn take(&self, size: usize) -> NonNull<u8> {
        self.try_take(size).unwrap_or_else(|_| handle_alloc_error(layout(size)))
    }

    /// [`ChunkSource::take`], for who can do without.
    pub(super) fn try_take(&self, size: usize) -> Result<NonNull<u8>, OutOfMemory> {
        debug_assert!(size != 0 && size.is_multiple_of(CHUNK));
        let mut chunks = self.0.borrow_mut();
        if size != CHUNK {
            let layout = layout(size);
            let block = allocate(layout)?;
            chunks.oversized.push((block, layout));
            return Ok(block);
        }
        if let Some(free) = chunks.free.pop() {
            return Ok(free);
        }
        let layout = slab_layout();
        let slab = allocate(layout)?;
        if !chunks.slabs.is_empty() {
            // A small world does without: a huge page is resident as a whole.
            ask_for_huge_page(slab, layout);
        }
        chunks.slabs.push((slab, layout));
        // From the back, so that chunks are handed out in ascending order.
        // SAFETY: each offset lies within the slab.
        chunks.free.extend((1..SLAB_CHUNKS).rev().map(|at| unsafe { slab.add(at * CHUNK) }));
        Ok(slab)
    }

    /// Takes a chunk back.
    pub(super) fn give_back(&self, chunk: NonNull<u8>, size: usize) {
        let mut chunks = self.0.borrow_mut();
        if size == CHUNK {
            chunks.free.push(chunk);
        } else if let Some(at) = chunks.oversized.iter().position(|(block, _)| *block == chunk) {
            let (block, layout) = chunks.oversized.swap_remove(at);
            // SAFETY: allocated in `take` with this layout, and removed from the list, so freed once.
            unsafe { dealloc(block.as_ptr(), layout) }
        }
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        for (block, layout) in self.slabs.drain(..).chain(self.oversized.drain(..)) {
            // SAFETY: allocated in `take` with this layout; the lists hold each block once.
            unsafe { dealloc(block.as_ptr(), layout) }
        }
    }
}

/// Aligned to its size, so that the system can make it one page.
fn slab_layout() -> Layout {
    const SIZE: usize = CHUNK * SLAB_CHUNKS;
    const { assert!(SIZE.is_power_of_two()) }
    Layout::from_size_align(SIZE, SIZE).unwrap_or_else(|_| unreachable!("a power of two"))
}

/// With one entry of the processor's page table for a slab instead of 512, a million objects are reached faster at random,
/// and the first touch of a slab is one fault. Where the system does not have or want that, nothing changes.
fn ask_for_huge_page(slab: NonNull<u8>, layout: Layout) {
    #[cfg(all(target_os = "linux", feature = "hot"))]
    // SAFETY: the range is the slab, which is aligned to a page; the advice does not change what it holds.
    unsafe {
        libc::madvise(slab.as_ptr().cast(), layout.size(), libc::MADV_HUGEPAGE);
    }
    #[cfg(not(all(target_os = "linux", feature = "hot")))]
    let _ = (slab, layout);
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, CHUNK).unwrap_or_else(|_| panic!("an object of {size} bytes cannot be allocated"))
}

fn allocate(layout: Layout) -> Result<NonNull<u8>, OutOfMemory> {
    // SAFETY: the layout's size is not zero.
    let block = NonNull::new(unsafe { alloc(layout) }).ok_or(OutOfMemory { bytes: layout.size() })?;
    // Slots keep addresses in 48 bits.
    assert!(
        (block.as_ptr().addr() + layout.size()) >> 48 == 0,
        "this system hands out addresses above 2^48, which slots cannot hold"
    );
    Ok(block)
}
