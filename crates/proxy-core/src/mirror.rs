//! Mirroring: a copy of a request to another upstream, whose answer is thrown away.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use http1::framing::BodyLength;
use http1::{Limits, Method};

use crate::client::Client;
use crate::clock;
use crate::deadline::TICK;
use crate::entry::Entry;
use crate::errand::{Errand, discard};
use crate::exchange::Context;
use crate::forward::Forwarding;
use crate::incoming::Incoming;
use crate::link::Link;
use crate::outcome::{Made, Seen};
use crate::pool::Pooled;
use crate::reason::{Reason, Side};
use crate::snapshot::{BuildError, Route};
use crate::spec::MirrorSpec;
use crate::statistics::Counted;
use crate::trace::Trace;
use crate::tries::has_body;
use crate::upstream::{Ask, Hold, Upstream};
use crate::worker::Worker;

/// No more of an answer is read.
const READ: u64 = 1024 * 1024;

/// Who gets copies of a route's requests.
#[derive(Debug)]
pub(crate) struct Mirror {
    pub(crate) upstream: Arc<Upstream>,
    /// A request is copied where its random word is below this.
    below: u64,
    is_all: bool,
    pub(crate) max_body: usize,
    most: u32,
    in_flight: Arc<AtomicU32>,
}

impl Mirror {
    pub(crate) fn compile(
        spec: &MirrorSpec,
        find: &dyn Fn(&str) -> Result<Arc<Upstream>, BuildError>,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            upstream: find(&spec.upstream)?,
            below: (spec.share.clamp(0.0, 1.0) * u64::MAX as f64) as u64,
            is_all: spec.share >= 1.0,
            max_body: spec.max_body,
            most: spec.most_in_flight,
            in_flight: Arc::default(),
        })
    }

    /// True where this request is one of the share that is copied, and its body is none, or small.
    pub(crate) fn wants(&self, incoming: &Incoming) -> bool {
        let is_small = match incoming.admitted.body {
            BodyLength::None => true,
            BodyLength::Bytes(length) => length <= self.max_body as u64,
            _ => self.max_body > 0,
        };
        let is_drawn = self.is_all || fastrand::u64(..) < self.below;
        is_small && !incoming.admitted.wants_upgrade && is_drawn
    }

    /// Sends a copy, unless too many are under way. Whatever becomes of it, the request itself goes on.
    pub(crate) fn send<C: Client>(
        &self,
        client: &mut C,
        incoming: &Incoming,
        route: &Route,
        (context, trace): (&Context<'_>, &Trace),
    ) {
        let body = if has_body(incoming) {
            let kept = client.replay().and_then(|replay| replay.as_ref()?.whole().map(<[u8]>::to_vec));
            match kept.filter(|body| body.len() <= self.max_body) {
                Some(body) => body,
                None => return context.worker.count("mirror", Reason::BodyTooLarge),
            }
        } else {
            Vec::new()
        };
        let Some(place) = Place::take(&self.in_flight, self.most) else {
            return context.worker.count("mirror", Reason::QueueFull);
        };
        let upstream = &self.upstream;
        // What protects an upstream protects it from copies: none of them waits.
        let entry = match Entry::at_once(upstream, context) {
            Ok(entry) => entry,
            Err(reason) => return context.worker.count("mirror", reason),
        };
        let affinity = upstream.affinity.as_ref().and_then(|affinity| affinity.key(incoming, context.facts));
        let ask = Ask { shard: context.shard(), now: context.now(), affinity, token: None, tried: &[] };
        let hold = match upstream.pick(&ask) {
            Ok(hold) => hold,
            Err(unpicked) => return context.worker.count("mirror", unpicked.reason()),
        };
        let mut head = Vec::with_capacity(1024);
        let settings = &context.pinned.0.settings;
        let request_id = &trace.request_id;
        Forwarding { incoming, facts: context.facts, settings, route, upstream, request_id }
            .write(hold.member(), &mut head);
        let copy = Copy {
            worker: Arc::clone(context.worker),
            upstream: Arc::clone(upstream),
            limits: settings.limits,
            method: incoming.head.method(),
            is_chunked: incoming.admitted.body == BodyLength::Chunked,
            entry,
            head,
            body,
        };
        tokio::spawn(copy.run(hold, place));
    }
}

/// One of the copies that are under way.
struct Place(Arc<AtomicU32>);

impl Place {
    fn take(count: &Arc<AtomicU32>, most: u32) -> Option<Self> {
        let one_more = |held| (held < most).then_some(held + 1);
        count.fetch_update(Relaxed, Relaxed, one_more).ok()?;
        Some(Self(Arc::clone(count)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// A copy on its way.
struct Copy {
    worker: Arc<Worker>,
    upstream: Arc<Upstream>,
    limits: Limits,
    method: Method,
    is_chunked: bool,
    entry: Entry,
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Copy {
    async fn run(mut self, mut hold: Hold, _place: Place) {
        let (worker, upstream) = (Arc::clone(&self.worker), Arc::clone(&self.upstream));
        let mut entry = std::mem::take(&mut self.entry);
        let patience = TICK * upstream.timeout.0;
        let began = clock::now();
        let sent = tokio::time::timeout(patience, self.exchange(&hold)).await;
        let (at, shard) = (clock::now(), worker.shard);
        let registry = &worker.shared.registry;
        let made = Made { upstream: &upstream, registry, shard, at };
        let took = at.saturating_duration_since(began);
        match sent.unwrap_or(Err(Reason::ResponseTimeout)) {
            Ok(status) => {
                let is_error = status >= 500;
                hold.count(&Counted::new(status, took));
                let is_busy = matches!(status, 429 | 503);
                made.answered(
                    &mut hold,
                    &Seen { is_error, is_busy, is_measured: true, took, retry_after: None },
                );
                entry.answered(!is_error, &upstream, shard, registry.at(at));
                if is_error {
                    worker.count("mirror", Reason::Mirrored);
                }
            }
            Err(reason) => {
                hold.count(&Counted::new(0, took).failed(reason.side() == Side::Backend));
                made.failed(&mut hold, reason);
                entry.failed(reason, &upstream, shard, registry.at(at));
                worker.count("mirror", reason);
            }
        }
    }

    /// The status of the answer.
    async fn exchange(self, hold: &Hold) -> Result<u16, Reason> {
        let Self { worker, upstream, limits, method, is_chunked, head, body, .. } = self;
        let errand = Errand {
            worker: &worker,
            upstream: &upstream,
            hold,
            limits: &limits,
            head,
            body: &body,
            is_chunked,
        };
        let (mut link, response) = errand.run().await?;
        let length = link.body_length(&response, method).map_err(Reason::BadResponse)?;
        let is_kept = length != BodyLength::UntilClose
            && response.version() == http1::Version::Http11
            && !response.present().contains(http1::Name::Connection);
        link.consume_head();
        link.expect(length);
        let is_whole = discard(&mut link, READ).await;
        if let Link::Http1 { wire, opened, .. } = link
            && is_whole
            && is_kept
            && wire.input.is_empty()
            && !worker.is_draining()
        {
            let pooled = Pooled { stream: wire.stream, opened };
            worker.pools.put(&hold.member().backend, pooled, &upstream.pool_rules, worker.deadlines.now());
        }
        Ok(response.status())
    }
}
