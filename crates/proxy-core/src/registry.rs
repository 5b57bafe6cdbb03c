//! What was learnt, and outlives snapshots: load and health of backends, statistics of routes.
//!
//! Entries are keyed by stable ids. A new snapshot links to the same entries, so that a change loses nothing;
//! entries that nothing names any more are dropped with their last user.

mod backend;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use egress::{Destination, Named};
use health::{Manual, OutlierSettings, Outliers, PassiveSettings};

use crate::budget::Budget;
use crate::circuit::Circuit;
use crate::clock;
use crate::events::Events;
use crate::folded::FoldedMap;
use crate::gate::Gate;
use crate::limiter::AutoLimit;
use crate::outage::Outage;
use crate::quantile::LiveQuantile;
use crate::spec::UpstreamSpec;
use crate::statistics::Shards;
use crate::timers::Timers;
use backend::Identity;

pub(crate) use backend::{Backend, ConnectionPlace, Marked, Streaks, nanos};

/// Keeps neighbours from sharing a cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Padded<T>(pub(crate) T);

/// The addresses of a name, each a backend of its own.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub(crate) addresses: Arc<[IpAddr]>,
    /// They are the first that were found: backends that have been there all along, for all that is known.
    pub(crate) is_first: bool,
}

/// What all snapshots of one upstream share.
#[derive(Debug)]
pub(crate) struct UpstreamState {
    pub(crate) name: String,
    /// Counts changes of its backends' eligibility.
    version: AtomicU64,
    /// The addresses that names were last found to have, and each as a backend of its own.
    resolved: Mutex<HashMap<String, Resolved>>,
    pub(crate) outliers: Mutex<Outliers<u64>>,
    pub(crate) circuit: Mutex<Option<Arc<Circuit>>>,
    /// Limits its requests in flight, where that is asked for.
    pub(crate) gate: Mutex<Option<Arc<Gate>>>,
    /// Learns how many requests it bears, where that is asked for.
    pub(crate) limiter: OnceLock<AutoLimit>,
    passive: Mutex<PassiveSettings>,
    /// The spec that it goes by: those of older snapshots have no say any more.
    current: Mutex<Option<Arc<UpstreamSpec>>>,
    /// What somebody wants of backends, by their ids, whatever their specs say.
    manual: Mutex<HashMap<String, Manual>>,
    /// What each worker has for itself.
    pub(crate) turns: Box<[Padded<Turn>]>,
    /// Further attempts that are under way.
    pub(crate) retrying: Padded<AtomicU32>,
}

/// How far a worker has come with an upstream.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) sequence: AtomicU64,
    pub(crate) budget: Budget,
}

impl UpstreamState {
    fn new(name: &str, shards: usize) -> Self {
        // Each worker begins elsewhere, lest the first requests of all meet at one backend.
        let turn =
            |shard: usize| Padded(Turn { sequence: AtomicU64::new(shard as u64), budget: Budget::default() });
        Self {
            turns: (0..shards.max(1)).map(turn).collect(),
            name: name.to_owned(),
            version: AtomicU64::new(0),
            resolved: Mutex::default(),
            outliers: Mutex::new(Outliers::new(OutlierSettings::default())),
            circuit: Mutex::default(),
            gate: Mutex::default(),
            limiter: OnceLock::new(),
            passive: Mutex::default(),
            current: Mutex::default(),
            manual: Mutex::default(),
            retrying: Padded::default(),
        }
    }

    /// The addresses that a name was last found to have; none where it stands for one backend.
    pub(crate) fn addresses(&self, name: &str) -> Option<Resolved> {
        self.resolved().get(name).cloned()
    }

    /// A name was found to have these addresses. True where they differ from those before.
    pub(crate) fn resolve(&self, name: &str, addresses: &[IpAddr]) -> bool {
        let mut resolved = self.resolved();
        let known = resolved.get(name);
        if known.is_some_and(|known| *known.addresses == *addresses) {
            return false;
        }
        let is_first = known.is_none();
        resolved.insert(name.to_owned(), Resolved { addresses: addresses.into(), is_first });
        drop(resolved);
        self.renew();
        true
    }

    /// True where this is the spec that is served, and not one that is being compiled or has been served before.
    pub(crate) fn is_current(&self, spec: &Arc<UpstreamSpec>) -> bool {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.as_ref().is_some_and(|current| Arc::ptr_eq(current, spec))
    }

    /// This spec is served from now on.
    pub(crate) fn set_current(&self, spec: &Arc<UpstreamSpec>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(spec));
    }

    /// What failed connects amount to.
    pub(crate) fn passive(&self) -> PassiveSettings {
        *self.passive.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what failed connects amount to.
    pub(crate) fn set_passive(&self, settings: PassiveSettings) {
        *self.passive.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// Sets what somebody wants of a backend, for whatever addresses it has or will have.
    pub(crate) fn set_manual(&self, id: &str, state: Manual) {
        self.manual.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), state);
        self.renew();
    }

    /// Has a backend be as somebody wants it, or else as its spec says. True where it comes back by that.
    pub(crate) fn set_by_hand(&self, id: &str, written: Manual, backend: &Backend) -> bool {
        let by_hand = self.manual.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied();
        backend.set_manual(by_hand.unwrap_or(written))
    }

    fn resolved(&self) -> MutexGuard<'_, HashMap<String, Resolved>> {
        self.resolved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, Default)]
struct Slots {
    free: Vec<usize>,
    count: usize,
}

/// All entries.
#[derive(Debug)]
pub(crate) struct Registry {
    shards: usize,
    pub(crate) epoch: Instant,
    pub(crate) timers: Timers,
    /// Who is told of what happens to its entries.
    pub(crate) events: Events,
    entries: Mutex<Entries>,
    slots: Arc<Mutex<Slots>>,
}

#[derive(Debug, Default)]
struct Entries {
    /// With more backends than that, those that are gone are let go.
    prune_at: usize,
    last_number: u64,
    upstreams: HashMap<String, Weak<UpstreamState>>,
    /// By upstream and backend id: each a list of those that differ in their destination.
    backends: HashMap<(String, String), Vec<Weak<Backend>>>,
    routes: FoldedMap<Arc<str>, Weak<RouteState>>,
}

/// So few backends are not worth looking through.
const LEAST: usize = 64;

impl Entries {
    /// Lets go of what nothing uses any more. Routes are looked through only where there are more than those that are
    /// served: there may be many.
    fn prune(&mut self, routes: usize) {
        self.upstreams.retain(|_, state| state.strong_count() > 0);
        if self.routes.len() > routes {
            self.routes.retain(|_, state| state.strong_count() > 0);
        }
        self.backends.retain(|_, known| {
            known.retain(|backend| backend.strong_count() > 0);
            !known.is_empty()
        });
    }
}

/// What all snapshots of one route share.
#[derive(Debug)]
pub(crate) struct RouteState {
    pub(crate) id: Arc<str>,
    /// When it came to be.
    pub(crate) born: Instant,
    pub(crate) statistics: Shards,
    /// Limits its requests in flight, where that is asked for.
    pub(crate) gate: Mutex<Option<Arc<Gate>>>,
    /// How long its requests take, as each worker sees it, where a second attempt may be made.
    pub(crate) latencies: OnceLock<Box<[Padded<LiveQuantile>]>>,
}

impl Registry {
    /// A registry whose counters have that many shards.
    pub(crate) fn new(shards: usize) -> Self {
        Self {
            shards,
            epoch: clock::now(),
            timers: Timers::default(),
            events: Events::default(),
            entries: Mutex::default(),
            slots: Arc::default(),
        }
    }

    /// How many shards each counter has.
    pub(crate) const fn shards(&self) -> usize {
        self.shards
    }

    /// A moment as the states of backends count it.
    #[inline]
    pub(crate) fn at(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.epoch)
    }

    /// This moment.
    pub(crate) fn now(&self) -> Duration {
        clock::since(self.epoch)
    }

    /// The upstream of that name. True where it was not known before.
    pub(crate) fn upstream(&self, name: &str) -> (Arc<UpstreamState>, bool) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = entries.upstreams.get(name).and_then(Weak::upgrade) {
            return (state, false);
        }
        let state = Arc::new(UpstreamState::new(name, self.shards));
        entries.upstreams.insert(name.to_owned(), Arc::downgrade(&state));
        (state, true)
    }

    /// The backend of that id and destination in an upstream. At another destination, or over another channel, it is
    /// another backend: what was learnt of the old one does not hold for it, and no request goes over its connections. True where it was not known before.
    pub(crate) fn backend(
        &self,
        upstream: &Arc<UpstreamState>,
        id: &str,
        (destination, named, resolved, channel): (&Destination, Named, Option<SocketAddr>, u64),
    ) -> (Arc<Backend>, bool) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.last_number += 1;
        let identity = Identity { number: entries.last_number, id, destination, named, resolved, channel };
        let known = entries.backends.entry((upstream.name.clone(), id.to_owned())).or_default();
        known.retain(|backend| backend.strong_count() > 0);
        if let Some(backend) = known.iter().filter_map(Weak::upgrade).find(|backend| backend.is(&identity)) {
            return (backend, false);
        }
        let backend =
            Backend::new(&identity, upstream, (self.free_slot(), self.shards, self.epoch), &self.slots);
        let backend = Arc::new(backend);
        known.push(Arc::downgrade(&backend));
        // Names change their addresses without anything being published.
        if entries.backends.len() > entries.prune_at {
            entries.prune(0);
            entries.prune_at = (2 * entries.backends.len()).max(LEAST);
        }
        (backend, true)
    }

    /// The route of that id.
    pub(crate) fn route(&self, id: &str) -> Arc<RouteState> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = entries.routes.get(id).and_then(Weak::upgrade) {
            return state;
        }
        let id: Arc<str> = id.into();
        let state = Arc::new(RouteState {
            id: Arc::clone(&id),
            born: clock::now(),
            statistics: Shards::new(self.shards),
            gate: Mutex::default(),
            latencies: OnceLock::new(),
        });
        entries.routes.insert(id, Arc::downgrade(&state));
        state
    }

    /// Forgets the entries that nothing uses any more, where so many routes are served.
    pub(crate) fn prune(&self, routes: usize) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).prune(routes);
    }

    /// Believes every backend alive.
    pub(crate) fn revive(&self) {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        for backend in entries.backends.values().flatten().filter_map(Weak::upgrade) {
            backend.set_out(Outage::CONNECT, false);
        }
    }

    fn free_slot(&self) -> usize {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.free.pop().unwrap_or_else(|| {
            slots.count += 1;
            slots.count - 1
        })
    }
}

#[cfg(test)]
mod tests;
