//! Short texts that are compared in any case by two words.

use crate::word;

/// A text of at most 16 bytes in lower case, as its first and its last bytes: together they are all of it. What
/// is longer is equal to nothing.
#[derive(Clone, Copy)]
pub(crate) struct Short {
    ends: (u64, u64),
    /// 0x20 for each letter: what makes it lower case, and leaves everything else alone.
    case: (u64, u64),
    /// No text has the length that a longer one is given.
    len: usize,
}

impl Short {
    pub(crate) const fn of(text: &[u8]) -> Self {
        let ends = ends(text);
        let len = if text.len() > 16 { usize::MAX } else { text.len() };
        Self { ends, case: (letters(ends.0), letters(ends.1)), len }
    }

    /// True where `text` is this one in any case.
    #[inline]
    pub(crate) fn is(&self, text: &[u8]) -> bool {
        let ends = ends(text);
        text.len() == self.len && ends.0 | self.case.0 == self.ends.0 && ends.1 | self.case.1 == self.ends.1
    }
}

/// The first eight bytes and the last eight, which may overlap; four where there are fewer, and each byte where
/// there are fewer still.
#[inline]
const fn ends(text: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return (word::of(*first), word::of(*last));
    }
    if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        return (u32::from_le_bytes(*first) as u64, u32::from_le_bytes(*last) as u64);
    }
    match text {
        [a] => (*a as u64, 0),
        [a, b] => (*a as u64, *b as u64),
        [a, b, c] => (*a as u64, u16::from_le_bytes([*b, *c]) as u64),
        _ => (0, 0),
    }
}

const fn letters(word: u64) -> u64 {
    let bytes = word.to_le_bytes();
    let mut case = [0; 8];
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i].is_ascii_lowercase() {
            case[i] = 0x20;
        }
        i += 1;
    }
    word::of(case)
}

#[cfg(test)]
mod tests;
