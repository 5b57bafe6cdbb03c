//! Latency with four backends of which one is slow.
//!
//! What is compared is who turns away from the slow one. Requests come at a fixed rate that the others could
//! answer alone, and a request's latency counts from when it was due.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::built::Built;
use super::options::BenchOptions;
use super::report::{self, Table, cell, median};
use super::rounds::{self, Round, Series};
use super::scenario::Scenario;
use super::stage::{Backend, Pace, Work};
use super::subject::Subject;

/// How long each backend takes, in milliseconds.
const DELAYS: [u64; 4] = [50, 1, 1, 1];

/// Requests per second. One request at a time at the slow backend is 2 % of them, which p99 sees.
const RATE: u32 = 1_000;

/// The JSON file.
#[derive(Serialize)]
struct Report<'a> {
    delays_ms: [u64; 4],
    requests_per_second: u32,
    results: Vec<Line>,
    series: &'a [Series],
}

/// The medians of one proxy.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Line {
    subject: Subject,
    p50_us: f64,
    p99_us: f64,
    max_us: f64,
}

/// Measures `subjects`, prints the table and writes the file.
///
/// # Errors
/// When something does not start or any request fails.
pub(crate) fn measure(built: &Built, subjects: &[Subject], options: &BenchOptions) -> Result<()> {
    let scenario = Scenario::Tail;
    let start = |millis: &u64| {
        let pace = Pace { delay: Duration::from_millis(*millis), at_a_time: None };
        Backend::start(built, scenario, Some(pace))
    };
    let backends = DELAYS.iter().map(start).collect::<Result<Vec<_>>>()?;
    let works = subjects.iter().map(|subject| Work::new(scenario, *subject));
    let options = BenchOptions { fixed_rate: Some(RATE), ..options.clone() };
    let series = rounds::all(built, works, &backends, &options)?;
    let results: Vec<_> = series.iter().map(line).collect();
    println!(
        "\n{}: backends that take {DELAYS:?} ms, {RATE} requests/s, {} rounds of {} s",
        scenario.name(),
        options.rounds,
        options.seconds
    );
    print!("{}", as_table(&results));
    if let Some(share) = share_of_best_peer(&results) {
        report::goal("p99 as a share of the best peer's", share, 1.0);
    }
    let report = Report { delays_ms: DELAYS, requests_per_second: RATE, results, series: &series };
    report::write(built, scenario.name(), &report)
}

fn line(series: &Series) -> Line {
    let median_of = |value: fn(&Round) -> f64| median(series.rounds.iter().map(value));
    Line {
        subject: series.subject,
        p50_us: median_of(|round| round.p50_us),
        p99_us: median_of(|round| round.p99_us),
        max_us: median_of(|round| round.max_us),
    }
}

fn as_table(lines: &[Line]) -> Table {
    let mut table = Table::new(&["proxy", "strategy", "p50 ms", "p99 ms", "max ms"]);
    for line in lines {
        let millis = |micros: f64| cell(Some(micros / 1e3), 2);
        table.push([
            line.subject.name().to_owned(),
            strategy(line.subject).to_owned(),
            millis(line.p50_us),
            millis(line.p99_us),
            millis(line.max_us),
        ]);
    }
    table
}

/// What each proxy calls the strategy that it is told to use.
fn strategy(subject: Subject) -> &'static str {
    match subject {
        Subject::Proxyd | Subject::ProxydAuto => "LEAST_LATENCY",
        Subject::HaproxyRandom => "random",
        Subject::Haproxy | Subject::HaproxySplice => "leastconn",
        Subject::Nginx => "least_conn",
    }
}

/// proxyd's p99 as a share of the lowest of its peers; `None` without proxyd or without a peer.
fn share_of_best_peer(lines: &[Line]) -> Option<f64> {
    let own = lines.iter().find(|line| line.subject.is_proxyd())?;
    let peers = lines.iter().filter(|line| !line.subject.is_proxyd());
    let best = peers.map(|line| line.p99_us).min_by(f64::total_cmp)?;
    Some(own.p99_us / best)
}

#[cfg(test)]
mod tests;
