use super::*;

/// Whether a pseudo-header is seen, however the block is cut.
#[track_caller]
fn check(block: &[u8], expected: bool) {
    for step in 1..=block.len().max(1) {
        let mut seen = Block::default();
        for part in block.chunks(step) {
            seen.pass(part);
        }
        assert_eq!(seen.has_pseudo(), expected, "{block:x?}, {step} bytes at a time");
    }
}

#[test]
fn sees_names_of_the_static_table() {
    // RFC 7541 appendix C.2.4: `:method: GET`.
    check(&[0x82], true);
    check(&[0x8e], true);
    // accept-charset, the first that is none.
    check(&[0x8f], false);
    // RFC 7541 appendix C.2.2: `:path: /sample/path`.
    check(b"\x04\x0c/sample/path", true);
    check(b"\x44\x0c/sample/path", true);
    check(b"\x14\x0c/sample/path", true);
}

#[test]
fn sees_names_that_are_spelt_out() {
    // RFC 7541 appendix C.2.1.
    check(b"\x40\x0acustom-key\x0dcustom-header", false);
    check(b"\x00\x05:path\x01/", true);
    check(b"\x10\x05:path\x01/", true);
    // `:path` in Huffman code; then `custom-key`, RFC 7541 appendix C.4.3.
    check(b"\x00\x84\xb9\x58\xd3\x3f\x01/", true);
    check(b"\x40\x88\x25\xa8\x49\xe9\x5b\xa9\x7d\x7f\x89\x25\xa8\x49\xe9\x5b\xb8\xe8\xb4\xbf", false);
}

#[test]
fn values_are_no_names() {
    check(b"\x00\x01a\x05:path", false);
    check(b"\x0f\x00\x05:path", false);
    check(b"\x00\x01a\x00\x00\x01b\x01:", false);
    // An empty name, and a value behind it.
    check(b"\x00\x00\x01:", false);
}

#[test]
fn goes_on_behind_long_numbers_sizes_and_strings() {
    let long = [b"\x00\x01a\x7f\x81\x01".to_vec(), vec![b':'; 256], vec![0x82]].concat();
    check(&long, true);
    let long = [b"\x00\x01a\x7f\x81\x01".to_vec(), vec![b':'; 256], vec![0x90]].concat();
    check(&long, false);
    check(&[0x3f, 0xe1, 0x1f, 0x82], true);
    check(&[0x3f, 0xe1, 0x1f, 0x90], false);
    check(&[0xff, 0x80, 0x01, 0x82], true);
    check(&[0x7f, 0x80, 0x01, 0x01, b':', 0x90], false);
    check(&[0x20, 0x82], true);
}

#[test]
fn whatever_comes_nothing_panics() {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..20_000 {
        let mut block = Block::default();
        for _ in 0..8 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            block.pass(&random.to_le_bytes());
        }
    }
}
