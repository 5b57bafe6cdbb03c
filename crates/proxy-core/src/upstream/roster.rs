//! The backends of an upstream as they are now: who may be asked, in which order, and by which picker.

use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use egress::Destination;
use lb_strategies::{BackendView, Loads, Picker, Tried, Weight};

use crate::circuit::Circuit;
use crate::connect::Address;
use crate::outage::Outage;
use crate::registry::{Backend, Registry, UpstreamState};
use crate::spec::{BackendSpec, Protocol, UpstreamSpec};

/// A backend in an upstream.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) backend: Arc<Backend>,
    pub(crate) address: Address,
    /// What Host says where the backend's own name is asked for.
    pub(crate) host: Box<[u8]>,
    pub(crate) weight: Weight,
    pub(crate) priority: u8,
    pub(crate) max_requests: Option<u32>,
    pub(crate) max_connections: Option<u32>,
    pub(crate) circuit: Option<Arc<Circuit>>,
}

/// All backends, and those of them that may be picked, as of one version of their state. Immutable.
pub(crate) struct Roster {
    pub(crate) version: u64,
    pub(crate) members: Box<[Member]>,
    /// Those that may be picked, by priority: the first tier is asked as long as it has somebody.
    pub(crate) tiers: Box<[Tier]>,
    /// The tokens of sticky cookies in ascending order, and whose they are.
    tokens: Box<[(u64, usize)]>,
    /// Why there is nobody to be picked.
    pub(crate) lacks: Lack,
    /// True where limits or circuits of single backends have to be asked after a pick.
    pub(crate) is_limited: bool,
}

/// Why nobody can be picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// Backends are dead, drained, or there are none.
    Backends,
    /// Those that could be asked have open circuits.
    Circuits,
}

/// Backends of one priority that may be picked.
pub(crate) struct Tier {
    /// Places in `Roster::members`.
    pub(crate) places: Box<[usize]>,
    pub(crate) picker: Box<dyn Picker>,
}

impl std::fmt::Debug for Roster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Roster")
            .field("version", &self.version)
            .field("members", &self.members)
            .finish_non_exhaustive()
    }
}

impl Roster {
    /// The backends as they are now.
    pub(crate) fn of(
        spec: &Arc<UpstreamSpec>,
        state: &Arc<UpstreamState>,
        registry: &Registry,
        is_first: bool,
    ) -> Self {
        let version = state.version();
        let now = registry.now();
        let members = members(spec, state, registry, is_first);
        let tiers = tiers(spec, &members, now);
        let lacks = if members.iter().any(|member| member.backend.outages() == Outage::CIRCUIT) {
            Lack::Circuits
        } else {
            Lack::Backends
        };
        let is_limited =
            spec.backend_breaker.is_some() || members.iter().any(|member| member.max_requests.is_some());
        Self { version, tokens: tokens(spec, &members, &tiers), members, tiers, lacks, is_limited }
    }

    /// Who has that token, where a client that sticks to it may still go there.
    pub(crate) fn by_token(&self, token: u64) -> Option<usize> {
        let found = self.tokens.binary_search_by_key(&token, |(token, _)| *token).ok()?;
        self.tokens.get(found).map(|(_, place)| *place)
    }

    /// How many requests those that may be picked take together; `None`: there is no end to it.
    pub(crate) fn capacity(&self) -> Option<u32> {
        let places = self.tiers.first().map(|tier| &*tier.places).unwrap_or_default().iter();
        let most = places.map(|place| self.members.get(*place).and_then(|member| member.max_requests));
        let most = most.reduce(|all, one| Some(all?.saturating_add(one?)))?;
        most.filter(|_| self.is_limited)
    }

    /// True where somebody may be picked.
    pub(crate) fn has_eligible(&self) -> bool {
        !self.tiers.is_empty()
    }
}

impl Tier {
    /// Those of `numbers` that are in this tier.
    #[inline]
    pub(crate) fn tried(&self, members: &[Member], numbers: &[u64]) -> Tried {
        let mut tried = Tried::new();
        if !numbers.is_empty() {
            for (index, place) in self.places.iter().enumerate() {
                if members.get(*place).is_some_and(|member| numbers.contains(&member.backend.number)) {
                    tried.insert(index);
                }
            }
        }
        tried
    }
}

/// The loads of a tier, as a worker sees them.
pub(crate) struct LoadsOf<'a> {
    pub(crate) members: &'a [Member],
    pub(crate) tier: &'a Tier,
    pub(crate) shard: usize,
    pub(crate) now_nanos: u64,
}

impl LoadsOf<'_> {
    #[inline]
    fn backend(&self, index: usize) -> Option<&Backend> {
        let place = self.tier.places.get(index)?;
        self.members.get(*place).map(|member| &*member.backend)
    }
}

impl Loads for LoadsOf<'_> {
    #[inline]
    fn in_flight(&self, index: usize) -> u32 {
        self.backend(index).map_or(0, Backend::in_flight)
    }

    #[inline]
    fn latency_nanos(&self, index: usize) -> Option<u64> {
        self.backend(index).map(|backend| backend.expected(self.shard, self.now_nanos))
    }

    fn total_in_flight(&self) -> Option<u32> {
        Some((0..self.tier.places.len()).map(|index| self.in_flight(index)).sum())
    }
}

/// Every backend, where a name stands for several each of its addresses.
fn members(
    spec: &Arc<UpstreamSpec>,
    state: &Arc<UpstreamState>,
    registry: &Registry,
    is_first: bool,
) -> Box<[Member]> {
    let mut members = Vec::with_capacity(spec.backends.len());
    for backend in &spec.backends {
        let addresses = addresses(backend, state);
        let is_settling = is_first || addresses.as_ref().is_some_and(|(_, is_first)| *is_first);
        let make = |id: &str, resolved: Option<SocketAddr>| {
            let breaker = spec.backend_breaker.as_ref();
            let wanted = (&backend.destination, spec.named, resolved, channel(spec));
            let (entry, is_new) = registry.backend(state, id, wanted);
            let has_say = state.is_current(spec) || is_new;
            let is_back = has_say && state.set_by_hand(&backend.id, backend.state, &entry);
            if is_back || (is_new && !is_settling) {
                entry.warm_up(registry);
            }
            let limit = entry.agent_limit();
            Member {
                circuit: breaker.map(|breaker| Circuit::keep(&entry.circuit, breaker, registry.shards())),
                backend: entry,
                address: Address {
                    destination: backend.destination.clone(),
                    named: spec.named,
                    resolved,
                    dns_timeout: spec.dns_timeout,
                    connect_timeout: spec.connect_timeout,
                    secure: spec.secure.clone(),
                    announces: spec.announces,
                },
                host: host_of(&backend.destination, spec.secure.is_some()),
                weight: backend.weight,
                priority: backend.priority,
                max_requests: most_requests(spec, backend, limit),
                max_connections: backend.max_connections,
            }
        };
        match &addresses {
            Some((addresses, _)) => {
                members.extend(
                    addresses
                        .iter()
                        .map(|address| make(&format!("{}@{}", backend.id, address.ip()), Some(*address))),
                );
            }
            None => members.push(make(&backend.id, None)),
        }
    }
    members.into()
}

/// In HTTP/1.1 each request has a connection for itself.
fn most_requests(spec: &UpstreamSpec, backend: &BackendSpec, of_agent: Option<u32>) -> Option<u32> {
    let of_connections = backend.max_connections.filter(|_| spec.protocol != Protocol::Http2);
    backend.max_requests.into_iter().chain(of_connections).chain(of_agent).min()
}

/// The addresses of a backend whose name stands for several.
fn addresses(backend: &BackendSpec, state: &UpstreamState) -> Option<(Vec<SocketAddr>, bool)> {
    let Destination::Host { host, port } = &backend.destination else { return None };
    let known = state.addresses(host)?;
    let addresses = known.addresses.iter().map(|ip| SocketAddr::new(*ip, *port)).collect();
    Some((addresses, known.is_first))
}

fn tiers(spec: &UpstreamSpec, members: &[Member], now: Duration) -> Box<[Tier]> {
    let outages =
        |place: &usize| members.get(*place).map_or(Outage::MANUAL, |member| member.backend.outages());
    let is_ok = |place: &usize| outages(place).is_none();
    let mut eligible: Vec<usize> = (0..members.len()).filter(is_ok).collect();
    if is_panic(spec, members) {
        eligible = if spec.panic.fails_closed {
            Vec::new()
        } else {
            (0..members.len()).filter(|place| outages(place).is_within(Outage::CHECK)).collect()
        };
    } else if eligible.is_empty() {
        // Those that answer badly are better than nobody, which is what ejection promises; so are those that fail checks,
        // unless somebody said otherwise.
        let bearable = if spec.panic.fails_closed || spec.panic.threshold == 0 {
            Outage::EJECTED
        } else {
            Outage::EJECTED.and(Outage::CHECK)
        };
        eligible = (0..members.len()).filter(|place| outages(place).is_within(bearable)).collect();
    }
    let priority = |place: &usize| members.get(*place).map_or(u8::MAX, |member| member.priority);
    eligible.sort_by_key(priority);
    eligible
        .chunk_by(|one, other| priority(one) == priority(other))
        .map(|places| tier(spec, members, places, now))
        .collect()
}

/// True where so few of those that accept connections pass their checks that they could not bear the load.
fn is_panic(spec: &UpstreamSpec, members: &[Member]) -> bool {
    let meant = members.iter().map(|member| member.backend.outages()).filter(|outages| {
        !outages.has(Outage::BY_WISH) && !outages.has(Outage::CONNECT) && !outages.has(Outage::AGENT)
    });
    let (all, failing) = meant.fold((0_usize, 0_usize), |(all, failing), outages| {
        (all + 1, failing + usize::from(outages.has(Outage::CHECK)))
    });
    failing > 0 && (all - failing) * 100 < all * usize::from(spec.panic.threshold)
}

fn tier(spec: &UpstreamSpec, members: &[Member], places: &[usize], now: Duration) -> Tier {
    let shares: Vec<f64> = places.iter().map(|place| share(spec, members.get(*place), now)).collect();
    let weights = weights(members, places, &shares);
    let views: Vec<BackendView<'_>> = places
        .iter()
        .zip(weights)
        .filter_map(|(place, weight)| Some(BackendView::new(&members.get(*place)?.backend.id, weight)))
        .collect();
    Tier { picker: spec.strategy.picker(&views), places: places.into() }
}

/// What part of its weight a backend has now: less than all while it warms up, or as its agent says.
fn share(spec: &UpstreamSpec, member: Option<&Member>, now: Duration) -> f64 {
    let Some(backend) = member.map(|member| &member.backend) else { return 1.0 };
    let of_agent = f64::from(backend.share()) / 100.0;
    let warm = match (spec.slow_start, backend.warming(now)) {
        (Some(window), Some(since)) => ramp(window).share(since),
        _ => 1.0,
    };
    of_agent * warm
}

/// Slow start, as Envoy has it: at least a tenth, then in proportion to time.
pub(crate) fn ramp(window: Duration) -> health::Ramp {
    health::Ramp { window, ..health::Ramp::default() }
}

/// Weights with the shares in them, always on the same scale: for who hashes, a share that changes moves the keys of
/// that backend alone.
fn weights(members: &[Member], places: &[usize], shares: &[f64]) -> Vec<Weight> {
    let written = |place: &usize| members.get(*place).map_or(1, |member| member.weight.get());
    let heaviest = members.iter().map(|member| member.weight.get()).max().unwrap_or(1);
    // A hundredth of a weight can be told apart, as far as the range allows.
    let scale = f64::from((Weight::MAX.get() / heaviest).min(100));
    let weight = |(place, share): (&usize, &f64)| {
        let weight = (f64::from(written(place)) * share * scale).round().max(1.0);
        Weight::new(weight as u32).unwrap_or(Weight::MAX)
    };
    places.iter().zip(shares).map(weight).collect()
}

/// The tokens of those that clients may stick to: whoever may be picked first, and those that are drained but for them.
fn tokens(spec: &UpstreamSpec, members: &[Member], tiers: &[Tier]) -> Box<[(u64, usize)]> {
    let Some(sticky) = &spec.sticky else { return Box::default() };
    let first = tiers.first().map(|tier| &*tier.places).unwrap_or_default();
    let priority =
        first.first().and_then(|place| members.get(*place)).map_or(u8::MAX, |member| member.priority);
    let is_drained =
        |member: &Member| member.backend.outages() == Outage::DRAIN_STICKY && member.priority <= priority;
    let keeps = |(place, member): &(usize, &Member)| first.contains(place) || is_drained(member);
    let members = members.iter().enumerate().filter(keeps);
    let token = |member: &Member| lb_strategies::token_of(&sticky.secret, &spec.name, &member.backend.id);
    let mut tokens: Vec<(u64, usize)> = members.map(|(place, member)| (token(member), place)).collect();
    tokens.sort_unstable();
    tokens.into()
}

/// Tells one way of making connections from another.
fn channel(spec: &UpstreamSpec) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    spec.secure.as_ref().map(|secure| secure.identity()).hash(&mut hasher);
    spec.announces.hash(&mut hasher);
    hasher.finish()
}

pub(super) fn host_of(destination: &Destination, is_secure: bool) -> Box<[u8]> {
    match destination {
        Destination::Host { host, port } => {
            let is_ipv6 = host.contains(':') && !host.starts_with('[');
            let host = if is_ipv6 { format!("[{host}]") } else { host.clone() };
            let default = if is_secure { 443 } else { 80 };
            if *port == default {
                host.into_bytes().into()
            } else {
                format!("{host}:{port}").into_bytes().into()
            }
        }
        _ => (*b"localhost").into(),
    }
}
