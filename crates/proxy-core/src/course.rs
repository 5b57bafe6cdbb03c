//! Where a request's attempts go: into which upstream, to which backend, and whether to another one after that.

use std::time::{Duration, Instant};

use http1::Name;

use crate::attempt::Answered;
use crate::budget::Retrying;
use crate::client::Client;
use crate::clock;
use crate::deadline::TICK;
use crate::entry::Entry;
use crate::exchange::Context;
use crate::forward::scheme;
use crate::grpc;
use crate::incoming::Incoming;
use crate::outcome::{Made, Seen};
use crate::reason::{Reason, Side};
use crate::snapshot::{Choice, Route};
use crate::statistics::Counted;
use crate::trace::Trace;
use crate::tries::{Again, Failed, Tries, has_body};
use crate::upstream::{Ask, Hold, Lack, Unpicked, Upstream};
use crate::waiting::{pause, time_left};

/// How often a retry that finds the budget used up by others waits for them.
const MOST_WAITS: u32 = 4;

/// What a request is picked by, and which backends it has been to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'t> {
    pub(crate) affinity: Option<u64>,
    pub(crate) tried: &'t [u64],
}

/// The course of one request's attempts.
pub(crate) struct Course<'a, 'c> {
    pub(crate) upstream: &'a Upstream,
    route: &'a Route,
    context: &'c Context<'a>,
    /// The upstream that was chosen among several, where that is to be kept.
    choice: Choice<'a>,
    /// What is held of the upstream, where it has a circuit or a gate.
    entry: Option<Box<Entry>>,
    tries: Tries,
    affinity: Option<u64>,
    /// The token of the client's cookie.
    token: Option<u64>,
    retrying: Option<Retrying>,
    /// When the present attempt began.
    began: Instant,
}

impl<'a, 'c> Course<'a, 'c> {
    /// Chooses the upstream.
    ///
    /// # Errors
    /// There is none.
    #[inline]
    pub(crate) fn begin(
        route: &'a Route,
        incoming: &Incoming,
        context: &'c Context<'a>,
        trace: &Trace,
    ) -> Result<Self, Reason> {
        let Some(choice) = route.choose(incoming) else { return Err(Reason::Internal) };
        let mut course = Self {
            upstream: choice.upstream,
            route,
            context,
            choice,
            entry: None,
            tries: Tries::of(choice.upstream.spec.retries),
            affinity: None,
            token: None,
            retrying: None,
            began: context.began(trace),
        };
        course.go_to(choice.upstream, incoming);
        Ok(course)
    }

    fn go_to(&mut self, upstream: &'a Upstream, incoming: &Incoming) {
        self.upstream = upstream;
        self.affinity =
            upstream.affinity.as_ref().and_then(|affinity| affinity.key(incoming, self.context.facts));
        self.token = upstream.sticky.as_ref().and_then(|cookie| cookie.token(incoming));
        upstream.budget(self.context.shard()).deposit(upstream.spec.retry.budget_percent);
    }

    /// The first backend, where nothing has to be asked for that; otherwise [`Course::enter`] finds it.
    #[inline]
    pub(crate) fn first(&self) -> Option<Hold> {
        if self.upstream.is_guarded() { None } else { self.pick().ok() }
    }

    /// The first backend: behind the circuit and the gate of the upstream, or of the one that takes over.
    pub(crate) async fn enter<C: Client>(
        &mut self,
        client: &mut C,
        incoming: &Incoming,
        trace: &mut Trace,
    ) -> Result<Hold, Reason> {
        loop {
            // What is held of one upstream is not held while another is waited for, and what it said is not another's.
            self.entry = None;
            trace.retry_after = None;
            let priority = self.route.spec.priority;
            let entered = Entry::into_upstream(self.upstream, priority, client, (self.context, trace)).await;
            let reason = match entered {
                Ok(entry) => {
                    self.entry = Some(Box::new(entry));
                    self.began = self.context.began(trace);
                    match self.pick() {
                        Ok(hold) => return Ok(hold),
                        Err(unpicked) => {
                            if unpicked == Unpicked::Nobody(Lack::Circuits) {
                                trace.retry_after = self.upstream.circuits_open_for(self.context);
                            }
                            unpicked.reason()
                        }
                    }
                }
                Err(reason) => reason,
            };
            let is_lacking = matches!(reason, Reason::NoBackend | Reason::CircuitOpen);
            match self.route.fallback_of(self.upstream).filter(|_| is_lacking) {
                Some(fallback) => self.go_to(fallback, incoming),
                None => return Err(reason),
            }
        }
    }

    /// What a second attempt beside the present one is to heed.
    pub(crate) fn asked(&self) -> Asked<'_> {
        Asked { affinity: self.affinity, tried: &self.tries.tried }
    }

    /// True where a connection from the pool to the backend of this number was stale: the next one is new.
    #[inline]
    pub(crate) fn wants_fresh(&self, number: u64) -> bool {
        self.tries.wants_fresh(number)
    }

    #[inline]
    fn pick(&self) -> Result<Hold, Unpicked> {
        self.upstream.pick(&Ask {
            shard: self.context.shard(),
            now: if self.upstream.needs_now {
                self.context.worker.shared.registry.at(self.began)
            } else {
                Duration::ZERO
            },
            affinity: self.affinity,
            token: self.token,
            tried: &self.tries.tried,
        })
    }

    fn made(&self, at: Instant) -> Made<'_> {
        let registry = &self.context.worker.shared.registry;
        Made { upstream: self.upstream, registry, shard: self.context.shard(), at }
    }

    /// Learns from an answer. True where it is the one that the client gets; otherwise another backend may have a better
    /// one.
    #[inline]
    pub(crate) fn judge(
        &mut self,
        answered: &mut Answered<'a>,
        incoming: &mut Incoming,
        trace: &mut Trace,
    ) -> bool {
        let status = incoming.response.status();
        let took = self.took(answered);
        answered.hold.count(&Counted::new(status, took));
        let is_of_note = status >= 429 || incoming.admitted.is_call || self.upstream.is_measured;
        if is_of_note || self.route.hedge.is_some() || answered.hold.member().backend.streaks.is_marked() {
            self.learn(answered, incoming);
        }
        if status < 400 || !self.is_doubtful(status, answered) {
            // Most requests have one attempt, which begins with them.
            if answered.began.is_none() && self.began == trace.began {
                trace.first_byte = Some(took);
            }
            self.finish(answered, incoming);
            return true;
        }
        false
    }

    fn learn(&self, answered: &mut Answered<'a>, incoming: &Incoming) {
        let seen = self.seen(answered, incoming);
        self.made(answered.at).answered(&mut answered.hold, &seen);
        if seen.is_measured {
            self.route.took(self.context.shard(), seen.took);
        }
    }

    fn is_doubtful(&self, status: u16, answered: &Answered<'_>) -> bool {
        !answered.has_switched
            && !answered.has_begun
            && self.upstream.spec.retry.on_statuses.contains(&status)
    }

    fn seen(&self, answered: &Answered<'_>, incoming: &Incoming) -> Seen {
        let (status, bytes) = (incoming.response.status(), answered.link.head());
        Seen {
            is_error: status >= 500 || is_failed_call(answered, incoming),
            is_busy: matches!(status, 429 | 503),
            is_measured: !answered.is_early,
            took: self.took(answered),
            retry_after: if status >= 400 { retry_after(incoming, bytes) } else { None },
        }
    }

    /// How long the backend took to answer.
    #[inline]
    fn took(&self, answered: &Answered<'_>) -> Duration {
        answered.at.saturating_duration_since(answered.began.unwrap_or(self.began))
    }

    /// The answer is the client's.
    #[inline]
    fn finish(&mut self, answered: &mut Answered<'a>, incoming: &mut Incoming) {
        if let Some(mut entry) = self.entry.take() {
            let is_ok = incoming.response.status() < 500 && !is_failed_call(answered, incoming);
            let now = self.context.worker.shared.registry.at(answered.at);
            entry.answered(is_ok, self.upstream, self.context.shard(), now);
            answered.pass = entry.pass.take();
        }
        if self.upstream.sticky.is_some() || self.choice.to_keep.is_some() {
            self.keep_client(answered, incoming);
        }
    }

    /// Has the client come back to where it was answered.
    #[cold]
    fn keep_client(&self, answered: &Answered<'a>, incoming: &mut Incoming) {
        let is_secure = scheme(incoming, self.context.facts) == "https";
        if let Some(cookie) = &self.upstream.sticky {
            let id = &*answered.hold.member().backend.id;
            let token = cookie.token_of(&self.upstream.spec.name, id);
            // A client that was served elsewhere this once comes back to the backend that it has, as long as it may.
            let has_one = self.token.is_some_and(|had| answered.hold.roster().by_token(had).is_some());
            if self.token != Some(token) && !has_one {
                cookie.push(token, is_secure, &mut incoming.cookies);
            }
        }
        if let Some((cookie, token)) = self.choice.to_keep
            && std::ptr::eq(self.upstream, self.choice.upstream)
        {
            cookie.push(token, is_secure, &mut incoming.cookies);
        }
    }

    /// Another backend behind the doubtful answer in `slot`; `None` where that answer has to do.
    ///
    /// # Errors
    /// The client has gone.
    pub(crate) async fn after_answer<C: Client>(
        &mut self,
        slot: &mut Option<Answered<'a>>,
        client: &mut C,
        incoming: &mut Incoming,
    ) -> Result<Option<Hold>, Reason> {
        let Some(answered) = slot else { return Err(Reason::Internal) };
        let hold = self.instead_of(answered, client, incoming).await?;
        if hold.is_none() {
            self.finish(answered, incoming);
        } else if let Some(answered) = slot.take() {
            answered.let_go(incoming, self.context);
        }
        Ok(hold)
    }

    async fn instead_of<C: Client>(
        &mut self,
        answered: &mut Answered<'a>,
        client: &mut C,
        incoming: &Incoming,
    ) -> Result<Option<Hold>, Reason> {
        let number = answered.hold.member().backend.number;
        let wanted = retry_after(incoming, answered.link.head()).unwrap_or_default();
        let status = incoming.response.status();
        let again = self.tries.after_answer(status, incoming, &self.upstream.spec.retry);
        if again == Again::No || !self.has_another(number) || !self.pay(wanted, client).await? {
            return Ok(None);
        }
        let Ok(hold) = self.pick() else { return Ok(None) };
        let was_touched = has_body(incoming) && (answered.upload.bytes > 0 || answered.upload.is_done());
        Ok((!was_touched || client.rewind()).then_some(hold))
    }

    /// Another backend behind a failed attempt.
    ///
    /// # Errors
    /// Why there is none: the failure's own reason, unless the client has gone.
    pub(crate) async fn after_failure<C: Client>(
        &mut self,
        (mut failed, mut hold): (Failed, Hold),
        client: &mut C,
        incoming: &Incoming,
        trace: &mut Trace,
    ) -> Result<Hold, Reason> {
        let shared = &self.context.worker.shared;
        let now = shared.registry.now();
        // A request whose time had passed in a queue, or elsewhere, is no sign that this backend hangs.
        failed.is_hung &= failed.reason != Reason::RequestTimeout
            || clock::since(self.began).saturating_mul(2) >= clock::since(trace.began);
        if failed.is_of_backend() {
            let is_fault = failed.is_hung || failed.reason.side() == Side::Backend;
            hold.count(&Counted::new(0, clock::since(self.began)).failed(is_fault));
            let reason = if failed.is_hung { Reason::ResponseTimeout } else { failed.reason };
            self.made(clock::now()).failed(&mut hold, reason);
        }
        let number = hold.member().backend.number;
        drop(hold);
        self.retrying = None;
        match self.again(&failed, number, client, incoming).await {
            Ok(Some(hold)) => return Ok(hold),
            Ok(None) => {}
            Err(reason) => {
                if reason != Reason::ClientGone {
                    self.failed(&failed, now);
                }
                return Err(reason);
            }
        }
        self.failed(&failed, now);
        match self.route.fallback_of(self.upstream) {
            Some(fallback) => {
                self.tries.tried.clear();
                self.go_to(fallback, incoming);
                self.enter(client, incoming, trace).await.map_err(|reason| match reason {
                    Reason::ClientGone | Reason::RequestTimeout => reason,
                    _ => failed.reason,
                })
            }
            None => Err(failed.reason),
        }
    }

    /// The upstream has failed the request, for all that its circuit is told.
    fn failed(&mut self, failed: &Failed, now: Duration) {
        let reason = if failed.is_hung { Reason::ResponseTimeout } else { failed.reason };
        if let Some(mut entry) = self.entry.take() {
            entry.failed(reason, self.upstream, self.context.shard(), now);
        }
    }

    /// Another backend of the same upstream; `None` where the upstream has nobody left at all.
    async fn again<C: Client>(
        &mut self,
        failed: &Failed,
        number: u64,
        client: &mut C,
        incoming: &Incoming,
    ) -> Result<Option<Hold>, Reason> {
        let again = self.tries.after_failure((failed, number), incoming, &self.upstream.spec.retry);
        if again == Again::No {
            return Err(failed.reason);
        }
        let now = self.context.worker.shared.registry.now();
        if self.upstream.circuit.as_ref().is_some_and(|circuit| circuit.is_open(now)) {
            return Err(failed.reason);
        }
        if again == Again::Paid && self.has_another(number) && !self.pay(Duration::ZERO, client).await? {
            return Err(failed.reason);
        }
        // A connection that was stale or closing says nothing of its backend: the next attempt may go there again.
        if failed.is_of_backend() {
            self.tries.tried.push(number);
        }
        self.began = clock::now();
        match self.pick() {
            Ok(hold) => Ok(Some(hold)),
            Err(_) if !self.upstream.roster(self.context.shard()).0.has_eligible() => Ok(None),
            Err(_) => Err(failed.reason),
        }
    }

    /// True where somebody else than this backend and those before it could be asked; it counts as tried then.
    fn has_another(&mut self, number: u64) -> bool {
        if !self.tries.tried.contains(&number) {
            self.tries.tried.push(number);
        }
        self.pick().is_ok()
    }

    /// Waits as long as a further attempt has to, and pays for it. False where it cannot be had.
    ///
    /// # Errors
    /// The client has gone.
    async fn pay<C: Client>(&mut self, at_least: Duration, client: &mut C) -> Result<bool, Reason> {
        let (context, upstream) = (self.context, self.upstream);
        let retry = &upstream.spec.retry;
        let shard = context.shard();
        // A time is known to a tick: who asks for all of it gets none.
        let slack = if at_least.is_zero() { Duration::ZERO } else { TICK };
        self.retrying = None;
        let mut wait = self.tries.backoff(retry, fastrand::u64(..)).max(at_least);
        // A wait that is too long costs the others nothing.
        if wait >= time_left(context).saturating_sub(slack) {
            return Ok(false);
        }
        if !upstream.budget(shard).withdraw(retry.budget_least, context.worker.shared.registry.now()) {
            return Ok(false);
        }
        for _ in 0..MOST_WAITS {
            if wait >= time_left(context).saturating_sub(slack) {
                return Ok(false);
            }
            match pause(wait, client, context).await {
                Ok(()) => {}
                Err(Reason::RequestTimeout) => return Ok(false),
                Err(reason) => return Err(reason),
            }
            self.retrying = Retrying::begin(&upstream.state, retry, upstream.in_flight(shard));
            if self.retrying.is_some() {
                self.began = clock::now();
                return Ok(true);
            }
            wait = self.tries.backoff(retry, fastrand::u64(..));
        }
        Ok(false)
    }
}

impl Unpicked {
    pub(crate) const fn reason(self) -> Reason {
        match self {
            Self::Nobody(Lack::Backends) => Reason::NoBackend,
            Self::Nobody(Lack::Circuits) => Reason::CircuitOpen,
            Self::Full => Reason::QueueFull,
        }
    }
}

/// True where a call has failed although it was answered: its status stands in the head.
fn is_failed_call(answered: &Answered<'_>, incoming: &Incoming) -> bool {
    if !incoming.admitted.is_call {
        return false;
    }
    let fields = incoming.response.fields(answered.link.head());
    fields.all_named("grpc-status").next().is_some_and(grpc::is_failure)
}

/// RFC 9110 section 10.2.3: seconds, or a date.
fn retry_after(incoming: &Incoming, bytes: &[u8]) -> Option<Duration> {
    let value = std::str::from_utf8(incoming.response.first(Name::RetryAfter, bytes)?).ok()?;
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // What cannot be counted is long, as RFC 9111 section 1.2.2 has it.
        return Some(Duration::from_secs(value.parse::<u32>().unwrap_or(u32::MAX).into()));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(std::time::SystemTime::now()).unwrap_or_default())
}
