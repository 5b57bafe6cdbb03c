//! Eight bytes at a time. Each test is exact for the question "is there any", and for the first that there is:
//! a borrow can only mark bytes behind one that is marked rightly.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Eight bytes as a number whose lowest byte is the first.
#[inline]
pub(crate) const fn of(bytes: [u8; 8]) -> u64 {
    u64::from_le_bytes(bytes)
}

/// Marks the bytes that are `byte`.
#[inline]
pub(crate) const fn find(word: u64, byte: u8) -> u64 {
    let zero = word ^ (ONES * byte as u64);
    zero.wrapping_sub(ONES) & !zero & HIGH
}

/// Marks the bytes that are no visible ASCII: controls, space, DEL, and whatever has the high bit.
#[inline]
pub(crate) const fn find_invisible(word: u64) -> u64 {
    let up_to_space = word.wrapping_sub(ONES * 0x21) & !word;
    let from_del = word | word.wrapping_add(ONES);
    (up_to_space | from_del) & HIGH
}

/// Where the first marked byte stands; 8 where none is marked.
#[inline]
pub(crate) const fn first(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests;
