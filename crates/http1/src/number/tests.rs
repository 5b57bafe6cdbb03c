use super::*;

#[test]
fn numbers_are_written_as_the_standard_library_writes_them() {
    for number in [0, 1, 9, 10, 15, 16, 255, 4096, 65_535, 1 << 40, u64::MAX] {
        let mut out = Vec::new();
        push_decimal(&mut out, number);
        assert_eq!(out, number.to_string().into_bytes());
        out.clear();
        push_hex(&mut out, number);
        assert_eq!(out, format!("{number:x}").into_bytes());
    }
}

#[test]
fn only_plain_decimal_numbers_are_read() {
    let cases: [(&[u8], Option<u64>); 14] = [
        (b"0", Some(0)),
        (b"0042", Some(42)),
        (b"9223372036854775807", Some(i64::MAX as u64)),
        (b"9223372036854775808", None),
        (b"18446744073709551621", None),
        (b"", None),
        (b"+2", None),
        (b"-2", None),
        (b"0x2", None),
        (b"5.0", None),
        (b"5_0", None),
        (b"0 5", None),
        (b"5, 5", None),
        (b"5\0", None),
    ];
    for (text, expected) in cases {
        assert_eq!(decimal(text), expected, "{text:?}");
    }
}
