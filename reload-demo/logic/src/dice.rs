//! Chance. Kept in the object that rolls, so that a reload or a save does not disturb it.

use reload_core::State;

/// A small generator of numbers (SplitMix64).
#[derive(Clone, Debug, Default, State)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// Dice that roll differently for each name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            state: name
                .bytes()
                .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)),
        }
    }

    /// A number below `sides`; 0 if there are none.
    pub fn below(&mut self, sides: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(bits ^ (bits >> 31)) * sides as u128) >> 64) as usize
    }

    /// One of `1..=sides`.
    pub fn roll(&mut self, sides: i32) -> i32 {
        1 + self.below(sides.max(1) as usize) as i32
    }

    /// One of `choices`, if there are any.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    #[test]
    fn rolls_every_side_and_no_other() {
        let mut dice = Dice::named("Grix");
        let mut seen = [0; 6];
        for _ in 0..6000 {
            seen[dice.roll(6) as usize - 1] += 1;
        }
        assert!(seen.iter().all(|&count| (800..1200).contains(&count)), "{seen:?}");
        assert_eq!((dice.below(0), dice.roll(0), dice.pick::<u8>(&[])), (0, 1, None));
    }
}
