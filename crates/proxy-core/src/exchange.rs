//! One request's way down the line: ADMIT, ROUTE, GUARD, ATTEMPT, RELAY, and the observation of its end.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::task::Poll;
use std::time::{Duration, Instant};

use http1::framing::BodyLength;
use http1::{Method, Name};

use crate::admit::admit;
use crate::ahead::{Ahead, ahead, may_reach};
use crate::answer::Answer;
use crate::attempt::attempt;
use crate::client::{Client, Facts};
use crate::clock;
use crate::deadline::{Slot, Ticks};
use crate::forward::vars;
use crate::guard::{self, Verdict};
use crate::incoming::{Incoming, Lookup};
use crate::matcher::MatchInput;
use crate::observe;
use crate::own::send_own;
use crate::reason::{Reason, Side};
use crate::relay::{push_hsts, relay};
use crate::snapshot::{Route, Target};
use crate::trace::{RequestId, Trace};
use crate::tries::has_body;
use crate::waiting;
use crate::worker::{Pinned, Worker};

/// What a request is served with.
pub(crate) struct Context<'a> {
    pub(crate) worker: &'a Arc<Worker>,
    pub(crate) facts: &'a Facts,
    pub(crate) slot: &'a Slot,
    pub(crate) pinned: &'a Pinned,
    /// When the head of the answer must be there, in ticks.
    deadline: AtomicU32,
    /// When the request's body first began to go up, in ticks.
    upload_began: AtomicU32,
    /// When all of the answer must be there, in ticks.
    call_ends: AtomicU32,
    /// The request has waited for something since its head was whole.
    has_waited: AtomicBool,
    /// The time that the body took was given back already.
    has_given_back: AtomicBool,
}

impl Context<'_> {
    /// The worker's shard of each counter.
    #[inline]
    pub(crate) fn shard(&self) -> usize {
        self.worker.shard
    }

    /// When the head of the answer must be there, in ticks.
    #[inline]
    pub(crate) fn deadline(&self) -> u32 {
        self.deadline.load(Relaxed).min(self.call_ends())
    }

    /// When all of the answer must be there, in ticks: a gRPC call's client waits for no more then.
    #[inline]
    pub(crate) fn call_ends(&self) -> u32 {
        self.call_ends.load(Relaxed)
    }

    /// Sets the connection's deadline to `idle` from now, or to the end of the call.
    #[inline]
    pub(crate) fn wait(&self, idle: Ticks) {
        self.slot.set_at(self.slot.now().saturating_add(idle.0).min(self.call_ends()));
    }

    /// Brings the connection's deadline forward to `within` from now, if it is later.
    pub(crate) fn hurry(&self, within: Ticks) {
        self.slot.hurry(within);
    }

    /// The time since the registry's epoch.
    pub(crate) fn now(&self) -> Duration {
        self.worker.shared.registry.now()
    }

    /// The request waits for something else than a backend.
    pub(crate) fn note_wait(&self) {
        self.has_waited.store(true, Relaxed);
    }

    /// When the first attempt begins: as soon as the head was whole, where nothing was waited for.
    #[inline]
    pub(crate) fn began(&self, trace: &Trace) -> Instant {
        if self.has_waited.load(Relaxed) { clock::now() } else { trace.began }
    }

    /// The request's body begins to go up, for the first time or again.
    pub(crate) fn body_begins(&self) {
        let now = self.slot.now();
        let _ = self.upload_began.compare_exchange(u32::MAX, now, Relaxed, Relaxed);
    }

    /// The request's body has gone up whole: the time until the answer does not run while it comes in, but what was
    /// waited for before is not given back. Sending it again gives no more time.
    pub(crate) fn body_is_up(&self) {
        if !self.has_given_back.swap(true, Relaxed) {
            let took = self.slot.now().saturating_sub(self.upload_began.load(Relaxed));
            self.deadline.store(self.deadline.load(Relaxed).saturating_add(took), Relaxed);
        }
    }
}

/// What becomes of the client's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It serves another request.
    Go,
    /// It is closed.
    Close,
    /// It is closed; what the client still sends is read for a while, so that the answer arrives.
    Linger,
    /// It is cut off: what was sent is incomplete.
    Abort,
}

impl Next {
    /// What the client sends next cannot be told apart: whatever was to come, the connection ends.
    const fn or_linger(self) -> Self {
        if matches!(self, Self::Abort) { self } else { Self::Linger }
    }
}

/// Why an exchange ended without a whole answer from a backend.
enum Stopped {
    /// The proxy answers with this.
    With(Answer, Option<Reason>),
    /// There is nobody to be answered, or no way to answer any more.
    Cut(Reason),
}

impl<'a> Context<'a> {
    /// The context of one request.
    pub(crate) const fn new(
        worker: &'a Arc<Worker>,
        facts: &'a Facts,
        slot: &'a Slot,
        pinned: &'a Pinned,
    ) -> Self {
        Self {
            worker,
            facts,
            slot,
            pinned,
            deadline: AtomicU32::new(u32::MAX),
            upload_began: AtomicU32::new(u32::MAX),
            call_ends: AtomicU32::new(u32::MAX),
            has_waited: AtomicBool::new(false),
            has_given_back: AtomicBool::new(false),
        }
    }
}

/// Serves one request whose head is whole. The client's connection is left in the state that [`Next`] says.
pub(crate) async fn exchange<C: Client>(
    client: &mut C,
    incoming: &mut Incoming,
    context: &Context<'_>,
) -> Next {
    let (worker, facts) = (context.worker, context.facts);
    let mut trace = Trace::new(clock::now(), facts.peer);
    let mut unfinished = observe::Unfinished::new(worker, trace.began);
    let admitted = admit(incoming, facts.peer, &context.pinned.0.settings);
    identify(incoming, &mut trace);
    if incoming.admitted.is_call && !(facts.is_http2 && incoming.head.method() == Method::Post) {
        // A call is made in HTTP/2, by POST: what merely says that it is one gets none of a call's time.
        (incoming.admitted.is_call, incoming.admitted.call_timeout) = (false, None);
    }
    if incoming.admitted.options.close {
        client.close_after();
    }
    let (route, next) = match admitted {
        Ok(()) => match ahead(incoming, context) {
            None => match find(incoming, context) {
                Some(route) if may_reach(route, context) => {
                    unfinished.routed(route);
                    (Some(&**route), serve(client, incoming, route, context, &mut trace).await)
                }
                Some(_) => {
                    (None, stop_early(client, incoming, (context, &mut trace), Reason::Misdirected).await)
                }
                None => (None, stop_early(client, incoming, (context, &mut trace), Reason::NoRoute).await),
            },
            Some(Ahead::Answer(answer)) => {
                client.expect(incoming.admitted.body, context.pinned.0.blueprint.settings.max_body_size);
                let stopped = Stopped::With(answer, None);
                (None, stop(client, stopped, incoming, context, &mut trace).await)
            }
            Some(Ahead::Refuse(reason)) => {
                (None, stop_early(client, incoming, (context, &mut trace), reason).await)
            }
        },
        Err(reason) => {
            client.close_after();
            let refused = refuse(reason, incoming, &trace);
            (None, stop(client, refused, incoming, context, &mut trace).await.or_linger())
        }
    };
    unfinished.finish();
    observe::completed(context, &trace, route, incoming);
    next
}

/// Refuses a request that no route has seen.
async fn stop_early<C: Client>(
    client: &mut C,
    incoming: &mut Incoming,
    (context, trace): (&Context<'_>, &mut Trace),
    reason: Reason,
) -> Next {
    client.expect(incoming.admitted.body, context.pinned.0.blueprint.settings.max_body_size);
    let secured = context.facts.secured.as_ref();
    let own = secured.and_then(|secured| secured.server_name());
    if reason == Reason::Misdirected && own == Some(incoming.host()) {
        // The host's rule has changed since the handshake: another connection for it will do.
        client.close_after();
    }
    let refused = refuse(reason, incoming, trace);
    stop(client, refused, incoming, context, trace).await
}

/// Answers a head that could not even be parsed, or did not arrive in time.
pub(crate) async fn reject<C: Client>(
    client: &mut C,
    incoming: &mut Incoming,
    reason: Reason,
    context: &Context<'_>,
) -> Next {
    let mut trace = Trace::new(clock::now(), context.facts.peer);
    trace.request_id = clock::request_id(trace.began);
    observe::begun(context.worker);
    client.close_after();
    let refused = refuse(reason, incoming, &trace);
    let next = stop(client, refused, incoming, context, &mut trace).await;
    observe::completed(context, &trace, None, incoming);
    next.or_linger()
}

/// The id that a trusted proxy gave the request, or a fresh one.
fn identify(incoming: &Incoming, trace: &mut Trace) {
    let given = if incoming.admitted.is_trusted { incoming.first(Name::XRequestId) } else { None };
    trace.request_id = given.and_then(RequestId::given).unwrap_or_else(|| clock::request_id(trace.began));
    if let Some(client) = incoming.admitted.client {
        trace.client = client;
    }
}

#[inline]
fn find<'a>(incoming: &Incoming, context: &Context<'a>) -> Option<&'a Arc<Route>> {
    context.pinned.0.matcher.find(&MatchInput {
        host: incoming.host(),
        path: &incoming.path,
        method: incoming.method_text(),
        query: incoming.query(),
        client: incoming.admitted.client.unwrap_or(context.facts.peer),
        fields: &Lookup(incoming.fields()),
    })
}

async fn serve<'a, C: Client>(
    client: &mut C,
    incoming: &mut Incoming,
    route: &'a Route,
    context: &Context<'a>,
    trace: &mut Trace,
) -> Next {
    client.expect(incoming.admitted.body, route.max_body_size);
    context.deadline.store(context.slot.now().saturating_add(route.timeout.0), Relaxed);
    if let Some(timeout) = incoming.admitted.call_timeout {
        context.call_ends.store(context.slot.now().saturating_add(timeout.0), Relaxed);
    }
    context.slot.set_at(context.deadline());
    let stopped = match prepare(client, incoming, route, context, trace).await {
        Ok(()) => match forward(client, incoming, route, context, trace).await {
            Ok(next) => return next,
            Err(Reason::ClientGone) => Stopped::Cut(Reason::ClientGone),
            Err(reason) => refuse(reason, incoming, trace),
        },
        Err(stopped) => stopped,
    };
    stop(client, stopped, incoming, context, trace).await
}

/// So much of a body is kept for further attempts at least, where some is kept for a copy.
const KEPT: usize = 64 * 1024;

/// Has a backend answer, once the route has room for another request.
async fn forward<'a, C: Client>(
    client: &mut C,
    incoming: &mut Incoming,
    route: &'a Route,
    context: &Context<'a>,
    trace: &mut Trace,
) -> Result<Next, Reason> {
    let _pass = match &route.door {
        None => None,
        Some(door) => {
            Some(Box::pin(waiting::enter(door, route.spec.priority, client, (context, trace))).await?)
        }
    };
    let mirror = route.mirror.as_ref().filter(|mirror| mirror.wants(incoming));
    if let Some(mirror) = mirror.filter(|_| has_body(incoming)) {
        // An attempt that keeps less for itself is content with that.
        client.keep_body(mirror.max_body.max(KEPT));
    }
    if let Some(mirror) = mirror.filter(|_| !has_body(incoming)) {
        mirror.send(client, incoming, route, (context, trace));
    }
    let mut slot = None;
    attempt(client, incoming, route, (context, trace), &mut slot).await?;
    let Some(answered) = &slot else { return Err(Reason::Internal) };
    if let Some(mirror) = mirror.filter(|_| has_body(incoming) && answered.upload.is_done()) {
        mirror.send(client, incoming, route, (context, trace));
    }
    if trace.first_byte.is_none() {
        trace.first_byte = Some(answered.at.saturating_duration_since(trace.began));
    }
    let next = relay(client, incoming, route, (context, trace), &mut slot).await;
    if trace.reason.is_some_and(|reason| reason.side() == Side::Backend)
        && let Some(answered) = &slot
    {
        answered.hold.broke(trace);
    }
    Ok(next)
}

/// All that is decided before a backend is chosen.
async fn prepare<C: Client>(
    client: &mut C,
    incoming: &mut Incoming,
    route: &Route,
    context: &Context<'_>,
    trace: &Trace,
) -> Result<(), Stopped> {
    if let BodyLength::Bytes(length) = incoming.admitted.body
        && length > route.max_body_size
    {
        return Err(refuse(Reason::BodyTooLarge, incoming, trace));
    }
    if incoming.admitted.max_forwards == Some(0)
        && matches!(incoming.head.method(), Method::Options | Method::Trace)
    {
        return Err(Stopped::With(Answer::of_last_hop(incoming), None));
    }
    if is_going_round(incoming) {
        return Err(refuse(Reason::LoopDetected, incoming, trace));
    }
    for guard in &route.spec.guards {
        let request = seen_by_guard(incoming, route, context, trace);
        let verdict = guard.check(&request);
        judge(client, incoming, verdict, context, trace).await?;
    }
    own(incoming, route, context, trace).map_or(Ok(()), |answer| Err(Stopped::With(answer, None)))?;
    if let Some(rewrite) = &route.rewrite {
        rewrite_path(incoming, rewrite).map_err(|reason| refuse(reason, incoming, trace))?;
    }
    if let Some(edits) = &route.request_edits {
        let Incoming { head, bytes, .. } = incoming;
        edits.take_out(head.lines_mut(), bytes.unread());
    }
    for (name, _) in &incoming.set_later {
        incoming.head.lines_mut().drop_named(name.as_bytes(), incoming.bytes.unread());
    }
    Ok(())
}

/// RFC 9110 section 7.6.3: Via tells how often a request has come this way. A chain of so many proxies of one kind
/// is none that somebody built.
fn is_going_round(incoming: &Incoming) -> bool {
    const MOST: usize = 16;
    if !incoming.head.present().contains(Name::Via) {
        return false;
    }
    let hops = incoming.fields().all(Name::Via).flat_map(http1::token::list);
    hops.filter(|hop| hop.ends_with(b" proxyd")).count() >= MOST
}

fn rewrite_path(incoming: &mut Incoming, rewrite: &crate::path::Rewrite) -> Result<(), Reason> {
    let mut room = std::mem::take(&mut incoming.rewritten);
    let whole = &incoming.path;
    let path = rewrite.apply(whole, &mut room).map_err(Reason::BadPath)?;
    // The result is a part of the path, or stands in the room.
    if whole.as_ptr_range().contains(&path.as_ptr()) {
        let start = path.as_ptr() as usize - whole.as_ptr() as usize;
        let part = start..start + path.len();
        room.clear();
        room.extend_from_slice(whole.get(part).unwrap_or_default());
    }
    incoming.rewritten = room;
    Ok(())
}

fn seen_by_guard<'a>(
    incoming: &'a Incoming,
    route: &'a Route,
    context: &Context<'_>,
    trace: &'a Trace,
) -> guard::Request<'a> {
    guard::Request {
        method: incoming.method_text(),
        host: incoming.host(),
        path: &incoming.path,
        query: incoming.query(),
        fields: incoming.fields(),
        client: incoming.admitted.client.unwrap_or(context.facts.peer),
        route: &route.spec.id,
        request_id: trace.request_id.as_str(),
    }
}

/// Does what a guard says; waits where it says so.
async fn judge<C: Client>(
    client: &mut C,
    incoming: &mut Incoming,
    mut verdict: Verdict,
    context: &Context<'_>,
    trace: &Trace,
) -> Result<(), Stopped> {
    if let Verdict::Wait(mut waiting) = verdict {
        context.note_wait();
        verdict = poll_fn(|cx| {
            if let Poll::Ready(verdict) = waiting.as_mut().poll(cx) {
                return Poll::Ready(Ok(verdict));
            }
            if client.poll_gone(cx).is_ready() {
                return Poll::Ready(Err(Stopped::Cut(Reason::ClientGone)));
            }
            if context.slot.is_expired() {
                return Poll::Ready(Err(refuse(Reason::RequestTimeout, incoming, trace)));
            }
            Poll::Pending
        })
        .await?;
    }
    match verdict {
        Verdict::Pass => Ok(()),
        Verdict::PassWith(fields) => {
            incoming.set_later.extend(fields.into_iter().filter(|(name, value)| is_field(name, value)));
            Ok(())
        }
        Verdict::Refuse(refusal) => {
            let answer = Answer::of_refusal(&refusal, incoming, &trace.request_id);
            Err(Stopped::With(answer, Some(Reason::Guarded)))
        }
        // A guard that cannot make up its mind has failed: fail closed.
        Verdict::Wait(_) => Err(refuse(Reason::Internal, incoming, trace)),
    }
}

/// Guards write fields, never framing.
fn is_field(name: &str, value: &str) -> bool {
    let known = Name::of(name.as_bytes());
    http1::token::is_token(name.as_bytes())
        && !http1::NameSet::HOP_BY_HOP.with(Name::ContentLength).with(Name::Host).contains(known)
        && value.bytes().all(|byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f))
}

/// The answer of a route that makes its own.
fn own(incoming: &Incoming, route: &Route, context: &Context<'_>, trace: &Trace) -> Option<Answer> {
    let vars = vars(incoming, context.facts, &route.spec.id, &trace.request_id);
    let mut answer = match &route.target {
        Target::Forward { .. } | Target::Split(_) => return None,
        Target::Respond { status, content_type, body } => Answer::of_route(*status, content_type, body),
        Target::Redirect { status, to } => {
            let mut location = Vec::new();
            if to.expand(&vars, &mut location).is_err() {
                return Some(Answer::of_failure(Reason::Internal, incoming, &trace.request_id));
            }
            Answer::of_redirect(*status, &location)
        }
    };
    if let Some(hsts) = &route.spec.hsts {
        let mut line = Vec::new();
        push_hsts(hsts, incoming, context, &mut line);
        answer.add(&line);
    }
    if let Some(edits) = &route.response_edits {
        answer.edit(edits, &vars);
    }
    Some(answer)
}

fn refuse(reason: Reason, incoming: &Incoming, trace: &Trace) -> Stopped {
    Stopped::With(
        Answer::of_failure_until(reason, trace.retry_after, incoming, &trace.request_id),
        Some(reason),
    )
}

/// Ends an exchange that no backend answered.
async fn stop<C: Client>(
    client: &mut C,
    stopped: Stopped,
    incoming: &mut Incoming,
    context: &Context<'_>,
    trace: &mut Trace,
) -> Next {
    match stopped {
        Stopped::Cut(reason) => {
            trace.status = reason.status();
            trace.reason = Some(reason);
            Next::Abort
        }
        Stopped::With(answer, None) if client.must_switch() && (200..=299).contains(&answer.status()) => {
            // RFC 8441 section 5: it would be taken for a protocol that was switched.
            let reason = Reason::BadRequest(http1::Rule::Upgrade);
            trace.status = reason.status();
            trace.reason = Some(reason);
            let answer = Answer::of_failure(reason, incoming, &trace.request_id);
            send_own(client, answer, incoming, (context, trace)).await
        }
        Stopped::With(answer, reason) => {
            trace.status = answer.status();
            trace.reason = reason;
            send_own(client, answer, incoming, (context, trace)).await
        }
    }
}
