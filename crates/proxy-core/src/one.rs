//! One attempt: a connection to the backend, the request on it, and the head of the answer.

use std::future::{Future, poll_fn};
use std::task::{Context as Poller, Poll};

use http1::Rule;
use http1::framing::BodyLength;

use crate::attempt::Answered;
use crate::client::Client;
use crate::clock;
use crate::connect::TlsFault;
use crate::course::Asked;
use crate::exchange::Context;
use crate::forward::Forwarding;
use crate::http2::{BackendStream, Found, Waiting};
use crate::incoming::Incoming;
use crate::link::Link;
use crate::pool::Pooled;
use crate::race::{Second, Won, hedge_of, lost, race};
use crate::reason::Reason;
use crate::snapshot::Route;
use crate::spec::Protocol;
use crate::trace::Trace;
use crate::transport::Stream;
use crate::tries::{Failed, has_body, is_idempotent};
use crate::trying::Trying;
use crate::upstream::{Hold, Upstream};
use crate::waiting::{Door, poll_given_up};
use crate::wire::Writer;

/// How often a backend may change its mind about what it speaks, in one attempt.
const MOST_TURNS: u32 = 2;

/// So much of a body is kept to be sent again to another stream than the one that took it.
const REPLAYED: usize = 64 * 1024;

/// One attempt.
pub(crate) struct One<'a, 't> {
    pub(crate) hold: Hold,
    pub(crate) asked: Asked<'t>,
    pub(crate) upstream: &'a Upstream,
    pub(crate) route: &'a Route,
    /// A connection from the pool to this backend was stale: make a new one.
    pub(crate) wants_fresh: bool,
}

impl<'a> One<'a, '_> {
    /// Asks the backend that is held, and leaves its answer in `slot`; a failure gives the hold back.
    pub(crate) async fn run<C: Client>(
        self,
        client: &mut C,
        incoming: &mut Incoming,
        (context, trace): (&Context<'a>, &mut Trace),
        slot: &mut Option<Answered<'a>>,
    ) -> Result<(), (Failed, Hold)> {
        let mut speaks_http2 = speaks_http2(self.upstream, &self.hold);
        let mut may_share = true;
        let was_reused;
        let mut turns = MOST_TURNS;
        let link = loop {
            if speaks_http2 {
                match Box::pin(self.open_stream(client, incoming, context, trace)).await {
                    Ok((stream, is_reused)) => {
                        was_reused = is_reused;
                        break Link::Http2(stream);
                    }
                    Err(failed) if turns > 0 && has_turned_down(self.upstream, failed.reason) => {
                        may_share = !is_no_upgrade(failed.reason);
                    }
                    Err(failed) => return Err((failed, self.hold)),
                }
            } else {
                // Not a function of its own: what it would return is large, and this is the way of most requests.
                let pooled = self.pooled(incoming, context);
                let is_reused = pooled.is_some();
                let pooled = match pooled {
                    Some(pooled) => pooled,
                    None => match Box::pin(self.open(client, context, trace, may_share)).await {
                        Ok(opened) => opened,
                        Err(reason) => return Err((Failed::unsent(reason), self.hold)),
                    },
                };
                if is_reused || !is_to_be_shared(self.upstream, &pooled.stream) {
                    was_reused = is_reused;
                    break Link::http1(pooled);
                }
                if turns == 0 {
                    let failed = Failed::unsent(Reason::UpstreamTls(TlsFault::NoHttp2));
                    return Err((failed, self.hold));
                }
                context.worker.lines.adopt(context.worker, self.hold.member(), pooled.stream);
            }
            speaks_http2 = !speaks_http2;
            turns -= 1;
        };
        let Self { hold, upstream, route, asked, .. } = self;
        let answered = slot.insert(Answered::awaited(link, hold, upstream, trace.began));
        let said = Said { upstream, route };
        if let Link::Http1 { wire, .. } = &mut answered.link {
            said.write_head(&answered.hold, incoming, (context, trace), wire.output.appender());
            let is_chunked = incoming.admitted.body == BodyLength::Chunked;
            wire.frame(if is_chunked { Writer::Chunked } else { Writer::Raw });
            if has_body(incoming) {
                said.keep_body(client, incoming);
            }
        }
        let hedge = hedge_of(route, incoming);
        let patience = route.attempt_timeout.unwrap_or(upstream.timeout);
        let mut trying = Trying::new(client, &mut answered.link, incoming, context, patience);
        let outcome = match hedge {
            None => poll_fn(|cx| trying.poll(cx)).await,
            Some(hedge) => {
                let began = clock::now();
                match Box::pin(race((said, asked), hedge, (&mut trying, &answered.hold), (context, trace)))
                    .await
                {
                    Won::First(outcome) => outcome,
                    Won::Second(second) => {
                        let has_begun = trying.has_passed();
                        lost(upstream, &answered.hold, began, context);
                        let Second { link, hold, response, began } = *second;
                        incoming.response = response;
                        let answered = slot.insert(Answered::awaited(link, hold, upstream, clock::now()));
                        (answered.has_begun, answered.began) = (has_begun, Some(began));
                        return Ok(());
                    }
                }
            }
        };
        let has_begun = trying.has_begun();
        answered.has_begun = trying.has_passed();
        answered.began = trying.uploaded().or(answered.began);
        answered.is_early = trying.is_early();
        (answered.upload, answered.upload_broken) = (trying.upload, trying.upload_broken);
        match outcome {
            Ok(has_switched) => {
                answered.has_switched = has_switched;
                answered.at = clock::now();
                Ok(())
            }
            Err(reason) => {
                let was_touched =
                    has_body(incoming) && (answered.upload.bytes > 0 || answered.upload.is_done());
                let is_final = answered.has_begun || (was_touched && !client.rewind());
                let is_hung = answered.upload.is_done() && is_hung(reason, context);
                let was_reused = was_reused && answered.link.is_over() && !has_begun;
                let failed = Failed { reason, was_reused, is_final, fate: answered.link.fate(), is_hung };
                // It was filled above.
                slot.take().map_or(Ok(()), |answered| Err((failed, answered.hold)))
            }
        }
    }

    /// A connection from the pool.
    #[inline]
    fn pooled(&self, incoming: &Incoming, context: &Context<'_>) -> Option<Pooled> {
        if self.wants_fresh {
            return None;
        }
        let is_careful = !is_idempotent(incoming);
        context.worker.pools.take(&self.hold.member().backend, context.slot.now(), is_careful)
    }

    /// A stream of a shared connection, on which the head of the request was sent.
    async fn open_stream<C: Client>(
        &self,
        client: &mut C,
        incoming: &Incoming,
        context: &Context<'_>,
        trace: &mut Trace,
    ) -> Result<(Box<BackendStream>, bool), Failed> {
        let mut waiting = None;
        let ticket = loop {
            let lines = &context.worker.lines;
            match lines.find(context.worker, self.upstream, self.hold.member(), waiting.as_ref()) {
                Found::Ticket(ticket) => break ticket,
                Found::Failed(reason) => return Err(Failed::unsent(reason)),
                Found::Wait(changed) => {
                    let changed = waiting.insert(changed);
                    self.wait(changed, client, context, trace).await.map_err(Failed::unsent)?;
                }
            }
        };
        let was_reused = waiting.is_none();
        let mut head = Vec::with_capacity(1024);
        Said { upstream: self.upstream, route: self.route }.write_head(
            &self.hold,
            incoming,
            (context, trace),
            &mut head,
        );
        if has_body(incoming) {
            client.keep_body(REPLAYED.max(self.upstream.spec.retry.max_body));
        }
        let begun = BackendStream::begin(ticket, head, !has_body(incoming));
        match begun {
            Ok(stream) => Ok((Box::new(stream), was_reused)),
            Err((reason, fate)) => Err(Failed { fate, ..Failed::unsent(reason) }),
        }
    }

    /// Waits until there may be room on a connection.
    async fn wait<C: Client>(
        &self,
        waiting: &mut Waiting,
        client: &mut C,
        context: &Context<'_>,
        trace: &mut Trace,
    ) -> Result<(), Reason> {
        let began = clock::now();
        context.slot.set_at(context.deadline());
        let mut changed = std::pin::pin!(waiting.changes.changed());
        let outcome = poll_fn(|cx: &mut Poller<'_>| {
            if let Poll::Ready(changed) = changed.as_mut().poll(cx) {
                return Poll::Ready(changed.map_err(|_| Reason::Internal));
            }
            poll_given_up(client, context, cx).map(Err)
        })
        .await;
        trace.connect += clock::since(began);
        outcome
    }

    async fn connect<C: Client>(
        &self,
        client: &mut C,
        context: &Context<'_>,
        trace: &mut Trace,
        may_share: bool,
    ) -> Result<Pooled, Reason> {
        let began = clock::now();
        let member = self.hold.member();
        let shared = &context.worker.shared;
        let mut connecting = std::pin::pin!(shared.dial(member.into(), context.facts.origin(), may_share));
        context.slot.set_at(context.deadline());
        let connected = poll_fn(|cx: &mut Poller<'_>| {
            if let Poll::Ready(connected) = connecting.as_mut().poll(cx) {
                return Poll::Ready(connected);
            }
            poll_given_up(client, context, cx).map(Err)
        })
        .await;
        trace.connect += clock::since(began);
        connected.map(|stream| Pooled { stream, opened: context.slot.now() })
    }

    /// A connection to the backend. Where this machine has no means for another, those that are unused make room.
    async fn open<C: Client>(
        &self,
        client: &mut C,
        context: &Context<'_>,
        trace: &mut Trace,
        may_share: bool,
    ) -> Result<Pooled, Reason> {
        match self.connect(client, context, trace, may_share).await {
            Err(Reason::Internal) => {
                context.worker.pools.clear();
                context.worker.deadlines.end_longest_rest();
                tokio::task::yield_now().await;
                self.connect(client, context, trace, may_share).await
            }
            connected => connected,
        }
    }
}

/// True where a backend is to be spoken to in HTTP/2.
#[inline]
pub(crate) fn speaks_http2(upstream: &Upstream, hold: &Hold) -> bool {
    match upstream.spec.protocol {
        Protocol::Http1 => false,
        Protocol::Http2 => true,
        Protocol::Auto => hold.member().backend.speaks_http2(),
    }
}

/// True where a connection that was just made has negotiated HTTP/2, and so is for more than one request.
pub(crate) fn is_to_be_shared(upstream: &Upstream, stream: &Stream) -> bool {
    upstream.spec.protocol == Protocol::Auto && stream.speaks_http2()
}

/// True where a backend that spoke HTTP/2 does so no more, or not for this request, and may be spoken to in HTTP/1.1.
pub(crate) fn has_turned_down(upstream: &Upstream, reason: Reason) -> bool {
    upstream.spec.protocol == Protocol::Auto
        && (reason == Reason::UpstreamTls(TlsFault::NoHttp2) || is_no_upgrade(reason))
}

/// True where a request that was not sent asks for another protocol, and the backend has not said that it can do that in
/// HTTP/2. RFC 8441 section 3.
fn is_no_upgrade(reason: Reason) -> bool {
    reason == Reason::BadResponse(Rule::Upgrade)
}

/// What is said to a backend, whichever it is.
#[derive(Clone, Copy)]
pub(crate) struct Said<'a> {
    pub(crate) upstream: &'a Upstream,
    pub(crate) route: &'a Route,
}

impl Said<'_> {
    #[inline]
    pub(crate) fn write_head(
        &self,
        hold: &Hold,
        incoming: &Incoming,
        (context, trace): (&Context<'_>, &Trace),
        out: &mut Vec<u8>,
    ) {
        let forwarding = Forwarding {
            incoming,
            facts: context.facts,
            settings: &context.pinned.0.settings,
            route: self.route,
            upstream: self.upstream,
            request_id: &trace.request_id,
        };
        forwarding.write(hold.member(), out);
    }

    /// Keeps what goes up of a body, where another attempt could send it again.
    pub(crate) fn keep_body<C: Client>(&self, client: &mut C, incoming: &Incoming) {
        let retry = &self.upstream.spec.retry;
        let may_repeat = self.upstream.spec.retries > 0 && (retry.non_idempotent || is_idempotent(incoming));
        let is_small = match incoming.admitted.body {
            BodyLength::Bytes(length) => length <= retry.max_body as u64,
            _ => true,
        };
        if may_repeat && is_small {
            client.keep_body(retry.max_body);
        }
    }

    /// True where requests wait for their turn: what is in flight is enough.
    pub(crate) fn is_busy(&self) -> bool {
        let waits = |door: &Option<Door>| door.as_ref().is_some_and(|door| door.gate.waiting() > 0);
        waits(&self.route.door) || waits(&self.upstream.door)
    }
}

/// True where a backend that had the whole request did not answer in the time that the proxy gives it; how long a call's
/// client waits says nothing of the backend.
fn is_hung(reason: Reason, context: &Context<'_>) -> bool {
    match reason {
        Reason::ResponseTimeout => true,
        Reason::RequestTimeout => context.call_ends() > context.slot.now(),
        _ => false,
    }
}
