//! Picks with one of the built-in strategies, over and over, and says how long one pick takes.
//!
//! `pick` prints the names of the strategies, one on each line. `pick <strategy> <backends> <picks>` prints the
//! nanoseconds that one pick took on average. `cargo xtask bench pick` runs it for all of them.
//!
//! Each backend has its load behind a pointer of its own, with a padded atomic for each of two workers, as an
//! engine has it. Loads, keys and random bits come from fixed seeds, so that every run makes the same picks;
//! the context of a pick is made anew each time, and is part of what is measured.
#![expect(clippy::print_stdout, reason = "what is printed is what the program is for")]

use lb_strategies::{
    BackendView, ConsistentHash, LeastRequests, Loads, PeakEwma, PickContext, Picker, Registry, Sticky,
    Strategy, Weight, from_fn, token_of,
};
use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::Instant,
};

/// Picks before the clock starts.
const WARM_UP: u64 = 10_000;
/// Different keys, as many as fit well into the nearest cache.
const KEYS: usize = 1_024;
/// From one pick to the next, in nanoseconds: a hundred thousand requests per second.
const STEP_NANOS: u64 = 10_000;
/// Requests in flight at each worker and backend are fewer than this.
const IN_FLIGHT: u64 = 8;
/// Answers take from one millisecond to ten.
const LATENCY_NANOS: std::ops::Range<u64> = 1_000_000..10_000_000;

const SECRET: &[u8] = b"a secret of the bench";
const UPSTREAM: &str = "app";
const SEED: u64 = 0x5EED;

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let known = strategies();
    match arguments.as_slice() {
        [] => {
            known.iter().for_each(|(name, _)| println!("{name}"));
            Ok(())
        }
        [strategy, backends, picks] => {
            let (name, strategy) =
                known.iter().find(|(name, _)| name == strategy).ok_or(format!("no strategy {strategy}"))?;
            let nanos = measure(name, strategy, number(backends)?, number(picks)?);
            println!("{nanos:.3}");
            Ok(())
        }
        _ => Err("give nothing, or a strategy, a number of backends and a number of picks".to_owned()),
    }
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}

/// Everything that is built in, under the registry's names, and `constant`, which does nothing: what that takes
/// is the measuring itself. A name that stands for the same strategy as another one is left out.
fn strategies() -> Vec<(String, Arc<dyn Strategy>)> {
    let registry = Registry::with_builtins();
    let named = registry.names().filter(|name| *name != "ip_hash");
    let mut all: Vec<_> = named.filter_map(|name| Some((name.to_owned(), registry.find(name)?))).collect();
    let constant = from_fn(|_: &[BackendView<'_>]| |_: &PickContext<'_>| Some(0));
    all.push(("hash_bounded".to_owned(), Arc::new(ConsistentHash::bounded(125))));
    all.push(("sticky".to_owned(), Arc::new(Sticky::new(LeastRequests, SECRET, UPSTREAM))));
    all.push(("constant".to_owned(), Arc::new(constant)));
    all
}

/// Nanoseconds per pick.
fn measure(name: &str, strategy: &Arc<dyn Strategy>, backends: usize, picks: u64) -> f64 {
    let ids: Vec<String> =
        (0..backends).map(|index| format!("10.0.{}.{}", index / 256, index % 256)).collect();
    let views: Vec<_> = ids.iter().map(|id| BackendView::new(id, Weight::ONE)).collect();
    let mut words = Words(SEED);
    let engine = Engine::new(backends, &mut words);
    let keys = if name == "sticky" { cookies(&ids, &mut words) } else { hashes(&mut words) };
    let picker = strategy.picker(&views);
    pick(&*picker, &engine, &keys, WARM_UP);
    let started = Instant::now();
    pick(&*picker, &engine, &keys, picks);
    started.elapsed().as_nanos() as f64 / picks as f64
}

fn pick(picker: &dyn Picker, engine: &Engine, keys: &[u64; KEYS], picks: u64) {
    let mut words = Words(SEED);
    for sequence in 0..picks {
        let entropy = words.next();
        let key = keys.get(sequence as usize % KEYS).copied();
        let now_nanos = sequence * STEP_NANOS;
        let loads = Now { engine, now_nanos };
        let context = PickContext::new(&loads)
            .with_affinity(key)
            .with_entropy(entropy)
            .with_sequence(sequence)
            .with_now_nanos(now_nanos);
        black_box(picker.pick(black_box(&context)));
    }
}

/// Hashes of what clients have in common.
fn hashes(words: &mut Words) -> [u64; KEYS] {
    std::array::from_fn(|_| words.next())
}

/// Tokens of backends, of clients that come back.
fn cookies(ids: &[String], words: &mut Words) -> [u64; KEYS] {
    std::array::from_fn(|_| {
        let index = words.below(ids.len() as u64) as usize;
        ids.get(index).map_or(0, |id| token_of(SECRET, UPSTREAM, id))
    })
}

/// Keeps others from the cache line.
#[derive(Default)]
#[repr(align(128))]
struct Padded(AtomicU32);

/// What an engine knows of a backend.
struct Backend {
    /// One for each worker.
    in_flight: Box<[Padded]>,
    latency: PeakEwma,
}

struct Engine {
    backends: Box<[Arc<Backend>]>,
    in_flight: Padded,
}

impl Engine {
    fn new(backends: usize, words: &mut Words) -> Self {
        let engine = Self {
            backends: (0..backends).map(|_| Arc::new(Backend::new(words))).collect(),
            in_flight: Padded::default(),
        };
        let total = engine.backends.iter().map(|backend| backend.in_flight()).sum();
        engine.in_flight.0.store(total, Relaxed);
        engine
    }
}

impl Backend {
    fn new(words: &mut Words) -> Self {
        let in_flight = [(); 2].map(|()| Padded(AtomicU32::new(words.below(IN_FLIGHT) as u32)));
        let latency = PeakEwma::new();
        latency.record(LATENCY_NANOS.start + words.below(LATENCY_NANOS.end - LATENCY_NANOS.start), 0);
        Self { in_flight: in_flight.into(), latency }
    }

    fn in_flight(&self) -> u32 {
        self.in_flight.iter().fold(0, |sum: u32, worker| sum.wrapping_add(worker.0.load(Relaxed)))
    }
}

/// The loads at the time of a pick.
struct Now<'a> {
    engine: &'a Engine,
    now_nanos: u64,
}

impl Loads for Now<'_> {
    fn in_flight(&self, index: usize) -> u32 {
        self.engine.backends.get(index).map_or(0, |backend| backend.in_flight())
    }

    fn latency_nanos(&self, index: usize) -> Option<u64> {
        self.engine.backends.get(index)?.latency.estimate(self.now_nanos)
    }

    fn total_in_flight(&self) -> Option<u32> {
        Some(self.engine.in_flight.0.load(Relaxed))
    }
}

/// Random words (SplitMix64).
struct Words(u64);

impl Words {
    #[inline]
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let value = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ (value >> 31)
    }

    /// Below `end`, which must not be zero, each almost equally likely.
    fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(end)) >> 64) as u64
    }
}
