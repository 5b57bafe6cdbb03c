use super::*;

fn pulse() -> Pulse {
    Pulse { interval: Ticks(10), timeout: Ticks(5), at: NEVER, asked: None }
}

/// What is done at each of these times; each is now, and when something was heard last.
#[track_caller]
fn check(times: &[(u32, u32, Step)]) {
    let mut pulse = pulse();
    for (now, heard, step) in times {
        assert_eq!(pulse.step(*now, *heard, true), *step, "at {now}: {pulse:?}");
    }
}

#[test]
fn who_is_silent_is_asked_once_and_then_given_up() {
    check(&[
        (0, 0, Step::Nothing),
        (9, 0, Step::Nothing),
        (10, 0, Step::Ask),
        (14, 0, Step::Nothing),
        (15, 0, Step::Dead),
    ]);
}

#[test]
fn who_speaks_is_not_asked() {
    check(&[(0, 0, Step::Nothing), (10, 7, Step::Nothing), (16, 7, Step::Nothing), (17, 7, Step::Ask)]);
}

#[test]
fn anything_that_comes_is_an_answer_and_silence_behind_it_is_not() {
    check(&[
        (0, 0, Step::Nothing),
        (10, 0, Step::Ask),
        // It sent something, but no answer, and is silent again.
        (15, 12, Step::Nothing),
        (21, 12, Step::Nothing),
        (22, 12, Step::Ask),
        (27, 12, Step::Dead),
    ]);
}

#[test]
fn who_carries_nothing_is_left_alone() {
    let mut pulse = pulse();
    assert_eq!(pulse.step(0, 0, true), Step::Nothing);
    assert_eq!(pulse.step(100, 0, false), Step::Nothing);
    assert_eq!(pulse.at, NEVER);
    assert_eq!(pulse.step(200, 0, true), Step::Nothing);
    assert_eq!(pulse.step(210, 0, true), Step::Ask);
    assert_eq!(pulse.step(212, 0, false), Step::Nothing);
    assert_eq!(pulse.step(220, 0, true), Step::Nothing);
    assert_eq!(pulse.step(230, 0, true), Step::Ask);
}

#[test]
fn an_answer_that_came_begins_anew() {
    let mut pulse = pulse();
    assert_eq!(pulse.step(0, 0, true), Step::Nothing);
    assert_eq!(pulse.step(10, 0, true), Step::Ask);
    pulse.asked = None;
    assert_eq!(pulse.step(15, 11, true), Step::Nothing);
    assert_eq!(pulse.at, 21);
}
