//! Where pools get their memory: blocks of 64 KiB, aligned to their size, so that an object's
//! address leads to its block. Freed blocks are kept for the next pool.
#![expect(unsafe_code, reason = "raw memory")]

use std::{
    alloc::{Layout, alloc, dealloc, handle_alloc_error},
    ptr::NonNull,
};

/// Bytes of a chunk; also its alignment.
pub(super) const CHUNK: usize = 64 * 1024;

/// Chunks that are taken from the allocator at once.
const SLAB_CHUNKS: usize = 16;

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
            let layout = layout(CHUNK * SLAB_CHUNKS);
            let slab = allocate(layout);
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
