//! What holds a place in a gate, and what waits for one.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::Gate;
use super::queue::Id;
use super::slot::{Fate, Slot};

/// A place in a gate; dropping it gives the place to the next that waits, or back.
#[derive(Debug)]
#[must_use = "the place is given back at once where it is dropped"]
pub(crate) struct Pass {
    gate: Arc<Gate>,
}

impl Pass {
    /// The place is counted already.
    pub(super) const fn new(gate: Arc<Gate>) -> Self {
        Self { gate }
    }
}

impl Drop for Pass {
    #[inline]
    fn drop(&mut self) {
        self.gate.leave();
    }
}

/// A waiter was given up, since the queue was overloaded or full and others went before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shed {
    /// After how long it is worth another try: from one second to one minute.
    pub(crate) retry_after: Duration,
}

/// A waiter's place in the queue; dropping it leaves the queue at once, and passes on a place that it was given.
#[derive(Debug)]
#[must_use = "the queue is left at once where it is dropped"]
pub(crate) struct Waiter {
    gate: Arc<Gate>,
    slot: Arc<Slot>,
    id: Id,
    is_over: bool,
}

impl Waiter {
    pub(super) const fn new(gate: Arc<Gate>, slot: Arc<Slot>, id: Id) -> Self {
        Self { gate, slot, id, is_over: false }
    }

    /// The place that was waited for, or that there is none to be had. After that it is pending for ever.
    pub(crate) fn poll(&mut self, context: &Context<'_>) -> Poll<Result<Pass, Shed>> {
        let Poll::Ready(fate) = self.slot.poll(context) else { return Poll::Pending };
        self.is_over = true;
        Poll::Ready(match fate {
            Fate::Granted => Ok(Pass::new(Arc::clone(&self.gate))),
            Fate::Shed(retry_after) => Err(Shed { retry_after }),
        })
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        // Where it is not in the queue any more its fate is decided: both happen under the queue's lock.
        if !self.is_over && !self.gate.unqueue(self.id) && self.slot.is_granted() {
            self.gate.leave();
        }
    }
}
