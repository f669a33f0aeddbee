//! Where pools get their memory: blocks of 64 KiB, aligned to their size, so that an object's
//! address leads to its block. Freed blocks are kept for the next pool.
#![expect(unsafe_code, reason = "raw memory")]

use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    ptr::NonNull,
};

/// Bytes of a chunk; also its alignment.
pub(super) const CHUNK: usize = 64 * 1024;

/// Chunks that are taken from the allocator at once: as many as fit into a huge page.
const SLAB_CHUNKS: usize = 32;

/// Hands out chunks. All memory goes back to the allocator when the source is dropped.
#[derive(Debug, Default)]
pub(crate) struct ChunkSource {
    free: Vec<NonNull<u8>>,
    slabs: Vec<(NonNull<u8>, Layout)>,
    oversized: Vec<(NonNull<u8>, Layout)>,
}

impl ChunkSource {
    /// A chunk of `size` bytes, a multiple of [`CHUNK`]. Its content is not initialised.
    pub(super) fn take(&mut self, size: usize) -> NonNull<u8> {
        debug_assert!(size != 0 && size.is_multiple_of(CHUNK));
        if size != CHUNK {
            let layout = layout(size);
            let block = allocate(layout);
            self.oversized.push((block, layout));
            return block;
        }
        if self.free.is_empty() {
            let layout = slab_layout();
            let slab = allocate(layout);
            if !self.slabs.is_empty() {
                // A small world does without: a huge page is resident as a whole.
                ask_for_huge_page(slab, layout);
            }
            self.slabs.push((slab, layout));
            // From the back, so that chunks are handed out in ascending order.
            // SAFETY: each offset lies within the slab.
            self.free.extend((0..SLAB_CHUNKS).rev().map(|at| unsafe { slab.add(at * CHUNK) }));
        }
        self.free.pop().unwrap_or_else(|| unreachable!("a slab has just been added"))
    }

    /// Takes a chunk back.
    pub(super) fn give_back(&mut self, chunk: NonNull<u8>, size: usize) {
        if size == CHUNK {
            self.free.push(chunk);
        } else if let Some(at) = self.oversized.iter().position(|(block, _)| *block == chunk) {
            let (block, layout) = self.oversized.swap_remove(at);
            // SAFETY: allocated in `take` with this layout, and removed from the list, so freed once.
            unsafe { dealloc(block.as_ptr(), layout) }
        }
    }
}

impl Drop for ChunkSource {
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

fn allocate(layout: Layout) -> NonNull<u8> {
    // SAFETY: the layout's size is not zero.
    let block = NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout));
    // Slots keep addresses in 48 bits.
    assert!(
        (block.as_ptr().addr() + layout.size()) >> 48 == 0,
        "this system hands out addresses above 2^48, which slots cannot hold"
    );
    block
}
