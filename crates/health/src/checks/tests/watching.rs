//! What is watched, replaced and forgotten while `run` runs.

use super::*;
use std::sync::OnceLock;

/// Runs checks beside what somebody does meanwhile.
async fn beside(checks: Checks<u32>, millis: u64, what: impl Future<Output = ()>) {
    tokio::join!(run_for(checks, millis), what);
}

async fn wait(millis: u64) {
    sleep(Duration::from_millis(millis)).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_watched_later_wakes_the_checks() {
    let notes = Notes::new();
    let checks = notes.checks();
    let watch = checks.watch();
    beside(checks, 12_500, async {
        wait(10_000).await;
        watch.clone().watch(7, settings(), good());
    })
    .await;
    assert!(notes.all().len() >= 2 && notes.all()[0].0 >= 10_000, "{:?}", notes.all());
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_backend_is_not_probed_and_counts_as_alive() {
    let notes = Notes::new();
    let checks = notes.checks();
    let watch = checks.watch();
    watch.watch(7, quick(), bad());
    beside(checks, 10_000, async {
        wait(1_500).await;
        assert_eq!(watch.state(&7), State::Dead);
        watch.forget(&7);
        watch.forget(&8);
        assert_eq!((watch.state(&7), size(&watch)), (State::Alive, (0, 0)));
    })
    .await;
    assert!(notes.all().iter().all(|entry| entry.0 < 1_600), "{:?}", notes.all());
}

#[tokio::test(start_paused = true)]
async fn a_probe_of_a_forgotten_backend_is_dropped_and_makes_room() {
    let notes = Notes::new();
    let checks = notes.checks().with_concurrent_probes(1);
    let (slow, weak) = hanging();
    let watch = checks.watch();
    watch.watch(7, CheckSettings { timeout: Duration::from_secs(100), ..settings() }, slow);
    beside(checks, 5_000, async {
        wait(1_500).await;
        watch.watch(8, settings(), good());
        assert_eq!(weak.strong_count(), 2);
        watch.forget(&7);
        wait(1).await;
        assert_eq!(weak.strong_count(), 0);
    })
    .await;
    assert!(!notes.all().is_empty() && notes.all().iter().all(|entry| entry.1 == 8));
}

#[tokio::test(start_paused = true)]
async fn the_same_settings_keep_the_schedule_and_replace_the_probe() {
    let notes = Notes::new();
    let checks = notes.checks();
    let watch = checks.watch();
    watch.watch(7, settings(), bad());
    beside(checks, 6_000, async {
        // Two failures are there before, and the third follows though the backend was watched again and
        // again.
        for _ in 0..29 {
            wait(100).await;
            watch.watch(7, settings(), bad());
        }
        wait(200).await;
        assert_eq!(watch.state(&7), State::Dead);
        watch.watch(7, settings(), good());
        assert_eq!(watch.state(&7), State::Dead);
    })
    .await;
    assert_eq!(watch_of(&notes), [Transition::Died, Transition::Revived]);
    assert!(notes.gaps(7).iter().all(|gap| (1_000..=1_003).contains(gap)), "{:?}", notes.gaps(7));
}

fn watch_of(notes: &Notes) -> Vec<Transition> {
    notes.transitions().into_iter().filter(|transition| *transition != Transition::Unchanged).collect()
}

#[tokio::test(start_paused = true)]
async fn other_settings_keep_a_dead_backend_dead_until_checks_say_otherwise() {
    let notes = Notes::new();
    let checks = notes.checks();
    let watch = checks.watch();
    watch.watch(7, quick(), bad());
    beside(checks, 40_000, async {
        wait(1_500).await;
        let slower = CheckSettings { interval: Duration::from_secs(10), ..quick() };
        watch.watch(7, slower, good());
        assert_eq!((watch.state(&7), size(&watch)), (State::Dead, (1, 1)));
    })
    .await;
    assert_eq!(watch_of(&notes), [Transition::Died, Transition::Revived]);
    assert!(notes.gaps(7).iter().skip(2).all(|gap| (10_000..=10_003).contains(gap)), "{:?}", notes.gaps(7));
}

#[tokio::test(start_paused = true)]
async fn a_probe_under_way_does_not_speak_for_other_settings() {
    let notes = Notes::new();
    let checks = notes.checks();
    let watch = checks.watch();
    watch.watch(7, quick(), after(1_500, false));
    beside(checks, 3_000, async {
        wait(1_200).await;
        watch.watch(7, CheckSettings { start: Start::Unknown, ..quick() }, good());
    })
    .await;
    assert!(notes.all().iter().all(|entry| entry.2.succeeded) && !notes.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_backend_that_is_gone_is_forgotten_and_not_told() {
    let notes = Notes::new();
    let checks = notes.checks();
    let watch = checks.watch();
    watch.watch(7, settings(), answer(|_| Box::pin(async { Err(ProbeError::Gone) })));
    beside(checks, 5_000, async {
        wait(1_500).await;
        assert_eq!(size(&watch), (0, 0));
    })
    .await;
    assert_eq!(notes.all(), []);
}

#[tokio::test(start_paused = true)]
async fn the_callback_may_watch_and_forget() {
    static WATCH: OnceLock<Watch<u32>> = OnceLock::new();
    let checks = Checks::new(|key: &u32, _| {
        let watch = WATCH.get().expect("it was set");
        watch.forget(key);
        watch.watch(key + 1, settings(), good());
    });
    let watch = WATCH.get_or_init(|| checks.watch());
    watch.watch(1, settings(), good());
    beside(checks, 10_000, async {
        wait(9_000).await;
        assert_eq!(size(watch), (1, 1));
        assert_eq!(watch.state(&1), State::Alive);
    })
    .await;
}
