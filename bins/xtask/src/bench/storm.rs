//! What it costs clients that a proxy is changed, ten times a second.
//!
//! proxyd is changed by its API, its peers by a new configuration and a signal, as their users do it. Clients
//! of all kinds come at fixed rates, at less than a third of what a saturated proxy answers: first while nothing is
//! changed, then while 200 changes are made, every other one of the route that they all use.

mod report;

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde::Serialize;

use super::built::Built;
use super::change::{Call, Changes, Made, Stand};
use super::load::{Mix, Mixed, Order};
use super::scenario::Scenario;
use super::stage::{Backend, Load, Work};
use super::subject::Subject;
use super::subject::changing::Layout;
use crate::procfs::Memory;

/// Routes, of which clients use the first.
const ROUTES: u32 = 100;

const CHANGES: Changes =
    Changes { count: 200, interval: Duration::from_millis(100), call: Call::Patch, route };

/// Seconds that do not count, in which connections are opened.
const LEAD_IN: f64 = 1.0;

/// Seconds in which nothing is changed.
const REST: f64 = 10.0;

/// Seconds in which changes are made.
const STORM: f64 = 20.0;

/// How long everything is left alone before counters are read.
const SETTLE: Duration = Duration::from_millis(200);

/// One proxy's figures.
#[derive(Clone, Debug, Serialize)]
struct Line {
    subject: Subject,
    rest: Phase,
    storm: Phase,
    changes: Made,
    /// In bytes, before the first change and after the last.
    memory: [Memory; 2],
    /// Before the first change and after the last.
    processes: [usize; 2],
}

/// What clients found in one phase.
#[derive(Clone, Debug, Serialize)]
struct Phase {
    clients: Mixed,
    /// The processor time of the proxy, in seconds per second.
    cores: f64,
}

/// Measures `subjects` one after the other, prints the tables and writes the file.
///
/// # Errors
/// When something does not start, a request fails while nothing is changed, or a change is never visible.
pub(crate) fn measure(built: &Built, subjects: &[Subject]) -> Result<()> {
    let mut lines = Vec::new();
    for subject in subjects {
        lines.push(one(built, *subject).with_context(|| subject.name())?);
    }
    report::print(&lines);
    super::report::write(built, Scenario::Storm.name(), &lines)
}

/// The requests of `seconds`.
fn mix(seconds: f64) -> Mix {
    Mix { seconds, http1: 3_000, http2: 1_500, sockets: 500 }
}

/// The route that the change `turn` alters: the one that clients use, or one of the others in turn.
fn route(turn: u32) -> u32 {
    if turn % 2 == 1 { 0 } else { 1 + turn / 2 % (ROUTES - 1) }
}

fn one(built: &Built, subject: Subject) -> Result<Line> {
    let backend = Backend::start(built, Scenario::Storm, None)?;
    let mut stand = Stand::start(built, subject, &backend, (Layout::Paths, ROUTES))?;
    let mut load = stand.load(built, Work::new(Scenario::Storm, subject))?;
    load.order(Order::Mix(mix(LEAD_IN))).context("lead-in")?;
    let rest = phase(&mut load, &mut stand, REST, |_| Ok(()))?.0;
    for lane in [&rest.clients.http1, &rest.clients.http2, &rest.clients.sockets] {
        if let Some(failure) = &lane.first_failure {
            bail!("{} requests failed while nothing was changed; the first: {failure}", lane.failed);
        }
    }
    let before = stand.memory()?;
    let (storm, changes) = phase(&mut load, &mut stand, STORM, |stand| CHANGES.make(stand))?;
    let after = stand.memory()?;
    let (memory, processes) = ([before.0, after.0], [before.1, after.1]);
    Ok(Line { subject, rest, storm, changes, memory, processes })
}

/// Has clients send for `seconds`, and does `meanwhile`.
fn phase<T: Send>(
    load: &mut Load,
    stand: &mut Stand,
    seconds: f64,
    meanwhile: impl FnOnce(&mut Stand) -> Result<T> + Send,
) -> Result<(Phase, T)> {
    let before = stand.run_time()?;
    let (tally, made) = thread::scope(|scope| {
        let making = scope.spawn(|| meanwhile(stand));
        let tally = load.order(Order::Mix(mix(seconds)));
        let made = making.join().map_err(|_| anyhow!("who makes the changes crashed"))?;
        Ok::<_, anyhow::Error>((tally?, made?))
    })?;
    thread::sleep(SETTLE);
    let spent = stand.run_time()?.saturating_sub(before);
    let clients = tally.mixed.context("clients tell nothing of each other")?;
    Ok((Phase { clients, cores: spent.as_secs_f64() / seconds }, made))
}

#[cfg(test)]
mod tests;
