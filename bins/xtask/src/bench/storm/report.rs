//! What is printed of a storm.

use super::{CHANGES, Line, ROUTES, STORM, mix};
use crate::bench::load::{Lane, Mixed};
use crate::bench::report::{self, Table, cell};
use crate::bench::scenario::Scenario;

/// The most milliseconds that 99 of 100 changes of proxyd may take until they are visible.
const VISIBLE_MS: f64 = 20.0;

/// The most that proxyd's p99 of HTTP/1.1 may be in the storm, as a multiple of that at rest.
const P99: f64 = 1.5;

/// A kind of client: what it is called, and its figures.
type Kind = (&'static str, fn(&Mixed) -> &Lane);

const KINDS: [Kind; 3] = [
    ("HTTP/1.1", |clients| &clients.http1),
    ("HTTP/2", |clients| &clients.http2),
    ("WebSocket", |clients| &clients.sockets),
];

/// Prints a table of what clients found and one of what became of connections and changes, and whether proxyd
/// reaches its goals.
pub(super) fn print(lines: &[Line]) {
    let (name, rates) = (Scenario::Storm.name(), mix(STORM));
    println!(
        "\n{name}: {} changes of {ROUTES} routes in {STORM} s; {}/s over HTTP/1.1, {}/s over HTTP/2, {}/s over \
         WebSockets",
        CHANGES.count, rates.http1, rates.http2, rates.sockets
    );
    print!("{}", latencies(lines));
    println!("\n{name}: connections and changes");
    print!("{}", connections(lines));
    println!("\n{name}: what the proxies took");
    print!("{}", costs(lines));
    for line in lines {
        for (kind, failure) in failures(line) {
            println!("the first failure of {}, {kind}: {failure}", line.subject);
        }
    }
    lines.iter().filter(|line| line.subject.is_proxyd()).for_each(goals);
}

/// The first failure of each kind of client.
fn failures(line: &Line) -> Vec<(&'static str, &str)> {
    let lanes = KINDS.iter().map(|(kind, lane)| (*kind, lane(&line.storm.clients).first_failure.as_deref()));
    let looks = [("new connections", line.changes.first_failure.as_deref())];
    lanes.chain(looks).filter_map(|(kind, failure)| Some((kind, failure?))).collect()
}

fn goals(line: &Line) {
    let clients = &line.storm.clients;
    let sum =
        |count: fn(&Lane) -> u64| KINDS.iter().map(|(_, lane)| count(lane(clients))).sum::<u64>() as f64;
    let failed = sum(|lane| lane.failed) + line.changes.failed_looks as f64;
    report::goal("number of failed requests", failed, 0.0);
    report::goal("number of connections that it ended", sum(|lane| lane.ended), 0.0);
    let worsening = clients.http1.p99_us / line.rest.clients.http1.p99_us;
    report::goal("p99 over HTTP/1.1 in the storm, as a multiple of that at rest,", worsening, P99);
    report::goal("p99 until a change is visible, in ms,", line.changes.visible.p99_ms, VISIBLE_MS);
}

fn latencies(lines: &[Line]) -> Table {
    let header = ["proxy", "clients", "rest p50 ms", "p99 ms", "max ms", "storm p50 ms", "p99 ms", "max ms"];
    let mut table = Table::new(&header);
    for line in lines {
        for (kind, lane) in KINDS {
            let phases = [lane(&line.rest.clients), lane(&line.storm.clients)];
            let millis = phases.iter().flat_map(|lane| [lane.p50_us, lane.p99_us, lane.max_us]);
            let mut row = vec![line.subject.name().to_owned(), kind.to_owned()];
            row.extend(millis.map(|micros| cell(Some(micros / 1e3), 2)));
            table.push(row);
        }
    }
    table
}

fn connections(lines: &[Line]) -> Table {
    let mut table = Table::new(&[
        "proxy",
        "failed",
        "kept ended",
        "HTTP/2 ended",
        "GOAWAY",
        "streams cut",
        "repeatable",
        "WebSockets ended",
        "visible p50 ms",
        "p99 ms",
        "max ms",
        "call p99 ms",
    ]);
    for line in lines {
        let (clients, changes) = (&line.storm.clients, &line.changes);
        let failed: u64 = KINDS.iter().map(|(_, lane)| lane(clients).failed).sum();
        table.push([
            line.subject.name().to_owned(),
            (failed + changes.failed_looks).to_string(),
            clients.http1.ended.to_string(),
            clients.http2.ended.to_string(),
            clients.http2.told.to_string(),
            clients.http2.cut.to_string(),
            clients.http2.repeatable.to_string(),
            clients.sockets.ended.to_string(),
            cell(Some(changes.visible.p50_ms), 1),
            cell(Some(changes.visible.p99_ms), 1),
            cell(Some(changes.visible.max_ms), 1),
            cell(changes.answered.map(|answered| answered.p99_ms), 1),
        ]);
    }
    table
}

fn costs(lines: &[Line]) -> Table {
    let header =
        ["proxy", "rest CPU %", "storm CPU %", "Pss MB before", "after", "processes before", "after"];
    let mut table = Table::new(&header);
    for line in lines {
        let [before, after] = line.memory.map(|memory| cell(Some(memory.pss as f64 / 1e6), 1));
        let processes = line.processes.map(|processes| processes.to_string());
        let [fewer, more] = processes;
        table.push([
            line.subject.name().to_owned(),
            cell(Some(line.rest.cores * 1e2), 1),
            cell(Some(line.storm.cores * 1e2), 1),
            before,
            after,
            fewer,
            more,
        ]);
    }
    table
}

#[cfg(test)]
mod tests;
