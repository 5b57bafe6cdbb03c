use super::{Manual, UnknownManual};

const ALL: [(Manual, &str); 4] = [
    (Manual::Ready, "ready"),
    (Manual::Drain { keeps_sticky: false }, "drain"),
    (Manual::Drain { keeps_sticky: true }, "drain-keep-sticky"),
    (Manual::Dead, "dead"),
];

#[test]
fn each_state_is_written_and_read_as_its_word() {
    for (state, word) in ALL {
        assert_eq!((state.to_string().as_str(), word.parse()), (word, Ok(state)));
    }
}

#[test]
fn other_words_are_refused() {
    for word in ["", "Ready", "ready ", "drain-keep", "down"] {
        assert_eq!(word.parse::<Manual>(), Err(UnknownManual), "{word:?}");
    }
}

#[test]
fn only_a_ready_backend_gets_new_clients() {
    let open = ALL.map(|(state, _)| (state.is_open(false), state.is_open(true)));
    assert_eq!(open, [(true, true), (false, false), (false, true), (false, false)]);
}

#[test]
fn a_backend_is_ready_unless_somebody_says_otherwise() {
    assert_eq!(Manual::default(), Manual::Ready);
}
