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
use reach::Reaching;

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
    // Boxed, so that a connection that stands needs no room for it.
    let mut joint = Box::pin(join(stream, sent_ahead, upstream, (&worker, &facts, &slot))).await;
    let outcome = match &mut joint {
        Ok(joint) => poll_fn(|cx| joint.poll(cx)).await,
        Err(reason) => Err(*reason),
    };
    if let Err(reason) = outcome {
        worker.count("connection", reason);
        tracing::debug!(client = %facts.peer, upstream, %reason, "connection ended before its time");
    }
}

/// Finds a backend by what is served now. The connection itself belongs to no snapshot.
async fn join<'j>(
    stream: Stream,
    sent_ahead: Vec<u8>,
    upstream: &str,
    (worker, facts, slot): (&'j Arc<Worker>, &Facts, &'j Slot),
) -> Result<Joint<'j>, Reason> {
    let mut caller = Caller::new(stream, &sent_ahead);
    drop(sent_ahead);
    let pinned = worker.snapshot();
    let upstream = pinned.0.upstreams.get(upstream).ok_or(Reason::NoRoute)?;
    let context = Context::new(worker, facts, slot, &pinned);
    let reached = Reaching::new(&mut caller, upstream, &context).run().await?;
    Ok(Joint::new(caller, reached, &pinned.0.settings, (worker, slot)))
}
