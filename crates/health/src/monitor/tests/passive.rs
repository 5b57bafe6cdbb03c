//! Backends with settings of their own: how many failures kill, and how they are probed then.

use super::*;
use crate::PassiveSettings;
use tokio::time::sleep;

fn after(failures: u32) -> PassiveSettings {
    PassiveSettings { failures, backoff: settings().backoff }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

async fn wait(seconds: u64) {
    sleep(Duration::from_secs(seconds)).await;
}

fn quiet() -> Monitor<u32> {
    Monitor::new(settings(), failing(&Notes::new()), |_, _| {})
}

#[test]
fn without_settings_of_its_own_a_backend_dies_at_the_first_failure() {
    assert_eq!(PassiveSettings::from(&settings()), after(1));
    assert_eq!(PassiveSettings::default(), PassiveSettings { failures: 1, backoff: Backoff::default() });
    for settings in [None, Some(after(1)), Some(after(0))] {
        let reporter = quiet().reporter();
        match settings {
            None => reporter.connect_failed_since(&7, now()),
            Some(settings) => reporter.connect_failed_with(&7, now(), &settings),
        }
        assert_eq!((reporter.state(&7), reporter.has_failures(&7)), (State::Dead, true));
    }
}

#[test]
fn a_backend_dies_when_as_many_connects_failed_as_it_takes() {
    let changes = Notes::new();
    let monitor = Monitor::new(settings(), failing(&Notes::new()), noting(&changes));
    let reporter = monitor.reporter();
    for expected in [State::Alive, State::Alive, State::Dead, State::Dead] {
        reporter.connect_failed_with(&7, now(), &after(3));
        assert_eq!((reporter.state(&7), reporter.has_failures(&7)), (expected, true));
    }
    assert_eq!(changes.all().len(), 1);
}

#[test]
fn a_success_between_failures_counts_them_from_nought_and_is_forgotten() {
    let monitor = quiet();
    let reporter = monitor.reporter();
    for _ in 0..10 {
        reporter.connect_failed_with(&7, now(), &after(2));
        assert!(reporter.has_failures(&7) && !reporter.has_failures(&8));
        reporter.connect_succeeded_since(&7, now());
        assert!(!reporter.has_failures(&7));
    }
    assert_eq!((reporter.state(&7), monitor.shared.table().size()), (State::Alive, (0, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn failures_older_than_a_minute_do_not_count_and_are_dropped() {
    let monitor = quiet();
    let reporter = monitor.reporter();
    let reports = async {
        reporter.connect_failed_with(&7, now(), &after(2));
        wait(59).await;
        assert!(reporter.has_failures(&7));
        wait(2).await;
        assert!(!reporter.has_failures(&7));
        assert_eq!(reporter.shared.table().size(), (0, 0, 0), "nobody needs to ask for that");
        reporter.connect_failed_with(&7, now(), &after(2));
        assert_eq!(reporter.state(&7), State::Alive);
        wait(30).await;
        reporter.connect_failed_with(&7, now(), &after(2));
        assert_eq!(reporter.state(&7), State::Dead);
    };
    tokio::join!(run_for(monitor, Duration::from_secs(100)), reports);
}

#[tokio::test(start_paused = true)]
async fn each_backend_is_probed_after_its_own_waits() {
    let probes = Notes::new();
    let monitor = Monitor::new(settings(), failing(&probes), |_, _| {});
    let backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_secs(10), jitter: 0.0 };
    let reporter = monitor.reporter();
    reporter.connect_failed_with(&1, now(), &PassiveSettings { failures: 1, backoff });
    reporter.connect_failed_since(&2, now());
    run_for(monitor, Duration::from_secs(30)).await;
    let times = |key| probes.all().iter().filter(|probe| probe.1 == key).map(|probe| probe.0).collect();
    let (own, default): (Vec<u64>, Vec<u64>) = (times(1), times(2));
    assert_eq!((own, default), (vec![5_000, 15_000, 25_000], vec![1_000, 3_000, 7_000, 15_000]));
}

#[tokio::test(start_paused = true)]
async fn failures_from_before_the_return_do_not_count() {
    let monitor = Monitor::new(settings(), answer(|_| ready(Ok(()))), |_, _| {});
    let reporter = monitor.reporter();
    let reports = async {
        let before = now();
        (0..2).for_each(|_| reporter.connect_failed_with(&7, before, &after(2)));
        wait(2).await;
        assert_eq!((reporter.state(&7), reporter.has_failures(&7)), (State::Alive, false));
        (0..9).for_each(|_| reporter.connect_failed_with(&7, before, &after(2)));
        assert_eq!((reporter.state(&7), reporter.has_failures(&7)), (State::Alive, false));
        (0..2).for_each(|_| reporter.connect_failed_with(&7, now(), &after(2)));
        assert_eq!(reporter.state(&7), State::Dead);
    };
    tokio::join!(run_for(monitor, Duration::from_millis(2_500)), reports);
}

#[test]
fn a_forgotten_backend_has_no_failures() {
    for failures in [1, 2] {
        let reporter = quiet().reporter();
        reporter.connect_failed_with(&7, now(), &after(failures));
        reporter.forget(&7);
        assert!(!reporter.has_failures(&7));
        assert_eq!(reporter.shared.failing(), 0);
    }
}
