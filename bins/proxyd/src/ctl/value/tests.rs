use super::*;
use serde_json::json;

#[test]
fn what_is_not_there_is_a_dash() {
    let value = json!({ "a": { "b": 1 }, "n": null, "l": [], "t": "x\u{1b}", "ls": ["a", 2] });
    for (path, expected) in [
        ("a.b", "1"),
        ("a.c", "-"),
        ("a.b.c", "-"),
        ("n", "-"),
        ("x", "-"),
        ("l", "-"),
        ("t", "x\\u{1b}"),
        ("ls", "a,2"),
    ] {
        assert_eq!(cell(&value, path), expected, "{path}");
    }
    assert_eq!(first(&value, &["n", "a.b"]), "1");
    assert_eq!(items(&json!("x")).len(), 0);
}

#[test]
fn numbers_have_as_many_digits_as_matter() {
    for (number, expected) in [
        (0.0, "0"),
        (0.123, "0.12"),
        (9.99, "9.99"),
        (9.999, "10.0"),
        (12.34, "12.3"),
        (99.97, "100"),
        (12345.6, "12346"),
    ] {
        assert_eq!(short(number), expected);
    }
}
