use super::*;

/// A limit that falls as the pairs of limit and latency say. True where one of them is in vain.
#[track_caller]
fn check(windows: &[(f64, f64)], expected: bool) {
    let mut fall = Fall::default();
    let in_vain = windows.windows(2).any(|pair| {
        let [(before, latency), (after, next)] = pair else { return false };
        fall.follow(*before, *after, *latency);
        fall.is_in_vain(*after, *next)
    });
    assert_eq!(in_vain, expected, "{windows:?}");
}

#[test]
fn latencies_that_do_not_follow_the_limit_make_its_fall_vain() {
    check(&[(100.0, 4.0), (80.0, 4.0), (69.0, 3.9)], true);
    check(&[(100.0, 4.0), (60.0, 3.5)], true);
}

#[test]
fn latencies_that_follow_the_limit_justify_its_fall() {
    check(&[(100.0, 4.0), (80.0, 3.2), (64.0, 2.6), (50.0, 2.1), (40.0, 1.6)], false);
}

#[test]
fn a_small_fall_says_nothing() {
    check(&[(100.0, 4.0), (90.0, 4.0), (75.0, 4.0)], false);
}

#[test]
fn latencies_that_still_rise_say_nothing() {
    check(&[(100.0, 2.0), (80.0, 3.0), (64.0, 4.0), (50.0, 3.3)], false);
    check(&[(100.0, 2.0), (80.0, 3.0), (64.0, 4.0), (44.0, 4.0)], true);
}

#[test]
fn a_limit_that_grows_falls_from_there_anew() {
    check(&[(100.0, 4.0), (80.0, 4.0), (81.0, 4.0), (69.0, 4.0), (58.0, 4.0)], false);
    check(&[(100.0, 4.0), (80.0, 4.0), (81.0, 4.0), (69.0, 4.0), (56.0, 4.0)], true);
}
