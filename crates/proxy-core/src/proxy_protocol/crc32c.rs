//! The checksum of Castagnoli. RFC 9260 appendix A.

/// The polynomial, its bits reflected.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// What each half of a byte does to the remainder.
const TABLE: [u32; 16] = {
    let mut table = [0; 16];
    let mut half = 0;
    while half < 16 {
        let mut remainder = half as u32;
        let mut bit = 0;
        while bit < 4 {
            remainder = if remainder & 1 == 1 { (remainder >> 1) ^ POLYNOMIAL } else { remainder >> 1 };
            bit += 1;
        }
        table[half] = remainder;
        half += 1;
    }
    table
};

/// The checksum of all parts together.
pub(super) fn crc32c(parts: &[&[u8]]) -> u32 {
    let step = |remainder: u32| TABLE[(remainder & 0xf) as usize] ^ (remainder >> 4);
    let bytes = parts.iter().copied().flatten();
    !bytes.fold(u32::MAX, |remainder, byte| step(step(remainder ^ u32::from(*byte))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_text() {
        // RFC 3720 appendix B.4, and the check value of the catalogue of CRC algorithms.
        let ascending: Vec<u8> = (0..32).collect();
        for (parts, expected) in [
            (&[&b"123456789"[..]][..], 0xe306_9283),
            (&[b"1234", b"", b"56789"], 0xe306_9283),
            (&[&[0; 32]], 0x8a91_36aa),
            (&[&[0xff; 32]], 0x62a8_ab43),
            (&[&ascending], 0x46dd_794e),
            (&[], 0),
        ] {
            assert_eq!(crc32c(parts), expected, "{parts:?}");
        }
    }
}
