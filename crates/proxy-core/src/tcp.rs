//! TCP mode: a client's connection is relayed to a backend as it comes, and counts as one request there.
//!
//! It gets what requests get: the upstream's circuit and gate, a pick among those that may be asked, further attempts
//! where a connection does not come about. After that, both directions go on by themselves until each has ended.

mod caller;
mod joint;
mod reach;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use crate::client::Facts;
use crate::deadline::Slot;
use crate::exchange::Context;
use crate::reason::Reason;
use crate::transport::Stream;
use crate::worker::{Permit, Tended, Worker};
use caller::Caller;
use joint::Joint;
use reach::{Reached, Reaching};

/// Relays a connection to a backend of the upstream of that name. What was read from the client already, `sent_ahead`, is what
/// the backend gets first.
///
/// # Cancel safety
/// Dropping the future cuts both connections off.
pub(crate) async fn serve(
    stream: Stream,
    sent_ahead: Vec<u8>,
    upstream: &str,
    (facts, slot): (Facts, Slot),
    (worker, _permit): (Arc<Worker>, Permit),
) {
    let worker = Tended(worker);
    poll_fn(|cx| {
        slot.register(cx.waker());
        Poll::Ready(())
    })
    .await;
    let mut caller = Caller::new(stream, &sent_ahead);
    drop(sent_ahead);
    // Boxed, so that a connection that stands needs no room for it.
    let reached = Box::pin(reach(&mut caller, upstream, (&worker, &facts, &slot))).await;
    let outcome = match reached {
        Ok(reached) => Joint::new(caller, reached, &worker, &slot).run().await,
        Err(reason) => Err(reason),
    };
    if let Err(reason) = outcome {
        worker.count("connection", reason);
        tracing::debug!(client = %facts.peer, upstream, %reason, "connection ended before its time");
    }
}

/// Finds a backend by what is served now. The connection itself belongs to no snapshot.
async fn reach(
    caller: &mut Caller,
    upstream: &str,
    (worker, facts, slot): (&Arc<Worker>, &Facts, &Slot),
) -> Result<Reached, Reason> {
    let pinned = worker.snapshot();
    let upstream = pinned.0.upstreams.get(upstream).ok_or(Reason::NoRoute)?;
    let context = Context::new(worker, facts, slot, &pinned);
    Reaching::new(caller, upstream, &context).run().await
}
