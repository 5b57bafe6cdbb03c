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

/// Marks the bytes that are `byte`, each of them rightly.
#[inline]
pub(crate) const fn find_each(word: u64, byte: u8) -> u64 {
    let zero = (word & !HIGH) ^ (ONES * byte as u64);
    !(zero + (HIGH - ONES)) & !word & HIGH
}

/// Marks the bytes that are no letter, digit, hyphen or dot, each of them rightly.
#[inline]
pub(crate) const fn find_odd_in_host(word: u64) -> u64 {
    let low = word & !HIGH;
    let plain = within(low | (ONES * 0x20), b'a', b'z') | within(low, b'-', b'9');
    !plain & HIGH | word & HIGH | find_each(word, b'/')
}

/// Marks the bytes from `first` to `last`, in a word without high bits.
#[inline]
const fn within(low: u64, first: u8, last: u8) -> u64 {
    (low + ONES * (0x80 - first as u64)) & !(low + ONES * (0x7f - last as u64)) & HIGH
}

/// Where the first marked byte stands; 8 where none is marked.
#[inline]
pub(crate) const fn first(marks: u64) -> usize {
    marks.trailing_zeros() as usize / 8
}

#[cfg(test)]
mod tests;
