use super::*;

const KNOWN: [&str; 5] = ["upstream", "upstreams", "url", "timeout", "headerTimeout"];

#[track_caller]
fn check(word: &str, expected: Option<&str>) {
    assert_eq!(nearest(word, KNOWN), expected, "{word}");
}

#[test]
fn a_slip_is_recognised() {
    check("upstraem", Some("upstream"));
    check("upstrems", Some("upstreams"));
    check("UPSTREAM", Some("upstream"));
    check("uri", Some("url"));
    check("headertimeout", Some("headerTimeout"));
    check("tiemout", Some("timeout"));
}

#[test]
fn another_word_is_no_slip() {
    check("foo", None);
    check("", None);
    check("location", None);
    check(&"x".repeat(100_000), None);
}

#[test]
fn distances_count_edits() {
    let table = [
        ("", "", 0),
        ("a", "", 1),
        ("abc", "abc", 0),
        ("abc", "acb", 1),
        ("abc", "xbc", 1),
        ("abc", "abcd", 1),
    ];
    for (one, other, expected) in table {
        assert_eq!((distance(one, other), distance(other, one)), (expected, expected), "{one} {other}");
    }
}
