//! Where a connection stands: what a deadline is for, and whether it may be told to go.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::settings::Deadlines;

/// Where a connection stands.
#[derive(Debug)]
pub(super) struct Phase {
    deadlines: Deadlines,
    state: Mutex<State>,
    has_unread: AtomicBool,
}

#[derive(Clone, Copy, Debug)]
struct State {
    stage: Stage,
    /// Since when nothing was asked of us.
    since: Instant,
    /// Until when the client has to have gone on.
    until: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No byte of a request is there.
    Quiet,
    /// A part of a head is there.
    Head,
    /// A request is answered: its body has a deadline of its own, and so has each write.
    Busy,
    /// The answer is there in whole, and the client has yet to take the rest of it.
    Flushing,
}

impl Stage {
    const fn is_idle(self) -> bool {
        matches!(self, Self::Quiet | Self::Head)
    }
}

impl Phase {
    /// Of a connection that has just come.
    pub(super) fn new(deadlines: Deadlines) -> Self {
        let now = Instant::now();
        let state = State { stage: Stage::Quiet, since: now, until: now + deadlines.head };
        Self { deadlines, state: Mutex::new(state), has_unread: AtomicBool::new(false) }
    }

    /// The connection is ready for its first request.
    pub(super) fn opened(&self) {
        self.state().until = Instant::now() + self.deadlines.head;
    }

    /// Bytes have come.
    pub(super) fn received(&self) {
        let mut state = self.state();
        if state.stage == Stage::Quiet {
            state.stage = Stage::Head;
            state.until = Instant::now() + self.deadlines.head;
        }
    }

    /// A request is answered from now on until what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Busy {
        self.state().stage = Stage::Busy;
        Busy { phase: Arc::clone(self) }
    }

    /// All that was written has been taken. True where that was the last of an answer.
    pub(super) fn flushed(&self) -> bool {
        let mut state = self.state();
        let is_last = state.stage == Stage::Flushing;
        if is_last {
            let now = Instant::now();
            *state = State { stage: Stage::Quiet, since: now, until: now + self.deadlines.idle };
        }
        is_last
    }

    /// Whether a request is with a handler, or its answer still comes from one.
    pub(super) fn is_answering(&self) -> bool {
        self.state().stage == Stage::Busy
    }

    /// Until when the client has to have gone on.
    pub(super) fn until(&self) -> Option<Instant> {
        let state = self.state();
        state.stage.is_idle().then_some(state.until)
    }

    /// Since when nothing is asked of us, where that is so.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        state.stage.is_idle().then_some(state.since)
    }

    /// The client may be sending still what nobody will read.
    pub(super) fn leave_unread(&self) {
        self.has_unread.store(true, Relaxed);
    }

    pub(super) fn has_unread(&self) -> bool {
        self.has_unread.load(Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request is answered.
#[derive(Debug)]
pub(super) struct Busy {
    phase: Arc<Phase>,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.phase.state().stage = Stage::Flushing;
    }
}
