//! The memory of client connections that wait for their next request.

use anyhow::{Context, Result};
use serde::Serialize;

use super::built::Built;
use super::load::Order;
use super::report::{self, Table, cell};
use super::scenario::Scenario;
use super::stage::{Backend, Load, Proxy, Work};
use super::subject::Subject;
use crate::procfs::Memory;

/// How many connections are open when memory is read, and the most in bytes that each of the last may take
/// proxyd.
#[derive(Clone, Copy, Debug)]
struct Recipe {
    steps: &'static [usize],
    goal: f64,
}

const CLEAR: Recipe = Recipe { steps: &[0, 1_000, 9_000], goal: 1_500.0 };

const OVER_TLS: Recipe = Recipe { steps: &[0, 1_000], goal: 20_000.0 };

/// One proxy's memory at each step.
#[derive(Serialize)]
struct Idle {
    subject: Subject,
    /// Open connections and the memory with them, in bytes.
    steps: Vec<(usize, Memory)>,
    /// Proportional memory per connection at the last step, in bytes.
    pss_per_connection: f64,
}

/// Measures `subjects` one after the other, prints the table and writes the file.
///
/// # Errors
/// When something does not start or a connection fails.
pub(crate) fn measure(built: &Built, scenario: Scenario, subjects: &[Subject]) -> Result<()> {
    let recipe = if scenario.handshakes().is_some() { OVER_TLS } else { CLEAR };
    let backends = [Backend::start(built, scenario, None)?];
    let mut all = Vec::new();
    for subject in subjects {
        let work = Work::new(scenario, *subject);
        all.push(one(built, work, &backends, recipe.steps).with_context(|| subject.name())?);
    }
    println!("\n{}: Pss with so many client connections, each after one request", scenario.name());
    print!("{}", as_table(&all, recipe.steps));
    if let Some(own) = all.iter().find(|idle| idle.subject == Subject::Proxyd) {
        report::goal("memory per idle connection in bytes", own.pss_per_connection, recipe.goal);
    }
    report::write(built, scenario.name(), &all)
}

fn one(built: &Built, work: Work, backends: &[Backend], all: &[usize]) -> Result<Idle> {
    let proxy = Proxy::start(built, work, backends, &<[_]>::to_vec)?;
    // One exchange, so that what is made once is there before the first reading.
    Load::start(built, work, proxy.port)?.order(Order::Hold { connections: 1 })?;
    let mut load = Load::start(built, work, proxy.port)?;
    let mut steps = Vec::new();
    for &connections in all {
        load.order(Order::Hold { connections })?;
        steps.push((connections, proxy.memory()?));
    }
    let pss_per_connection = match (steps.first(), steps.last()) {
        (Some((none, before)), Some((many, after))) if many > none => {
            (after.pss as f64 - before.pss as f64) / (many - none) as f64
        }
        _ => 0.0,
    };
    Ok(Idle { subject: work.subject, steps, pss_per_connection })
}

fn as_table(all: &[Idle], steps: &[usize]) -> Table {
    let mut header = vec!["proxy".to_owned()];
    header.extend(steps.iter().map(|connections| format!("MB at {connections}")));
    header.push("kB per connection".to_owned());
    let mut table = Table::new(&header.iter().map(String::as_str).collect::<Vec<_>>());
    for idle in all {
        let mut row = vec![idle.subject.name().to_owned()];
        row.extend(idle.steps.iter().map(|(_, memory)| cell(Some(memory.pss as f64 / 1e6), 1)));
        row.push(cell(Some(idle.pss_per_connection / 1e3), 2));
        table.push(row);
    }
    table
}
