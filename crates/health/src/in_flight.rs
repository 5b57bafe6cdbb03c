//! The probes that are running.

use crate::{ProbeError, ProbeFuture};
use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll},
};

/// A small set of probes, each with a ticket that says whose it is, polled together. Few run at once, so
/// that polling all of them for the news of one is cheaper than telling them apart.
pub(crate) struct InFlight<'a, T> {
    running: Vec<Running<'a, T>>,
}

struct Running<'a, T> {
    ticket: T,
    future: ProbeFuture<'a>,
}

impl<'a, T> InFlight<'a, T> {
    pub(crate) const fn new() -> Self {
        Self { running: Vec::new() }
    }

    pub(crate) const fn len(&self) -> usize {
        self.running.len()
    }

    pub(crate) fn push(
        &mut self,
        ticket: T,
        probe: impl Future<Output = Result<(), ProbeError>> + Send + 'a,
    ) {
        self.running.push(Running { ticket, future: Box::pin(probe) });
    }

    /// Drops the probes that are no longer wanted.
    pub(crate) fn retain(&mut self, mut is_wanted: impl FnMut(&T) -> bool) {
        self.running.retain(|running| is_wanted(&running.ticket));
    }

    /// The next probe that ends; never ready while none is running.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub(crate) async fn next(&mut self) -> (T, Result<(), ProbeError>) {
        poll_fn(|context| {
            for (index, running) in self.running.iter_mut().enumerate() {
                if let Poll::Ready(outcome) = poll_guarded(&mut running.future, context) {
                    return Poll::Ready((self.running.swap_remove(index).ticket, outcome));
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// A probe is a stranger's code: its panic is its failure, not the end of all probing. Its future is not
/// polled again after one.
fn poll_guarded(future: &mut ProbeFuture<'_>, context: &mut Context<'_>) -> Poll<Result<(), ProbeError>> {
    catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)))
        .unwrap_or_else(|_| Poll::Ready(Err(ProbeError::failed("the probe panicked"))))
}
