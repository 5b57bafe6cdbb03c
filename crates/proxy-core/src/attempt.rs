//! ATTEMPT: one try after another, each on one backend, until one answers or none is left.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context as Poller, Poll};
use std::time::Instant;

use http1::framing::BodyLength;

use crate::client::Client;
use crate::connect::ConnectError;
use crate::deadline::{TICK, Ticks};
use crate::exchange::Context;
use crate::forward::Forwarding;
use crate::http2::{BackendStream, Fate, Found, Waiting};
use crate::incoming::Incoming;
use crate::link::Link;
use crate::pool::Pooled;
use crate::pump::Pump;
use crate::reason::Reason;
use crate::registry::Backend;
use crate::snapshot::Route;
use crate::spec::Protocol;
use crate::trace::{AttemptRecord, Trace};
use crate::tries::{Failed, Tries, has_body};
use crate::trying::Trying;
use crate::upstream::{Member, Upstream};
use crate::wire::Writer;

/// So much of a body is kept to be sent again to another stream than the one that took it.
const REPLAYED: usize = 64 * 1024;

/// A backend's final answer, its head parsed and still with the link.
pub(crate) struct Answered<'a> {
    pub(crate) link: Link,
    pub(crate) member: &'a Member,
    pub(crate) upstream: &'a Upstream,
    /// What is left of the request's body.
    pub(crate) upload: Pump,
    /// The backend takes no more of it.
    pub(crate) upload_broken: bool,
    /// The backend has switched protocols.
    pub(crate) has_switched: bool,
    _in_flight: InFlight<'a>,
}

/// A request that a backend has in hand.
struct InFlight<'a> {
    backend: &'a Backend,
    shard: usize,
}

impl<'a> InFlight<'a> {
    fn new(backend: &'a Backend, shard: usize) -> Self {
        backend.begin(shard);
        Self { backend, shard }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.backend.end(self.shard);
    }
}

/// Forwards the request to the upstream's backends, one after another.
///
/// # Errors
/// The reason of the last attempt, or that there was no backend to try.
pub(crate) async fn attempt<'a, C: Client>(
    client: &mut C,
    incoming: &mut Incoming,
    route: &'a Route,
    context: &Context<'a>,
    trace: &mut Trace,
) -> Result<Answered<'a>, Reason> {
    let Some(mut upstream) = route.first_upstream() else { return Err(Reason::Internal) };
    let mut tries = Tries::of(upstream.spec.retries);
    let mut last = Reason::NoBackend;
    upstream.budget(context.shard()).deposit();
    loop {
        let Some((place, member)) = upstream.pick(context.shard(), &tries.tried) else {
            match route.fallback_of(upstream).filter(|_| !upstream.has_eligible()) {
                Some(fallback) => {
                    upstream = fallback;
                    tries.tried.clear();
                    continue;
                }
                None => return Err(last),
            }
        };
        let wants_fresh = tries.wants_fresh();
        let one = One { member, upstream, route, wants_fresh };
        let failed = match one.run(client, incoming, context, trace).await {
            Ok(answered) => {
                trace.attempted(AttemptRecord { backend: place, ..AttemptRecord::default() });
                return Ok(answered);
            }
            Err(failed) => failed,
        };
        trace.attempted(AttemptRecord {
            backend: place,
            reused: failed.was_reused,
            failed: Some(failed.reason),
        });
        last = failed.reason;
        if !tries.may_go_on(&failed, incoming, upstream, context.shard()) {
            return Err(last);
        }
        write_time_left(incoming, context);
        // A connection that was stale or closing says nothing of its backend: the next attempt may go there again.
        if !failed.was_reused && failed.fate == Fate::Unknown {
            tries.tried.push(place);
        }
    }
}

/// One attempt.
struct One<'a> {
    member: &'a Member,
    upstream: &'a Upstream,
    route: &'a Route,
    /// The last connection from the pool was stale: make a new one.
    wants_fresh: bool,
}

impl<'a> One<'a> {
    async fn run<C: Client>(
        self,
        client: &mut C,
        incoming: &mut Incoming,
        context: &Context<'a>,
        trace: &mut Trace,
    ) -> Result<Answered<'a>, Failed> {
        let in_flight = InFlight::new(&self.member.backend, context.shard());
        let was_reused;
        let mut link = match self.upstream.spec.protocol {
            // Not a function of its own: what it would return is large, and this is the way of most requests.
            Protocol::Http1 => {
                let pooled = self.pooled(incoming, context);
                was_reused = pooled.is_some();
                let pooled = match pooled {
                    Some(pooled) => pooled,
                    None => Box::pin(self.open(client, context, trace)).await.map_err(Failed::unsent)?,
                };
                Link::http1(pooled)
            }
            Protocol::Http2 => {
                let opened = Box::pin(self.open_stream(client, incoming, context, trace)).await?;
                was_reused = opened.1;
                Link::Http2(opened.0)
            }
        };
        if let Link::Http1 { wire, .. } = &mut link {
            self.write_head(incoming, context, trace, wire.output.appender());
            let is_chunked = incoming.admitted.body == BodyLength::Chunked;
            wire.frame(if is_chunked { Writer::Chunked } else { Writer::Raw });
        }
        let mut trying = Trying::new(client, &mut link, incoming, context, self.patience());
        let outcome = poll_fn(|cx| trying.poll(cx)).await;
        let has_begun = trying.has_begun();
        let (upload, upload_broken) = (trying.upload, trying.upload_broken);
        match outcome {
            Ok(has_switched) => Ok(Answered {
                link,
                member: self.member,
                upstream: self.upstream,
                upload,
                upload_broken,
                has_switched,
                _in_flight: in_flight,
            }),
            Err(reason) => {
                let was_touched = has_body(incoming) && (upload.bytes > 0 || upload.is_done());
                let is_final = has_begun || (was_touched && !client.rewind());
                Err(Failed { reason, was_reused, is_final, fate: link.fate() })
            }
        }
    }

    /// A connection from the pool.
    #[inline]
    fn pooled(&self, incoming: &Incoming, context: &Context<'_>) -> Option<Pooled> {
        if self.wants_fresh {
            return None;
        }
        let is_careful = !incoming.head.method().is_idempotent();
        context.worker.pools.take(&self.member.backend, context.slot.now(), is_careful)
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
            match lines.find(context.worker, self.upstream, self.member, waiting.as_ref()) {
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
        self.write_head(incoming, context, trace, &mut head);
        if has_body(incoming) {
            client.keep_body(REPLAYED);
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
        let began = Instant::now();
        context.slot.set_at(context.deadline());
        let mut changed = std::pin::pin!(waiting.changes.changed());
        let outcome = poll_fn(|cx: &mut Poller<'_>| {
            if let Poll::Ready(changed) = changed.as_mut().poll(cx) {
                return Poll::Ready(changed.map_err(|_| Reason::Internal));
            }
            poll_given_up(client, context, cx).map(Err)
        })
        .await;
        trace.connect += began.elapsed();
        outcome
    }

    /// For how long the head of the answer is waited for.
    fn patience(&self) -> Ticks {
        self.route.attempt_timeout.unwrap_or(self.upstream.timeout)
    }

    #[inline]
    fn write_head(&self, incoming: &Incoming, context: &Context<'_>, trace: &Trace, out: &mut Vec<u8>) {
        let forwarding = Forwarding {
            incoming,
            facts: context.facts,
            settings: &context.pinned.0.settings,
            route: self.route,
            upstream: self.upstream,
            request_id: &trace.request_id,
        };
        forwarding.write(self.member, out);
    }

    async fn connect<C: Client>(
        &self,
        client: &mut C,
        context: &Context<'_>,
        trace: &mut Trace,
    ) -> Result<Pooled, Reason> {
        let began = Instant::now();
        let mut connecting = context.worker.shared.connect.connect(&self.member.address);
        context.slot.set_at(context.deadline());
        let connected = poll_fn(|cx: &mut Poller<'_>| {
            if let Poll::Ready(connected) = connecting.as_mut().poll(cx) {
                return Poll::Ready(connected.map_err(Err));
            }
            poll_given_up(client, context, cx).map(|reason| Err(Ok(reason)))
        })
        .await;
        trace.connect += began.elapsed();
        match connected {
            Ok(stream) => {
                stream.bound_unsent();
                Ok(Pooled { stream, opened: context.slot.now() })
            }
            Err(Ok(reason)) => Err(reason),
            Err(Err(error)) => Err(self.connect_failed(error, context, began)),
        }
    }

    /// A connection to the backend. Where this machine has no means for another, those that are unused make room.
    async fn open<C: Client>(
        &self,
        client: &mut C,
        context: &Context<'_>,
        trace: &mut Trace,
    ) -> Result<Pooled, Reason> {
        match self.connect(client, context, trace).await {
            Err(Reason::Internal) => {
                context.worker.pools.clear();
                context.worker.deadlines.end_longest_rest();
                tokio::task::yield_now().await;
                self.connect(client, context, trace).await
            }
            connected => connected,
        }
    }

    fn connect_failed(&self, error: ConnectError, context: &Context<'_>, began: Instant) -> Reason {
        if error.is_of_backend() {
            let backend: &Arc<Backend> = &self.member.backend;
            context.worker.shared.connect_failed(backend, began);
        }
        error.reason()
    }
}

/// The next backend has as much time for a call as is left of it, not as there was.
fn write_time_left(incoming: &mut Incoming, context: &Context<'_>) {
    const NAME: &str = "grpc-timeout";
    if incoming.admitted.call_timeout.is_none() {
        return;
    }
    let ticks = context.call_ends().saturating_sub(context.slot.now());
    let left = format!("{}m", (u64::from(ticks) * TICK.as_millis() as u64).min(99_999_999));
    incoming.head.lines_mut().drop_named(NAME.as_bytes(), incoming.bytes.unread());
    incoming.set_later.retain(|(name, _)| name != NAME);
    incoming.set_later.push((NAME.to_owned(), left));
}

/// Ready once nobody waits for a connection any more.
fn poll_given_up<C: Client>(client: &mut C, context: &Context<'_>, cx: &mut Poller<'_>) -> Poll<Reason> {
    if client.poll_gone(cx).is_ready() {
        return Poll::Ready(Reason::ClientGone);
    }
    if context.slot.is_expired() { Poll::Ready(Reason::RequestTimeout) } else { Poll::Pending }
}
