use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::Instant;

use super::*;
use crate::gate::{Order, QueueSettings};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The simulations are the same each time: what is asserted of them is likely, not certain.
const SEED: u64 = 1;

/// An upstream that works on so many requests at a time and queues the others, under as many requests as the limit
/// lets in, in simulated time.
struct Simulation {
    limiter: Limiter,
    random: fastrand::Rng,
    now: u64,
    /// When each worker is free, in nanoseconds.
    workers: BinaryHeap<Reverse<u64>>,
    /// The mean time for a request without load.
    service: Duration,
    /// From 0, where all requests take the same time, to 1, where the time is exponential.
    noise: f64,
    clients: usize,
    /// The requests by their ends, and when they began.
    in_flight: BinaryHeap<Reverse<(u64, u64)>>,
}

impl Simulation {
    fn new(seed: u64, workers: usize, service: Duration, noise: f64) -> Self {
        let mut simulation = Self {
            limiter: Limiter::new(LimiterSettings::default()),
            random: fastrand::Rng::with_seed(seed),
            now: 0,
            workers: BinaryHeap::new(),
            service,
            noise,
            clients: usize::MAX,
            in_flight: BinaryHeap::new(),
        };
        simulation.set_workers(workers);
        simulation
    }

    fn set_workers(&mut self, workers: usize) {
        self.workers = (0..workers).map(|_| Reverse(self.now)).collect();
    }

    fn admit(&mut self) {
        let exponential = -(1.0 - self.random.f64()).ln();
        let service = self.service.mul_f64(1.0 + self.noise * (exponential - 1.0));
        let Reverse(free) = self.workers.pop().expect("there are workers");
        let end = free.max(self.now) + service.as_nanos() as u64;
        self.workers.push(Reverse(end));
        self.in_flight.push(Reverse((end, self.now)));
    }

    /// Goes on for some time: the share of what the upstream can do at most that it did.
    fn run(&mut self, time: Duration) -> f64 {
        let (until, mut ended) = (self.now + time.as_nanos() as u64, 0.0);
        while self.now < until {
            while self.in_flight.len() < (self.limiter.limit() as usize).min(self.clients) {
                self.admit();
            }
            let in_flight = self.in_flight.len() as u32;
            let Reverse((end, began)) = self.in_flight.pop().expect("somebody is in flight");
            self.now = end;
            ended += 1.0;
            self.limiter.record(
                Duration::from_nanos(end - began),
                in_flight,
                false,
                Duration::from_nanos(end),
            );
        }
        ended * self.service.as_secs_f64() / time.as_secs_f64() / self.workers.len() as f64
    }
}

/// Limits that keep so many workers busy, and do not queue more than needed.
fn good(workers: usize) -> std::ops::RangeInclusive<u32> {
    let workers = workers as u32;
    workers * 2 / 3..=workers * 2 + 12
}

#[test]
fn a_saturated_upstream_is_kept_busy_and_hardly_queues() {
    for (workers, service) in [(1, 20), (4, 20), (10, 5), (10, 100), (50, 20), (50, 200), (200, 100)] {
        for noise in [0.0, 0.5, 1.0] {
            let mut simulation = Simulation::new(SEED, workers, ms(service), noise);
            simulation.run(ms(120_000));
            let (mut done, mut limits) = (0.0, Vec::new());
            for _ in 0..20 {
                done += simulation.run(ms(1000)) / 20.0;
                limits.push(simulation.limiter.limit());
            }
            limits.sort_unstable();
            let at = format!("{workers} workers, {service} ms, noise {noise}: {done:.2}, {limits:?}");
            assert!(done >= 0.9, "{at}");
            assert!(good(workers).contains(&limits[10]), "{at}");
        }
    }
}

#[track_caller]
fn check_step(name: &str, workers: usize, change: impl Fn(&mut Simulation)) {
    for noise in [0.0, 0.5, 1.0] {
        let mut simulation = Simulation::new(SEED, 50, ms(20), noise);
        simulation.run(ms(20_000));
        change(&mut simulation);
        simulation.run(ms(120_000));
        let done = simulation.run(ms(20_000));
        let limit = simulation.limiter.limit();
        let at = format!("{name}, noise {noise}: {done:.2} with {limit}");
        assert!(done >= 0.9, "{at}");
        assert!(limit <= *good(workers).end(), "{at}");
    }
}

#[test]
fn an_upstream_that_gets_slower_for_good_is_taken_as_it_is() {
    for factor in [2, 4, 10] {
        check_step(&format!("{factor} times slower"), 50, |simulation| simulation.service *= factor);
    }
}

#[test]
fn an_upstream_that_gets_slower_is_kept_busy_meanwhile() {
    for factor in [2, 4, 10] {
        for workers in [50, 200] {
            let mut simulation = Simulation::new(SEED, workers, ms(20), 0.0);
            simulation.run(ms(30_000));
            simulation.service *= factor;
            let done = simulation.run(ms(30_000));
            assert!(done > 0.8, "{factor} times slower, {workers} workers: {done:.2}");
        }
    }
}

#[test]
fn an_upstream_that_gets_faster_is_taken_as_it_is() {
    check_step("4 times faster", 200, |simulation| simulation.service /= 4);
}

#[test]
fn an_upstream_that_takes_fewer_at_a_time_gets_fewer() {
    check_step("a quarter", 12, |simulation| simulation.set_workers(12));
}

#[test]
fn an_upstream_that_takes_more_at_a_time_gets_more() {
    check_step("4 times as many", 200, |simulation| simulation.set_workers(200));
}

#[test]
fn a_limit_that_is_not_used_stays() {
    let mut simulation = Simulation::new(SEED, 50, ms(20), 0.0);
    simulation.clients = 10;
    for _ in 0..20 {
        simulation.run(ms(1000));
        assert_eq!(simulation.limiter.limit(), 20);
        simulation.service += ms(5);
    }
}

/// Windows of 32 samples; the last limit.
fn record(limiter: &mut Limiter, now: &mut Duration, windows: u32, rtt: Duration, failed: bool) -> u32 {
    for _ in 0..windows {
        let in_flight = limiter.limit();
        while limiter.record(rtt, in_flight, failed, *now).is_none() {
            *now += ms(5);
        }
    }
    limiter.limit()
}

#[test]
fn failures_take_the_limit_down_to_its_least() {
    let mut limiter = Limiter::new(LimiterSettings::default());
    let mut now = ms(0);
    let grown = record(&mut limiter, &mut now, 30, ms(10), false);
    assert!(grown > 50, "{grown}");
    let fallen = record(&mut limiter, &mut now, 30, ms(15_000), true);
    assert_eq!(fallen, 4);
    assert!(record(&mut limiter, &mut now, 30, ms(10), false) > 50, "and it recovers");
}

#[test]
fn the_quickest_of_the_first_requests_are_no_base() {
    let mut limiter = Limiter::new(LimiterSettings::default());
    let mut now = ms(0);
    assert_eq!(record(&mut limiter, &mut now, 1, ms(1), false), 20);
    let grown = record(&mut limiter, &mut now, 10, ms(10), false);
    assert!(grown > 30, "{grown}");
}

#[test]
fn the_limit_begins_and_stays_within_its_bounds() {
    for (initial, expected) in [(0, 5), (7, 7), (100, 50)] {
        let settings = LimiterSettings { min: 5, max: 50, initial, tolerance: 1.5 };
        assert_eq!(Limiter::new(settings).limit(), expected);
    }
    let settings = LimiterSettings { min: 0, max: 0, initial: 0, tolerance: 1.5 };
    assert_eq!(Limiter::new(settings).limit(), 1, "one is let in whatever the bounds");
}

#[test]
fn a_trial_halves_the_limit_at_most_and_is_followed_by_the_limit_before() {
    let mut simulation = Simulation::new(SEED, 50, ms(20), 0.5);
    simulation.run(ms(30_000));
    let (mut trials, mut before) = (Vec::new(), simulation.limiter.limit());
    let until = simulation.now + 60_000_000_000;
    while simulation.now < until {
        simulation.run(ms(1));
        let limit = simulation.limiter.limit();
        let is_trial = simulation.limiter.before_trial.is_some();
        match trials.last().copied() {
            Some((from, false)) if !is_trial => {
                trials.pop();
                trials.push((from, true));
                assert_eq!(limit, from);
            }
            Some((_, true)) | None if is_trial => {
                assert!((before / 2..=before * 9 / 10).contains(&limit), "{limit} after {before}");
                trials.push((before, false));
            }
            _ => {}
        }
        before = limit;
    }
    assert!((3..=6).contains(&trials.len()), "{} in a minute", trials.len());
}

#[test]
fn a_long_walk_stays_within_the_bounds() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let settings = LimiterSettings { min: 3, max: 200, initial: 20, tolerance: 1.25 };
    let mut limiter = Limiter::new(settings);
    let (mut now, mut limits) = (ms(0), Vec::new());
    for step in 0..100_000 {
        now += Duration::from_micros(random.u64(0..20_000));
        let rtt = match random.u8(0..20) {
            0 => Duration::ZERO,
            1 => Duration::MAX,
            _ => Duration::from_nanos(1 << random.u32(10..38)),
        };
        let in_flight = if random.bool() { limiter.limit() } else { random.u32(..) };
        let share = (step / 1000 % 4) * 3;
        if let Some(limit) = limiter.record(rtt, in_flight, random.u32(0..10) < share, now) {
            limits.push(limit);
            assert_eq!(limit, limiter.limit(), "seed {seed}, step {step}");
        }
        let limit = limiter.limit;
        assert!((3.0..=200.0).contains(&limit), "seed {seed}, step {step}: {limit}");
    }
    assert!(limits.len() > 100, "seed {seed}: {}", limits.len());
    assert!(limits.iter().max() > limits.iter().min(), "seed {seed}");
}

#[test]
fn a_gate_gets_the_limit_that_was_learnt() {
    let queue = QueueSettings::new(10, Order::Adaptive, ms(1000));
    let gate = Arc::new(Gate::new(20, queue, Instant::now()));
    let auto = AutoLimit::new(LimiterSettings::default());
    let passes: Vec<_> = std::iter::from_fn(|| gate.try_enter()).collect();
    for sample in 0..1000 {
        auto.record(&gate, Some, (ms(10), false), ms(sample));
    }
    assert!(gate.limit() > 20, "{}", gate.limit());
    assert_eq!(gate.limit(), auto.limit());
    drop(passes);
}

#[test]
fn a_sample_that_comes_while_another_is_recorded_is_skipped() {
    let gate = Gate::new(20, QueueSettings::new(10, Order::Adaptive, ms(1000)), Instant::now());
    let auto = AutoLimit::new(LimiterSettings::default());
    let held = auto.limiter.lock().unwrap();
    for sample in 0..1000 {
        auto.record(&gate, Some, (ms(10), false), ms(sample));
    }
    drop(held);
    assert_eq!(gate.limit(), 20);
    assert!(!auto.limiter.lock().unwrap().is_warm);
}
