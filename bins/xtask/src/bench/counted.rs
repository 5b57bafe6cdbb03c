//! Counting by difference: two runs of different length under a program that counts.
//!
//! What a proxy does once, such as starting, is the same in both runs and cancels out.

use anyhow::Result;

use super::load::Order;
use super::options::BenchOptions;
use super::scenario::Scenario;
use super::stage::{Backend, Load, Proxy, Work};
use super::{built::Built, stage::Wrapper, subject::Subject};

/// Requests of the short run and of the long one.
pub(crate) const RUNS: [u64; 2] = [1_000, 9_000];

/// The work of `subject`, with as many connections as the user wants.
pub(crate) fn work(scenario: Scenario, subject: Subject, options: &BenchOptions) -> Work {
    let connections = options.connections.unwrap_or_else(|| scenario.connections());
    Work { connections, ..Work::new(scenario, subject) }
}

/// Has the proxy of `work`, wrapped by `wrap`, answer `requests`, and returns it as it then runs.
///
/// # Errors
/// When something does not start or a request fails.
pub(crate) fn run(built: &Built, work: Work, requests: u64, wrap: Wrapper<'_>) -> Result<Proxy> {
    let backends = [Backend::start(built, work.scenario, None)?];
    let proxy = Proxy::start(built, work, &backends, wrap)?;
    let mut load = Load::start(built, work, proxy.port)?;
    load.order(Order::Connect)?;
    load.order(Order::Count { requests })?;
    Ok(proxy)
}

/// What one request costs if the runs cost so much in all.
pub(crate) fn per_request([short, long]: [u64; 2]) -> f64 {
    let [few, many] = RUNS;
    (long as f64 - short as f64) / (many - few) as f64
}
