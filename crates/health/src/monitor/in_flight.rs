//! The probes that are running.

use super::table::Ticket;
use crate::{ProbeError, ProbeFuture};
use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll},
};

/// A small set of probes, polled together. Few run at once, so that polling all of them for the news of one
/// is cheaper than telling them apart.
pub(super) struct InFlight<'a, K> {
    running: Vec<Running<'a, K>>,
}

struct Running<'a, K> {
    ticket: Ticket<K>,
    future: ProbeFuture<'a>,
}

impl<'a, K> InFlight<'a, K> {
    pub(super) const fn new() -> Self {
        Self { running: Vec::new() }
    }

    pub(super) const fn len(&self) -> usize {
        self.running.len()
    }

    pub(super) fn push(
        &mut self,
        ticket: Ticket<K>,
        probe: impl Future<Output = Result<(), ProbeError>> + Send + 'a,
    ) {
        self.running.push(Running { ticket, future: Box::pin(probe) });
    }

    /// The next probe that ends; never ready while none is running.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self) -> (Ticket<K>, Result<(), ProbeError>) {
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
