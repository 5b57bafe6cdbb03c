use serde_json::json;

use super::*;

#[track_caller]
fn differ(before: &Value, after: &Value, expected: &[&str]) {
    assert_eq!(fields(Kind::Route, before, after), expected);
}

#[test]
fn places_are_the_outermost_that_tell_the_difference() {
    differ(&json!({ "a": 1 }), &json!({ "a": 1 }), &[]);
    differ(&json!({ "a": 1 }), &json!({ "a": 2 }), &["/a"]);
    differ(&json!({ "a": 1 }), &json!({ "b": 1 }), &["/a", "/b"]);
    differ(&json!({ "a": { "x": 1, "y": 1 } }), &json!({ "a": { "x": 1, "y": 2 } }), &["/a/y"]);
    differ(&json!({ "a": { "x": { "deep": 1 } } }), &json!({ "a": { "x": { "deep": 2 } } }), &["/a/x"]);
    differ(&json!({ "a": [1, 2] }), &json!({ "a": [1] }), &["/a"]);
    differ(&json!({ "a/b": 1, "c~d": 1 }), &json!({}), &["/a~1b", "/c~0d"]);
    differ(&json!("written"), &json!("specific"), &[""]);
    differ(&json!("written"), &json!("written"), &[]);
}

#[test]
fn backends_are_told_by_their_ids() {
    let list = |backends: Value| json!({ "backends": backends });
    let (a, b) = (json!({ "id": "a", "hostname": "h", "port": 1 }), json!({ "hostname": "h", "port": 2 }));
    let heavy = json!({ "id": "a", "hostname": "h", "port": 1, "weight": 2 });
    differ(&list(json!([a])), &list(json!([a, b])), &["/backends/h:2"]);
    differ(&list(json!([a, b])), &list(json!([b])), &["/backends/a"]);
    differ(&list(json!([a, b])), &list(json!([heavy, b])), &["/backends/a"]);
    differ(&list(json!([a, b])), &list(json!([b, a])), &["/backends"]);
    differ(&list(json!([a])), &json!({ "upstream": "u" }), &["/backends", "/upstream"]);
}

#[test]
fn an_object_that_differs_in_very_much_differs_as_a_whole() {
    let many = |value: u32| Value::Object((0..100).map(|key| (format!("{key:03}"), value.into())).collect());
    let fields = fields(Kind::Section, &many(1), &many(2));
    assert_eq!((fields.len(), fields.last().map(String::as_str)), (MOST_FIELDS + 1, Some("")));
}
