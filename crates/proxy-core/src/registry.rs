//! What was learnt, and outlives snapshots: load and health of backends, statistics of routes.
//!
//! Entries are keyed by stable ids. A new snapshot links to the same entries, so that a change loses nothing;
//! entries that nothing names any more are dropped with their last user.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use egress::{Destination, Named};

use crate::statistics::Shards;

/// Keeps neighbours from sharing a cache line.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Padded<T>(pub(crate) T);

/// One backend, for as long as some snapshot or request names it.
#[derive(Debug)]
pub(crate) struct Backend {
    /// Unique in the process: pools know by it whose connections they hold.
    pub(crate) number: u64,
    pub(crate) id: String,
    pub(crate) destination: Destination,
    pub(crate) named: Named,
    pub(crate) upstream: Arc<UpstreamState>,
    /// Where the workers' pools find its connections.
    pub(crate) slot: usize,
    is_dead: AtomicBool,
    in_flight: Box<[Padded<AtomicU32>]>,
    slots: Arc<Mutex<Slots>>,
}

impl Backend {
    /// True where a connect failed and no probe has succeeded since.
    #[inline]
    pub(crate) fn is_dead(&self) -> bool {
        self.is_dead.load(Relaxed)
    }

    /// Marks it, and has the pickers of its upstream built anew where that changes something.
    pub(crate) fn set_dead(&self, is_dead: bool) {
        if self.is_dead.swap(is_dead, Relaxed) != is_dead {
            // Release: whoever sees the new version sees the new mark.
            self.upstream.version.fetch_add(1, Release);
        }
    }

    /// Requests in flight, over all workers.
    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.iter().fold(0_u32, |sum, shard| sum.wrapping_add(shard.0.load(Relaxed)))
    }

    #[inline]
    pub(crate) fn begin(&self, shard: usize) {
        if let Some(shard) = self.in_flight.get(shard % self.in_flight.len().max(1)) {
            shard.0.fetch_add(1, Relaxed);
        }
    }

    /// May be called with another shard than `begin` was: only the sum has a meaning.
    #[inline]
    pub(crate) fn end(&self, shard: usize) {
        if let Some(shard) = self.in_flight.get(shard % self.in_flight.len().max(1)) {
            shard.0.fetch_sub(1, Relaxed);
        }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
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

/// What all snapshots of one upstream share.
#[derive(Debug)]
pub(crate) struct UpstreamState {
    pub(crate) name: String,
    /// Counts changes of its backends' eligibility.
    version: AtomicU64,
}

impl UpstreamState {
    /// A number that changes whenever another set of backends may be eligible.
    #[inline]
    pub(crate) fn version(&self) -> u64 {
        // Acquire: pairs with the release in `set_dead`.
        self.version.load(Acquire)
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
    entries: Mutex<Entries>,
    slots: Arc<Mutex<Slots>>,
}

#[derive(Debug, Default)]
struct Entries {
    last_number: u64,
    upstreams: HashMap<String, Weak<UpstreamState>>,
    /// By upstream and backend id: each a list of those that differ in their destination.
    backends: HashMap<(String, String), Vec<Weak<Backend>>>,
    routes: HashMap<String, Weak<RouteState>>,
}

/// What all snapshots of one route share.
#[derive(Debug)]
pub(crate) struct RouteState {
    pub(crate) statistics: Shards,
}

impl Registry {
    /// A registry whose counters have that many shards.
    pub(crate) fn new(shards: usize) -> Self {
        Self { shards, entries: Mutex::default(), slots: Arc::default() }
    }

    /// How many shards each counter has.
    pub(crate) const fn shards(&self) -> usize {
        self.shards
    }

    /// The upstream of that name.
    pub(crate) fn upstream(&self, name: &str) -> Arc<UpstreamState> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = entries.upstreams.get(name).and_then(Weak::upgrade) {
            return state;
        }
        let state = Arc::new(UpstreamState { name: name.to_owned(), version: AtomicU64::new(0) });
        entries.upstreams.insert(name.to_owned(), Arc::downgrade(&state));
        state
    }

    /// The backend of that id and destination in an upstream. At another destination it is another backend:
    /// what was learnt of the old one does not hold for it.
    pub(crate) fn backend(
        &self,
        upstream: &Arc<UpstreamState>,
        id: &str,
        destination: &Destination,
        named: Named,
    ) -> Arc<Backend> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.last_number += 1;
        let number = entries.last_number;
        let known = entries.backends.entry((upstream.name.clone(), id.to_owned())).or_default();
        known.retain(|backend| backend.strong_count() > 0);
        let same = known.iter().filter_map(Weak::upgrade);
        if let Some(backend) =
            same.into_iter().find(|backend| backend.destination == *destination && backend.named == named)
        {
            return backend;
        }
        let backend = Arc::new(Backend {
            number,
            id: id.to_owned(),
            destination: destination.clone(),
            named,
            upstream: Arc::clone(upstream),
            slot: self.free_slot(),
            is_dead: AtomicBool::new(false),
            in_flight: (0..self.shards).map(|_| Padded::default()).collect(),
            slots: Arc::clone(&self.slots),
        });
        known.push(Arc::downgrade(&backend));
        backend
    }

    /// The route of that id.
    pub(crate) fn route(&self, id: &str) -> Arc<RouteState> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = entries.routes.get(id).and_then(Weak::upgrade) {
            return state;
        }
        let state = Arc::new(RouteState { statistics: Shards::new(self.shards) });
        entries.routes.insert(id.to_owned(), Arc::downgrade(&state));
        state
    }

    /// Forgets the entries that nothing uses any more.
    pub(crate) fn prune(&self) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.upstreams.retain(|_, state| state.strong_count() > 0);
        entries.routes.retain(|_, state| state.strong_count() > 0);
        entries.backends.retain(|_, known| {
            known.retain(|backend| backend.strong_count() > 0);
            !known.is_empty()
        });
    }

    /// Believes every backend alive.
    pub(crate) fn revive(&self) {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        for backend in entries.backends.values().flatten().filter_map(Weak::upgrade) {
            backend.set_dead(false);
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
