//! What the streams of a run share.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::exchange::Expected;
use super::schedule::Schedule;
use crate::bench::load::orders::Tally;
use crate::bench::load::tally::Count;
use crate::bench::messages::call::Call;

/// One run of all streams.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) schedule: Schedule,
    pub(super) call: Call,
    pub(super) expected: Expected,
    /// Never contended, as all streams share one thread.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    sent: u64,
    /// When the last request was answered or failed.
    progress: Instant,
    count: Count,
}

impl Run {
    pub(super) fn new(started: Instant, schedule: Schedule, call: Call, expected: Expected) -> Self {
        let count = Count::new(started);
        let state = Mutex::new(State { sent: 0, progress: started, count });
        Self { schedule, call, expected, state }
    }

    /// Takes the next request, and says when it is due; `None` when there are no more.
    pub(super) fn next(&self) -> Option<Instant> {
        let mut state = self.state();
        if state.count.is_hopeless() {
            return None;
        }
        let due = self.schedule.due(state.sent, Instant::now())?;
        state.sent += 1;
        Some(due)
    }

    /// The request that was due at `due` was answered.
    pub(super) fn answered(&self, due: Instant) {
        let now = Instant::now();
        let mut state = self.state();
        state.progress = now;
        state.count.answered(now, now.saturating_duration_since(due));
    }

    /// Something went wrong.
    pub(super) fn failed(&self, what: impl FnOnce() -> String) {
        let mut state = self.state();
        state.progress = Instant::now();
        state.count.failed(what);
    }

    /// Whether nothing was answered for so long.
    pub(super) fn is_silent_for(&self, patience: Duration) -> bool {
        self.state().progress.elapsed() > patience
    }

    /// The sum of it all.
    pub(super) fn close(self) -> Tally {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).count.close()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
