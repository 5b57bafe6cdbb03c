use super::*;

#[test]
fn what_steers_a_terminal_is_escaped() {
    for (text, expected) in [
        ("plain é 日本", "plain é 日本"),
        ("\u{1b}[2Jx", "\\u{1b}[2Jx"),
        ("a\r\nb\tc\0", "a\\r\\nb\\tc\\u{0}"),
        ("\u{9b}31m", "\\u{9b}31m"),
        ("a\u{202e}b\u{200b}", "a\\u{202e}b\\u{200b}"),
    ] {
        assert_eq!(plain(text), expected);
    }
}

#[test]
fn json_stays_the_same_json() {
    let value = serde_json::json!({ "a": "\u{9b}31m\u{202e}\u{e0001}\u{1b}\n" });
    let text = format!("{value:#}");
    let shown = plain_json(&text);
    assert!(shown.chars().all(|c| c == '\n' || !steers(c)), "{shown:?}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
}

#[test]
fn what_does_not_fit_is_cut_and_marked() {
    for (text, width, expected) in [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("abcd", 1, "…"),
        ("abcd", 0, ""),
        ("", 0, ""),
        ("äöü", 2, "ä…"),
    ] {
        assert_eq!(fit(text, width), expected);
    }
}
