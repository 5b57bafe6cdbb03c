//! One backend: why it may or may not be asked now, how much it has to do, and how long it takes.

use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use egress::{Destination, Named};
use health::Manual;
use lb_strategies::{LeastLatency, PeakEwma};
use tokio::sync::Notify;

use super::{Padded, Registry, Slots, UpstreamState};
use crate::circuit::Circuit;
use crate::clock;
use crate::outage::Outage;
use crate::statistics::{Counted, Counts, Statistics};
use crate::timers::Due;

/// One backend, for as long as some snapshot or request names it.
#[derive(Debug)]
pub(crate) struct Backend {
    /// Unique in the process: pools know by it whose connections they hold.
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) destination: Destination,
    pub(crate) named: Named,
    /// The one of its name's addresses that this backend is, where a name stands for several backends.
    pub(crate) resolved: Option<SocketAddr>,
    channel: u64,
    /// Its last connection had negotiated HTTP/2.
    speaks_http2: AtomicBool,
    pub(crate) upstream: Arc<UpstreamState>,
    /// Where the workers' pools find its connections.
    pub(crate) slot: usize,
    /// When it came to be, in nanoseconds since the registry's epoch.
    born: u64,
    /// The registry's.
    epoch: Instant,
    /// Why it gets no requests: a set of [`Outage`]s.
    out: AtomicU32,
    /// When it died, in milliseconds since 1970; `NEVER` while it is not dead.
    died: AtomicU64,
    /// What its agent leaves of its weight, in percent.
    share: AtomicU32,
    /// How many requests its agent lets it have; `NO_LIMIT` for any number.
    agent_limit: AtomicU32,
    /// When it came back, or came to be, in milliseconds since the registry's epoch; `NEVER` once it has all of its share.
    warming_since: AtomicU64,
    pub(crate) streaks: Streaks,
    /// Its own circuit, where there is to be one.
    pub(crate) circuit: Mutex<Option<Arc<Circuit>>>,
    /// Requests in flight, counted exactly where they are limited.
    admitted: Padded<AtomicU32>,
    /// Connections that stand, counted where they are limited.
    connections: Padded<AtomicU32>,
    /// How many wait for a place among them: connections that are unused end then.
    waiting: AtomicU32,
    freed: Notify,
    shards: Box<[Padded<Shard>]>,
    slots: Arc<Mutex<Slots>>,
}

/// What each worker writes for itself.
#[derive(Debug, Default)]
struct Shard {
    in_flight: AtomicU32,
    latency: PeakEwma,
    attempts: Counts,
}

/// Bad answers in a row, over all workers. Written only where there is something to count or to forget.
#[derive(Debug, Default)]
pub(crate) struct Streaks {
    pub(crate) errors: AtomicU32,
    pub(crate) resets: AtomicU32,
    pub(crate) slow: AtomicU32,
    /// It has come back from an ejection, and has not answered well since.
    on_probation: AtomicBool,
    /// One of these may hold something that a good answer ends.
    is_marked: AtomicBool,
}

impl Streaks {
    /// One more in the streak that is chosen; returns how many there are in a row now.
    pub(crate) fn add(&self, streak: impl Fn(&Self) -> &AtomicU32) -> u32 {
        let count = streak(self).fetch_add(1, Relaxed).saturating_add(1);
        self.is_marked.store(true, Relaxed);
        count
    }

    /// True where a good answer ends something.
    #[inline]
    pub(crate) fn is_marked(&self) -> bool {
        self.is_marked.load(Relaxed)
    }

    /// A good answer is about to end what there is: the mark goes first, so that what comes meanwhile leaves a new one.
    pub(crate) fn unmark(&self) {
        self.is_marked.store(false, Relaxed);
    }

    /// It has ended.
    #[inline]
    pub(crate) fn end(streak: &AtomicU32) {
        if streak.load(Relaxed) != 0 {
            streak.store(0, Relaxed);
        }
    }

    /// All have ended.
    pub(crate) fn clear(&self) {
        [&self.errors, &self.resets, &self.slow].into_iter().for_each(Self::end);
        self.on_probation.store(false, Relaxed);
    }

    /// One bad answer is enough from now on, until the first good one.
    pub(crate) fn begin_probation(&self) {
        self.on_probation.store(true, Relaxed);
        self.is_marked.store(true, Relaxed);
    }

    pub(crate) fn is_on_probation(&self) -> bool {
        self.on_probation.load(Relaxed)
    }

    /// True where there was a probation to be ended.
    #[inline]
    pub(crate) fn end_probation(&self) -> bool {
        self.on_probation.load(Relaxed) && self.on_probation.swap(false, Relaxed)
    }
}

const NEVER: u64 = u64::MAX;
const NO_LIMIT: u32 = u32::MAX;
/// Nanoseconds in which a guess halves: that of an average over ten seconds.
const HALF_LIFE: u64 = 6_931_000_000;

/// What a backend is made of.
pub(super) struct Identity<'a> {
    pub(super) number: u64,
    pub(super) id: &'a str,
    pub(super) destination: &'a Destination,
    pub(super) named: Named,
    pub(super) resolved: Option<SocketAddr>,
    /// Tells how connections to it are made.
    pub(super) channel: u64,
}

impl Backend {
    pub(super) fn new(
        identity: &Identity<'_>,
        upstream: &Arc<UpstreamState>,
        (slot, shards, epoch): (usize, usize, Instant),
        slots: &Arc<Mutex<Slots>>,
    ) -> Self {
        Self {
            number: identity.number,
            id: identity.id.to_owned(),
            destination: identity.destination.clone(),
            named: identity.named,
            resolved: identity.resolved,
            channel: identity.channel,
            speaks_http2: AtomicBool::new(false),
            upstream: Arc::clone(upstream),
            slot,
            born: nanos(clock::since(epoch)),
            epoch,
            out: AtomicU32::new(0),
            died: AtomicU64::new(NEVER),
            share: AtomicU32::new(100),
            agent_limit: AtomicU32::new(NO_LIMIT),
            warming_since: AtomicU64::new(NEVER),
            streaks: Streaks::default(),
            circuit: Mutex::default(),
            admitted: Padded::default(),
            connections: Padded::default(),
            waiting: AtomicU32::new(0),
            freed: Notify::new(),
            shards: (0..shards).map(|_| Padded::default()).collect(),
            slots: Arc::clone(slots),
        }
    }

    /// True where it speaks HTTP/2, as far as its last connection has told.
    #[inline]
    pub(crate) fn speaks_http2(&self) -> bool {
        self.speaks_http2.load(Relaxed)
    }

    /// Notes what a connection has negotiated.
    pub(crate) fn note_http2(&self, speaks: bool) {
        self.speaks_http2.store(speaks, Relaxed);
    }

    pub(super) fn is(&self, identity: &Identity<'_>) -> bool {
        self.destination == *identity.destination
            && self.named == identity.named
            && self.resolved == identity.resolved
            && self.channel == identity.channel
    }

    /// Why it gets no requests; none where it does.
    #[inline]
    pub(crate) fn outages(&self) -> Outage {
        Outage::of(self.out.load(Relaxed))
    }

    /// True where a connect failed and no probe has succeeded since.
    #[cfg(test)]
    pub(crate) fn is_dead(&self) -> bool {
        self.outages().has(Outage::CONNECT)
    }

    /// Adds a cause for it to get no requests, or takes it away, and has the pickers of its upstream built anew where
    /// that changes something. True where it did.
    pub(crate) fn set_out(&self, outage: Outage, is_out: bool) -> bool {
        let bits = outage.bits();
        let before = self.change_outages(|held| if is_out { held | bits } else { held & !bits }).bits();
        let has_changed = (before & bits != 0) != is_out;
        if has_changed {
            self.upstream.renew();
        }
        has_changed
    }

    /// Has it be as somebody wants it. Whoever gathers backends asks for this, so that nothing has to be gathered anew.
    ///
    /// True where it comes back by that.
    pub(super) fn set_manual(&self, state: Manual) -> bool {
        let wanted = match state {
            Manual::Ready => 0,
            Manual::Drain { keeps_sticky: false } => Outage::DRAIN.bits(),
            Manual::Drain { keeps_sticky: true } => Outage::DRAIN_STICKY.bits(),
            Manual::Dead => Outage::MANUAL.bits(),
        };
        let all = Outage::DRAIN.bits() | Outage::DRAIN_STICKY.bits() | Outage::MANUAL.bits();
        self.change_outages(|held| (held & !all) | wanted).bits() & all != 0 && wanted == 0
    }

    /// Changes why it gets no requests; gives why it did not until then.
    fn change_outages(&self, change: impl Fn(u32) -> u32) -> Outage {
        let died = self.died.load(Relaxed);
        let before = self.out.fetch_update(Relaxed, Relaxed, |held| Some(change(held)));
        let before = before.unwrap_or_else(|held| held);
        match (Outage::of(before).is_death(), Outage::of(change(before)).is_death()) {
            (false, true) => self.died.store(clock::unix_millis(), Relaxed),
            // Where it has died again meanwhile, that is left.
            (true, false) => {
                let _ = self.died.compare_exchange(died, NEVER, Relaxed, Relaxed);
            }
            _ => {}
        }
        Outage::of(before)
    }

    /// When it died; `None` while it is not dead.
    pub(crate) fn died(&self) -> Option<SystemTime> {
        let died = self.died.load(Relaxed);
        (died != NEVER && self.outages().is_death()).then(|| UNIX_EPOCH + Duration::from_millis(died))
    }

    /// What its agent leaves of its weight, in percent.
    pub(crate) fn share(&self) -> u32 {
        self.share.load(Relaxed)
    }

    /// How many requests its agent lets it have.
    pub(crate) fn agent_limit(&self) -> Option<u32> {
        Some(self.agent_limit.load(Relaxed)).filter(|limit| *limit != NO_LIMIT)
    }

    /// Sets how many requests its agent lets it have.
    pub(crate) fn set_agent_limit(&self, limit: Option<u32>) {
        let limit = limit.unwrap_or(NO_LIMIT);
        if self.agent_limit.swap(limit, Relaxed) != limit {
            self.upstream.renew();
        }
    }

    /// Sets what is left of its weight, in percent.
    pub(crate) fn set_share(&self, percent: u32) {
        if self.share.swap(percent, Relaxed) != percent {
            self.upstream.renew();
        }
    }

    /// It gets its share of requests bit by bit from now on, where its upstream has slow start.
    pub(crate) fn warm_up(self: &Arc<Self>, registry: &Registry) {
        let now = registry.now();
        self.warming_since.store(now.as_millis() as u64, Relaxed);
        registry.timers.add(now, Due::Warm, Arc::downgrade(self));
    }

    /// It has its whole share.
    pub(crate) fn is_warm(&self) {
        self.warming_since.store(NEVER, Relaxed);
    }

    /// For how long it has been warming up; `None` where it has its whole share.
    pub(crate) fn warming(&self, now: Duration) -> Option<Duration> {
        let since = self.warming_since.load(Relaxed);
        (since != NEVER).then(|| now.saturating_sub(Duration::from_millis(since)))
    }

    /// Requests in flight, over all workers.
    pub(crate) fn in_flight(&self) -> u32 {
        self.shards.iter().fold(0_u32, |sum, shard| sum.wrapping_add(shard.0.in_flight.load(Relaxed)))
    }

    #[inline]
    fn shard(&self, shard: usize) -> Option<&Shard> {
        self.shards.get(shard % self.shards.len().max(1)).map(|shard| &shard.0)
    }

    #[inline]
    pub(crate) fn begin(&self, shard: usize) {
        if let Some(shard) = self.shard(shard) {
            shard.in_flight.fetch_add(1, Relaxed);
        }
    }

    /// May be called with another shard than `begin` was: only the sum has a meaning.
    #[inline]
    pub(crate) fn end(&self, shard: usize) {
        if let Some(shard) = self.shard(shard) {
            shard.in_flight.fetch_sub(1, Relaxed);
        }
    }

    /// An attempt has ended.
    #[inline]
    pub(crate) fn count(&self, shard: usize, counted: &Counted) {
        if let Some(shard) = self.shard(shard) {
            shard.attempts.count(counted);
        }
    }

    /// An attempt that was counted has broken off since.
    pub(crate) fn broke(&self, shard: usize) {
        if let Some(shard) = self.shard(shard) {
            shard.attempts.broke();
        }
    }

    /// How many attempts have ended.
    pub(crate) fn ended(&self) -> u64 {
        self.shards.iter().map(|shard| shard.0.attempts.ended()).sum()
    }

    /// When it came to be.
    pub(crate) fn born(&self) -> Instant {
        self.epoch + Duration::from_nanos(self.born)
    }

    /// What was counted of attempts, over all workers.
    pub(crate) fn statistics(&self) -> Statistics {
        let mut sum = Counts::sum(self.shards.iter().map(|shard| &shard.0.attempts));
        sum.in_flight = u64::from(self.in_flight());
        sum
    }

    /// A request took so long to be answered.
    #[inline]
    pub(crate) fn took(&self, shard: usize, took: Duration, now: Duration) {
        if let Some(shard) = self.shard(shard) {
            shard.latency.record(nanos(took), nanos(now));
        }
    }

    /// A request was given up after so long, without an answer: it would have taken longer.
    pub(crate) fn took_at_least(&self, shard: usize, took: Duration) {
        self.penalise(shard, took, clock::since(self.epoch));
    }

    /// A request failed: as if it had taken so long, so that failing fast is not taken for being fast.
    pub(crate) fn penalise(&self, shard: usize, penalty: Duration, now: Duration) {
        if let Some(shard) = self.shard(shard) {
            shard.latency.penalise(nanos(penalty), nanos(now));
        }
    }

    /// What a request is expected to take: as this worker has seen it, or else another.
    pub(crate) fn latency(&self, shard: usize, now_nanos: u64) -> Option<u64> {
        let own = self.shard(shard).and_then(|shard| shard.latency.estimate(now_nanos));
        own.or_else(|| self.shards.iter().find_map(|shard| shard.0.latency.estimate(now_nanos)))
    }

    /// The same, with a guess for a backend of which nothing is known: 30 ms at first, and less as time goes by, so that
    /// it is tried sooner or later however fast the others are. linkerd's default, which decays as well.
    pub(crate) fn expected(&self, shard: usize, now_nanos: u64) -> u64 {
        self.latency(shard, now_nanos).unwrap_or_else(|| {
            let halves = now_nanos.saturating_sub(self.born) / HALF_LIFE;
            nanos(LeastLatency::UNKNOWN) >> halves.min(63)
        })
    }

    /// A place among the requests of a backend that takes so many at a time.
    pub(crate) fn admit(&self, most: u32) -> bool {
        try_add(&self.admitted.0, most)
    }

    /// The place is free again.
    pub(crate) fn give_back(&self) {
        self.admitted.0.fetch_sub(1, Relaxed);
    }
}

/// A place among the connections of a backend that takes so many.
#[derive(Debug)]
pub(crate) struct ConnectionPlace(Arc<Backend>);

impl ConnectionPlace {
    /// A place, at once or as soon as one comes free. Where there is none, `make_room` ends a connection that nobody
    /// uses, if it can.
    pub(crate) async fn take(backend: &Arc<Backend>, most: u32, make_room: impl Fn()) -> Self {
        loop {
            let freed = backend.freed.notified();
            if try_add(&backend.connections.0, most) {
                return Self(Arc::clone(backend));
            }
            backend.waiting.fetch_add(1, Relaxed);
            let _waiting = Leaving(&backend.waiting);
            make_room();
            freed.await;
        }
    }

    /// True where somebody waits for a place.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.waiting.load(Relaxed) > 0
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        self.0.connections.0.fetch_sub(1, Relaxed);
        self.0.freed.notify_one();
    }
}

/// Takes one off a count, however a wait ends.
struct Leaving<'a>(&'a AtomicU32);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

fn try_add(count: &AtomicU32, most: u32) -> bool {
    count.fetch_update(Relaxed, Relaxed, |held| (held < most).then_some(held + 1)).is_ok()
}

/// Nanoseconds, for the next 584 years.
#[inline]
pub(crate) fn nanos(duration: Duration) -> u64 {
    duration.as_nanos() as u64
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.upstream.outliers.lock().unwrap_or_else(PoisonError::into_inner).forget(&self.number);
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.free.push(self.slot);
    }
}

/// A backend as the key of its health.
#[derive(Clone, Debug)]
pub(crate) struct Marked(pub(crate) Arc<Backend>);

impl PartialEq for Marked {
    fn eq(&self, other: &Self) -> bool {
        self.0.number == other.0.number
    }
}

impl Eq for Marked {}

impl Hash for Marked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.number.hash(state);
    }
}

impl UpstreamState {
    /// A number that changes whenever another set of backends may be eligible.
    #[inline]
    pub(crate) fn version(&self) -> u64 {
        // Acquire: pairs with the release in `renew`.
        self.version.load(Acquire)
    }

    /// Another set of backends may be eligible, or with other weights.
    pub(crate) fn renew(&self) {
        // Release: whoever sees the new version sees what has changed.
        self.version.fetch_add(1, Release);
    }
}
