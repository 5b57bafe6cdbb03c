//! Two attempts at once: the head that comes first wins, and the other attempt is dropped.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Instant;

use http1::ResponseHead;

use crate::client::Client;
use crate::clock;
use crate::course::Asked;
use crate::errand::Errand;
use crate::exchange::Context;
use crate::hedge::Hedge;
use crate::incoming::Incoming;
use crate::link::Link;
use crate::one::Said;
use crate::reason::Reason;
use crate::snapshot::Route;
use crate::trace::Trace;
use crate::tries::{has_body, is_idempotent};
use crate::trying::Trying;
use crate::upstream::{Ask, Hold, Upstream};

/// The answer to a second attempt.
pub(crate) struct Second {
    pub(crate) link: Link,
    pub(crate) hold: Hold,
    pub(crate) response: ResponseHead,
    pub(crate) began: Instant,
}

/// How a race ended.
pub(crate) enum Won {
    /// The first attempt has ended, one way or the other.
    First(Result<bool, Reason>),
    /// The second was answered before.
    Second(Box<Second>),
}

type Running<'s> = Pin<Box<dyn Future<Output = Result<Second, Reason>> + Send + 's>>;

/// The hedge of a request that may be tried twice at the same time.
#[inline]
pub(crate) fn hedge_of<'a>(route: &'a Route, incoming: &Incoming) -> Option<&'a Hedge> {
    let hedge = route.hedge.as_ref()?;
    let is_plain = !has_body(incoming) && !incoming.admitted.wants_upgrade && is_idempotent(incoming);
    is_plain.then_some(hedge)
}

/// Waits for the first attempt; once that has taken longer than most, for a second one beside it.
pub(crate) async fn race<'a, C: Client>(
    (said, asked): (Said<'a>, Asked<'_>),
    hedge: &Hedge,
    (trying, first): (&mut Trying<'_, C>, &Hold),
    (context, trace): (&Context<'a>, &Trace),
) -> Won {
    let shard = context.shard();
    let Some(delay) = hedge.delay(shard) else {
        return Won::First(poll_fn(|cx| trying.poll(cx)).await);
    };
    let mut sleep = std::pin::pin!(tokio::time::sleep(delay));
    let mut is_waiting = true;
    let mut second: Option<Running<'_>> = None;
    let number = first.member().backend.number;
    poll_fn(|cx| {
        if let Poll::Ready(outcome) = trying.poll(cx) {
            return Poll::Ready(Won::First(outcome));
        }
        if is_waiting && sleep.as_mut().poll(cx).is_ready() {
            is_waiting = false;
            if !said.is_busy() && hedge.withdraw(shard) {
                second = begin((said, asked), number, trying.incoming(), (context, trace));
            }
        }
        if let Some(running) = &mut second {
            match running.as_mut().poll(cx) {
                Poll::Ready(Ok(won)) if !is_bad(&won) => return Poll::Ready(Won::Second(Box::new(won))),
                // The first one is still there.
                Poll::Ready(_) => second = None,
                Poll::Pending => {}
            }
        }
        Poll::Pending
    })
    .await
}

/// True where the first answer may be better.
fn is_bad(second: &Second) -> bool {
    second.response.status() >= 500 || second.response.status() == 429
}

/// A second attempt, on another backend than the first; `None` where there is none.
fn begin<'s, 'a: 's>(
    (said, asked): (Said<'a>, Asked<'_>),
    first: u64,
    incoming: &Incoming,
    (context, trace): (&'s Context<'a>, &Trace),
) -> Option<Running<'s>> {
    let began = clock::now();
    let now = context.worker.shared.registry.at(began);
    let upstream = said.upstream;
    let tried: Vec<u64> = asked.tried.iter().copied().chain([first]).collect();
    let ask = Ask { shard: context.shard(), now, affinity: asked.affinity, token: None, tried: &tried };
    let hold = upstream.pick(&ask).ok()?;
    let mut head = Vec::with_capacity(1024);
    said.write_head(&hold, incoming, (context, trace), &mut head);
    let limits = &context.pinned.0.settings.limits;
    Some(Box::pin(async move {
        let errand = Errand {
            worker: context.worker,
            upstream,
            hold: &hold,
            limits,
            head,
            body: &[],
            is_chunked: false,
        };
        let (link, response) = errand.run().await?;
        Ok(Second { link, hold, response, began })
    }))
}

/// The attempt that lost has taken so long already, which says something of its backend.
pub(crate) fn lost(upstream: &Upstream, hold: &Hold, began: Instant, context: &Context<'_>) {
    if upstream.needs.latency {
        hold.member().backend.took(context.shard(), clock::since(began), context.now());
    }
}
