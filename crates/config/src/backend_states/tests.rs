use super::{BackendStates, StatesError};
use crate::BackendState;

fn states(list: &[(&str, &str, BackendState)]) -> BackendStates {
    let mut states = BackendStates::default();
    for (upstream, id, state) in list {
        states.set(upstream, id, *state);
    }
    states
}

#[test]
fn what_is_written_is_read_again() {
    let odd = "ein \"Name\"\nmit ü \u{0}";
    let written = states(&[
        ("app", "a", BackendState::Drain),
        ("app", "b", BackendState::DrainKeepSticky),
        (odd, odd, BackendState::Dead),
        ("route:x", "c", BackendState::Ready),
    ]);
    assert_eq!(BackendStates::parse(written.to_text()).unwrap(), written);
    let none = BackendStates::default();
    assert_eq!(BackendStates::parse(none.to_text()).unwrap(), none);
}

/// Later versions have to read it.
#[test]
fn the_text_is_this() {
    let text = states(&[("app", "10.0.0.1:80", BackendState::DrainKeepSticky)]).to_text();
    let expected = r#"{
  "upstreams": {
    "app": {
      "10.0.0.1:80": "drainKeepSticky"
    }
  },
  "version": 1
}
"#;
    assert_eq!(text, expected);
}

#[test]
fn what_is_forgotten_leaves_nothing_behind() {
    let mut states = states(&[("app", "a", BackendState::Dead), ("app", "b", BackendState::Dead)]);
    states.forget("app", "a");
    states.forget("app", "nobody");
    states.forget("nothing", "b");
    assert_eq!(states.of_upstream("app").collect::<Vec<_>>(), [("b", BackendState::Dead)]);
    states.forget("app", "b");
    assert_eq!(states, BackendStates::default());
}

#[test]
fn other_texts_are_refused() {
    for text in [
        "",
        "{",
        "[]",
        "{}",
        "null",
        r#"{"version":1}"#,
        r#"{"version":1,"upstreams":{"a":{"b":"tired"}}}"#,
        r#"{"version":1,"upstreams":{},"more":1}"#,
        r#"{"version":1,"upstreams":{}} x"#,
    ] {
        assert!(matches!(BackendStates::parse(text), Err(StatesError::Form(_))), "{text}");
    }
    let no_utf8 = BackendStates::parse(b"{\"version\":1,\"upstreams\":{\"\xff\":{}}}").unwrap_err();
    assert!(matches!(no_utf8, StatesError::Form(_)), "{no_utf8}");
    let later = BackendStates::parse(r#"{"version":2,"upstreams":[]}"#).unwrap_err();
    assert!(matches!(later, StatesError::Version(2)), "{later}");
}
