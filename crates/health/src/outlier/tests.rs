mod walk;

use super::{Ejection, OutlierSettings, Outliers};
use std::time::Duration;

const PLAIN: OutlierSettings = OutlierSettings {
    consecutive_errors: Some(5),
    consecutive_resets: Some(5),
    consecutive_slow: Some(5),
    base: Duration::from_secs(30),
    longest: Duration::from_secs(100),
    jitter: 0.0,
    most_percent: 50,
};

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn until(seconds: u64) -> Ejection {
    Ejection::Ejected { until: at(seconds) }
}

/// How many of a set of this size can be ejected, if all are tried.
#[track_caller]
fn check_cap(most_percent: u8, size: usize, expected: usize) {
    let mut outliers = Outliers::new(OutlierSettings { most_percent, ..PLAIN });
    for key in 0..size {
        let ejection = outliers.eject(&key, size, at(0), 0);
        let wanted = if key < expected { until(30) } else { Ejection::Capped };
        assert_eq!(ejection, wanted, "{most_percent} % of {size}: {key}");
    }
    assert_eq!(outliers.out(), expected);
}

#[test]
fn the_default_is_what_its_document_says() {
    let default = OutlierSettings::default();
    assert_eq!((default.longest, default.jitter), (at(300), 0.1));
    assert_eq!(OutlierSettings { longest: at(100), jitter: 0.0, ..default }, PLAIN);
}

#[test]
fn no_more_than_the_share_is_out_but_one_may_be_and_one_stays() {
    for (percent, size, expected) in [
        (50, 0, 0),
        (50, 1, 0),
        (100, 1, 0),
        (50, 2, 1),
        (50, 3, 1),
        (50, 4, 2),
        (10, 2, 1),
        (10, 19, 1),
        (10, 20, 2),
        (100, 4, 3),
        (255, 4, 3),
        (99, 4, 3),
        (0, 10, 0),
    ] {
        check_cap(percent, size, expected);
    }
}

#[test]
fn one_that_is_out_is_not_ejected_again() {
    let mut outliers = Outliers::new(PLAIN);
    assert_eq!(outliers.eject(&1, 4, at(0), 0), until(30));
    assert_eq!(outliers.eject(&1, 4, at(1), 0), Ejection::AlreadyOut);
    assert_eq!(outliers.eject(&1, 4, at(31), 0), Ejection::AlreadyOut, "nobody was told that it returned");
    assert_eq!((outliers.out(), outliers.is_out(&1), outliers.is_out(&2)), (1, true, false));
}

#[test]
fn backends_return_when_their_time_is_over() {
    let mut outliers = Outliers::new(PLAIN);
    assert_eq!(outliers.next_due(), None);
    assert_eq!((outliers.eject(&1, 4, at(0), 0), outliers.eject(&2, 4, at(5), 0)), (until(30), until(35)));
    assert_eq!((outliers.next_due(), outliers.due(at(29))), (Some(at(30)), vec![]));
    assert_eq!((outliers.due(at(30)), outliers.due(at(30))), (vec![1], vec![]));
    assert_eq!((outliers.next_due(), outliers.due(at(99))), (Some(at(35)), vec![2]));
    assert_eq!((outliers.next_due(), outliers.out()), (None, 0));
}

#[test]
fn each_ejection_is_longer_than_the_one_before_up_to_the_longest() {
    let mut outliers = Outliers::new(PLAIN);
    let mut now = 0;
    for time in [30, 60, 90, 100, 100] {
        assert_eq!(outliers.eject(&1, 2, at(now), 0), until(now + time));
        now += time;
        assert_eq!(outliers.due(at(now)), [1]);
    }
}

#[test]
fn jitter_shortens_and_never_lengthens() {
    let settings = OutlierSettings { jitter: 0.5, ..PLAIN };
    for (entropy, expected) in [(0, 30_000), (1 << 63, 22_500)] {
        let mut outliers = Outliers::new(settings);
        let until = Duration::from_millis(expected);
        assert_eq!(outliers.eject(&1, 2, at(0), entropy), Ejection::Ejected { until });
    }
    for jitter in [f64::NAN, -1.0] {
        let mut outliers = Outliers::new(OutlierSettings { jitter, ..PLAIN });
        assert_eq!(outliers.eject(&1, 2, at(0), u64::MAX), until(30), "{jitter}");
    }
}

#[test]
fn who_returns_is_on_probation_until_the_first_success() {
    let mut outliers = Outliers::new(PLAIN);
    assert!(!outliers.is_probation(&1));
    assert_eq!(outliers.eject(&1, 2, at(0), 0), until(30));
    outliers.succeeded(&1, at(1));
    assert!(outliers.is_out(&1) && !outliers.is_probation(&1), "a late success of one that is out");
    assert_eq!(outliers.due(at(30)), [1]);
    assert!(outliers.is_probation(&1) && !outliers.is_out(&1));
    outliers.succeeded(&1, at(31));
    assert!(!outliers.is_probation(&1) && outliers.is_known(&1));
}

#[test]
fn an_ejection_is_forgotten_with_each_base_time_without_another() {
    for (returned_for, expected) in [(0, 90), (29, 90), (30, 60), (59, 60), (60, 30), (1_000, 30)] {
        let mut outliers = Outliers::new(PLAIN);
        assert_eq!(outliers.eject(&1, 2, at(0), 0), until(30));
        assert_eq!(outliers.due(at(30)), [1]);
        assert_eq!(outliers.eject(&1, 2, at(30), 0), until(90));
        assert_eq!(outliers.due(at(90)), [1]);
        let now = 90 + returned_for;
        assert_eq!(outliers.eject(&1, 2, at(now), 0), until(now + expected), "{returned_for}");
    }
}

#[test]
fn successes_between_do_not_delay_forgetting_and_the_last_drops_the_memory() {
    let mut outliers = Outliers::new(PLAIN);
    assert_eq!(outliers.eject(&1, 2, at(0), 0), until(30));
    assert_eq!(outliers.due(at(30)), [1]);
    (30..60).for_each(|second| outliers.succeeded(&1, at(second)));
    assert!(outliers.is_known(&1));
    outliers.succeeded(&1, at(60));
    assert!(!outliers.is_known(&1));
    outliers.succeeded(&1, at(61));
    assert!(outliers.entries.is_empty());
}

#[test]
fn a_good_check_brings_back_early_and_on_probation() {
    let mut outliers = Outliers::new(PLAIN);
    assert!(!outliers.return_early(&1, at(0)));
    assert_eq!(outliers.eject(&1, 2, at(0), 0), until(30));
    assert!(outliers.return_early(&1, at(5)));
    assert!(!outliers.return_early(&1, at(6)));
    assert_eq!((outliers.out(), outliers.is_probation(&1), outliers.due(at(99))), (0, true, vec![]));
    assert_eq!(outliers.eject(&1, 2, at(6), 0), until(66));
}

#[test]
fn who_is_forgotten_makes_room_and_starts_anew() {
    let mut outliers = Outliers::new(PLAIN);
    assert_eq!(outliers.eject(&1, 2, at(0), 0), until(30));
    assert_eq!(outliers.eject(&2, 2, at(0), 0), Ejection::Capped);
    outliers.forget(&1);
    outliers.forget(&1);
    outliers.forget(&3);
    assert_eq!((outliers.out(), outliers.next_due()), (0, None));
    assert_eq!(outliers.eject(&2, 2, at(1), 0), until(31));
    assert!(outliers.return_early(&2, at(2)));
    outliers.forget(&2);
    assert_eq!(outliers.eject(&1, 2, at(3), 0), until(33));
}

#[test]
fn other_settings_leave_those_out_who_are() {
    let mut outliers = Outliers::new(PLAIN);
    assert_eq!(outliers.eject(&1, 4, at(0), 0), until(30));
    outliers.configure(OutlierSettings { base: at(1), most_percent: 0, ..PLAIN });
    assert_eq!((outliers.next_due(), outliers.eject(&2, 4, at(0), 0)), (Some(at(30)), Ejection::Capped));
}

#[test]
fn times_without_an_end_or_of_nothing_do_no_harm() {
    for base in [Duration::ZERO, Duration::MAX] {
        let mut outliers = Outliers::new(OutlierSettings { base, longest: Duration::MAX, ..PLAIN });
        assert!(matches!(outliers.eject(&1, 2, Duration::MAX, 0), Ejection::Ejected { .. }));
        assert_eq!(outliers.due(Duration::MAX), [1]);
        outliers.succeeded(&1, Duration::MAX);
    }
}
