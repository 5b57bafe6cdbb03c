//! Processor time, throughput and latency, in interleaved rounds.
//!
//! The proxies take turns A B C C B A, so that whatever drifts on the machine meets all of them, and
//! ratios are taken round by round. A proxy's counters are read while nothing is under way, so that no
//! request is half inside a round.

use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use super::built::Built;
use super::load::Order;
use super::options::BenchOptions;
use super::report;
use super::scenario::Scenario;
use super::stage::{Backend, Load, Proxy, Work};
use super::subject::Subject;
use crate::procfs::Memory;

/// How long a proxy is warmed up before each round, as others had the core meanwhile.
const WARM_UP: f64 = 0.25;

/// How long everything is left alone before counters are read.
const SETTLE: Duration = Duration::from_millis(5);

/// One round of one proxy.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Round {
    /// Processor time per request, user and system, in microseconds.
    pub(crate) cpu_us: f64,
    pub(crate) requests: u64,
    pub(crate) requests_per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) max_us: f64,
}

/// A proxy's rounds, in the order in which they were measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Series {
    pub(crate) subject: Subject,
    pub(crate) rounds: Vec<Round>,
    /// After the last round, in bytes.
    pub(crate) memory: Memory,
}

/// A proxy and who asks it.
pub(crate) struct Runner {
    load: Load,
    proxy: Proxy,
    series: Series,
}

/// Measures `subjects` at `scenario`, prints the table and writes the file.
///
/// # Errors
/// When something does not start or any request fails.
pub(crate) fn measure(
    built: &Built,
    scenario: Scenario,
    subjects: &[Subject],
    options: &BenchOptions,
) -> Result<()> {
    let backends = [Backend::start(built, scenario, None)?];
    let connections = options.connections.unwrap_or_else(|| scenario.connections());
    let works = subjects.iter().map(|subject| Work { connections, ..Work::new(scenario, *subject) });
    let series = all(built, works, &backends, options)?;
    report::rounds(built, scenario, (connections, options), &series)
}

/// The rounds of the proxies of all `works`, in front of the same `backends`.
///
/// # Errors
/// When a proxy does not start or any request fails.
pub(crate) fn all(
    built: &Built,
    works: impl Iterator<Item = Work>,
    backends: &[Backend],
    options: &BenchOptions,
) -> Result<Vec<Series>> {
    let runners = works.map(|work| {
        let proxy = Proxy::start(built, work, backends, &<[_]>::to_vec)?;
        let load = Load::start(built, work, proxy.port)?;
        Ok(Runner::new(work.subject, proxy, load))
    });
    in_turns(runners.collect::<Result<_>>()?, options)
}

/// The rounds of proxies that run already.
///
/// # Errors
/// When any request fails.
pub(crate) fn in_turns(mut runners: Vec<Runner>, options: &BenchOptions) -> Result<Vec<Series>> {
    for round in 0..options.rounds {
        let mut order: Vec<_> = runners.iter_mut().collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for runner in order {
            runner.round(options).with_context(|| format!("{}, round {round}", runner.series.subject))?;
        }
    }
    runners.into_iter().map(Runner::finish).collect()
}

impl Runner {
    /// `load` talks to `proxy`, which is `subject`.
    pub(crate) fn new(subject: Subject, proxy: Proxy, load: Load) -> Self {
        Self { load, proxy, series: Series { subject, rounds: Vec::new(), memory: Memory::default() } }
    }

    fn round(&mut self, options: &BenchOptions) -> Result<()> {
        let rate = options.fixed_rate;
        self.load.order(Order::Connect)?;
        self.load.order(Order::Burst { seconds: WARM_UP, rate }).context("warm-up")?;
        std::thread::sleep(SETTLE);
        let before = self.proxy.run_time()?;
        let tally = self.load.order(Order::Burst { seconds: options.seconds, rate })?;
        std::thread::sleep(SETTLE);
        let spent = self.proxy.run_time()?.saturating_sub(before);
        let requests = tally.requests as f64;
        self.series.rounds.push(Round {
            cpu_us: spent.as_secs_f64() * 1e6 / requests,
            requests: tally.requests,
            requests_per_second: requests / tally.seconds,
            p50_us: tally.p50_us,
            p99_us: tally.p99_us,
            max_us: tally.max_us,
        });
        Ok(())
    }

    fn finish(mut self) -> Result<Series> {
        self.series.memory = self.proxy.memory()?;
        Ok(self.series)
    }
}
