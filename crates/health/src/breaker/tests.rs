mod walk;

use super::{Admission, Breaker, BreakerSettings, Change, Circuit};
use crate::Counts;
use std::time::Duration;

const SETTINGS: BreakerSettings = BreakerSettings {
    failure_percent: Some(50),
    minimum: 10,
    consecutive: None,
    open: Duration::from_secs(30),
    ramp: None,
};
const RAMP: BreakerSettings = BreakerSettings { ramp: Some(Duration::from_secs(10)), ..SETTINGS };
/// Enough failures to open.
const BAD: Counts = Counts { ok: 0, failed: 10 };
const NONE: Counts = Counts { ok: 0, failed: 0 };

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A breaker that opened at this time.
fn open_since(settings: BreakerSettings, seconds: u64) -> Breaker {
    let mut breaker = Breaker::new(settings);
    let admission = breaker.admit(at(seconds), 0);
    assert_eq!(breaker.failed(&admission, BAD, 0, at(seconds)), Change::Opened);
    breaker
}

/// A breaker that opened at 0 and whose probe, let through at 30 s, succeeded then.
fn proven(settings: BreakerSettings) -> Breaker {
    let mut breaker = open_since(settings, 0);
    let probe = breaker.admit(at(30), 0);
    let _either = breaker.succeeded(&probe, at(30));
    breaker
}

fn refused(seconds: u64) -> Admission {
    Admission::Refuse { retry_after: at(seconds) }
}

#[track_caller]
fn opens(settings: BreakerSettings, counts: Counts, consecutive: u32, expected: bool) {
    let mut breaker = Breaker::new(settings);
    let admission = breaker.admit(at(0), 0);
    let change = breaker.failed(&admission, counts, consecutive, at(1));
    let expected = if expected { Change::Opened } else { Change::Unchanged };
    assert_eq!(change, expected, "{settings:?} {counts:?} {consecutive}");
}

#[test]
fn it_opens_when_the_share_is_reached_by_enough_requests() {
    for (ok, failed, expected) in
        [(5, 5, true), (6, 5, false), (0, 9, false), (0, 10, true), (100, 99, false), (100, 100, true)]
    {
        opens(SETTINGS, Counts { ok, failed }, u32::MAX, expected);
    }
}

#[test]
fn it_opens_after_failures_in_a_row_if_they_matter() {
    let settings = BreakerSettings { failure_percent: None, consecutive: Some(3), ..SETTINGS };
    for (consecutive, expected) in [(0, false), (2, false), (3, true), (4, true)] {
        opens(settings, BAD, consecutive, expected);
    }
    opens(BreakerSettings { consecutive: Some(0), ..settings }, NONE, 1, true);
    opens(BreakerSettings { consecutive: None, ..settings }, BAD, u32::MAX, false);
}

#[test]
fn percentages_outside_their_range_are_taken_as_the_nearest_inside() {
    opens(BreakerSettings { failure_percent: Some(0), ..SETTINGS }, Counts { ok: 10, failed: 0 }, 0, false);
    opens(BreakerSettings { failure_percent: Some(255), ..SETTINGS }, BAD, 0, true);
}

#[test]
fn while_closed_everything_passes_and_successes_change_nothing() {
    let mut breaker = Breaker::new(SETTINGS);
    let admission = breaker.admit(at(1), u64::MAX);
    assert!(matches!(admission, Admission::Pass(_)) && admission.is_admitted());
    assert_eq!(breaker.succeeded(&admission, at(2)), Change::Unchanged);
    breaker.abandoned(&admission);
    assert_eq!(breaker, Breaker::new(SETTINGS));
    assert_eq!((breaker.state(at(2)), breaker.next_change(at(2))), (Circuit::Closed, None));
}

#[test]
fn while_open_everything_is_refused_with_the_time_that_is_left() {
    let mut breaker = open_since(SETTINGS, 100);
    assert_eq!(breaker.admit(at(100), 0), refused(30));
    assert_eq!(breaker.admit(at(129), 0), refused(1));
    assert!(!breaker.admit(at(129), 0).is_admitted());
    assert_eq!((breaker.state(at(129)), breaker.next_change(at(129))), (Circuit::Open, Some(at(130))));
    assert_eq!((breaker.state(at(130)), breaker.next_change(at(130))), (Circuit::HalfOpen, None));
}

#[test]
fn after_its_time_one_probe_passes_and_the_others_wait() {
    let mut breaker = open_since(SETTINGS, 0);
    assert!(matches!(breaker.admit(at(30), 0), Admission::Probe(_)));
    for time in [30, 31, 1_000] {
        assert_eq!(breaker.admit(at(time), 0), refused(0));
    }
}

#[test]
fn the_probes_success_closes() {
    let mut breaker = open_since(SETTINGS, 0);
    let probe = breaker.admit(at(30), 0);
    assert_eq!(breaker.succeeded(&probe, at(31)), Change::Closed);
    assert_eq!(breaker.state(at(31)), Circuit::Closed);
    assert!(matches!(breaker.admit(at(31), 0), Admission::Pass(_)));
}

#[test]
fn the_probes_failure_opens_for_the_whole_time_again() {
    let mut breaker = open_since(SETTINGS, 0);
    let probe = breaker.admit(at(30), 0);
    assert_eq!(breaker.failed(&probe, NONE, 0, at(32)), Change::Opened);
    assert_eq!((breaker.state(at(61)), breaker.state(at(62))), (Circuit::Open, Circuit::HalfOpen));
}

#[test]
fn an_abandoned_probe_gives_its_place_to_another() {
    let mut breaker = open_since(SETTINGS, 0);
    let first = breaker.admit(at(30), 0);
    breaker.abandoned(&first);
    let second = breaker.admit(at(31), 0);
    assert!(matches!(second, Admission::Probe(_)));
    assert_ne!(first, second);
}

#[test]
fn a_probe_that_was_given_back_speaks_no_more() {
    let mut breaker = open_since(SETTINGS, 0);
    let first = breaker.admit(at(30), 0);
    breaker.abandoned(&first);
    let second = breaker.admit(at(31), 0);
    breaker.abandoned(&first);
    assert_eq!(breaker.admit(at(31), 0), refused(0), "the second probe is still under way");
    assert_eq!(breaker.succeeded(&first, at(32)), Change::Unchanged);
    assert_eq!(breaker.failed(&first, BAD, 9, at(32)), Change::Unchanged);
    assert_eq!(breaker.succeeded(&second, at(33)), Change::Closed);
    assert_eq!(breaker.failed(&second, BAD, 9, at(34)), Change::Unchanged, "it has ended already");
}

#[test]
fn requests_from_before_the_opening_change_nothing_after_it() {
    let mut breaker = Breaker::new(SETTINGS);
    let (old, last) = (breaker.admit(at(0), 0), breaker.admit(at(0), 0));
    assert!(breaker.is_current(&old));
    assert_eq!(breaker.failed(&last, BAD, 0, at(1)), Change::Opened);
    assert!(!breaker.is_current(&old));
    // While open, half-open, and closed again.
    let before = breaker.clone();
    assert_eq!(breaker.failed(&old, BAD, 9, at(2)), Change::Unchanged);
    assert_eq!(breaker.succeeded(&old, at(2)), Change::Unchanged);
    assert_eq!(breaker, before);
    let probe = breaker.admit(at(31), 0);
    assert_eq!(breaker.succeeded(&old, at(32)), Change::Unchanged);
    assert_eq!(breaker.failed(&old, BAD, 9, at(32)), Change::Unchanged);
    breaker.abandoned(&old);
    assert_eq!(breaker.admit(at(32), 0), refused(0));
    assert_eq!(breaker.succeeded(&probe, at(33)), Change::Closed);
    assert_eq!(breaker.failed(&old, BAD, 9, at(34)), Change::Unchanged);
    assert_eq!(breaker.state(at(34)), Circuit::Closed);
}

#[test]
fn what_was_refused_cannot_end() {
    let mut breaker = open_since(SETTINGS, 0);
    let refused = breaker.admit(at(1), 0);
    let probe = breaker.admit(at(30), 0);
    assert!(!breaker.is_current(&refused));
    assert_eq!(breaker.succeeded(&refused, at(31)), Change::Unchanged);
    assert_eq!(breaker.failed(&refused, BAD, 9, at(31)), Change::Unchanged);
    assert_eq!(breaker.succeeded(&probe, at(31)), Change::Closed);
    assert_eq!(breaker.failed(&refused, BAD, 9, at(31)), Change::Unchanged);
}

#[test]
fn time_alone_tells_its_changes_once() {
    let mut breaker = open_since(RAMP, 0);
    assert_eq!(breaker.advance(at(29)), Change::Unchanged);
    assert_eq!((breaker.advance(at(30)), breaker.advance(at(30))), (Change::HalfOpened, Change::Unchanged));
    let probe = breaker.admit(at(30), 0);
    assert_eq!(breaker.succeeded(&probe, at(30)), Change::Ramped);
    assert_eq!(breaker.advance(at(39)), Change::Unchanged);
    assert_eq!((breaker.advance(at(40)), breaker.advance(at(40))), (Change::Closed, Change::Unchanged));
}

#[test]
fn a_ramp_admits_a_share_that_grows_with_time() {
    let half = 1 << 63;
    for (time, entropy, expected) in
        [(30, 0, refused(10)), (34, half, refused(6)), (35, half, refused(5)), (39, u64::MAX, refused(1))]
    {
        assert_eq!(proven(RAMP).admit(at(time), entropy), expected, "{time} {entropy}");
    }
    for (time, entropy) in [(31, 0), (36, half), (40, u64::MAX)] {
        assert!(matches!(proven(RAMP).admit(at(time), entropy), Admission::Pass(_)), "{time} {entropy}");
    }
}

#[test]
fn a_ramp_ends_closed() {
    let breaker = proven(RAMP);
    assert_eq!((breaker.state(at(39)), breaker.next_change(at(39))), (Circuit::Ramping, Some(at(40))));
    assert_eq!((breaker.state(at(40)), breaker.next_change(at(40))), (Circuit::Closed, None));
}

#[test]
fn too_many_failures_in_a_ramp_open_again_and_few_do_not() {
    let mut breaker = proven(RAMP);
    let admission = breaker.admit(at(31), 0);
    assert_eq!(breaker.failed(&admission, Counts { ok: 10, failed: 1 }, 1, at(32)), Change::Unchanged);
    assert_eq!(breaker.state(at(32)), Circuit::Ramping);
    assert_eq!(breaker.failed(&admission, BAD, 1, at(32)), Change::Opened);
    assert_eq!(breaker.next_change(at(32)), Some(at(62)));
}

#[test]
fn a_request_admitted_in_a_ramp_counts_after_it() {
    let mut breaker = proven(RAMP);
    let admission = breaker.admit(at(39), 0);
    assert_eq!(breaker.failed(&admission, BAD, 0, at(41)), Change::Opened);
}

#[test]
fn each_opening_and_each_good_probe_begin_an_epoch() {
    let mut breaker = Breaker::new(RAMP);
    assert_eq!(breaker.epoch(), 0);
    breaker = open_since(RAMP, 0);
    assert_eq!(breaker.epoch(), 1);
    breaker = proven(RAMP);
    assert_eq!((breaker.epoch(), breaker.advance(at(40)), breaker.epoch()), (2, Change::Closed, 2));
}

#[test]
fn other_settings_leave_the_state() {
    let mut breaker = open_since(SETTINGS, 0);
    breaker.configure(BreakerSettings { open: at(1), ..SETTINGS });
    assert_eq!(breaker.next_change(at(2)), Some(at(30)));
    let mut ramping = proven(RAMP);
    ramping.configure(SETTINGS);
    assert_eq!((ramping.state(at(31)), ramping.advance(at(31))), (Circuit::Closed, Change::Closed));
}

#[test]
fn a_ramp_of_no_time_is_none() {
    let settings = BreakerSettings { ramp: Some(Duration::ZERO), ..SETTINGS };
    assert_eq!(proven(settings).state(at(30)), Circuit::Closed);
}

#[test]
fn time_that_has_no_end_is_not_added_to() {
    let mut breaker = Breaker::new(SETTINGS);
    let admission = breaker.admit(Duration::MAX, 0);
    assert_eq!(breaker.failed(&admission, BAD, 0, Duration::MAX), Change::Opened);
    assert_eq!(breaker.state(Duration::MAX), Circuit::HalfOpen);
}
