//! An answer of the proxy's own on its way to the client.

use std::future::poll_fn;
use std::task::Poll;

use crate::answer::Answer;
use crate::channel::Fill;
use crate::client::Client;
use crate::exchange::{Context, Next};
use crate::incoming::Incoming;
use crate::reason::Reason;
use crate::trace::Trace;

/// So much of a body that nobody wants is read, so that the connection can go on.
const DRAINED: u64 = 64 * 1024;

/// Sends an answer of the proxy's own, and gets the rest of the request out of the way.
pub(crate) async fn send_own<C: Client>(
    client: &mut C,
    answer: Answer,
    incoming: &Incoming,
    (context, trace): (&Context<'_>, &mut Trace),
) -> Next {
    let left = client.left_to_come();
    // A client that waits for a 100 may send its body or not: nobody can tell. RFC 9110 section 10.1.1.
    let goes_on =
        left.is_some_and(|left| left <= DRAINED) && (!incoming.admitted.expects_continue || left == Some(0));
    // RFC 9110 section 15.5.9: who was too slow is not waited for any longer.
    let goes_on = goes_on && trace.reason != Some(Reason::BodyTimeout);
    if !goes_on || context.worker.is_draining() {
        client.close_after();
    }
    let body = answer.begin(client, incoming.head.method(), &trace.request_id);
    client.forget_body();
    context.slot.set(Some(context.pinned.0.settings.body_idle_timeout));
    let mut sent = 0;
    let sending = poll_fn(|cx| {
        while let Some(rest) = body.get(sent..).filter(|rest| !rest.is_empty()) {
            match client.poll_send(cx, rest) {
                Poll::Ready(Ok(count)) => sent += count,
                Poll::Ready(Err(_)) => return Poll::Ready(Err(Reason::ClientGone)),
                Poll::Pending => return expired(context),
            }
        }
        client.finish(&[]);
        match client.poll_flush(cx) {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(())),
            Poll::Ready(Err(_)) => Poll::Ready(Err(Reason::ClientGone)),
            Poll::Pending => expired(context),
        }
    });
    if sending.await.is_err() {
        return Next::Abort;
    }
    trace.bytes_out = body.len() as u64;
    if goes_on && drain(client, context).await { Next::Go } else { Next::Linger }
}

/// Reads what is left of the body. True where it came to its end.
async fn drain<C: Client>(client: &mut C, context: &Context<'_>) -> bool {
    poll_fn(|cx| {
        loop {
            match client.poll_fill(cx) {
                Poll::Ready(Ok(Fill::End)) => return Poll::Ready(true),
                Poll::Ready(Ok(Fill::Data)) => {
                    let count = client.data().len();
                    client.consume(count);
                }
                Poll::Ready(Err(_)) => return Poll::Ready(false),
                Poll::Pending if context.slot.is_expired() => return Poll::Ready(false),
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await
}

fn expired(context: &Context<'_>) -> Poll<Result<(), Reason>> {
    if context.slot.is_expired() { Poll::Ready(Err(Reason::BodyTimeout)) } else { Poll::Pending }
}
