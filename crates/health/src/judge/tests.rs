mod walk;

use super::{CheckSettings, Judge, Start};
use crate::{State, Transition};
use std::time::Duration;

const PLAIN: CheckSettings = CheckSettings {
    interval: Duration::from_secs(10),
    timeout: Duration::from_secs(2),
    rise: 2,
    fall: 3,
    fast_interval: Some(Duration::from_secs(1)),
    down_interval: Some(Duration::from_secs(60)),
    jitter: 0.0,
    start: Start::Up,
};

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What results (`+` and `-`) do, one letter each: `.` nothing, `D` died, `R` revived; and the waits after
/// them.
#[track_caller]
fn check(settings: CheckSettings, results: &str, expected: &str, waits: &[u64]) {
    let mut judge = Judge::new(settings, at(0), 0);
    let (mut actual, mut actual_waits) = (String::new(), Vec::new());
    for result in results.chars() {
        actual.push(match judge.probed(result == '+', at(100), 0) {
            Transition::Unchanged => '.',
            Transition::Died => 'D',
            Transition::Revived => 'R',
        });
        actual_waits.push((judge.next_probe() - at(100)).as_secs());
    }
    assert_eq!((actual.as_str(), actual_waits.as_slice()), (expected, waits), "{results}");
}

#[test]
fn a_backend_is_alive_before_anything_is_known() {
    for start in [Start::Up, Start::Unknown] {
        let judge = Judge::new(CheckSettings { start, ..PLAIN }, at(5), 0);
        assert_eq!((judge.state(), judge.is_checked()), (State::Alive, false));
    }
}

#[test]
fn failures_in_a_row_kill_and_a_success_between_starts_anew() {
    check(PLAIN, "---", "..D", &[1, 1, 60]);
    check(PLAIN, "--+---", ".....D", &[1, 1, 10, 1, 1, 60]);
    check(CheckSettings { fall: 1, ..PLAIN }, "+-", ".D", &[10, 60]);
}

#[test]
fn successes_in_a_row_revive_and_a_failure_between_starts_anew() {
    check(PLAIN, "---++", "..D.R", &[1, 1, 60, 1, 10]);
    check(PLAIN, "---+-++", "..D...R", &[1, 1, 60, 1, 60, 1, 10]);
    check(CheckSettings { rise: 1, ..PLAIN }, "---+", "..DR", &[1, 1, 60, 10]);
}

#[test]
fn of_an_unknown_backend_the_first_result_decides() {
    let unknown = CheckSettings { start: Start::Unknown, ..PLAIN };
    check(unknown, "-", "D", &[60]);
    check(unknown, "+---", "...D", &[10, 1, 1, 60]);
    check(unknown, "-++---", "D.R..D", &[60, 1, 10, 1, 1, 60]);
}

#[test]
fn without_special_intervals_the_plain_one_is_used() {
    let settings = CheckSettings { fast_interval: None, down_interval: None, ..PLAIN };
    check(settings, "+---+-++", "...D...R", &[10; 8]);
}

#[test]
fn zero_results_in_a_row_count_as_one() {
    check(CheckSettings { rise: 0, fall: 0, ..PLAIN }, "-+", "DR", &[60, 10]);
}

#[test]
fn the_first_probe_comes_within_the_first_interval() {
    let settings = CheckSettings { fast_interval: None, ..PLAIN };
    for (entropy, expected) in [(0, 0), (1 << 63, 5_000), (u64::MAX, 10_000)] {
        let judge = Judge::new(settings, at(7), entropy);
        assert_eq!((judge.next_probe() - at(7)).as_millis(), expected, "{entropy}");
    }
    let fast = Judge::new(PLAIN, at(7), 1 << 63);
    assert_eq!((fast.next_probe() - at(7)).as_millis(), 500, "unchecked backends are checked fast");
}

#[test]
fn jitter_shortens_and_lengthens() {
    let settings = CheckSettings { jitter: 0.2, ..PLAIN };
    for (entropy, expected) in [(0, 8_000), (1 << 63, 10_000), (u64::MAX, 12_000)] {
        let mut judge = Judge::new(settings, at(0), 0);
        assert_eq!(judge.probed(true, at(100), entropy), Transition::Unchanged);
        assert_eq!((judge.next_probe() - at(100)).as_millis(), expected, "{entropy}");
    }
}

#[test]
fn values_outside_their_range_do_no_harm() {
    for (interval, jitter) in [(Duration::ZERO, 0.0), (at(10), f64::NAN), (Duration::MAX, 9.0)] {
        let mut judge = Judge::new(CheckSettings { interval, jitter, ..PLAIN }, at(0), u64::MAX);
        assert_eq!(judge.probed(true, at(100), u64::MAX), Transition::Unchanged);
        assert!(judge.next_probe() > at(100), "{interval:?} {jitter}");
    }
}

#[test]
fn other_settings_leave_the_state_and_count_anew() {
    let mut judge = Judge::new(PLAIN, at(0), 0);
    for _ in 0..3 {
        let _last_dies = judge.probed(false, at(1), 0);
    }
    assert_eq!(judge.probed(true, at(1), 0), Transition::Unchanged);
    judge.configure(CheckSettings { interval: at(20), ..PLAIN }, at(50), 0);
    assert_eq!((judge.state(), judge.is_checked(), judge.next_probe()), (State::Dead, true, at(50)));
    assert_eq!(judge.settings().interval, at(20));
    assert_eq!(judge.probed(true, at(51), 0), Transition::Unchanged);
    assert_eq!(judge.probed(true, at(52), 0), Transition::Revived);
}
