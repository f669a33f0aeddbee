//! Text at compile time: what `core` does not offer in constants.

/// Names further apart than this are not offered as a correction.
pub(super) const NEAR: usize = 4;
const LONGEST: usize = 64;

pub(super) const fn equal(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// A number for a text (the 64-bit FNV-1a hash of its bytes): the compiler compares two numbers in one step, and two texts in
/// a dozen for each byte, which in a library of many classes it would do thousands of times at each build.
pub(super) const fn id(text: &str) -> u64 {
    let (bytes, mut hash, mut at) = (text.as_bytes(), 0xcbf2_9ce4_8422_2325_u64, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

/// The edit distance (Levenshtein) of two names; names over 64 bytes are far from everything.
pub(super) const fn distance(left: &str, right: &str) -> usize {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() > LONGEST || right.len() > LONGEST || left.len().abs_diff(right.len()) >= NEAR {
        return usize::MAX;
    }
    let mut row = [0; LONGEST + 1];
    let mut column = 0;
    while column <= right.len() {
        row[column] = column;
        column += 1;
    }
    let mut line = 1;
    while line <= left.len() {
        let mut diagonal = row[0];
        row[0] = line;
        let mut column = 1;
        while column <= right.len() {
            let replace = diagonal + (left[line - 1] != right[column - 1]) as usize;
            diagonal = row[column];
            let shorter = if row[column] < row[column - 1] { row[column] } else { row[column - 1] } + 1;
            row[column] = if replace < shorter { replace } else { shorter };
            column += 1;
        }
        line += 1;
    }
    row[right.len()]
}

/// A compile error's text, put together in a constant.
pub(super) struct Message {
    bytes: [u8; 512],
    len: usize,
}

impl Message {
    pub(super) const fn new() -> Self {
        Self { bytes: [0; 512], len: 0 }
    }

    /// Appends `text`, or nothing if there is no room.
    pub(super) const fn push(&mut self, text: &str) -> &mut Self {
        let text = text.as_bytes();
        if self.len + text.len() <= self.bytes.len() {
            let mut at = 0;
            while at < text.len() {
                self.bytes[self.len] = text[at];
                self.len += 1;
                at += 1;
            }
        }
        self
    }

    pub(super) const fn text(&self) -> &str {
        match core::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "an event's name is not UTF-8",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (left, right, expected) in [("tick", "tick", 0), ("tikc", "tick", 2), ("tic", "tick", 1), ("", "abc", 3)] {
            assert_eq!(distance(left, right), expected, "{left} {right}");
        }
        assert_eq!(distance("a", "abcdef"), usize::MAX);
    }
}
