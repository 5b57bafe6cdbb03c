//! `cargo xtask test`: everything that CI checks, in order.

mod deny;
mod tools;

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::api::{self, ApiOptions, Tool};
use crate::{layers, workspace};

/// How a step ended that did not fail.
enum Outcome {
    Passed,
    /// It could not be done here, for this reason, and that is no failure.
    Skipped(String),
}

/// One thing that is checked.
struct Step {
    name: &'static str,
    run: fn() -> Result<Outcome>,
}

const STEPS: &[Step] = &[
    Step { name: "format", run: format },
    Step { name: "clippy", run: clippy },
    Step { name: "layers", run: check_layers },
    Step { name: "build", run: build },
    Step { name: "tests", run: tests },
    Step { name: "API", run: api },
    Step { name: "doctests", run: doctests },
    Step { name: "docs", run: docs },
    Step { name: "bans, licences, sources", run: deny::graph },
    Step { name: "advisories", run: deny::advisories },
];

/// Runs all steps and stops at the first that fails.
///
/// # Errors
/// Names the step that failed and how to repeat it.
pub(crate) fn run() -> Result<()> {
    tools::require_compilers()?;
    let started = Instant::now();
    let mut times = Vec::new();
    for (index, step) in STEPS.iter().enumerate() {
        println!("\n==> {}/{} {}", index + 1, STEPS.len(), step.name);
        let began = Instant::now();
        let outcome = (step.run)();
        let took = began.elapsed();
        match outcome {
            Ok(Outcome::Passed) => times.push(said(step, "passed", took)),
            Ok(Outcome::Skipped(reason)) => times.push(said(step, &format!("skipped: {reason}"), took)),
            Err(error) => {
                println!("{}", said(step, "FAILED", took));
                return Err(error).with_context(|| format!("step `{}` failed", step.name));
            }
        }
        println!("{}", times.last().map_or("", String::as_str));
    }
    println!("\n==> all steps\n{}", times.join("\n"));
    println!("everything passed in {:.1} s", started.elapsed().as_secs_f64());
    Ok(())
}

fn said(step: &Step, outcome: &str, took: Duration) -> String {
    format!("    {:<24} {:>7.1} s  {outcome}", step.name, took.as_secs_f64())
}

fn format() -> Result<Outcome> {
    tools::require_component("fmt", "rustfmt")?;
    must_pass(workspace::cargo()?.args(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<Outcome> {
    tools::require_component("clippy", "clippy")?;
    must_pass(workspace::cargo()?.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn check_layers() -> Result<Outcome> {
    layers::run()?;
    Ok(Outcome::Passed)
}

/// Builds what the `tests` package drives, with the flags that share their work with the next step:
/// the same packages and targets mean the same features, so nothing is built twice.
fn build() -> Result<Outcome> {
    must_pass(workspace::cargo()?.args(["build", "--workspace", "--lib", "--bins", "--tests", "--examples"]))
}

/// The runner's closing line, which counts the tests, goes to the terminal as it is.
fn tests() -> Result<Outcome> {
    tools::require_peers()?;
    let mut cargo = workspace::cargo()?;
    if tools::answers(&["nextest", "--version"])? {
        cargo.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
    } else {
        println!("    cargo-nextest is not installed; cargo test does the same, one crate after the other");
        cargo.args(["test", "--workspace", "--lib", "--bins", "--tests", "--examples", "--no-fail-fast"]);
    }
    must_pass(&mut cargo)
}

/// The API as its OpenAPI document has it. The tool comes from the network, and needs Python.
fn api() -> Result<Outcome> {
    match Tool::get() {
        Ok(tool) => api::ask(&tool, &ApiOptions::default()).map(|()| Outcome::Passed),
        Err(error) => Ok(Outcome::Skipped(format!("{error:#}"))),
    }
}

fn doctests() -> Result<Outcome> {
    must_pass(workspace::cargo()?.args(["test", "--doc", "--workspace", "--no-fail-fast"]))
}

fn docs() -> Result<Outcome> {
    let mut cargo = workspace::cargo()?;
    must_pass(cargo.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Runs `command` with our terminal.
fn must_pass(command: &mut Command) -> Result<Outcome> {
    let shown = shown(command);
    println!("    {shown}");
    let status = command.status().with_context(|| format!("cannot run {shown}"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(Outcome::Passed)
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| argument.to_string_lossy());
    let words: Vec<_> = std::iter::once("cargo".into()).chain(arguments).collect();
    words.join(" ")
}
