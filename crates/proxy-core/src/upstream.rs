//! A compiled upstream: its backends, and the picker over those that are eligible now.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use arc_swap::ArcSwap;
use egress::Destination;
use lb_strategies::{BackendView, Loads, PickContext, Picker, Tried};

use crate::budget::Budget;
use crate::connect::Address;
use crate::deadline::Ticks;
use crate::pool::PoolRules;
use crate::registry::{Backend, Padded, Registry, UpstreamState};
use crate::spec::UpstreamSpec;

/// A pool of backends, ready to be picked from.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) spec: Arc<UpstreamSpec>,
    pub(crate) backends: Box<[Member]>,
    pub(crate) pool_rules: PoolRules,
    pub(crate) timeout: Ticks,
    state: Arc<UpstreamState>,
    eligible: ArcSwap<Eligible>,
    workers: Box<[Padded<PerWorker>]>,
}

/// A backend in an upstream.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) backend: Arc<Backend>,
    pub(crate) address: Address,
    /// What Host says where the backend's own name is asked for.
    pub(crate) host: Box<[u8]>,
}

#[derive(Debug, Default)]
struct PerWorker {
    sequence: AtomicU64,
    budget: Budget,
}

impl PerWorker {
    /// Each worker begins elsewhere, lest the first requests of all meet at one backend.
    fn of(shard: usize) -> Padded<Self> {
        Padded(Self { sequence: AtomicU64::new(shard as u64), budget: Budget::default() })
    }
}

/// The backends that may be picked, as of one version of their health.
struct Eligible {
    version: u64,
    /// Places in `Upstream::backends`.
    members: Box<[usize]>,
    picker: Box<dyn Picker>,
}

impl std::fmt::Debug for Eligible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Eligible").field("members", &self.members).finish_non_exhaustive()
    }
}

struct LoadsOf<'a> {
    upstream: &'a Upstream,
    eligible: &'a Eligible,
}

impl Loads for LoadsOf<'_> {
    fn in_flight(&self, index: usize) -> u32 {
        let member = self.eligible.members.get(index).and_then(|place| self.upstream.backends.get(*place));
        member.map_or(0, |member| member.backend.in_flight())
    }
}

impl Upstream {
    pub(crate) fn compile(spec: &Arc<UpstreamSpec>, registry: &Registry) -> Self {
        let state = registry.upstream(&spec.name);
        let backends: Box<[Member]> = spec
            .backends
            .iter()
            .map(|backend| Member {
                backend: registry.backend(&state, &backend.id, &backend.destination, spec.named),
                address: Address {
                    destination: backend.destination.clone(),
                    named: spec.named,
                    dns_timeout: spec.dns_timeout,
                    connect_timeout: spec.connect_timeout,
                },
                host: host_of(&backend.destination),
            })
            .collect();
        let eligible = Eligible::of(spec, &backends, state.version());
        Self {
            pool_rules: PoolRules::of(spec),
            timeout: Ticks::of(spec.timeout),
            eligible: ArcSwap::from_pointee(eligible),
            workers: (0..registry.shards()).map(PerWorker::of).collect(),
            spec: Arc::clone(spec),
            backends,
            state,
        }
    }

    /// A backend that is eligible and not among `tried`, by the strategy. The place is that in `backends`.
    #[inline]
    pub(crate) fn pick(&self, shard: usize, tried: &[usize]) -> Option<(usize, &Member)> {
        let mut eligible = self.eligible.load();
        if eligible.version != self.state.version() {
            self.refresh();
            eligible = self.eligible.load();
        }
        let place = if let ([place], []) = (&*eligible.members, tried) {
            *place
        } else {
            let loads = LoadsOf { upstream: self, eligible: &eligible };
            let sequence = self.worker(shard).sequence.fetch_add(1, Relaxed);
            let context = PickContext::new(&loads)
                .with_sequence(sequence)
                .with_entropy(fastrand::u64(..))
                .with_tried(eligible.tried(tried));
            *eligible.members.get(eligible.picker.pick(&context)?)?
        };
        // A set of more backends than `Tried` can remember may yield one that was tried: it ends there.
        if tried.contains(&place) {
            return None;
        }
        self.backends.get(place).map(|member| (place, member))
    }

    /// True where some backend may be picked.
    pub(crate) fn has_eligible(&self) -> bool {
        self.backends.iter().any(|member| !member.backend.is_dead())
    }

    /// The retry budget of a worker.
    #[inline]
    pub(crate) fn budget(&self, shard: usize) -> &Budget {
        &self.worker(shard).budget
    }

    #[inline]
    fn worker(&self, shard: usize) -> &PerWorker {
        // There is at least one shard.
        &self.workers[shard % self.workers.len()].0
    }

    /// Builds the picker anew. Two workers may do so at once; the later version stays.
    fn refresh(&self) {
        let version = self.state.version();
        let fresh = Arc::new(Eligible::of(&self.spec, &self.backends, version));
        self.eligible.rcu(|held| if held.version > version { Arc::clone(held) } else { Arc::clone(&fresh) });
    }
}

impl Eligible {
    fn of(spec: &UpstreamSpec, backends: &[Member], version: u64) -> Self {
        let alive = |place: &usize| backends.get(*place).is_some_and(|member| !member.backend.is_dead());
        let members: Box<[usize]> = (0..backends.len()).filter(alive).collect();
        let views: Vec<BackendView<'_>> = members
            .iter()
            .filter_map(|place| spec.backends.get(*place))
            .map(|backend| BackendView::new(&backend.id, backend.weight))
            .collect();
        Self { version, picker: spec.strategy.picker(&views), members }
    }

    #[inline]
    fn tried(&self, places: &[usize]) -> Tried {
        let mut tried = Tried::new();
        if !places.is_empty() {
            for (index, place) in self.members.iter().enumerate() {
                if places.contains(place) {
                    tried.insert(index);
                }
            }
        }
        tried
    }
}

fn host_of(destination: &Destination) -> Box<[u8]> {
    match destination {
        Destination::Host { host, port } => {
            let is_ipv6 = host.contains(':') && !host.starts_with('[');
            let host = if is_ipv6 { format!("[{host}]") } else { host.clone() };
            if *port == 80 { host.into_bytes().into() } else { format!("{host}:{port}").into_bytes().into() }
        }
        _ => (*b"localhost").into(),
    }
}

#[cfg(test)]
mod tests;
