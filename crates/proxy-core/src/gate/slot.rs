//! What a waiter and the queue share.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// What became of a waiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It holds a place.
    Granted,
    /// It waited in vain; worth another try after that time.
    Shed(Duration),
}

#[derive(Debug)]
enum State {
    Waiting(Option<Waker>),
    Decided(Fate),
    /// The waiter knows its fate.
    Told,
}

/// Where one waiter waits. Locked after the gate's queue where both are.
///
/// No waker is woken or dropped under its lock: a waker may hold the last of a task, and a task may hold a place.
#[derive(Debug)]
pub(super) struct Slot(Mutex<State>);

impl Slot {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(State::Waiting(None)))
    }

    /// Decides a waiter's fate, which is done once, by whoever took it from the queue. The caller wakes the waker
    /// once it holds no lock.
    pub(super) fn decide(&self, fate: Fate) -> Option<Waker> {
        match mem::replace(&mut *self.lock(), State::Decided(fate)) {
            State::Waiting(waker) => waker,
            State::Decided(_) | State::Told => None,
        }
    }

    /// The waiter's fate, told once; or wakes the task when it is decided.
    ///
    /// Either the fate is seen here, or the waker is there before the fate is, and is woken: both happen under
    /// the slot's lock.
    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<Fate> {
        let mut state = self.lock();
        match &mut *state {
            State::Waiting(Some(waker)) if waker.will_wake(context.waker()) => Poll::Pending,
            State::Waiting(waker) => {
                let stale = waker.replace(context.waker().clone());
                drop(state);
                drop(stale);
                Poll::Pending
            }
            State::Decided(fate) => {
                let fate = *fate;
                *state = State::Told;
                Poll::Ready(fate)
            }
            State::Told => Poll::Pending,
        }
    }

    /// True where the waiter holds a place and does not know of it.
    pub(super) fn is_granted(&self) -> bool {
        matches!(*self.lock(), State::Decided(Fate::Granted))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
