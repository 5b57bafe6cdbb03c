//! Starting, handshakes and memory with few certificates and with many, each for a host of its own.
//!
//! Clients ask for one host after the other, and refuse a certificate that is for another one.

use std::time::Instant;

use anyhow::{Context, Result};
use serde::Serialize;

use super::built::Built;
use super::load::Order;
use super::options::BenchOptions;
use super::report::{self, Table, cell, median};
use super::rounds::{self, Runner, Series};
use super::scenario::Scenario;
use super::stage::{Backend, Load, Proxy, Work};
use super::subject::Subject;

/// How many certificates there are.
const SIZES: [u32; 3] = [10, 1_000, 10_000];

/// The most seconds that proxyd may take to start with the most certificates.
const START_GOAL: f64 = 2.0;

/// The most that a handshake may take with the most certificates, as a multiple of one with the fewest.
const HANDSHAKE_GOAL: f64 = 1.1;

/// The JSON file.
#[derive(Serialize)]
struct Report<'a> {
    results: &'a [Line],
    /// In the order of the results.
    series: &'a [Series],
}

/// What was found with so many certificates.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Line {
    certificates: u32,
    /// From when proxyd is started until a first request is answered.
    start_seconds: f64,
    /// Processor time per handshake with its request, the median.
    cpu_us: f64,
    /// The same as a multiple of that with the fewest certificates, round by round.
    times_fewest: f64,
    memory_rss: u64,
    /// More than with the fewest, per certificate more.
    bytes_per_certificate: Option<f64>,
}

/// Measures proxyd, prints the table and writes the file.
///
/// # Errors
/// When something does not start or any request fails.
pub(crate) fn measure(built: &Built, options: &BenchOptions) -> Result<()> {
    let scenario = Scenario::TlsCertificates;
    // Making them is not what is measured.
    built.certificates.first(SIZES.into_iter().max().unwrap_or_default())?;
    let backends = [Backend::start(built, scenario, None)?];
    let (mut starts, mut runners) = (Vec::new(), Vec::new());
    for size in SIZES {
        let (start, runner) =
            start(built, size, &backends).with_context(|| format!("with {size} certificates"))?;
        starts.push(start);
        runners.push(runner);
    }
    let series = rounds::in_turns(runners, options)?;
    let lines = lines(&starts, &series);
    println!("\n{}: {} rounds of {} s", scenario.name(), options.rounds, options.seconds);
    print!("{}", as_table(&lines));
    if let Some(most) = lines.last() {
        report::goal("start with the most certificates, in seconds,", most.start_seconds, START_GOAL);
        let what = "time for a handshake with the most certificates as a multiple of one with the fewest";
        report::goal(what, most.times_fewest, HANDSHAKE_GOAL);
    }
    report::write(built, scenario.name(), &Report { results: &lines, series: &series })
}

/// Starts proxyd with so many certificates, and says how many seconds that took.
fn start(built: &Built, certificates: u32, backends: &[Backend]) -> Result<(f64, Runner)> {
    let work = Work { certificates, ..Work::new(Scenario::TlsCertificates, Subject::Proxyd) };
    let begun = Instant::now();
    let proxy = Proxy::start(built, work, backends, &<[_]>::to_vec)?;
    let mut load = Load::start(built, work, proxy.port)?;
    load.order(Order::Count { requests: 1 })?;
    Ok((begun.elapsed().as_secs_f64(), Runner::new(work.subject, proxy, load)))
}

fn lines(starts: &[f64], series: &[Series]) -> Vec<Line> {
    let Some(fewest) = series.first() else { return Vec::new() };
    let measured = SIZES.iter().zip(starts).zip(series);
    let lines = measured.map(|((&certificates, &start_seconds), own)| Line {
        certificates,
        start_seconds,
        cpu_us: median(own.rounds.iter().map(|round| round.cpu_us)),
        times_fewest: report::median_ratio(own, fewest),
        memory_rss: own.memory.rss,
        bytes_per_certificate: per_certificate(certificates, own, fewest),
    });
    lines.collect()
}

/// What each certificate takes beyond the fewest; `None` if there are none.
fn per_certificate(certificates: u32, own: &Series, fewest: &Series) -> Option<f64> {
    let more = SIZES.first().and_then(|few| certificates.checked_sub(*few)).filter(|more| *more > 0)?;
    Some((own.memory.rss as f64 - fewest.memory.rss as f64) / f64::from(more))
}

fn as_table(lines: &[Line]) -> Table {
    let header =
        ["certificates", "start s", "CPU us/handshake", "x fewest", "Rss MB", "bytes per certificate"];
    let mut table = Table::new(&header);
    for line in lines {
        table.push([
            line.certificates.to_string(),
            cell(Some(line.start_seconds), 2),
            cell(Some(line.cpu_us), 1),
            cell(Some(line.times_fewest), 2),
            cell(Some(line.memory_rss as f64 / 1e6), 1),
            cell(line.bytes_per_certificate, 0),
        ]);
    }
    table
}

#[cfg(test)]
mod tests;
