use super::*;
use serde_json::json;

#[track_caller]
fn check(text: &[u8], detail: &str) {
    let problem = parse(text).unwrap_err();
    assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
    let shown = format!("{problem:?}");
    assert!(shown.contains(detail), "{shown}");
}

#[test]
fn values_are_what_they_say() {
    let text =
        br#" {"a": [1, -2, 0.5, 1e3, true, null, "\u00fc"], "b": {"a": {}}, "": 18446744073709551615} "#;
    let expected = json!({
        "a": [1, -2, 0.5, 1000.0, true, null, "\u{fc}"], "b": { "a": {} }, "": u64::MAX
    });
    assert_eq!(parse(text).unwrap(), expected);
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    check(b"", "EOF");
    check(b"{\n  \"a\": 1,\n}", "line 3 column 1");
    check(b"{} {}", "trailing characters");
    check(b"{\"a\": NaN}", "line 1 column 7");
    check(b"\"\xff\"", "unicode");
    check(b"1e999", "out of range");
    check(b"\xef\xbb\xbf{}", "expected value");
}

#[test]
fn keys_that_come_twice_are_refused() {
    check(br#"{"port": 1, "port": 2}"#, r#"the key \"port\" comes twice"#);
    check(br#"{"a": [{"b": 1, "\u0062": 1}]}"#, "comes twice");
}

#[test]
fn what_is_too_deep_is_refused() {
    check("[".repeat(100_000).as_bytes(), "recursion limit");
    check("{\"a\":".repeat(100_000).as_bytes(), "recursion limit");
}
