use super::*;

#[track_caller]
fn check(text: &str, expected: Result<u64, SizeError>) {
    assert_eq!(text.parse(), expected.map(Size), "{text}");
}

#[test]
fn numbers_are_bytes_and_units_are_powers_of_1024() {
    check("0", Ok(0));
    check("4096", Ok(4096));
    check("12b", Ok(12));
    check("64kb", Ok(65_536));
    check("64KB", Ok(65_536));
    check("64k", Ok(65_536));
    check("64KiB", Ok(65_536));
    check("10mb", Ok(10_485_760));
    check("1gb", Ok(1 << 30));
    check("2tb", Ok(2 << 40));
}

#[test]
fn anything_else_is_no_size() {
    for text in ["", "kb", "10 mb", "1.5kb", "-1", "-1kb", "10mb1", "10mbkb", "10pb", "off"] {
        check(text, Err(SizeError::Form));
    }
    check("18446744073709551615kb", Err(SizeError::TooLarge));
}

#[test]
fn sizes_are_written_as_they_are_read() {
    for text in ["0b", "1b", "1025b", "64kb", "10mb", "1gb", "3tb"] {
        assert_eq!(text.parse::<Size>().unwrap().to_string(), text);
    }
}
