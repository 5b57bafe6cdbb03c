//! ATTEMPT: one try after another, each on one backend, until one answers or none is left.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::{Context as Poller, Poll};
use std::time::Instant;

use http1::framing::BodyLength;
use http1::{Name, Version};

use crate::channel::Channel;
use crate::client::Client;
use crate::clock;
use crate::connect::ConnectError;
use crate::course::{Answer, Course};
use crate::deadline::{TICK, Ticks};
use crate::exchange::Context;
use crate::forward::Forwarding;
use crate::gate::Pass;
use crate::http2::{BackendStream, Found, Waiting};
use crate::incoming::Incoming;
use crate::link::Link;
use crate::pool::Pooled;
use crate::pump::Pump;
use crate::race::{Second, Won, hedge_of, lost, race};
use crate::reason::Reason;
use crate::registry::{Backend, ConnectionPlace};
use crate::snapshot::Route;
use crate::spec::Protocol;
use crate::trace::{AttemptRecord, Trace};
use crate::tries::{Failed, has_body, is_idempotent};
use crate::trying::Trying;
use crate::upstream::{Hold, Upstream};
use crate::waiting::{Door, poll_given_up};
use crate::wire::Writer;

/// So much of a body is kept to be sent again to another stream than the one that took it.
const REPLAYED: usize = 64 * 1024;

/// A backend's final answer, its head parsed and still with the link.
pub(crate) struct Answered<'a> {
    pub(crate) link: Link,
    pub(crate) hold: Hold,
    pub(crate) upstream: &'a Upstream,
    /// What is left of the request's body.
    pub(crate) upload: Pump,
    /// The backend takes no more of it.
    pub(crate) upload_broken: bool,
    /// The backend has switched protocols.
    pub(crate) has_switched: bool,
    /// Interim answers were passed on.
    pub(crate) has_begun: bool,
    /// When the attempt began, where that is not when the request's present attempts did.
    pub(crate) began: Option<Instant>,
    /// When its head was there.
    pub(crate) at: Instant,
    /// Field lines that keep the client where it is.
    pub(crate) cookies: Vec<u8>,
    /// The place among the requests that the upstream has in hand.
    pub(crate) pass: Option<Pass>,
}

impl Answered<'_> {
    /// Another backend is asked instead. A body that has come whole already leaves a connection that can be used again.
    pub(crate) fn let_go(mut self, incoming: &Incoming, context: &Context<'_>) {
        let length = self.link.body_length(&incoming.response, incoming.head.method());
        let Ok(BodyLength::Bytes(length)) = length else { return };
        let is_kept = !incoming.response.present().contains(Name::Connection)
            && incoming.response.version() == Version::Http11;
        self.link.consume_head();
        let Link::Http1 { mut wire, opened, .. } = self.link else { return };
        if is_kept && self.upload.is_done() && !wire.has_unsent() && wire.input.len() as u64 == length {
            wire.input.consume(length as usize);
            let pooled = Pooled { stream: wire.stream, opened };
            let backend = &self.hold.member().backend;
            context.worker.pools.put(backend, pooled, &self.upstream.pool_rules, context.slot.now());
        }
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
    let mut course = Course::begin(route, incoming, context, trace)?;
    let mut hold = match course.first() {
        Some(hold) => hold,
        None => Box::pin(course.enter(client, incoming, trace)).await?,
    };
    loop {
        let mut place = hold.place;
        let one = One { hold, upstream: course.upstream, route, wants_fresh: course.wants_fresh() };
        match one.run(client, incoming, context, trace).await {
            Ok(answered) => {
                let status = incoming.response.status();
                place = answered.hold.place;
                trace.attempted(AttemptRecord { backend: place, status, ..AttemptRecord::default() });
                match course.judge(answered, incoming) {
                    Answer::Final(answered) => return Ok(answered),
                    Answer::Doubtful(answered) => {
                        match Box::pin(course.after_answer(answered, client, incoming)).await? {
                            Ok(next) => hold = next,
                            Err(answered) => return Ok(answered),
                        }
                    }
                }
            }
            Err((failed, held)) => {
                trace.attempted(AttemptRecord {
                    backend: place,
                    reused: failed.was_reused,
                    failed: Some(failed.reason),
                    status: 0,
                });
                hold = Box::pin(course.after_failure((failed, held), client, incoming, trace)).await?;
            }
        }
        write_time_left(incoming, context);
    }
}

/// One attempt.
pub(crate) struct One<'a> {
    pub(crate) hold: Hold,
    pub(crate) upstream: &'a Upstream,
    pub(crate) route: &'a Route,
    /// The last connection from the pool was stale: make a new one.
    wants_fresh: bool,
}

impl<'a> One<'a> {
    /// Asks the backend that is held; a failure gives the hold back.
    async fn run<C: Client>(
        self,
        client: &mut C,
        incoming: &mut Incoming,
        context: &Context<'a>,
        trace: &mut Trace,
    ) -> Result<Answered<'a>, (Failed, Hold)> {
        let was_reused;
        let mut link = match self.upstream.spec.protocol {
            // Not a function of its own: what it would return is large, and this is the way of most requests.
            Protocol::Http1 => {
                let pooled = self.pooled(incoming, context);
                was_reused = pooled.is_some();
                let pooled = match pooled {
                    Some(pooled) => pooled,
                    None => match Box::pin(self.open(client, context, trace)).await {
                        Ok(opened) => opened,
                        Err(reason) => return Err((Failed::unsent(reason), self.hold)),
                    },
                };
                Link::http1(pooled)
            }
            Protocol::Http2 => match Box::pin(self.open_stream(client, incoming, context, trace)).await {
                Ok((stream, is_reused)) => {
                    was_reused = is_reused;
                    Link::Http2(stream)
                }
                Err(failed) => return Err((failed, self.hold)),
            },
        };
        if let Link::Http1 { wire, .. } = &mut link {
            self.write_head(&self.hold, incoming, (context, trace), wire.output.appender());
            let is_chunked = incoming.admitted.body == BodyLength::Chunked;
            wire.frame(if is_chunked { Writer::Chunked } else { Writer::Raw });
            if has_body(incoming) {
                self.keep_body(client, incoming);
            }
        }
        let hedge = hedge_of(&self, incoming);
        let mut trying = Trying::new(client, &mut link, incoming, context, self.patience());
        let outcome = match hedge {
            None => poll_fn(|cx| trying.poll(cx)).await,
            Some(hedge) => {
                let began = clock::now();
                match Box::pin(race(&self, hedge, &mut trying, (context, trace))).await {
                    Won::First(outcome) => outcome,
                    Won::Second(second) => {
                        let has_begun = trying.has_passed();
                        lost(&self, began, context);
                        return Ok(self.take_second(*second, incoming, has_begun));
                    }
                }
            }
        };
        let has_begun = trying.has_begun();
        let has_passed = trying.has_passed();
        let (upload, upload_broken) = (trying.upload, trying.upload_broken);
        match outcome {
            Ok(has_switched) => Ok(Answered {
                link,
                hold: self.hold,
                upstream: self.upstream,
                upload,
                upload_broken,
                has_switched,
                has_begun: has_passed,
                began: None,
                at: clock::now(),
                cookies: Vec::new(),
                pass: None,
            }),
            Err(reason) => {
                let was_touched = has_body(incoming) && (upload.bytes > 0 || upload.is_done());
                let is_final = has_begun || (was_touched && !client.rewind());
                Err((Failed { reason, was_reused, is_final, fate: link.fate() }, self.hold))
            }
        }
    }

    /// The answer to a second attempt, in place of that to the first.
    fn take_second(&self, second: Second, incoming: &mut Incoming, has_begun: bool) -> Answered<'a> {
        let Second { link, hold, response, began } = second;
        incoming.response = response;
        Answered {
            link,
            hold,
            upstream: self.upstream,
            upload: Pump::done(),
            upload_broken: false,
            has_switched: false,
            has_begun,
            began: Some(began),
            at: clock::now(),
            cookies: Vec::new(),
            pass: None,
        }
    }

    /// True where requests wait for their turn: what is in flight is enough.
    pub(crate) fn is_busy(&self) -> bool {
        let waits = |door: &Option<Door>| door.as_ref().is_some_and(|door| door.gate.waiting() > 0);
        waits(&self.route.door) || waits(&self.upstream.door)
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

    /// Keeps what goes up of a body, where another attempt could send it again.
    fn keep_body<C: Client>(&self, client: &mut C, incoming: &Incoming) {
        let retry = &self.upstream.spec.retry;
        let may_repeat = self.upstream.spec.retries > 0 && (retry.non_idempotent || is_idempotent(incoming));
        let is_small = match incoming.admitted.body {
            BodyLength::Bytes(length) => length <= retry.max_body as u64,
            _ => true,
        };
        if may_repeat && is_small {
            client.keep_body(retry.max_body);
        } else if let Some(mirror) = &self.route.mirror {
            client.keep_body(mirror.max_body);
        }
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
        self.write_head(&self.hold, incoming, (context, trace), &mut head);
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

    /// For how long the head of the answer is waited for.
    fn patience(&self) -> Ticks {
        self.route.attempt_timeout.unwrap_or(self.upstream.timeout)
    }

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

    async fn connect<C: Client>(
        &self,
        client: &mut C,
        context: &Context<'_>,
        trace: &mut Trace,
    ) -> Result<Pooled, Reason> {
        let began = clock::now();
        let member = self.hold.member();
        let mut connecting = std::pin::pin!(async {
            let place = match member.max_connections {
                Some(most) => Some(ConnectionPlace::take(&member.backend, most).await),
                None => None,
            };
            let mut stream = context.worker.shared.connect.connect(&member.address).await?;
            place.into_iter().for_each(|place| stream.hold(place));
            Ok(stream)
        });
        context.slot.set_at(context.deadline());
        let connected = poll_fn(|cx: &mut Poller<'_>| {
            if let Poll::Ready(connected) = connecting.as_mut().poll(cx) {
                return Poll::Ready(connected.map_err(Err));
            }
            poll_given_up(client, context, cx).map(|reason| Err(Ok(reason)))
        })
        .await;
        trace.connect += clock::since(began);
        match connected {
            Ok(stream) => {
                stream.bound_unsent();
                context.worker.shared.connect_succeeded(&member.backend, began);
                Ok(Pooled { stream, opened: context.slot.now() })
            }
            Err(Ok(reason)) => Err(reason),
            Err(Err(error)) => Err(connect_failed(&member.backend, error, context, began)),
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
}

fn connect_failed(
    backend: &Arc<Backend>,
    error: ConnectError,
    context: &Context<'_>,
    began: Instant,
) -> Reason {
    if error.is_of_backend() {
        context.worker.shared.connect_failed(backend, began);
    }
    error.reason()
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
