//! Division by a number that is only known at run time and seldom changes: one multiplication. The processor's own
//! division takes longer than everything else that finding an object's neighbours in its pool needs.

/// A divisor below 2^32 - 1, for numbers below 2^32.
#[derive(Clone, Copy, Debug)]
pub(super) struct Divisor {
    divisor: usize,
    /// 2^64 / divisor, rounded up; 0 stands for 2^64.
    reciprocal: u64,
}

impl Divisor {
    /// Must not be 0.
    pub(super) const fn new(divisor: usize) -> Self {
        assert!(divisor > 0 && divisor < u32::MAX as usize);
        Self { divisor, reciprocal: (u64::MAX / divisor as u64).wrapping_add(1) }
    }

    pub(super) const fn get(self) -> usize {
        self.divisor
    }

    /// Quotient and remainder of a number below 2^32.
    ///
    /// Exact: the reciprocal is too large by less than 1, which makes the product too large by less than
    /// `number`, and that is less than one part in `divisor` of 2^64.
    #[inline(always)]
    pub(super) const fn divide(self, number: usize) -> (usize, usize) {
        debug_assert!(number <= u32::MAX as usize);
        let quotient = match self.reciprocal {
            0 => number,
            reciprocal => ((reciprocal as u128 * number as u128) >> 64) as usize,
        };
        (quotient, number - quotient * self.divisor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_divides_as_the_processor_does() {
        let edges =
            [0, 1, 2, 3, 63, 64, 65, 1_000, 4_095, 65_535, 65_536, 1 << 20, (1 << 31) - 1, 1 << 31, u32::MAX as usize];
        for divisor in
            [1, 2, 3, 5, 7, 60, 64, 68, 960, 963, 1_023, 1_024, 13_104, 65_535, 65_537, 200_000, u32::MAX as usize - 1]
        {
            let divide = Divisor::new(divisor);
            let multiples = (0..64).flat_map(|times| {
                let multiple = (divisor * times * 16_777).min(u32::MAX as usize) / divisor * divisor;
                [multiple, multiple.saturating_sub(1)]
            });
            for number in edges.into_iter().chain(multiples) {
                assert_eq!(divide.divide(number), (number / divisor, number % divisor), "{number} / {divisor}");
            }
        }
    }
}
