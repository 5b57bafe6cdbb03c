//! What picking a backend takes, for each built-in strategy and sets of different size.
//!
//! An example of `lb-strategies` does the picking: this program knows none of the workspace's crates.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::built::Built;
use super::options::BenchOptions;
use super::report::{self, Table, cell, median};
use super::{MEASURED_CORE, callgrind, counted};
use crate::{machine, process};

/// Backends in the set.
const SIZES: [u32; 3] = [4, 100, 1_000];

/// Picks in a run whose time is taken.
const PICKS: u64 = 1_000_000;

/// The most that a pick among the largest set may take, as a multiple of one among the smallest.
const GOALS: [(&str, f64); 3] = [("least_requests", 1.5), ("least_latency", 1.5), ("hash", 3.0)];

/// What a strategy takes, by the size of the set.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Line {
    strategy: String,
    sizes: [u32; 3],
    nanoseconds: [f64; 3],
    /// In user space; `None` where valgrind is missing.
    instructions: Option<[f64; 3]>,
}

/// Measures every built-in strategy, prints the table and writes the file.
///
/// # Errors
/// When the user asks for scenarios or proxies, or the example cannot be built or fails.
pub(crate) fn measure(options: &BenchOptions) -> Result<()> {
    let is_about_proxies = !options.scenario.is_empty() || !options.only.is_empty();
    if is_about_proxies || options.connections.is_some() || options.fixed_rate.is_some() {
        bail!("no proxy takes part in picking");
    }
    let built = Built::build(&[])?;
    let program = built.example("lb-strategies", "pick")?;
    let names = said_by(&built, &[&program])?;
    let rounds = (0..options.rounds).map(|_| round(&built, &program, &names)).collect::<Result<Vec<_>>>()?;
    let has_valgrind = machine::find("valgrind").is_some();
    if !has_valgrind {
        println!("note: valgrind is missing, so instructions are not counted");
    }
    let mut lines = Vec::new();
    for (index, strategy) in names.lines().enumerate() {
        let times = rounds.iter().filter_map(|round| round.get(index));
        let counted = has_valgrind.then(|| instructions(&program, strategy)).transpose()?;
        lines.push(line(strategy, &times, counted));
    }
    println!("\npick: {} rounds of {PICKS} picks", options.rounds);
    print!("{}", as_table(&lines));
    GOALS.iter().for_each(|goal| print_goal(*goal, &lines));
    report::write(&built, "pick", &lines)
}

/// Nanoseconds per pick of all strategies in `names`, one after the other.
fn round(built: &Built, program: &Path, names: &str) -> Result<Vec<[f64; 3]>> {
    let mut all = Vec::new();
    for strategy in names.lines() {
        let mut nanoseconds = [0.0; 3];
        for (place, size) in nanoseconds.iter_mut().zip(SIZES) {
            let (size, picks) = (PathBuf::from(size.to_string()), PathBuf::from(PICKS.to_string()));
            let said = said_by(built, &[program, strategy.as_ref(), &size, &picks])?;
            *place = said.trim().parse().with_context(|| format!("{strategy} took {said}"))?;
        }
        all.push(nanoseconds);
    }
    Ok(all)
}

/// What the program of `line` prints, on the core that is measured.
fn said_by(built: &Built, line: &[impl AsRef<Path>]) -> Result<String> {
    let (program, arguments) = line.split_first().context("no command")?;
    let mut command = process::pinned(&built.xtask, MEASURED_CORE, program.as_ref());
    command.args(arguments.iter().map(AsRef::as_ref));
    let output = command.output().context("cannot run the example")?;
    if !output.status.success() {
        bail!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("the example says no text")
}

/// User instructions per pick.
fn instructions(program: &Path, strategy: &str) -> Result<[f64; 3]> {
    let mut counts = [0.0; 3];
    for (place, size) in counts.iter_mut().zip(SIZES) {
        let [short, long] = counted::RUNS.map(|picks| {
            let arguments = [strategy.to_owned(), size.to_string(), picks.to_string()];
            let arguments = arguments.iter().map(PathBuf::from);
            callgrind::instructions(&std::iter::once(program.to_owned()).chain(arguments).collect::<Vec<_>>())
        });
        *place = counted::per_request([short?, long?]);
    }
    Ok(counts)
}

fn line<'a>(
    strategy: &str,
    times: &(impl Iterator<Item = &'a [f64; 3]> + Clone),
    instructions: Option<[f64; 3]>,
) -> Line {
    let of = |size: usize| median(times.clone().filter_map(|time| time.get(size).copied()));
    let nanoseconds = [of(0), of(1), of(2)];
    Line { strategy: strategy.to_owned(), sizes: SIZES, nanoseconds, instructions }
}

fn as_table(lines: &[Line]) -> Table {
    let mut header = vec!["strategy".to_owned()];
    for unit in ["ns", "instructions"] {
        header.extend(SIZES.iter().map(|size| format!("{unit} at {size}")));
        header.push("growth".to_owned());
    }
    let mut table = Table::new(&header.iter().map(String::as_str).collect::<Vec<_>>());
    for line in lines {
        let mut row = vec![line.strategy.clone()];
        for (figures, decimals) in [(Some(line.nanoseconds), 1), (line.instructions, 0)] {
            row.extend((0..SIZES.len()).map(|size| cell(figures.map(|figures| figures[size]), decimals)));
            row.push(cell(figures.map(growth), 2));
        }
        table.push(row);
    }
    table
}

/// What a pick among the largest set takes, as a multiple of one among the smallest.
fn growth([smallest, _, largest]: [f64; 3]) -> f64 {
    largest / smallest
}

fn print_goal((strategy, at_most): (&str, f64), lines: &[Line]) {
    let Some(line) = lines.iter().find(|line| line.strategy == strategy) else { return };
    let [small, _, large] = SIZES;
    let what = |unit| format!("{unit} of {strategy} among {large} backends, as a multiple of {small},");
    report::goal(&what("time"), growth(line.nanoseconds), at_most);
    if let Some(instructions) = line.instructions {
        report::goal(&what("number of instructions"), growth(instructions), at_most);
    }
}

#[cfg(test)]
mod tests;
