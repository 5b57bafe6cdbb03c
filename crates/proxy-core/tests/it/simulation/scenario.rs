//! What a seed stands for: a proxy, its backends' misfortunes and its clients.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;
use health::{Backoff, BreakerSettings, OutlierSettings, PassiveSettings};
use http::Method;
use lb_strategies::{ConsistentHash, Registry, Weight};
use proxy_core::spec::{
    Action, Affinity, BreakerSpec, Concurrency, GateSpec, HedgeSpec, Order, OutlierSpec, RouteSpec, Settings,
    Sticky, UpstreamSpec,
};

use super::client::Plan;
use super::ledger::Rules;
use super::network::{Condition, upstream};
use super::watch::Bounds;

/// Everything that a run needs.
pub(super) struct Scenario {
    pub(super) settings: Settings,
    pub(super) upstreams: Vec<UpstreamSpec>,
    pub(super) route: RouteSpec,
    pub(super) sites: usize,
    /// What befalls each site, and after how long from the thing before.
    pub(super) fates: Vec<Vec<(Duration, Condition)>>,
    pub(super) plans: Vec<Plan>,
}

fn millis(random: &mut Rng, range: std::ops::Range<u64>) -> Duration {
    Duration::from_millis(random.u64(range))
}

impl Scenario {
    pub(super) fn draw(random: &mut Rng) -> Self {
        let backends = random.usize(1..=6);
        let spares = if random.u8(..3) == 0 { random.usize(1..=2) } else { 0 };
        let mut upstreams = vec![draw_upstream(random, "app", 0..backends)];
        if spares > 0 {
            upstreams.push(draw_upstream(random, "spare", backends..backends + spares));
        }
        let mut settings = Settings::default();
        settings.timeout = millis(random, 500..8000);
        settings.body_idle_timeout = millis(random, 500..3000);
        let sites = backends + spares;
        let length = millis(random, 5_000..90_000);
        Self {
            settings,
            upstreams,
            route: draw_route(random, spares > 0),
            sites,
            fates: (0..sites).map(|_| draw_fate(random, length)).collect(),
            plans: draw_plans(random, length),
        }
    }

    /// What may be in flight.
    pub(super) fn rules(&self) -> Rules {
        let at = |gate: Option<GateSpec>| match gate?.limit {
            Concurrency::At(most) => Some(most),
            _ => None,
        };
        let sites = |spec: &UpstreamSpec| spec.backends.iter().map(site_of).collect::<Vec<_>>();
        let limited = self.upstreams.iter().filter_map(|spec| Some((sites(spec), at(spec.gate)?)));
        let backends = || self.upstreams.iter().flat_map(|spec| &spec.backends);
        let requests = backends().filter_map(|spec| Some((site_of(spec), spec.max_requests?)));
        let connections = backends().filter_map(|spec| Some((site_of(spec), spec.max_connections?)));
        Rules {
            route: at(self.route.gate),
            upstreams: limited.collect(),
            spares: self.upstreams.iter().skip(1).flat_map(sites).collect(),
            requests: requests.collect::<BTreeMap<_, _>>(),
            connections: connections.collect::<BTreeMap<_, _>>(),
        }
    }

    pub(super) fn bounds(&self) -> Vec<Bounds> {
        let bounds = |spec: &UpstreamSpec| {
            let (size, percent) = (
                spec.backends.len(),
                spec.outliers.map_or(0, |outliers| usize::from(outliers.settings.most_percent)),
            );
            // One may always go as long as one stays.
            let most = (size * percent / 100).max(usize::from(percent > 0)).min(size - 1);
            Bounds {
                upstream: spec.name.clone(),
                most_ejected: most,
                budget_percent: spec.retry.budget_percent,
                budget_least: spec.retry.budget_least,
            }
        };
        self.upstreams.iter().map(bounds).collect()
    }

    /// How often the head of a request may be written that may be repeated.
    pub(super) fn most_sent(&self) -> u32 {
        let retries = self.upstreams.iter().map(|spec| spec.retries).max().unwrap_or_default();
        // The first, the retries, two on connections that were stale, one at another upstream.
        let attempts = 1 + retries + 2 + u32::from(self.upstreams.len() > 1);
        if self.route.hedge.is_some() { 2 * attempts } else { attempts }
    }
}

fn site_of(backend: &proxy_core::spec::BackendSpec) -> usize {
    backend.id.trim_start_matches('s').parse().unwrap()
}

fn draw_upstream(random: &mut Rng, name: &str, sites: std::ops::Range<usize>) -> UpstreamSpec {
    let mut spec = upstream(name, sites);
    for backend in &mut spec.backends {
        backend.weight = Weight::new(random.u32(1..=5)).unwrap();
        backend.priority = random.choice([0, 0, 0, 1, 2]).unwrap();
        backend.max_requests = random.choice([None, None, None, Some(1), Some(4)]).unwrap();
        backend.max_connections = random.choice([None, None, None, Some(1), Some(3)]).unwrap();
    }
    draw_strategy(random, &mut spec);
    spec.connect_timeout = millis(random, 100..1500);
    spec.timeout = millis(random, 200..4000);
    spec.idle_timeout = millis(random, 500..20_000);
    spec.max_idle_connections = random.choice([1, 4, 1024]).unwrap();
    spec.retries = random.u32(0..=4);
    spec.retry.on_connect = random.u8(..5) > 0;
    spec.retry.on_reset = random.u8(..5) > 0;
    spec.retry.on_timeout = random.u8(..5) > 0;
    if random.u8(..5) == 0 {
        spec.retry.on_statuses.clear();
    }
    spec.retry.backoff = millis(random, 0..200);
    spec.retry.longest_backoff = millis(random, 50..1000);
    spec.retry.budget_percent = random.choice([0, 20, 20, 50, 100]).unwrap();
    spec.retry.budget_least = random.choice([0, 1, 3, 3, 10]).unwrap();
    spec.slow_start = random.bool().then(|| millis(random, 500..20_000));
    let backoff = Backoff { longest: millis(random, 1000..8000), ..Backoff::default() };
    spec.passive = PassiveSettings { failures: random.u32(1..=3), backoff };
    spec.outliers = (random.u8(..5) > 0).then(|| draw_outliers(random));
    spec.breaker = (random.u8(..3) == 0).then(|| draw_breaker(random));
    spec.backend_breaker = (random.u8(..3) == 0).then(|| draw_breaker(random));
    spec.gate = (random.u8(..3) == 0).then(|| {
        let mut gate = draw_gate(random);
        if random.bool() {
            gate.limit = Concurrency::Auto;
        }
        gate
    });
    spec
}

fn draw_strategy(random: &mut Rng, spec: &mut UpstreamSpec) {
    let strategies = Registry::with_builtins();
    let names: Vec<&str> = strategies.names().collect();
    spec.strategy = strategies.find(random.choice(&names).unwrap()).unwrap();
    if random.u8(..8) == 0 {
        spec.strategy = std::sync::Arc::new(ConsistentHash::bounded(125));
    }
    if random.u8(..3) > 0 {
        spec.affinity = Some(Affinity::Header("x-key".to_owned()));
    }
    if random.u8(..6) == 0 {
        spec.sticky = Some(Sticky::new("stays"));
    }
}

fn draw_outliers(random: &mut Rng) -> OutlierSpec {
    let settings = OutlierSettings {
        consecutive_errors: random.choice([None, Some(1), Some(3), Some(5)]).unwrap(),
        consecutive_resets: random.choice([None, Some(1), Some(3), Some(5)]).unwrap(),
        consecutive_slow: Some(random.u32(1..=4)),
        base: millis(random, 300..10_000),
        longest: Duration::from_secs(30),
        jitter: 0.1,
        most_percent: random.choice([10, 34, 50, 100]).unwrap(),
    };
    OutlierSpec::new(settings, random.bool().then(|| millis(random, 50..1000)))
}

fn draw_breaker(random: &mut Rng) -> BreakerSpec {
    let settings = BreakerSettings {
        failure_percent: Some(random.u8(20..=100)),
        minimum: random.u32(1..=20),
        consecutive: random.bool().then(|| random.u32(1..=6)),
        open: millis(random, 200..5000),
        ramp: random.bool().then(|| millis(random, 200..5000)),
    };
    BreakerSpec::new(settings, millis(random, 1000..20_000))
}

fn draw_gate(random: &mut Rng) -> GateSpec {
    let mut gate = GateSpec::at(random.u32(1..=20));
    gate.queue = random.u32(0..=20);
    gate.timeout = millis(random, 50..2000);
    gate.order = random.choice([Order::Adaptive, Order::Adaptive, Order::Fifo]).unwrap();
    gate
}

fn draw_route(random: &mut Rng, has_spare: bool) -> RouteSpec {
    let fallback = has_spare.then(|| "spare".to_owned());
    let mut route = RouteSpec::new("all", Action::Forward { upstream: "app".to_owned(), fallback });
    route.gate = random.bool().then(|| draw_gate(random));
    route.hedge = (random.u8(..3) == 0).then(|| {
        let mut hedge = HedgeSpec::default();
        hedge.percentile = random.u8(50..=99);
        hedge.least_delay = millis(random, 1..100);
        hedge.most_percent = random.u8(5..=100);
        hedge
    });
    route
}

/// Times that are well are as many as all others.
fn draw_fate(random: &mut Rng, length: Duration) -> Vec<(Duration, Condition)> {
    let pace = random.u64(200..15_000);
    let mut left = length;
    let mut fates = vec![(Duration::ZERO, Condition::Well(millis(random, 0..30)))];
    while let Some(rest) = left.checked_sub(millis(random, 0..2 * pace)).filter(|rest| !rest.is_zero()) {
        fates.push((left - rest, draw_condition(random)));
        left = rest;
    }
    fates
}

fn draw_condition(random: &mut Rng) -> Condition {
    match random.u8(..28) {
        0 | 1 => Condition::Refuses,
        2 => Condition::BlackHole,
        3 => Condition::Mute,
        4 | 5 => Condition::Busy(None),
        6 => Condition::Busy(Some(random.u32(0..4))),
        7 => Condition::HangsUp,
        8 => Condition::BreaksBeforeHead,
        9 => Condition::BreaksInHead,
        10 => Condition::BreaksInBody,
        11 => Condition::StallsInBody,
        12 => Condition::ClosesIdle,
        13 => Condition::Drips,
        14 | 15 => Condition::Dead,
        16 | 17 => Condition::Well(millis(random, 200..5000)),
        _ => Condition::Well(millis(random, 0..60)),
    }
}

/// Clients come in bursts and one by one.
fn draw_plans(random: &mut Rng, length: Duration) -> Vec<Plan> {
    let count = random.u64(50..=200);
    let mut at = Duration::ZERO;
    let mean = length.as_millis() as u64 / count;
    let impatient = random.choice([0, 10, 40]).unwrap();
    let mut pace = mean;
    (0..count)
        .map(|id| {
            if random.u8(..20) == 0 {
                pace = if random.bool() { mean * 2 } else { random.u64(0..=mean) / 20 };
            }
            at += millis(random, 0..2 * pace + 1);
            let method = match random.u8(..10) {
                0..6 => Method::GET,
                6..8 => Method::PUT,
                _ => Method::POST,
            };
            let gives_up = (random.u8(..100) < impatient).then(|| millis(random, 0..1500));
            let has_body = method != Method::GET && random.u8(..3) > 0;
            Plan { id, at, method, has_body, is_chunked: random.bool(), key: random.u64(..12), gives_up }
        })
        .collect()
}
