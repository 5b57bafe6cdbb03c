use std::ffi::OsStr;

use super::{Listed, Name};

#[track_caller]
fn check(name: &str, expected: Option<Listed>) {
    assert_eq!(Name::read(OsStr::new(name)), expected, "{name}");
}

#[test]
fn names_of_revisions_are_read() {
    check("000000042.json", Some(Listed::Whole(Name::record(42))));
    check("000000064.layers.json", Some(Listed::Whole(Name::layers(64))));
    check("000000042.confirmed.json", Some(Listed::Whole(Name::confirmation(42))));
    check("1234567890123.json", Some(Listed::Whole(Name::record(1_234_567_890_123))));
    check("000000042.json.next", Some(Listed::Unfinished(Name::record(42))));
    check("000000064.layers.json.corrupt-2", Some(Listed::Aside(Name::layers(64))));
}

#[test]
fn other_names_are_passed_over() {
    for name in [
        "lock",
        "42.json",
        "+00000042.json",
        "0000000042.json",
        "000000000.json",
        "000000042.json.bak",
        "000000042.other.json",
        ".json",
        "99999999999999999999.json",
        "000000042",
    ] {
        check(name, None);
    }
}
