//! Classes by their paths. Objects are made by path, so the look-up is on the way of every one of them.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

/// A map from paths.
pub(super) type PathMap<V> = HashMap<Arc<str>, V, BuildHasherDefault<PathHasher>>;

/// Looks at a path's first and last bytes and its length: paths come from the programmer, not from an enemy, and those that
/// are alike in all three only share a place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PathHasher(u64);

/// The golden ratio's part below 1 in 2^64ths: its multiples are spread evenly.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for PathHasher {
    #[inline(always)]
    fn write(&mut self, path: &[u8]) {
        let eight = |bytes: Option<&[u8; 8]>| bytes.map(|bytes| u64::from_be_bytes(*bytes));
        let hash = match (eight(path.first_chunk()), eight(path.last_chunk())) {
            (Some(first), Some(last)) => first.rotate_left(32) ^ last,
            _ => path.iter().fold(0, |hash: u64, byte| hash << 8 | u64::from(*byte)),
        };
        self.0 = (hash ^ path.len() as u64).wrapping_mul(GOLDEN);
    }

    /// The end of a text, which its length says already.
    #[inline(always)]
    fn write_u8(&mut self, _: u8) {}

    /// The map takes the place from the lowest bits and a mark from the highest ones: the multiplication mixes upwards, so
    /// what came out highest becomes the place.
    #[inline(always)]
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn paths_as_people_write_them_are_spread() {
        let mut hashes = HashSet::new();
        let mut places = HashSet::new();
        for (module, count) in [("game::creatures", 100), ("game::items", 100), ("a::b", 56)] {
            for number in 0..count {
                let mut hasher = PathHasher::default();
                hasher.write(format!("{module}::Kind{number}").as_bytes());
                hashes.insert(hasher.finish());
                places.insert(hasher.finish() % 512);
            }
        }
        assert_eq!(hashes.len(), 256);
        assert!(places.len() > 150, "{} of 512 places are used by 256 paths", places.len());
    }

    #[test]
    fn a_path_is_found_by_all_of_its_bytes() {
        let paths =
            ["", "a", "b::A", "game::Goblin", "game::xoblin", "gamely::kobold::Goblin", "gamely::hobold::Goblin"];
        let map: PathMap<usize> = paths.iter().enumerate().map(|(at, path)| (Arc::from(*path), at)).collect();
        for (at, path) in paths.iter().enumerate() {
            assert_eq!(map.get(*path), Some(&at), "{path}");
        }
        assert_eq!(map.get("gamely::nobold::Goblin"), None);
    }
}
