//! User instructions and calls of the allocator per request, counted by valgrind's callgrind.

mod profile;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use self::profile::Profile;
use super::built::Built;
use super::counted;
use super::options::{BenchOptions, Measure};
use super::report::{self, Table, cell};
use super::scenario::Scenario;
use super::stage::Work;
use super::subject::Subject;
use crate::folder::Folder;

/// One proxy's figures.
#[derive(Serialize)]
struct Line {
    subject: Subject,
    instructions_per_request: f64,
    allocations_per_request: f64,
}

/// Counts for `subjects`, prints the table, writes the file and returns proxyd's instructions per request.
///
/// # Errors
/// When something does not start, a request fails, or callgrind leaves no profile.
pub(crate) fn measure(
    built: &Built,
    scenario: Scenario,
    subjects: &[Subject],
    (measure, options): (Measure, &BenchOptions),
) -> Result<Option<f64>> {
    let mut lines = Vec::new();
    for subject in subjects {
        let work = counted::work(scenario, *subject, options);
        let [few, many] = counted::RUNS;
        let profiles = [few, many].map(|requests| profiled(built, work, requests));
        let [short, long] = profiles;
        let (short, long) = (short.with_context(|| subject.name())?, long.with_context(|| subject.name())?);
        lines.push(Line {
            subject: *subject,
            instructions_per_request: counted::per_request([short.instructions, long.instructions]),
            allocations_per_request: counted::per_request([short.allocations, long.allocations]),
        });
    }
    println!("\n{}: counted by callgrind", scenario.name());
    let mut table = Table::new(&["proxy", "user instructions/request", "allocations/request"]);
    for line in &lines {
        table.push([
            line.subject.name().to_owned(),
            cell(Some(line.instructions_per_request), 0),
            cell(Some(line.allocations_per_request), 2),
        ]);
    }
    print!("{table}");
    let own = lines.iter().find(|line| line.subject == Subject::Proxyd);
    if let Some(own) = own {
        goals(own, scenario, measure);
    }
    let kind = if measure == Measure::Allocations { "allocations" } else { "instructions" };
    report::write(built, &format!("{kind}-{}", scenario.name()), &lines)?;
    Ok(own.map(|own| own.instructions_per_request))
}

fn goals(own: &Line, scenario: Scenario, measure: Measure) {
    if measure == Measure::Allocations {
        // A buffer that grows once in a while is not an allocation per request.
        report::goal("number of allocations per request", own.allocations_per_request, 0.01);
    } else if let Some(at_most) = scenario.instructions_goal() {
        report::goal("number of user instructions per request", own.instructions_per_request, at_most);
    }
}

/// The sum of the profiles of all processes of the proxy.
fn profiled(built: &Built, work: Work, requests: u64) -> Result<Profile> {
    let folder = Folder::new("proxyd-callgrind-")?;
    let proxy = counted::run(built, work, requests, &|line| under_callgrind(folder.path(), line))?;
    // The profile is written when the program ends.
    proxy.process.stop()?;
    sum_of(folder.path())
}

/// The user instructions of a program that ends by itself.
///
/// # Errors
/// When it cannot be run, fails, or callgrind leaves no profile.
pub(super) fn instructions(line: &[PathBuf]) -> Result<u64> {
    let folder = Folder::new("proxyd-callgrind-")?;
    let line = under_callgrind(folder.path(), line);
    let (program, arguments) = line.split_first().context("no command")?;
    let output = Command::new(program).args(arguments).output().context("cannot run valgrind")?;
    if !output.status.success() {
        bail!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(sum_of(folder.path())?.instructions)
}

/// The sum of all profiles in a folder.
fn sum_of(folder: &Path) -> Result<Profile> {
    let mut sum = Profile::default();
    for entry in fs::read_dir(folder).context("cannot list the profiles")? {
        let path = entry.context("cannot list the profiles")?.path();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        sum.add(&text);
    }
    if sum.instructions == 0 {
        bail!("callgrind left no profile");
    }
    Ok(sum)
}

fn under_callgrind(folder: &Path, line: &[PathBuf]) -> Vec<PathBuf> {
    let file = format!("--callgrind-out-file={}/%p", folder.display());
    let options = ["valgrind", "--tool=callgrind", "--quiet", "--trace-children=yes", &file];
    options.iter().map(PathBuf::from).chain(line.iter().cloned()).collect()
}
