use super::*;

#[test]
fn what_is_written_stays_on_its_line() {
    for (text, expected) in [
        ("/api/v1/routes/a%20b", "/api/v1/routes/a%20b"),
        ("a\r\nfake=1", "a\\r\\nfake=1"),
        ("\u{1b}[31m", "\\u{1b}[31m"),
        ("a\\n", "a\\\\n"),
        ("\u{202e}\u{e9}", "\\u{202e}\\u{e9}"),
    ] {
        assert_eq!(shown(text), expected);
    }
}

#[test]
fn what_is_written_is_bounded() {
    let long = shown(&"\u{10ffff}".repeat(100_000));
    assert!(long.len() <= LONGEST + 16, "{}", long.len());
    assert!(long.ends_with("..."));
}
