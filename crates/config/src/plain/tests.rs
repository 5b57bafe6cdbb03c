use super::*;
use serde_json::json;

#[track_caller]
fn check(text: &str, expected: Json) {
    assert_eq!(to_json(text, "x.yaml").map_err(|errors| errors.to_string()), Ok(expected), "{text}");
}

#[test]
fn lists_maps_and_scalars_are_what_json_calls_them() {
    check(
        "a: [1, -2, 1.5, true, false, null, ~, x]",
        json!({ "a": [1, -2, 1.5, true, false, null, null, "x"] }),
    );
    check("a:\n  b:\n    - c: d\n", json!({ "a": { "b": [{ "c": "d" }] } }));
    check("{\"a\": {\"b\": \"c\"}}", json!({ "a": { "b": "c" } }));
    check("", json!({}));
}

#[test]
fn text_stays_text() {
    check("['1', \"true\", 'null', '', !!str 1]", json!(["1", "true", "null", "", "1"]));
    check(
        "[1.10, 010, 0x10, yes, no, +1, 1_000, .5, 1e3]",
        json!(["1.10", "010", "0x10", "yes", "no", "+1", "1_000", ".5", "1e3"]),
    );
    check("[.nan, .inf, NaN, inf]", json!([".nan", ".inf", "NaN", "inf"]));
    check("[10.0.0.1, 127.0.0.1:80, 12kb]", json!(["10.0.0.1", "127.0.0.1:80", "12kb"]));
    check("a: |\n  two\n  lines\n", json!({ "a": "two\nlines\n" }));
}

#[test]
fn large_numbers_are_whole_or_text() {
    check("[18446744073709551615, -9223372036854775808]", json!([u64::MAX, i64::MIN]));
    check("[18446744073709551616]", json!(["18446744073709551616"]));
}

#[test]
fn variables_are_left_alone() {
    check("a: ${HOME}\nb: \"${X:-1}\"", json!({ "a": "${HOME}", "b": "${X:-1}" }));
}

#[test]
fn aliases_and_merged_keys_are_written_out() {
    check(
        "a: &a { x: 1 }\nb: *a\nc: { <<: *a, y: 2 }",
        json!({ "a": { "x": 1 }, "b": { "x": 1 }, "c": { "x": 1, "y": 2 } }),
    );
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, place) in [
        ("a: [", "x.yaml:1:"),
        ("a: 1\na: 2", "x.yaml:2:1"),
        ("a: 1\n---\nb: 1", "x.yaml:2:"),
        ("? [a]\n: b", "x.yaml:1:"),
    ] {
        let errors = to_json(text, "x.yaml").unwrap_err().to_string();
        assert!(errors.contains(place), "{errors}");
    }
}
