//! Where a request's attempts go: into which upstream, to which backend, and whether to another one after that.

use std::time::{Duration, Instant};

use http1::Name;

use crate::attempt::Answered;
use crate::budget::Retrying;
use crate::client::Client;
use crate::clock;
use crate::entry::Entry;
use crate::exchange::Context;
use crate::forward::scheme;
use crate::grpc;
use crate::incoming::Incoming;
use crate::outcome::{Made, Seen};
use crate::reason::Reason;
use crate::snapshot::{Choice, Route};
use crate::trace::Trace;
use crate::tries::{Again, Failed, Tries, has_body};
use crate::upstream::{Ask, Hold, Lack, Unpicked, Upstream};
use crate::waiting::{pause, time_left};

/// How often a retry that finds the budget used up by others waits for them.
const MOST_WAITS: u32 = 4;

/// The course of one request's attempts.
pub(crate) struct Course<'a, 'c> {
    pub(crate) upstream: &'a Upstream,
    route: &'a Route,
    context: &'c Context<'a>,
    /// The upstream that was chosen among several, where that is to be kept.
    choice: Choice<'a>,
    entry: Entry,
    tries: Tries,
    affinity: Option<u64>,
    /// The token of the client's cookie.
    token: Option<u64>,
    retrying: Option<Retrying>,
    /// When the present attempt began.
    began: Instant,
}

/// An answer, and whether it is the one that the client gets.
pub(crate) enum Answer<'a> {
    /// It is.
    Final(Answered<'a>),
    /// Another backend may have a better one.
    Doubtful(Answered<'a>),
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
            entry: Entry::default(),
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
            // What is held of one upstream is not held while another is waited for.
            self.entry = Entry::default();
            let priority = self.route.spec.priority;
            let entered = Entry::into_upstream(self.upstream, priority, client, (self.context, trace)).await;
            let reason = match entered {
                Ok(entry) => {
                    self.entry = entry;
                    self.began = self.context.began(trace);
                    match self.pick() {
                        Ok(hold) => return Ok(hold),
                        Err(unpicked) => unpicked.reason(),
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

    /// True where the last connection from the pool was stale: the next attempt gets a new one.
    pub(crate) fn wants_fresh(&self) -> bool {
        self.tries.wants_fresh()
    }

    #[inline]
    fn pick(&self) -> Result<Hold, Unpicked> {
        self.upstream.pick(&Ask {
            shard: self.context.shard(),
            now: self.context.worker.shared.registry.at(self.began),
            affinity: self.affinity,
            token: self.token,
            tried: &self.tries.tried,
        })
    }

    fn made(&self, now: Duration) -> Made<'_> {
        let registry = &self.context.worker.shared.registry;
        Made { upstream: self.upstream, registry, shard: self.context.shard(), now }
    }

    /// Learns from an answer, and says whether it is the one that the client gets.
    #[inline]
    pub(crate) fn judge(&mut self, mut answered: Answered<'a>, incoming: &Incoming) -> Answer<'a> {
        let status = incoming.response.status();
        if self.upstream.is_watched {
            let seen = self.seen(&answered, incoming);
            self.made(self.context.worker.shared.registry.at(answered.at))
                .answered(&mut answered.hold, &seen);
            self.route.took(self.context.shard(), seen.took);
        }
        let is_doubtful = status >= 400
            && !answered.has_switched
            && !answered.has_begun
            && self.upstream.spec.retry.on_statuses.contains(&status);
        if is_doubtful { Answer::Doubtful(answered) } else { Answer::Final(self.finish(answered, incoming)) }
    }

    fn seen(&self, answered: &Answered<'_>, incoming: &Incoming) -> Seen {
        let (status, bytes) = (incoming.response.status(), answered.link.head());
        let of_call = if incoming.admitted.is_call {
            incoming.response.fields(bytes).all_named("grpc-status").next()
        } else {
            None
        };
        let is_failed_call = of_call.is_some_and(grpc::is_failure);
        Seen {
            is_error: status >= 500 || is_failed_call,
            is_busy: status == 429,
            took: answered.at.saturating_duration_since(answered.began.unwrap_or(self.began)),
            retry_after: if status >= 400 { retry_after(incoming, bytes) } else { None },
        }
    }

    /// The answer is the client's.
    fn finish(&mut self, mut answered: Answered<'a>, incoming: &Incoming) -> Answered<'a> {
        let is_ok = incoming.response.status() < 500;
        let now = self.context.worker.shared.registry.at(answered.at);
        self.entry.answered(is_ok, self.upstream, self.context.shard(), now);
        answered.pass = self.entry.pass.take();
        self.keep_client(&mut answered, incoming);
        answered
    }

    /// Has the client come back to where it was answered.
    fn keep_client(&self, answered: &mut Answered<'a>, incoming: &Incoming) {
        let is_secure = || scheme(incoming, self.context.facts) == "https";
        if let Some(cookie) = &self.upstream.sticky {
            let id = &*answered.hold.member().backend.id;
            let token = cookie.token_of(&self.upstream.spec.name, id);
            if self.token != Some(token) {
                cookie.push(token, is_secure(), &mut answered.cookies);
            }
        }
        if let Some((cookie, token)) = self.choice.to_keep
            && std::ptr::eq(self.upstream, self.choice.upstream)
        {
            cookie.push(token, is_secure(), &mut answered.cookies);
        }
    }

    /// Another backend behind a doubtful answer, or that answer where it has to do.
    ///
    /// # Errors
    /// The client has gone.
    pub(crate) async fn after_answer<C: Client>(
        &mut self,
        answered: Answered<'a>,
        client: &mut C,
        incoming: &Incoming,
    ) -> Result<Result<Hold, Answered<'a>>, Reason> {
        let number = answered.hold.member().backend.number;
        let wanted = retry_after(incoming, answered.link.head()).unwrap_or_default();
        let status = incoming.response.status();
        let is_again = self.tries.after_answer(status, incoming, &self.upstream.spec.retry) != Again::No;
        if !is_again || !self.has_another(number) || !self.pay(wanted, client).await? {
            return Ok(Err(self.finish(answered, incoming)));
        }
        let Ok(hold) = self.pick() else { return Ok(Err(self.finish(answered, incoming))) };
        let was_touched = has_body(incoming) && (answered.upload.bytes > 0 || answered.upload.is_done());
        if was_touched && !client.rewind() {
            return Ok(Err(self.finish(answered, incoming)));
        }
        answered.let_go(incoming, self.context);
        Ok(Ok(hold))
    }

    /// Another backend behind a failed attempt.
    ///
    /// # Errors
    /// Why there is none: the failure's own reason, unless the client has gone.
    pub(crate) async fn after_failure<C: Client>(
        &mut self,
        (failed, mut hold): (Failed, Hold),
        client: &mut C,
        incoming: &Incoming,
        trace: &mut Trace,
    ) -> Result<Hold, Reason> {
        let shared = &self.context.worker.shared;
        let now = shared.registry.now();
        if failed.is_of_backend() {
            self.made(now).failed(&mut hold, failed.reason);
        }
        let number = hold.member().backend.number;
        drop(hold);
        self.retrying = None;
        match self.again(&failed, number, client, incoming).await {
            Ok(Some(hold)) => return Ok(hold),
            Ok(None) => {}
            Err(reason) => {
                self.entry.failed(reason, self.upstream, self.context.shard(), now);
                return Err(reason);
            }
        }
        self.entry.failed(failed.reason, self.upstream, self.context.shard(), now);
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

    /// Another backend of the same upstream; `None` where the upstream has nobody left at all.
    async fn again<C: Client>(
        &mut self,
        failed: &Failed,
        number: u64,
        client: &mut C,
        incoming: &Incoming,
    ) -> Result<Option<Hold>, Reason> {
        let again = self.tries.after_failure(failed, incoming, &self.upstream.spec.retry);
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
        self.retrying = None;
        if !upstream.budget(shard).withdraw(retry.budget_least, context.worker.shared.registry.now()) {
            return Ok(false);
        }
        let mut wait = self.tries.backoff(retry, fastrand::u64(..)).max(at_least);
        for _ in 0..MOST_WAITS {
            if wait >= time_left(context) {
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

/// RFC 9110 section 10.2.3: seconds, or a date.
fn retry_after(incoming: &Incoming, bytes: &[u8]) -> Option<Duration> {
    let value = std::str::from_utf8(incoming.response.first(Name::RetryAfter, bytes)?).ok()?;
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(std::time::SystemTime::now()).unwrap_or_default())
}
