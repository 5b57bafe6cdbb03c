mod driving;
mod passive;
mod reporting;

use super::Monitor;
use crate::{Backoff, Probe, ProbeError, ProbeFuture, Settings, State};
use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

/// A probe made of a function.
struct Answer<F>(F);

fn answer<F: Fn(u32) -> ProbeFuture<'static>>(probe: F) -> Answer<F> {
    Answer(probe)
}

impl<F> Probe<u32> for Answer<F>
where
    F: Fn(u32) -> ProbeFuture<'static> + Send + Sync + 'static,
{
    fn probe<'a>(&'a self, key: &'a u32) -> ProbeFuture<'a> {
        (self.0)(*key)
    }
}

/// A note of what happened when, in whole milliseconds since the start.
struct Notes<T> {
    start: Instant,
    entries: Mutex<Vec<(u64, T)>>,
}

impl<T: Clone> Notes<T> {
    fn new() -> Arc<Self> {
        Arc::new(Self { start: Instant::now(), entries: Mutex::new(Vec::new()) })
    }

    fn add(&self, entry: T) {
        self.entries.lock().unwrap().push((self.start.elapsed().as_millis() as u64, entry));
    }

    fn all(&self) -> Vec<(u64, T)> {
        self.entries.lock().unwrap().clone()
    }

    fn times(&self) -> Vec<u64> {
        self.all().into_iter().map(|(time, _)| time).collect()
    }
}

/// Without jitter, so that times are exact.
fn settings() -> Settings {
    Settings::default().with_backoff(Backoff { jitter: 0.0, ..Backoff::default() })
}

fn refused() -> ProbeError {
    ProbeError::failed("refused")
}

fn ready(outcome: Result<(), ProbeError>) -> ProbeFuture<'static> {
    Box::pin(async { outcome })
}

/// A probe that notes each call and always fails.
fn failing(probes: &Arc<Notes<u32>>) -> impl Probe<u32> + use<> {
    let probes = Arc::clone(probes);
    answer(move |key| {
        probes.add(key);
        ready(Err(refused()))
    })
}

fn noting(changes: &Arc<Notes<(u32, State)>>) -> impl Fn(&u32, State) + Send + Sync + use<> {
    let changes = Arc::clone(changes);
    move |key, state| changes.add((*key, state))
}

/// Runs a monitor for some time of the paused clock.
async fn run_for(monitor: Monitor<u32>, time: Duration) {
    monitor.run(tokio::time::sleep(time)).await;
}

fn never() -> ProbeFuture<'static> {
    Box::pin(pending())
}
