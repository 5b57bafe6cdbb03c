mod driving;
mod watching;

use super::{Checks, Outcome, Watch};
use crate::{CheckSettings, Probe, ProbeError, ProbeFuture, Start, State, Transition};
use std::{
    future::pending,
    sync::{Arc, Mutex, Weak},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// A probe made of a function.
struct Answer<F>(F);

impl<F> Probe<u32> for Answer<F>
where
    F: Fn(u32) -> ProbeFuture<'static> + Send + Sync + 'static,
{
    fn probe<'a>(&'a self, key: &'a u32) -> ProbeFuture<'a> {
        (self.0)(*key)
    }
}

fn answer(probe: impl Fn(u32) -> ProbeFuture<'static> + Send + Sync + 'static) -> Arc<dyn Probe<u32>> {
    Arc::new(Answer(probe))
}

/// A probe without an end, and what is alive as long as it is.
fn hanging() -> (Arc<dyn Probe<u32>>, Weak<()>) {
    let held = Arc::new(());
    let weak = Arc::downgrade(&held);
    let probe = answer(move |_| {
        let held = Arc::clone(&held);
        Box::pin(async move {
            pending::<()>().await;
            drop(held);
            Ok(())
        })
    });
    (probe, weak)
}

/// A probe with this outcome after this time.
fn after(millis: u64, succeeds: bool) -> Arc<dyn Probe<u32>> {
    answer(move |_| {
        Box::pin(async move {
            sleep(Duration::from_millis(millis)).await;
            if succeeds { Ok(()) } else { Err(ProbeError::failed("refused")) }
        })
    })
}

fn good() -> Arc<dyn Probe<u32>> {
    after(0, true)
}

fn bad() -> Arc<dyn Probe<u32>> {
    after(0, false)
}

/// Results, with the time of each in whole milliseconds since the start.
#[derive(Clone)]
struct Notes {
    start: Instant,
    entries: Arc<Mutex<Vec<(u64, u32, Outcome)>>>,
}

impl Notes {
    fn new() -> Self {
        Self { start: Instant::now(), entries: Arc::default() }
    }

    fn checks(&self) -> Checks<u32> {
        let notes = self.clone();
        Checks::new(move |key, outcome| {
            let time = notes.start.elapsed().as_millis() as u64;
            notes.entries.lock().unwrap().push((time, *key, outcome));
        })
    }

    fn all(&self) -> Vec<(u64, u32, Outcome)> {
        self.entries.lock().unwrap().clone()
    }

    /// How long after the one before each result of a backend came.
    fn gaps(&self, key: u32) -> Vec<u64> {
        let all = self.all();
        let times: Vec<u64> = all.iter().filter(|entry| entry.1 == key).map(|entry| entry.0).collect();
        times.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    fn transitions(&self) -> Vec<Transition> {
        self.all().into_iter().map(|(_, _, outcome)| outcome.transition).collect()
    }
}

/// Each second, without jitter, so that times are exact but for the first.
fn settings() -> CheckSettings {
    CheckSettings { interval: Duration::from_secs(1), jitter: 0.0, ..CheckSettings::default() }
}

/// Dies and comes back with each result.
fn quick() -> CheckSettings {
    CheckSettings { rise: 1, fall: 1, ..settings() }
}

async fn run_for(checks: Checks<u32>, millis: u64) {
    checks.run(sleep(Duration::from_millis(millis))).await;
}

/// Backends that are watched, and those that wait for their next probe.
fn size(watch: &Watch<u32>) -> (usize, usize) {
    watch.shared.table().size()
}

fn never() -> ProbeFuture<'static> {
    Box::pin(pending())
}
