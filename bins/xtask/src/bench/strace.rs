//! System calls per request, counted by strace.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use serde::Serialize;

use super::built::Built;
use super::options::BenchOptions;
use super::report::{self, Table, cell};
use super::scenario::Scenario;
use super::stage::Work;
use super::subject::Subject;
use super::{MEASURED_CORE, counted};
use crate::folder::Folder;
use crate::{process, procfs};

/// How often each system call was made.
type Calls = BTreeMap<String, u64>;

/// One proxy's figures.
#[derive(Serialize)]
struct Line {
    subject: Subject,
    calls_per_request: f64,
    /// The same by system call, for those that happen at least once in 1,000 requests.
    each: BTreeMap<String, f64>,
}

/// Counts for `subjects`, prints the table and writes the file.
///
/// # Errors
/// When something does not start, a request fails, or strace leaves no summary.
pub(crate) fn measure(
    built: &Built,
    scenario: Scenario,
    subjects: &[Subject],
    options: &BenchOptions,
) -> Result<()> {
    let mut lines = Vec::new();
    for subject in subjects {
        let work = counted::work(scenario, *subject, options);
        let [few, many] = counted::RUNS;
        let short = traced(built, work, few).with_context(|| subject.name())?;
        let long = traced(built, work, many).with_context(|| subject.name())?;
        lines.push(line(*subject, &short, &long));
    }
    println!("\n{}: counted by strace", scenario.name());
    let mut table = Table::new(&["proxy", "system calls/request", "which"]);
    for line in &lines {
        let which = line.each.iter().map(|(name, count)| format!("{name} {count:.2}"));
        table.push([
            line.subject.name().to_owned(),
            cell(Some(line.calls_per_request), 2),
            which.collect::<Vec<_>>().join(", "),
        ]);
    }
    print!("{table}");
    if let (Some(own), Some(at_most)) =
        (lines.iter().find(|line| line.subject == Subject::Proxyd), scenario.syscalls_goal())
    {
        report::goal("number of system calls per request", own.calls_per_request, at_most);
    }
    report::write(built, &format!("syscalls-{}", scenario.name()), &lines)
}

fn line(subject: Subject, short: &Calls, long: &Calls) -> Line {
    let per_request =
        |name: &String, many: &u64| counted::per_request([short.get(name).copied().unwrap_or(0), *many]);
    let each: BTreeMap<_, _> =
        long.iter().map(|(name, many)| (name.clone(), per_request(name, many))).collect();
    Line {
        subject,
        calls_per_request: each.values().sum(),
        each: each.into_iter().filter(|(_, count)| *count >= 0.001).collect(),
    }
}

fn traced(built: &Built, work: Work, requests: u64) -> Result<Calls> {
    let folder = Folder::new("proxyd-strace-")?;
    let summary = folder.path().join("summary");
    let mut proxy = counted::run(built, work, requests, &|line| under_strace(built, &summary, line))?;
    // strace would let go of the proxy if it were told to end, so the proxy is, and strace follows.
    let strace = proxy.process.pid();
    let traced = procfs::tree(strace)?.get(1).copied().context("strace has no child")?;
    process::send(traced, Signal::TERM);
    proxy.process.wait_for(Duration::from_secs(40))?;
    let text = fs::read_to_string(&summary).context("strace left no summary")?;
    let calls = calls_in(&text);
    if calls.is_empty() {
        bail!("strace counted nothing");
    }
    Ok(calls)
}

fn under_strace(built: &Built, summary: &Path, line: &[PathBuf]) -> Vec<PathBuf> {
    let strace = ["strace", "-f", "-c", "-o"].map(PathBuf::from);
    // The proxy is tied to strace as strace is to us.
    let core = MEASURED_CORE.to_string();
    let launcher = ["bench-exec", "--cpu", &core, "--"].map(PathBuf::from);
    let mut all = strace.to_vec();
    all.extend([summary.to_owned(), built.xtask.clone()]);
    all.extend(launcher);
    all.extend(line.iter().cloned());
    all
}

/// The rows of strace's summary: share, seconds, microseconds per call, calls, errors if any, name.
fn calls_in(summary: &str) -> Calls {
    let rows = summary.lines().filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (share, calls, name) = (fields.first()?, fields.get(3)?, fields.last()?);
        share.parse::<f64>().ok()?;
        (*name != "total").then_some(((*name).to_owned(), calls.parse().ok()?))
    });
    rows.collect()
}

#[cfg(test)]
mod tests;
