//! Handshakes while certificates are replaced, and how soon the new ones are served.
//!
//! The files of the proxy's certificate are replaced by renaming, as tools that renew certificates do it. The
//! load generator does that itself, so that it knows when a new one is due.

use anyhow::{Context, Result};

use super::built::Built;
use super::certificates::Shelf;
use super::load::{Order, Swap};
use super::report::{self, Table, cell};
use super::scenario::Scenario;
use super::stage::{Backend, Load, Proxy, Work};
use super::subject::Subject;
use crate::folder::Folder;

/// How often the certificate is replaced.
const SWAPS: u32 = 1_000;

/// Clients per second, each of which makes a handshake and one request.
const RATE: u32 = 200;

/// The longest in milliseconds that a new certificate may take until it is shown.
const GOAL: f64 = 100.0;

/// Measures proxyd, prints the table and writes the file.
///
/// # Errors
/// When something does not start, or a certificate is never shown.
pub(crate) fn measure(built: &Built) -> Result<()> {
    let work = Work::new(Scenario::TlsSwap, Subject::Proxyd);
    let folder = Folder::new("proxyd-bench-swap-")?;
    let live = Shelf::make(folder.path())?;
    let backends = [Backend::start(built, work.scenario, None)?];
    let proxy = Proxy::certified(built, work, &backends, &[live], &<[_]>::to_vec)?;
    let mut command = Load::command(built, work, proxy.port);
    command.arg("--swaps-in").arg(folder.path());
    let tally = Load::spawn(command)?.order(Order::Swap { swaps: SWAPS, rate: RATE })?;
    let swap = tally.swap.as_ref().context("nothing was swapped")?;
    println!("\n{}: {SWAPS} certificates, {RATE} handshakes/s", work.scenario.name());
    print!("{}", as_table(tally.requests, swap));
    if let Some(failure) = &swap.first_failure {
        println!("the first failure: {failure}");
    }
    report::goal("number of failed handshakes", swap.failed as f64, 0.0);
    report::goal("longest time until a new certificate is shown, in ms,", swap.max_us / 1e3, GOAL);
    report::write(built, work.scenario.name(), &tally)
}

fn as_table(answered: u64, swap: &Swap) -> Table {
    let header = ["swaps", "answered", "failed", "p50 ms", "p99 ms", "max ms"];
    let mut table = Table::new(&header);
    let millis = |micros: f64| cell(Some(micros / 1e3), 1);
    table.push([
        swap.swaps.to_string(),
        answered.to_string(),
        swap.failed.to_string(),
        millis(swap.p50_us),
        millis(swap.p99_us),
        millis(swap.max_us),
    ]);
    table
}
