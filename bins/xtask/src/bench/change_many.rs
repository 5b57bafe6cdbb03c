//! Changing one of many routes by the API of proxyd, and what that costs clients.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use serde::Serialize;

use super::built::Built;
use super::change::{Call, Changes, Made, Spread, Stand};
use super::load::{Order, Tally};
use super::report::{self, Table, cell};
use super::scenario::Scenario;
use super::stage::{Backend, Load, Work};
use super::subject::Subject;
use super::subject::changing::Layout;
use crate::procfs::Memory;

/// Routes, each with a host of its own. Clients use the first, which is the one that is changed.
const ROUTES: u32 = 10_000;

const CHANGES: Changes =
    Changes { count: 200, interval: Duration::from_millis(100), call: Call::Put, route: |_| 0 };

/// Requests per second.
const RATE: u32 = 6_000;

/// Seconds that do not count.
const LEAD_IN: f64 = 1.0;

/// Seconds in which nothing is changed.
const REST: f64 = 10.0;

/// Seconds in which changes are made.
const BUSY: f64 = 20.0;

/// The most milliseconds that 99 of 100 changes may take until they are visible.
const VISIBLE_MS: f64 = 20.0;

/// The most that p99 may be while changes are made, as a multiple of that at rest.
const P99: f64 = 1.5;

/// What was found.
#[derive(Clone, Debug, Serialize)]
struct Found {
    routes: u32,
    requests_per_second: u32,
    changes: Made,
    rest: Tally,
    busy: Tally,
    /// In bytes, before the first change and after the last.
    memory: [Memory; 2],
}

/// Measures proxyd, prints the tables and writes the file.
///
/// # Errors
/// When something does not start, any request fails, or a change is refused or never visible.
pub(crate) fn measure(built: &Built) -> Result<()> {
    let found = find(built)?;
    let name = Scenario::ChangeMany.name();
    println!("\n{name}: {} changes of one of {ROUTES} routes in {BUSY} s, {RATE} requests/s", CHANGES.count);
    print!("{}", times(&found));
    println!();
    print!("{}", costs(&found));
    if let Some(failure) = &found.changes.first_failure {
        println!("the first failure on a new connection: {failure}");
    }
    let visible = found.changes.visible.p99_ms;
    report::goal("number of failed requests", found.changes.failed_looks as f64, 0.0);
    report::goal("p99 until a change is visible, in ms,", visible, VISIBLE_MS);
    let worsening = found.busy.p99_us / found.rest.p99_us;
    report::goal("p99 while changes are made, as a multiple of that at rest,", worsening, P99);
    report::write(built, name, &found)
}

fn find(built: &Built) -> Result<Found> {
    let (scenario, subject) = (Scenario::ChangeMany, Subject::Proxyd);
    let backend = Backend::start(built, scenario, None)?;
    let mut stand = Stand::start(built, subject, &backend, (Layout::Hosts, ROUTES))?;
    let mut load = Load::start(built, Work::new(scenario, subject), stand.port())?;
    let send = |seconds| Order::Burst { seconds, rate: Some(RATE) };
    load.order(Order::Connect)?;
    load.order(send(LEAD_IN)).context("lead-in")?;
    let rest = load.order(send(REST)).context("at rest")?;
    let (before, _) = stand.memory()?;
    let (busy, changes) = thread::scope(|scope| {
        let making = scope.spawn(|| CHANGES.make(&mut stand));
        let busy = load.order(send(BUSY)).context("while changes are made");
        let made = making.join().map_err(|_| anyhow!("who makes the changes crashed"))?;
        Ok::<_, anyhow::Error>((busy?, made?))
    })?;
    let (after, _) = stand.memory()?;
    let (routes, requests_per_second) = (ROUTES, RATE);
    Ok(Found { routes, requests_per_second, changes, rest, busy, memory: [before, after] })
}

fn times(found: &Found) -> Table {
    let mut table = Table::new(&["", "p50 ms", "p99 ms", "max ms"]);
    let of = |tally: &Tally| Spread {
        p50_ms: tally.p50_us / 1e3,
        p99_ms: tally.p99_us / 1e3,
        max_ms: tally.max_us / 1e3,
    };
    let rows = [
        ("a change is answered", found.changes.answered.unwrap_or_default()),
        ("a change is visible", found.changes.visible),
        ("requests at rest", of(&found.rest)),
        ("requests meanwhile", of(&found.busy)),
    ];
    for (what, Spread { p50_ms, p99_ms, max_ms }) in rows {
        let mut row = vec![what.to_owned()];
        row.extend([p50_ms, p99_ms, max_ms].map(|millis| cell(Some(millis), 2)));
        table.push(row);
    }
    table
}

fn costs(found: &Found) -> Table {
    let mut table = Table::new(&["memory", "Pss MB", "Rss MB"]);
    for (when, memory) in ["before the first change", "after the last"].into_iter().zip(found.memory) {
        let megabytes = |bytes: u64| cell(Some(bytes as f64 / 1e6), 1);
        table.push([when.to_owned(), megabytes(memory.pss), megabytes(memory.rss)]);
    }
    table
}

#[cfg(test)]
mod tests;
