//! What is printed of the surges.

use serde::Serialize;

use super::{OVERLOAD, PATIENCE, Phase, Round, Series};
use crate::bench::report::{self, Table, cell, median};
use crate::bench::scenario::Scenario;
use crate::bench::subject::Subject;

/// The least of its peak that proxyd must still answer in time.
const GOODPUT: f64 = 0.9;

/// The most milliseconds for 99 of 100 refusals of requests that did not wait.
const REFUSAL_MS: f64 = 10.0;

/// One of the surges of a round.
type Which = fn(&Round) -> &Phase;

/// The medians of one proxy in one kind of surge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Line {
    goodput: f64,
    /// Round by round.
    share_of_peak: f64,
    p50_ms: f64,
    p99_ms: f64,
    refused: f64,
    refused_p99_ms: f64,
    refused_at_once: f64,
    refused_at_once_p99_ms: f64,
    given_up: f64,
    failed: f64,
}

/// Prints a table for each kind of surge, and whether proxyd reaches its goals.
pub(super) fn print(series: &[Series], seconds: f64) {
    let rounds = series.first().map_or(0, |one| one.rounds.len());
    let name = Scenario::Overload.name();
    println!("\n{name}: {rounds} rounds, clients give up after {PATIENCE} s");
    let mut peaks = Table::new(&["proxy", "peak/s"]);
    for one in series {
        let peak = median(one.rounds.iter().map(|round| round.peak));
        peaks.push([one.subject.name().to_owned(), cell(Some(peak), 0)]);
    }
    print!("{peaks}");
    let surges: [(f64, Which); 2] = [(1.0, |round| &round.once), (OVERLOAD, |round| &round.thrice)];
    for (times, phase) in surges {
        println!("\n{name}: with {times} times the peak");
        let lines: Vec<_> =
            series.iter().map(|one| (one.subject, line(&one.rounds, seconds, phase))).collect();
        print!("{}", as_table(&lines));
        for (subject, line) in lines.iter().filter(|(subject, _)| times > 1.0 && subject.is_proxyd()) {
            goals(*subject, line);
        }
    }
    for one in series {
        let surges = one.rounds.iter().flat_map(|round| [&round.once, &round.thrice]);
        if let Some(failure) = surges.filter_map(|phase| phase.others.first_failure.as_ref()).next() {
            println!("the first failure of {}: {failure}", one.subject);
        }
    }
}

fn goals(subject: Subject, line: &Line) {
    let limit =
        if subject == Subject::ProxydAuto { "with maxRequests: auto" } else { "with reqActiveLength" };
    let goodput =
        format!("share of its peak that is answered in time at {OVERLOAD} times the peak, {limit},");
    report::goal_at_least(&goodput, line.share_of_peak, GOODPUT);
    if line.refused_at_once > 0.0 {
        let refusal = format!("p99 of refusals at once in ms, {limit},");
        report::goal(&refusal, line.refused_at_once_p99_ms, REFUSAL_MS);
    }
}

/// The medians of one kind of surge; counts are per second of a window of `seconds` times [`super::WINDOW`].
fn line(rounds: &[Round], seconds: f64, phase: Which) -> Line {
    let of = |value: fn(&Phase) -> f64| median(rounds.iter().map(|round| value(phase(round))));
    let window = seconds * super::WINDOW;
    Line {
        goodput: of(|phase| phase.goodput),
        share_of_peak: median(rounds.iter().map(|round| phase(round).goodput / round.peak)),
        p50_ms: of(|phase| phase.p50_us) / 1e3,
        p99_ms: of(|phase| phase.p99_us) / 1e3,
        refused: of(|phase| phase.others.refused as f64) / window,
        refused_p99_ms: of(|phase| phase.others.refused_p99_us) / 1e3,
        refused_at_once: of(|phase| phase.others.refused_at_once as f64) / window,
        refused_at_once_p99_ms: of(|phase| phase.others.refused_at_once_p99_us) / 1e3,
        given_up: of(|phase| phase.others.given_up as f64) / window,
        failed: of(|phase| phase.others.failed as f64) / window,
    }
}

fn as_table(lines: &[(Subject, Line)]) -> Table {
    let mut table = Table::new(&[
        "proxy",
        "in time/s",
        "of peak",
        "p50 ms",
        "p99 ms",
        "503/s",
        "p99 ms",
        "at once/s",
        "p99 ms",
        "given up/s",
        "failed/s",
    ]);
    for (subject, line) in lines {
        let latency = |count: f64, millis: f64| cell((count > 0.0).then_some(millis), 1);
        table.push([
            subject.name().to_owned(),
            cell(Some(line.goodput), 0),
            cell(Some(line.share_of_peak), 2),
            latency(line.goodput, line.p50_ms),
            latency(line.goodput, line.p99_ms),
            cell(Some(line.refused), 0),
            latency(line.refused, line.refused_p99_ms),
            cell(Some(line.refused_at_once), 0),
            latency(line.refused_at_once, line.refused_at_once_p99_ms),
            cell(Some(line.given_up), 0),
            cell(Some(line.failed), 0),
        ]);
    }
    table
}

#[cfg(test)]
mod tests;
