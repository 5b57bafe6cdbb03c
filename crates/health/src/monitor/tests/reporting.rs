//! What a report does by itself, whether or not somebody runs the monitor.

use super::*;
use crate::Reporter;
use std::{collections::HashMap, sync::OnceLock, thread};

fn told(changes: &Notes<(u32, State)>) -> Vec<(u32, State)> {
    changes.all().into_iter().map(|(_, change)| change).collect()
}

#[test]
fn a_report_takes_effect_at_once() {
    let changes = Notes::new();
    let monitor = Monitor::new(settings(), failing(&Notes::new()), noting(&changes));
    let reporter = monitor.reporter();
    assert_eq!(reporter.state(&7), State::Alive);
    reporter.connect_failed(&7);
    assert_eq!((reporter.state(&7), told(&changes)), (State::Dead, vec![(7, State::Dead)]));
}

#[test]
fn a_backend_reported_many_times_is_kept_and_told_once() {
    let changes = Notes::new();
    let monitor = Monitor::new(settings(), failing(&Notes::new()), noting(&changes));
    for _ in 0..1_000 {
        monitor.reporter().connect_failed(&7);
    }
    assert_eq!(told(&changes), [(7, State::Dead)]);
    assert_eq!(monitor.shared.table().size(), (1, 1, 0));
}

#[test]
fn news_that_change_nothing_take_no_memory() {
    let monitor = Monitor::new(settings(), failing(&Notes::new()), |_: &u32, _| {});
    monitor.reporter().connect_succeeded_since(&7, std::time::Instant::now());
    assert_eq!(monitor.shared.table().size(), (0, 0, 0));
}

#[test]
fn a_failure_that_began_before_the_return_does_not_count() {
    let changes = Notes::new();
    let monitor = Monitor::new(settings(), failing(&Notes::new()), noting(&changes));
    let reporter = monitor.reporter();
    let before = std::time::Instant::now();
    reporter.connect_failed_since(&7, before);
    reporter.connect_succeeded_since(&7, std::time::Instant::now());
    reporter.connect_failed_since(&7, before);
    assert_eq!(told(&changes), [(7, State::Dead), (7, State::Alive)]);
}

#[test]
fn forgetting_a_dead_backend_tells_nothing() {
    let changes = Notes::new();
    let monitor = Monitor::new(settings(), failing(&Notes::new()), noting(&changes));
    monitor.reporter().connect_failed(&7);
    monitor.reporter().forget(&7);
    assert_eq!((monitor.reporter().state(&7), told(&changes)), (State::Alive, vec![(7, State::Dead)]));
    assert_eq!(monitor.shared.table().size(), (0, 0, 0));
}

#[test]
fn the_callback_may_report() {
    static REPORTER: OnceLock<Reporter<u32>> = OnceLock::new();
    let changes = Notes::new();
    let noted = Arc::clone(&changes);
    let monitor = Monitor::new(settings(), failing(&Notes::new()), move |key, state| {
        if *key < 5 {
            REPORTER.get().expect("it was set").connect_failed(&(key + 1));
        }
        noted.add((*key, state));
    });
    let reporter = REPORTER.get_or_init(|| monitor.reporter());
    reporter.connect_failed(&1);
    assert_eq!(told(&changes), (1..=5).map(|key| (key, State::Dead)).collect::<Vec<_>>());
}

#[test]
fn a_callback_that_panics_does_not_keep_later_changes_from_being_told() {
    let changes = Notes::new();
    let noted = Arc::clone(&changes);
    let monitor = Monitor::new(settings(), failing(&Notes::new()), move |key, state| {
        assert_ne!(*key, 1, "the callback is broken");
        noted.add((*key, state));
    });
    let reporter = monitor.reporter();
    thread::scope(|scope| assert!(scope.spawn(|| reporter.connect_failed(&1)).join().is_err()));
    reporter.connect_failed(&2);
    assert_eq!(told(&changes), [(2, State::Dead)]);
}

#[test]
fn reports_of_many_threads_are_told_in_order_and_end_in_the_present_state() {
    let changes = Notes::new();
    let monitor = Monitor::new(settings(), failing(&Notes::new()), noting(&changes));
    thread::scope(|scope| {
        for _ in 0..4 {
            let reporter = monitor.reporter();
            scope.spawn(move || {
                for round in 0..2_000_u32 {
                    let key = round % 3;
                    reporter.connect_failed(&key);
                    reporter.connect_succeeded_since(&key, std::time::Instant::now());
                }
            });
        }
    });
    let mut last: HashMap<u32, State> = HashMap::new();
    for (key, state) in told(&changes) {
        let former = last.insert(key, state).unwrap_or(State::Alive);
        assert_ne!(former, state, "the same state was told twice");
    }
    let reporter = monitor.reporter();
    assert!((0..3).all(|key| last.get(&key).is_none_or(|state| *state == reporter.state(&key))));
    assert_eq!(last.len(), 3);
}
