//! A compiled upstream: its backends as they are now, and whose turn it is.

mod hold;
mod roster;

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lb_strategies::{Needs, PickContext, Tried};

use crate::affinity::{AffinityOf, Cookie};
use crate::budget::Budget;
use crate::circuit::Circuit;
use crate::deadline::Ticks;
use crate::exchange::Context;
use crate::limiter::{AutoLimit, LimiterSettings};
use crate::outage::Outage;
use crate::pool::PoolRules;
use crate::registry::{Padded, Registry, Turn, UpstreamState, nanos};
use crate::spec::{Concurrency, GateSpec, UpstreamSpec};
use crate::waiting::Door;
use roster::LoadsOf;

pub(crate) use hold::Hold;
pub(crate) use roster::{Lack, Member, Roster, ramp};

/// A pool of backends, ready to be picked from.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) spec: Arc<UpstreamSpec>,
    pub(crate) pool_rules: PoolRules,
    pub(crate) timeout: Ticks,
    pub(crate) state: Arc<UpstreamState>,
    pub(crate) affinity: Option<AffinityOf>,
    pub(crate) sticky: Option<Cookie>,
    pub(crate) needs: Needs,
    pub(crate) circuit: Option<Arc<Circuit>>,
    /// The gate of the whole upstream.
    pub(crate) door: Option<Door>,
    /// True where somebody learns from how attempts end.
    pub(crate) is_watched: bool,
    /// True where something is learnt from each answer, a good one too.
    pub(crate) is_measured: bool,
    /// True where its limit is learnt.
    pub(crate) is_learning: bool,
    /// True where a pick depends on the time.
    pub(crate) needs_now: bool,
    registry: Arc<Registry>,
    latest: Arc<Latest>,
    workers: Box<[Padded<PerWorker>]>,
}

/// The latest roster, and whether a later one is being built.
#[derive(Debug)]
struct Latest {
    roster: Mutex<Arc<Roster>>,
    is_building: AtomicBool,
}

/// Rosters of more backends are built apart from traffic.
const SMALL: usize = 64;

/// A roster, counted by one worker alone: taking it touches no other worker's cache line.
#[derive(Debug)]
pub(crate) struct Pinned(pub(crate) Arc<Roster>);

#[derive(Debug)]
struct PerWorker {
    roster: Mutex<Arc<Pinned>>,
}

/// What a pick depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) shard: usize,
    /// The time since the registry's epoch.
    pub(crate) now: Duration,
    pub(crate) affinity: Option<u64>,
    /// The token of the client's cookie.
    pub(crate) token: Option<u64>,
    /// The numbers of the backends that must not be picked.
    pub(crate) tried: &'a [u64],
}

/// Why nobody was picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unpicked {
    /// There is nobody, or everybody was tried.
    Nobody(Lack),
    /// Those that could be asked are at their limits.
    Full,
}

impl Upstream {
    pub(crate) fn compile(spec: &Arc<UpstreamSpec>, registry: &Arc<Registry>) -> Self {
        let (state, is_first) = registry.upstream(&spec.name);
        let latest = Arc::new(Roster::of(spec, &state, registry, is_first));
        let door = spec
            .gate
            .as_ref()
            .map(|gate| Door::keep(&state.gate, gate, most_requests(gate, &latest, &state), registry));
        let worker = |_| Padded(PerWorker { roster: Mutex::new(Arc::new(Pinned(Arc::clone(&latest)))) });
        Self {
            pool_rules: PoolRules::of(spec),
            timeout: Ticks::of(spec.timeout),
            affinity: spec.affinity.as_ref().map(AffinityOf::compile),
            sticky: spec.sticky.as_ref().map(Cookie::compile),
            needs: spec.strategy.needs(),
            circuit: spec.breaker.as_ref().map(|spec| Circuit::keep(&state.circuit, spec, registry.shards())),
            is_watched: spec.outliers.is_some() || is_measured(spec),
            is_measured: is_measured(spec),
            is_learning: spec.gate.is_some_and(|gate| gate.limit == Concurrency::Auto),
            needs_now: spec.strategy.needs().latency || spec.backend_breaker.is_some(),
            door,
            workers: (0..registry.shards()).map(worker).collect(),
            registry: Arc::clone(registry),
            latest: Arc::new(Latest { roster: Mutex::new(latest), is_building: AtomicBool::new(false) }),
            spec: Arc::clone(spec),
            state,
        }
    }

    /// Has what outlives snapshots go by this one from now on.
    pub(crate) fn install(&self) {
        let (spec, state) = (&self.spec, &self.state);
        if state.is_current(spec) {
            return;
        }
        state.set_current(spec);
        state.set_passive(spec.passive);
        if let Some(outliers) = &spec.outliers {
            state.outliers.lock().unwrap_or_else(PoisonError::into_inner).configure(outliers.settings);
        }
        if let (Some(circuit), Some(breaker)) = (&self.circuit, &spec.breaker) {
            circuit.settle_in(&state.circuit, breaker);
        }
        let roster = self.roster(0);
        if let Some(breaker) = &spec.backend_breaker {
            for member in &roster.0.members {
                if let Some(circuit) = &member.circuit {
                    circuit.settle_in(&member.backend.circuit, breaker);
                }
            }
        }
        if let (Some(door), Some(gate)) = (&self.door, &spec.gate) {
            door.install(gate, most_requests(gate, &roster.0, state));
        }
        // What somebody wants of backends stands in the spec.
        state.renew();
    }

    /// The backends as they are now. Where there are many, as they were just now: others are being gathered.
    #[inline]
    pub(crate) fn roster(&self, shard: usize) -> Arc<Pinned> {
        let version = self.state.version();
        let mut pinned = self.worker(shard).roster.lock().unwrap_or_else(PoisonError::into_inner);
        if pinned.0.version != version
            && let Some(latest) = self.latest(version)
        {
            *pinned = Arc::new(Pinned(latest));
        }
        Arc::clone(&pinned)
    }

    /// What outlives snapshots.
    pub(crate) const fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// True where a circuit or a gate has to be passed on the way in.
    #[inline]
    pub(crate) const fn is_guarded(&self) -> bool {
        self.circuit.is_some() || self.door.is_some()
    }

    /// A request took so long, or failed after that time: the limit that is learnt follows.
    pub(crate) fn learn(&self, took: Duration, has_failed: bool, now: Duration) {
        if let (Some(limiter), Some(door)) = (self.state.limiter.get(), &self.door)
            && self.is_learning
        {
            let bound = |limit| {
                let roster = self.latest.roster.lock().unwrap_or_else(PoisonError::into_inner);
                self.state.is_current(&self.spec).then(|| within(limit, &roster))
            };
            limiter.record(&door.gate, bound, (took, has_failed), now);
        }
    }

    /// A hold on a backend that may be asked and is not among those that were tried.
    ///
    /// # Errors
    /// Why there is none.
    #[inline]
    pub(crate) fn pick(&self, ask: &Ask<'_>) -> Result<Hold, Unpicked> {
        let picked = self.pick_one(ask);
        if self.needs.latency { picked.map(Hold::measured) } else { picked }
    }

    #[inline]
    fn pick_one(&self, ask: &Ask<'_>) -> Result<Hold, Unpicked> {
        let roster = self.roster(ask.shard);
        if let Some(token) = ask.token
            && let Some(hold) = Self::stick(&roster, token, ask)
        {
            return Ok(hold);
        }
        let mut last = Unpicked::Nobody(roster.0.lacks);
        let is_stale = roster.0.version != self.state.version();
        for tier in &roster.0.tiers {
            let members = &roster.0.members;
            if let ([place], []) = (&*tier.places, ask.tried)
                && !roster.0.is_limited
                && !is_stale
            {
                return Hold::of(&roster, *place, (ask.shard, ask.now));
            }
            let loads = LoadsOf { members, tier, shard: ask.shard, now_nanos: nanos(ask.now) };
            let mut context = PickContext::new(&loads)
                .with_affinity(ask.affinity)
                .with_sequence(self.turn(ask.shard).sequence.fetch_add(1, Relaxed))
                .with_entropy(fastrand::u64(..))
                .with_now_nanos(nanos(ask.now))
                .with_tried(tier.tried(members, ask.tried));
            // A backend that takes no more is passed over, as one that was tried.
            while let Some(index) = tier.picker.pick(&context) {
                let Some(place) = tier.places.get(index) else { break };
                match Self::hold(&roster, *place, (ask, is_stale)) {
                    Some(Ok(hold)) => return Ok(hold),
                    Some(Err(unpicked)) => last = unpicked,
                    None => {}
                }
                if context.tried.contains(index) || index >= Tried::CAPACITY {
                    // More backends than can be remembered as tried: whoever is left is looked for.
                    let mut others = tier
                        .places
                        .iter()
                        .filter_map(|place| Self::hold(&roster, *place, (ask, is_stale))?.ok());
                    match others.next() {
                        Some(hold) => return Ok(hold),
                        None => break,
                    }
                }
                context.tried.insert(index);
            }
            // Who has too much to do is waited for: those behind stand in for the dead.
            if last == Unpicked::Full {
                break;
            }
        }
        Err(last)
    }

    /// A hold on the backend at `place`, or why there is none; `None` where it was tried, or may not be asked any more.
    fn hold(
        roster: &Arc<Pinned>,
        place: usize,
        (ask, is_stale): (&Ask<'_>, bool),
    ) -> Option<Result<Hold, Unpicked>> {
        let member = roster.0.members.get(place)?;
        let is_out = ask.tried.contains(&member.backend.number) || (is_stale && !is_usable(member));
        if is_out { None } else { Some(Hold::of(roster, place, (ask.shard, ask.now))) }
    }

    /// A hold on the backend that the client had before.
    fn stick(roster: &Arc<Pinned>, token: u64, ask: &Ask<'_>) -> Option<Hold> {
        Self::hold(roster, roster.0.by_token(token)?, (ask, false))?.ok()
    }

    /// For how long the circuits of all its backends are open yet, at least.
    pub(crate) fn circuits_open_for(&self, context: &Context<'_>) -> Option<Duration> {
        let now = context.now();
        let roster = self.roster(context.shard());
        let circuits = roster.0.members.iter().filter_map(|member| member.circuit.as_ref());
        circuits.filter_map(|circuit| circuit.open_for(now)).min()
    }

    /// The retry budget of a worker.
    #[inline]
    pub(crate) fn budget(&self, shard: usize) -> &Budget {
        &self.turn(shard).budget
    }

    /// Requests in flight, over all backends and workers.
    pub(crate) fn in_flight(&self, shard: usize) -> u32 {
        self.roster(shard).0.members.iter().map(|member| member.backend.in_flight()).sum()
    }

    #[inline]
    fn turn(&self, shard: usize) -> &Turn {
        // There is at least one shard.
        &self.state.turns[shard % self.state.turns.len()].0
    }

    #[inline]
    fn worker(&self, shard: usize) -> &PerWorker {
        // There is at least one shard.
        &self.workers[shard % self.workers.len()].0
    }

    /// A roster of that version or a later one, where it is there already, or is built quickly.
    #[cold]
    fn latest(&self, version: u64) -> Option<Arc<Roster>> {
        // Where another worker builds it at this moment, that takes some microseconds. What a worker has may be seconds
        // old, if it had no request meanwhile: nobody is to go by that.
        let mut latest = self.latest.roster.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.version < version {
            if latest.members.len() > SMALL && tokio::runtime::Handle::try_current().is_ok() {
                drop(latest);
                self.build_apart();
                return None;
            }
            *latest = Arc::new(Roster::of(&self.spec, &self.state, &self.registry, false));
            self.limit(&latest);
        }
        Some(Arc::clone(&latest))
    }

    /// Builds a large roster on a thread of its own: no request waits for it.
    fn build_apart(&self) {
        if self.latest.is_building.swap(true, Relaxed) {
            return;
        }
        let (spec, state, registry) =
            (Arc::clone(&self.spec), Arc::clone(&self.state), Arc::clone(&self.registry));
        let (latest, gate) =
            (Arc::clone(&self.latest), self.door.as_ref().map(|door| Arc::clone(&door.gate)));
        tokio::task::spawn_blocking(move || {
            latest.is_building.store(false, Relaxed);
            let roster = Arc::new(Roster::of(&spec, &state, &registry, false));
            if let (Some(gate), Some(limit), true) = (gate, &spec.gate, state.is_current(&spec)) {
                gate.set_limit(most_requests(limit, &roster, &state));
            }
            let mut held = latest.roster.lock().unwrap_or_else(PoisonError::into_inner);
            if held.version < roster.version {
                *held = roster;
            }
        });
    }

    /// Has the gate let in as many as the backends take.
    fn limit(&self, roster: &Roster) {
        if let (Some(door), Some(spec), true) =
            (&self.door, &self.spec.gate, self.state.is_current(&self.spec))
        {
            door.gate.set_limit(most_requests(spec, roster, &self.state));
        }
    }
}

/// How many requests may be in flight to an upstream: as many as is said, or was learnt, and its backends take.
fn most_requests(spec: &GateSpec, roster: &Roster, state: &UpstreamState) -> u32 {
    let most = match spec.limit {
        Concurrency::At(most) => most,
        Concurrency::Auto => state.limiter.get_or_init(|| AutoLimit::new(LimiterSettings::default())).limit(),
    };
    within(most, roster)
}

/// As many as that, and no more than the backends take. Where nobody can be asked at all, nobody has to wait to learn
/// that.
fn within(most: u32, roster: &Roster) -> u32 {
    roster.capacity().filter(|_| roster.has_eligible()).map_or(most, |capacity| most.min(capacity))
}

fn is_measured(spec: &UpstreamSpec) -> bool {
    spec.outliers.is_some_and(|outliers| outliers.slower_than.is_some())
        || spec.backend_breaker.is_some()
        || spec.strategy.needs().latency
        || spec.gate.is_some_and(|gate| gate.limit == Concurrency::Auto)
}

/// True where a backend may be asked although the roster that it is in may be out of date.
fn is_usable(member: &Member) -> bool {
    member.backend.outages().is_within(Outage::CHECK)
}

#[cfg(test)]
mod tests;
