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

/// How many connections are open when memory is read.
const STEPS: [usize; 3] = [0, 1_000, 9_000];

/// The most memory in bytes that an idle connection may take proxyd.
const GOAL: f64 = 1_500.0;

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
pub(crate) fn measure(built: &Built, subjects: &[Subject]) -> Result<()> {
    let scenario = Scenario::Idle;
    let backends = [Backend::start(built, scenario, None)?];
    let mut all = Vec::new();
    for subject in subjects {
        let work = Work { scenario, subject: *subject, connections: scenario.connections() };
        all.push(one(built, work, &backends).with_context(|| subject.name())?);
    }
    println!("\n{}: Pss with so many client connections, each after one request", scenario.name());
    print!("{}", as_table(&all));
    if let Some(own) = all.iter().find(|idle| idle.subject == Subject::Proxyd) {
        report::goal("memory per idle connection in bytes", own.pss_per_connection, GOAL);
    }
    report::write(built, scenario.name(), &all)
}

fn one(built: &Built, work: Work, backends: &[Backend]) -> Result<Idle> {
    let proxy = Proxy::start(built, work, backends, &<[_]>::to_vec)?;
    // One exchange, so that what is made once is there before the first reading.
    Load::start(built, work, proxy.port)?.order(Order::Hold { connections: 1 })?;
    let mut load = Load::start(built, work, proxy.port)?;
    let mut steps = Vec::new();
    for connections in STEPS {
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

fn as_table(all: &[Idle]) -> Table {
    let mut header = vec!["proxy".to_owned()];
    header.extend(STEPS.iter().map(|connections| format!("MB at {connections}")));
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
