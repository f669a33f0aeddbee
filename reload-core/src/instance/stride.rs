//! From an address to an index by one multiplication: the processor's own division takes longer than everything else
//! that finding an object's place in its pool needs.

/// Bytes from one object of a pool to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stride {
    bytes: usize,
    /// Of the odd part of `bytes`: their product is 1, as `usize` counts.
    inverse: usize,
}

impl Stride {
    /// Must not be 0; no object has 4 GiB, because places within objects are told in 32 bits.
    pub(super) const fn new(bytes: usize) -> Self {
        assert!(bytes > 0 && bytes <= u32::MAX as usize, "an object is larger than 4 GiB");
        let odd = bytes >> bytes.trailing_zeros();
        // An odd number is its own inverse in the lowest three bits, and each of Newton's steps doubles their number.
        let mut inverse = odd;
        let mut correct = 3;
        while correct < usize::BITS {
            inverse = inverse.wrapping_mul(2_usize.wrapping_sub(odd.wrapping_mul(inverse)));
            correct *= 2;
        }
        Self { bytes, inverse }
    }

    pub(super) const fn get(self) -> usize {
        self.bytes
    }

    /// How many strides these bytes are. If they are not a whole number of strides: a number larger than whole ones can
    /// be, which is beyond all that lies in memory.
    ///
    /// Multiplying by the inverse undoes a multiplication exactly. As it maps different numbers to different ones, and the
    /// multiples take all results that are small, the others get the large ones; a factor that is a power of two is
    /// tested by what the rotation brings to the top.
    #[inline(always)]
    pub(super) const fn count(self, bytes: usize) -> usize {
        bytes.wrapping_mul(self.inverse).rotate_right(self.bytes.trailing_zeros())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_strides_are_counted_and_others_are_beyond_all_memory() {
        for bytes in [1, 2, 3, 5, 7, 8, 12, 60, 64, 68, 960, 963, 1_024, 65_408, 65_535, 200_000, (1 << 31) + 7] {
            let stride = Stride::new(bytes);
            for count in [0, 1, 2, 3, 1_000, 65_535, 12_345_678, u32::MAX as usize] {
                assert_eq!(stride.count(count * bytes), count, "{count} times {bytes}");
            }
            for other in (1..2_000).chain(u32::MAX as usize..u32::MAX as usize + 2_000) {
                let expected = other.is_multiple_of(bytes).then(|| other / bytes);
                let count = stride.count(other);
                assert_eq!((count <= usize::MAX / bytes).then_some(count), expected, "{other} / {bytes}");
            }
            // In front of the first one.
            assert!(stride.count(0_usize.wrapping_sub(bytes)) > 1 << 32, "{bytes}");
        }
    }
}
