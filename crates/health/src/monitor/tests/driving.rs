//! What `run` does, on a paused clock.

use super::*;
use std::{
    collections::HashSet,
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
};
use tokio::time::sleep;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn a_dead_backend_is_probed_after_waits_that_double() {
    let probes = Notes::new();
    let monitor = Monitor::new(settings(), failing(&probes), |_, _| {});
    monitor.reporter().connect_failed(&7);
    run_for(monitor, 4 * MINUTE).await;
    assert_eq!(probes.times(), [1_000, 3_000, 7_000, 15_000, 31_000, 63_000, 123_000, 183_000]);
}

#[tokio::test(start_paused = true)]
async fn the_first_good_probe_brings_a_backend_back_and_ends_the_probing() {
    let (probes, changes) = (Notes::new(), Notes::new());
    let counted = Arc::clone(&probes);
    let probe = answer(move |key| {
        counted.add(key);
        ready(if counted.times().len() < 3 { Err(refused()) } else { Ok(()) })
    });
    let monitor = Monitor::new(settings(), probe, noting(&changes));
    let reporter = monitor.reporter();
    reporter.connect_failed(&7);
    run_for(monitor, 4 * MINUTE).await;
    assert_eq!(probes.times(), [1_000, 3_000, 7_000]);
    assert_eq!(changes.all(), [(0, (7, State::Dead)), (7_000, (7, State::Alive))]);
    assert_eq!(reporter.state(&7), State::Alive);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_while_nothing_is_dead() {
    let probes = Notes::new();
    let monitor = Monitor::new(settings(), failing(&probes), |_, _| {});
    let mut polls = 0;
    let mut run = pin!(monitor.run(sleep(24 * 60 * MINUTE)));
    poll_fn(|context| {
        polls += 1;
        run.as_mut().poll(context)
    })
    .await;
    assert_eq!((polls, probes.times().len()), (2, 0), "once at the start and once at the end");
}

#[tokio::test(start_paused = true)]
async fn a_report_wakes_a_monitor_that_sleeps() {
    let probes = Notes::new();
    let monitor = Monitor::new(settings(), failing(&probes), |_, _| {});
    let reporter = monitor.reporter();
    let reports = async {
        sleep(Duration::from_secs(10)).await;
        reporter.connect_failed(&1);
        sleep(Duration::from_millis(500)).await;
        reporter.connect_failed(&2);
    };
    tokio::join!(run_for(monitor, Duration::from_secs(12)), reports);
    assert_eq!(probes.all(), [(11_000, 1), (11_500, 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_never_ends_fails_at_its_timeout() {
    let probes = Notes::new();
    let counted = Arc::clone(&probes);
    let probe = answer(move |key| {
        counted.add(key);
        never()
    });
    let settings = settings().with_probe_timeout(Duration::from_secs(5));
    let monitor = Monitor::new(settings, probe, |_, _| {});
    monitor.reporter().connect_failed(&7);
    run_for(monitor, Duration::from_secs(25)).await;
    assert_eq!(probes.times(), [1_000, 8_000, 17_000]);
}

#[tokio::test(start_paused = true)]
async fn no_more_probes_run_at_once_than_allowed() {
    for limit in [1, 3] {
        let (running, most, done) =
            (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)), Notes::new());
        let (count, peak, noted) = (Arc::clone(&running), Arc::clone(&most), Arc::clone(&done));
        let probe = answer(move |key| {
            let (count, peak, noted) = (Arc::clone(&count), Arc::clone(&peak), Arc::clone(&noted));
            Box::pin(async move {
                peak.fetch_max(count.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                sleep(Duration::from_millis(100)).await;
                count.fetch_sub(1, Ordering::Relaxed);
                noted.add(key);
                Ok(())
            })
        });
        let monitor = Monitor::new(settings().with_concurrent_probes(limit), probe, |_, _| {});
        (0..12).for_each(|key| monitor.reporter().connect_failed(&key));
        run_for(monitor, Duration::from_secs(10)).await;
        assert_eq!(most.load(Ordering::Relaxed), limit);
        let keys: HashSet<u32> = done.all().into_iter().map(|(_, key)| key).collect();
        assert_eq!((done.times().len(), keys.len()), (12, 12));
        assert_eq!(done.times().last(), Some(&(1_000 + 100 * 12 / limit as u64)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_no_probes_counts_as_one() {
    let probes = Notes::new();
    let monitor = Monitor::new(settings().with_concurrent_probes(0), failing(&probes), |_, _| {});
    monitor.reporter().connect_failed(&7);
    run_for(monitor, Duration::from_secs(2)).await;
    assert_eq!(probes.times(), [1_000]);
}

#[tokio::test(start_paused = true)]
async fn backends_that_die_together_are_not_probed_together() {
    let probes = Notes::new();
    let settings = Settings::default().with_backoff(Backoff { jitter: 0.5, ..Backoff::default() });
    let monitor = Monitor::new(settings, failing(&probes), |_, _| {});
    (0..1_000).for_each(|key| monitor.reporter().connect_failed(&key));
    run_for(monitor, Duration::from_millis(1_001)).await;
    let mut tenths = [0; 5];
    for time in probes.times() {
        assert!((500..=1_000).contains(&time), "{time}");
        tenths[((time - 500) as usize / 100).min(4)] += 1;
    }
    assert!(tenths.iter().all(|count| (100..300).contains(count)), "{tenths:?}");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_panics_counts_as_failed() {
    let probes = Notes::new();
    let counted = Arc::clone(&probes);
    let probe = answer(move |key| {
        counted.add(key);
        if key == 1 {
            panic!("the probe is broken")
        } else {
            Box::pin(async { panic!("its future is broken") })
        }
    });
    let monitor = Monitor::new(settings(), probe, |_, _| {});
    let reporter = monitor.reporter();
    (1..=2).for_each(|key| reporter.connect_failed(&key));
    run_for(monitor, Duration::from_secs(4)).await;
    assert_eq!(probes.all(), [(1_000, 1), (1_000, 2), (3_000, 1), (3_000, 2)]);
    assert_eq!((reporter.state(&1), reporter.state(&2)), (State::Dead, State::Dead));
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_gone_is_forgotten() {
    let (probes, changes) = (Notes::new(), Notes::new());
    let counted = Arc::clone(&probes);
    let probe = answer(move |key| {
        counted.add(key);
        ready(Err(ProbeError::Gone))
    });
    let monitor = Monitor::new(settings(), probe, noting(&changes));
    monitor.reporter().connect_failed(&7);
    run_for(monitor, 10 * MINUTE).await;
    assert_eq!(probes.times(), [1_000]);
    assert_eq!(changes.all(), [(0, (7, State::Dead))]);
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_backend_is_not_probed() {
    let probes = Notes::new();
    let monitor = Monitor::new(settings(), failing(&probes), |_, _| {});
    let reporter = monitor.reporter();
    (1..=2).for_each(|key| reporter.connect_failed(&key));
    reporter.forget(&1);
    reporter.forget(&3);
    run_for(monitor, Duration::from_secs(2)).await;
    assert_eq!(probes.all(), [(1_000, 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_probe_of_a_forgotten_backend_does_not_speak_for_its_successor() {
    let changes = Notes::new();
    let probe = answer(|_| {
        Box::pin(async {
            sleep(Duration::from_millis(1_500)).await;
            Ok(())
        })
    });
    let monitor = Monitor::new(settings(), probe, noting(&changes));
    let reporter = monitor.reporter();
    reporter.connect_failed(&7);
    let replaced = async {
        sleep(Duration::from_millis(1_200)).await;
        reporter.forget(&7);
        reporter.connect_failed(&7);
    };
    tokio::join!(run_for(monitor, Duration::from_secs(10)), replaced);
    // The old probe ends at 2.5 s, the new one begins at 2.2 s and ends at 3.7 s.
    assert_eq!(changes.all(), [(0, (7, State::Dead)), (1_200, (7, State::Dead)), (3_700, (7, State::Alive))]);
}

#[tokio::test(start_paused = true)]
async fn traffic_that_gets_through_ends_the_probing() {
    let (probes, changes) = (Notes::new(), Notes::new());
    let monitor = Monitor::new(settings(), failing(&probes), noting(&changes));
    let reporter = monitor.reporter();
    reporter.connect_failed(&7);
    let traffic = async {
        sleep(Duration::from_secs(4)).await;
        reporter.connect_succeeded_since(&7, Instant::now().into_std() - Duration::from_secs(1));
    };
    tokio::join!(run_for(monitor, MINUTE), traffic);
    assert_eq!(probes.times(), [1_000, 3_000]);
    assert_eq!(changes.all(), [(0, (7, State::Dead)), (4_000, (7, State::Alive))]);
}

#[tokio::test(start_paused = true)]
async fn shutdown_drops_the_probes_that_run() {
    let alive = Arc::new(());
    let watched = Arc::downgrade(&alive);
    let probe = answer(move |_| {
        let held = Arc::clone(&alive);
        Box::pin(async move {
            pending::<()>().await;
            drop(held);
            Ok(())
        })
    });
    let monitor = Monitor::new(settings(), probe, |_, _| {});
    monitor.reporter().connect_failed(&7);
    let look = async {
        sleep(Duration::from_millis(1_200)).await;
        watched.strong_count()
    };
    let ((), while_running) = tokio::join!(run_for(monitor, Duration::from_millis(1_500)), look);
    assert_eq!((while_running, watched.strong_count()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn reports_after_the_end_have_no_effect() {
    let changes = Notes::new();
    let monitor = Monitor::new(settings(), failing(&Notes::new()), noting(&changes));
    let reporter = monitor.reporter();
    run_for(monitor, Duration::from_secs(1)).await;
    reporter.connect_failed(&7);
    assert_eq!((reporter.state(&7), changes.all()), (State::Alive, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_came_back_is_dropped_from_memory() {
    let monitor = Monitor::new(settings(), answer(|_| ready(Ok(()))), |_, _| {});
    let reporter = monitor.reporter();
    (0..100).for_each(|key| reporter.connect_failed(&key));
    let look = async {
        sleep(Duration::from_secs(30)).await;
        let remembered = reporter.shared.table().size();
        sleep(Duration::from_secs(60)).await;
        (remembered, reporter.shared.table().size())
    };
    let ((), sizes) = tokio::join!(run_for(monitor, 2 * MINUTE), look);
    assert_eq!(sizes, ((100, 100, 0), (0, 0, 0)), "marks, agenda, news");
}
