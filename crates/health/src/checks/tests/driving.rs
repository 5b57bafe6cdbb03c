//! What `run` does, on a paused clock.

use super::*;
use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
};

#[tokio::test(start_paused = true)]
async fn a_watched_backend_is_probed_round_and_round() {
    let notes = Notes::new();
    let checks = notes.checks();
    checks.watch().watch(7, settings(), good());
    run_for(checks, 10_000).await;
    assert!((9..=10).contains(&notes.all().len()), "{:?}", notes.all());
    assert!(notes.all()[0].0 <= 1_001);
    // Each probe ends a millisecond late: the clock's grain.
    assert!(notes.gaps(7).iter().all(|gap| (1_000..=1_003).contains(gap)), "{:?}", notes.gaps(7));
}

#[tokio::test(start_paused = true)]
async fn results_kill_and_revive_by_the_rules_of_the_judge() {
    let notes = Notes::new();
    let checks = notes.checks();
    let count = AtomicUsize::new(0);
    let probe = answer(move |_| {
        let fails = count.fetch_add(1, Ordering::Relaxed) < 3;
        Box::pin(async move { if fails { Err(ProbeError::failed("refused")) } else { Ok(()) } })
    });
    let watch = checks.watch();
    watch.watch(7, settings(), probe);
    let look = async {
        sleep(Duration::from_millis(3_500)).await;
        watch.state(&7)
    };
    let ((), while_dead) = tokio::join!(run_for(checks, 5_500), look);
    use Transition::{Died, Revived, Unchanged};
    assert_eq!(notes.transitions()[..5], [Unchanged, Unchanged, Died, Unchanged, Revived]);
    assert_eq!(while_dead, State::Dead);
}

#[tokio::test(start_paused = true)]
async fn an_outcome_tells_what_happened() {
    let notes = Notes::new();
    let checks = notes.checks();
    checks.watch().watch(1, quick(), after(300, true));
    checks.watch().watch(2, quick(), after(300, false));
    run_for(checks, 1_400).await;
    let outcome = |key| notes.all().into_iter().find(|entry| entry.1 == key).map(|entry| entry.2);
    let (took, error) = (Duration::from_millis(300), Some("probe failed: refused".to_owned()));
    let good = Outcome { succeeded: true, transition: Transition::Unchanged, took, error: None };
    let bad = Outcome { succeeded: false, transition: Transition::Died, took, error };
    let near = |mut outcome: Outcome| {
        assert!(outcome.took.abs_diff(took) <= Duration::from_millis(2), "{outcome:?}");
        outcome.took = took;
        outcome
    };
    assert_eq!((outcome(1).map(near), outcome(2).map(near)), (Some(good), Some(bad)));
}

#[tokio::test(start_paused = true)]
async fn an_error_text_is_bounded() {
    let notes = Notes::new();
    let checks = notes.checks();
    let probe = answer(|_| Box::pin(async { Err(ProbeError::failed("\u{e4}".repeat(10_000))) }));
    checks.watch().watch(1, settings(), probe);
    run_for(checks, 1_100).await;
    let length = notes.all()[0].2.error.as_ref().map(String::len);
    assert!(length.is_some_and(|length| (250..=256).contains(&length)), "{length:?}");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_never_ends_fails_at_its_timeout() {
    let notes = Notes::new();
    let checks = notes.checks();
    let settings = CheckSettings { timeout: Duration::from_millis(250), ..quick() };
    checks.watch().watch(7, settings, answer(|_| never()));
    run_for(checks, 1_400).await;
    let outcome = &notes.all()[0].2;
    assert_eq!((outcome.transition, outcome.error.as_deref()), (Transition::Died, Some("probe timed out")));
    assert!((250..=252).contains(&outcome.took.as_millis()), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_panics_counts_as_failed() {
    let notes = Notes::new();
    let checks = notes.checks();
    checks.watch().watch(1, quick(), answer(|_| panic!("the probe is broken")));
    checks.watch().watch(2, quick(), answer(|_| Box::pin(async { panic!("its future is broken") })));
    run_for(checks, 2_900).await;
    for key in [1, 2] {
        let of_key: Vec<_> = notes.all().into_iter().filter(|entry| entry.1 == key).collect();
        assert!(of_key.len() >= 2, "probing goes on");
        let error = of_key[0].2.error.as_deref();
        assert_eq!(
            (of_key[0].2.transition, error),
            (Transition::Died, Some("probe failed: the probe panicked"))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_probes_run_at_once_than_allowed() {
    for limit in [0, 1, 3] {
        let notes = Notes::new();
        let checks = notes.checks().with_concurrent_probes(limit);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (count, peak) = (Arc::clone(&running), Arc::clone(&most));
        let probe = answer(move |_| {
            let (count, peak) = (Arc::clone(&count), Arc::clone(&peak));
            Box::pin(async move {
                peak.fetch_max(count.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                sleep(Duration::from_millis(500)).await;
                count.fetch_sub(1, Ordering::Relaxed);
                Ok(())
            })
        });
        (0..12).for_each(|key| checks.watch().watch(key, settings(), Arc::clone(&probe)));
        run_for(checks, 20_000).await;
        assert_eq!(most.load(Ordering::Relaxed), limit.max(1));
        let mut keys: Vec<u32> = notes.all().iter().map(|entry| entry.1).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 12, "nobody starves");
    }
}

#[tokio::test(start_paused = true)]
async fn sixty_four_probes_run_at_once_by_default() {
    let checks = Notes::new().checks();
    let started = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&started);
    let probe = answer(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        never()
    });
    let settings = CheckSettings { timeout: Duration::from_secs(60), ..settings() };
    (0..100).for_each(|key| checks.watch().watch(key, settings, Arc::clone(&probe)));
    run_for(checks, 30_000).await;
    assert_eq!(started.load(Ordering::Relaxed), 64);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_while_nothing_is_watched() {
    let checks = Notes::new().checks();
    let mut polls = 0;
    let mut run = pin!(checks.run(sleep(Duration::from_secs(86_400))));
    poll_fn(|context| {
        polls += 1;
        run.as_mut().poll(context)
    })
    .await;
    assert_eq!(polls, 2, "once at the start and once at the end");
}

#[tokio::test(start_paused = true)]
async fn backends_that_come_together_are_not_probed_together() {
    let notes = Notes::new();
    let checks = notes.checks().with_concurrent_probes(10_000);
    (0..1_000).for_each(|key| checks.watch().watch(key, settings(), good()));
    run_for(checks, 1_001).await;
    let mut tenths = [0; 10];
    notes.all().iter().for_each(|entry| tenths[(entry.0 as usize / 100).min(9)] += 1);
    assert!(tenths.iter().all(|count| (50..200).contains(count)), "{tenths:?}");
}

#[tokio::test(start_paused = true)]
async fn jitter_keeps_checks_from_coming_in_step() {
    let notes = Notes::new();
    let checks = notes.checks();
    checks.watch().watch(7, CheckSettings { jitter: 0.5, ..settings() }, good());
    run_for(checks, 200_000).await;
    let gaps = notes.gaps(7);
    assert!(gaps.iter().all(|gap| (500..=1_503).contains(gap)), "{gaps:?}");
    assert!(gaps.iter().any(|gap| *gap < 700) && gaps.iter().any(|gap| *gap > 1_300), "{gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn the_end_drops_probes_and_everything_that_was_watched() {
    let checks = Notes::new().checks();
    let (probe, weak) = hanging();
    let watch = checks.watch();
    watch.watch(7, settings(), probe);
    let look = async {
        sleep(Duration::from_millis(1_200)).await;
        weak.strong_count()
    };
    let ((), while_running) = tokio::join!(run_for(checks, 1_500), look);
    assert_eq!((while_running, weak.strong_count()), (2, 0));
    watch.watch(8, settings(), good());
    assert_eq!((size(&watch), watch.state(&7)), ((0, 0), State::Alive));
}
