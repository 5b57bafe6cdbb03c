//! What is printed and written of the rounds.

mod table;

use std::fs;

use anyhow::{Context, Result};
use serde::Serialize;

pub(crate) use self::table::{Table, cell};
use super::built::Built;
use super::options::BenchOptions;
use super::rounds::{Round, Series};
use super::scenario::{Goal, Scenario};
use super::subject::Subject;
use crate::workspace;

/// The JSON file of a scenario.
#[derive(Serialize)]
struct Report<'a> {
    scenario: &'static str,
    connections: u32,
    streams_per_connection: u32,
    seconds_per_round: f64,
    fixed_rate: Option<u32>,
    results: Vec<Line>,
    goals: Vec<Verdict>,
    series: &'a [Series],
}

/// The medians of one proxy.
#[derive(Serialize)]
struct Line {
    subject: Subject,
    cpu_us_per_request: f64,
    /// How many times cheaper than HAProxy, round by round.
    times_haproxy: Option<f64>,
    /// How many times cheaper than nginx, round by round.
    times_nginx: Option<f64>,
    requests_per_second: f64,
    p50_us: f64,
    p99_us: f64,
    memory_pss: u64,
    memory_rss: u64,
}

/// What came of a goal.
#[derive(Serialize)]
struct Verdict {
    peer: Subject,
    at_most: f64,
    measured: f64,
    is_met: bool,
}

/// Prints the table of `scenario` and writes its file.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn rounds(
    built: &Built,
    scenario: Scenario,
    (connections, options): (u32, &BenchOptions),
    series: &[Series],
) -> Result<()> {
    // The goals are about proxies with as much work as they can do.
    let goals = if options.fixed_rate.is_some() { &[] } else { scenario.goals() };
    let report = Report {
        scenario: scenario.name(),
        connections,
        streams_per_connection: scenario.streams(),
        seconds_per_round: options.seconds,
        fixed_rate: options.fixed_rate,
        results: series.iter().map(|own| line(own, series)).collect(),
        goals: goals.iter().filter_map(|goal| verdict(*goal, series)).collect(),
        series,
    };
    let pace = options.fixed_rate.map_or_else(String::new, |rate| format!(", {rate} requests/s"));
    let rounds = options.rounds;
    let streams = match scenario.streams() {
        1 => String::new(),
        streams => format!(" of {streams} streams"),
    };
    println!(
        "\n{}: {connections} connections{streams}, {rounds} rounds of {} s{pace}",
        scenario.name(),
        options.seconds
    );
    print!("{}", lines_as_table(&report.results));
    for verdict in &report.goals {
        goal(&format!("CPU as a share of {}'s", verdict.peer), verdict.measured, verdict.at_most);
    }
    let suffix = if options.fixed_rate.is_some() { "-fixed-rate" } else { "" };
    write(built, &format!("{}{suffix}", scenario.name()), &report)
}

/// Prints whether proxyd reaches a goal.
pub(crate) fn goal(what: &str, measured: f64, at_most: f64) {
    let met = if measured <= at_most { "met" } else { "NOT met" };
    let decimals = if at_most < 100.0 { 2 } else { 0 };
    println!("goal {met}: proxyd's {what} is {measured:.decimals$}, and may be {at_most:.decimals$}");
}

/// Prints whether proxyd reaches a goal of which more is better.
pub(crate) fn goal_at_least(what: &str, measured: f64, at_least: f64) {
    let met = if measured >= at_least { "met" } else { "NOT met" };
    println!("goal {met}: proxyd's {what} is {measured:.2}, and must be {at_least:.2}");
}

/// Writes `report` as `<name>.json` to the results' folder, and says where.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(built: &Built, name: &str, report: &impl Serialize) -> Result<()> {
    let path = built.results.join(format!("{name}.json"));
    let mut text = serde_json::to_string_pretty(report).context("cannot write the report")?;
    text.push('\n');
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    println!("written to {}", workspace::shown(&path));
    Ok(())
}

fn line(own: &Series, all: &[Series]) -> Line {
    let median_of = |value: fn(&Round) -> f64| median(own.rounds.iter().map(value));
    let times = |peer| series_of(peer, all).map(|peer| median_ratio(peer, own));
    Line {
        subject: own.subject,
        cpu_us_per_request: median_of(|round| round.cpu_us),
        times_haproxy: times(Subject::Haproxy),
        times_nginx: times(Subject::Nginx),
        requests_per_second: median_of(|round| round.requests_per_second),
        p50_us: median_of(|round| round.p50_us),
        p99_us: median_of(|round| round.p99_us),
        memory_pss: own.memory.pss,
        memory_rss: own.memory.rss,
    }
}

fn lines_as_table(lines: &[Line]) -> Table {
    let mut table = Table::new(&[
        "proxy",
        "CPU us/request",
        "x HAProxy",
        "x nginx",
        "requests/s",
        "p50 us",
        "p99 us",
        "Pss MB",
        "Rss MB",
    ]);
    for line in lines {
        table.push([
            line.subject.name().to_owned(),
            cell(Some(line.cpu_us_per_request), 2),
            cell(line.times_haproxy, 2),
            cell(line.times_nginx, 2),
            cell(Some(line.requests_per_second), 0),
            cell(Some(line.p50_us), 0),
            cell(Some(line.p99_us), 0),
            cell(Some(line.memory_pss as f64 / 1e6), 1),
            cell(Some(line.memory_rss as f64 / 1e6), 1),
        ]);
    }
    table
}

/// proxyd's share of the peer's processor time; `None` when either was not measured.
fn verdict(goal: Goal, all: &[Series]) -> Option<Verdict> {
    let own = series_of(Subject::Proxyd, all)?;
    let (peer, at_most) = match goal {
        Goal::Peer(peer, share) => (series_of(peer, all)?, share),
        Goal::CheaperPeer(share) => {
            let peers = all.iter().filter(|series| series.subject != Subject::Proxyd);
            (peers.min_by(|a, b| cost(a).total_cmp(&cost(b)))?, share)
        }
    };
    let measured = median_ratio(own, peer);
    Some(Verdict { peer: peer.subject, at_most, measured, is_met: measured <= at_most })
}

fn series_of(subject: Subject, all: &[Series]) -> Option<&Series> {
    all.iter().find(|series| series.subject == subject)
}

fn cost(series: &Series) -> f64 {
    median(series.rounds.iter().map(|round| round.cpu_us))
}

/// The median of the ratios of `above` to `below`, each of rounds that were measured together.
pub(crate) fn median_ratio(above: &Series, below: &Series) -> f64 {
    median(above.rounds.iter().zip(&below.rounds).map(|(above, below)| above.cpu_us / below.cpu_us))
}

/// The middle value, or the mean of the two in the middle; 0 of nothing.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let (lower, upper) = (sorted.len().saturating_sub(1) / 2, sorted.len() / 2);
    match (sorted.get(lower), sorted.get(upper)) {
        (Some(lower), Some(upper)) => f64::midpoint(*lower, *upper),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests;
