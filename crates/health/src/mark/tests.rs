mod walk;

use super::{Mark, Moment, State, Transition};
use crate::Backoff;
use std::time::Duration;

const BACKOFF: Backoff =
    Backoff { first: Duration::from_secs(1), longest: Duration::from_secs(60), jitter: 0.0 };

fn at(seconds: u64) -> Moment<'static> {
    Moment { now: Duration::from_secs(seconds), entropy: 0, backoff: &BACKOFF }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A mark that died at this time.
fn dead_since(time: u64) -> Mark {
    let mut mark = Mark::new();
    assert_eq!(mark.connect_failed(seconds(time), at(time)), Transition::Died);
    mark
}

#[test]
fn a_new_backend_is_alive_and_not_probed() {
    let mark = Mark::new();
    assert_eq!((mark.state(), mark.next_probe()), (State::Alive, None));
    assert!(!mark.is_probe_due(Duration::MAX));
}

#[test]
fn the_first_failed_connect_kills() {
    let mark = dead_since(10);
    assert_eq!(
        (mark.state(), mark.changed(), mark.next_probe()),
        (State::Dead, Some(seconds(10)), Some(seconds(11)))
    );
    assert!(!mark.is_probe_due(seconds(10)));
    assert!(mark.is_probe_due(seconds(11)));
}

#[test]
fn more_failed_connects_leave_the_schedule_as_it_is() {
    let mut mark = dead_since(10);
    let before = mark;
    for time in [10, 11, 50] {
        assert_eq!(mark.connect_failed(seconds(time), at(time)), Transition::Unchanged);
        assert_eq!(mark, before);
    }
}

#[test]
fn failed_probes_double_the_wait_up_to_a_minute() {
    let mut mark = dead_since(0);
    for (now, next) in [(1, 3), (3, 7), (7, 15), (15, 31), (31, 63), (63, 123), (123, 183)] {
        assert_eq!(mark.next_probe(), Some(seconds(now)));
        assert_eq!(mark.probed(false, at(now)), Transition::Unchanged);
        assert_eq!(mark.next_probe(), Some(seconds(next)));
    }
}

#[test]
fn the_wait_counts_from_the_end_of_the_probe() {
    let mut mark = dead_since(0);
    assert_eq!(mark.probed(false, at(3)), Transition::Unchanged);
    assert_eq!(mark.next_probe(), Some(seconds(5)));
}

#[test]
fn one_good_probe_revives() {
    let mut mark = dead_since(0);
    assert_eq!(mark.probed(false, at(1)), Transition::Unchanged);
    assert_eq!(mark.probed(true, at(3)), Transition::Revived);
    assert_eq!((mark.state(), mark.changed(), mark.next_probe()), (State::Alive, Some(seconds(3)), None));
}

#[test]
fn each_death_starts_with_the_first_wait() {
    let mut mark = dead_since(0);
    assert_eq!(mark.probed(false, at(1)), Transition::Unchanged);
    assert_eq!(mark.probed(true, at(3)), Transition::Revived);
    assert_eq!(mark.connect_failed(seconds(4), at(4)), Transition::Died);
    assert_eq!(mark.next_probe(), Some(seconds(5)));
}

#[test]
fn a_connect_that_began_after_the_death_revives_by_success() {
    let mut mark = dead_since(10);
    assert_eq!(mark.connect_succeeded(seconds(10), seconds(12)), Transition::Revived);
    assert_eq!((mark.state(), mark.changed()), (State::Alive, Some(seconds(12))));
}

#[test]
fn a_connect_that_began_before_the_death_does_not_revive() {
    let mut mark = dead_since(10);
    assert_eq!(mark.connect_succeeded(seconds(9), seconds(12)), Transition::Unchanged);
    assert_eq!(mark.state(), State::Dead);
}

#[test]
fn a_connect_that_began_before_the_return_does_not_kill() {
    let mut mark = dead_since(10);
    assert_eq!(mark.probed(true, at(12)), Transition::Revived);
    assert_eq!(mark.connect_failed(seconds(11), at(13)), Transition::Unchanged);
    assert_eq!(mark.state(), State::Alive);
    assert_eq!(mark.connect_failed(seconds(12), at(14)), Transition::Died);
}

#[test]
fn successes_mean_nothing_to_a_living_backend() {
    let mut mark = Mark::new();
    assert_eq!(mark.connect_succeeded(seconds(1), seconds(2)), Transition::Unchanged);
    assert_eq!(mark.probed(true, at(3)), Transition::Unchanged);
    assert_eq!(mark, Mark::new());
}

#[test]
fn a_probe_that_fails_after_the_return_does_not_kill() {
    let mut mark = dead_since(0);
    assert_eq!(mark.connect_succeeded(seconds(1), seconds(1)), Transition::Revived);
    assert_eq!(mark.probed(false, at(3)), Transition::Unchanged);
    assert_eq!((mark.state(), mark.next_probe()), (State::Alive, None));
}

#[test]
fn time_that_has_no_end_is_not_added_to() {
    let mut mark = Mark::new();
    let end = Moment { now: Duration::MAX, entropy: 0, backoff: &BACKOFF };
    assert_eq!(mark.connect_failed(Duration::MAX, end), Transition::Died);
    assert_eq!(mark.next_probe(), Some(Duration::MAX));
}
