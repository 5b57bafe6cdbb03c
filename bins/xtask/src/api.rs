//! `cargo xtask api`: asks a running proxyd everything that its OpenAPI document allows and forbids, and compares the answers with it.
//!
//! Schemathesis makes the requests. What it does not look for is looked for here: secrets in answers and in the log, panics, and
//! whether the process is still there and ends as it should.

mod confirmer;
mod fill;
mod record;
mod specification;
mod subject;
mod tool;

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::folder::Folder;
use crate::workspace;

use self::subject::Subject;
pub(crate) use self::tool::Tool;

const SETTINGS: &str = include_str!("api/schemathesis.toml");
/// With no more random requests than usually, calls that take the same body as another one, and read it with the same code, are not
/// asked each of the thousands of its variants.
const BRIEF: &str = include_str!("api/brief.toml");
/// So many random requests are made usually.
const EXAMPLES: u32 = 10;

/// How much is asked.
#[derive(Args, Clone, Debug)]
pub(crate) struct ApiOptions {
    /// Random requests of each kind for each call of the API, beside those that its schemas have one by one.
    #[arg(long, value_name = "N", default_value_t = EXAMPLES, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) examples: u32,

    /// What the random requests are made from: the same number gives the same requests.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Keep what was asked and answered in this file, an HTTP archive.
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
}

impl Default for ApiOptions {
    fn default() -> Self {
        Self { examples: EXAMPLES, seed: 1, record: None }
    }
}

/// Builds proxyd, gets the tool, and asks.
///
/// # Errors
/// When the tool cannot be had, and when anything is found.
pub(crate) fn run(options: &ApiOptions) -> Result<()> {
    let tool = Tool::get()?;
    let status = workspace::cargo()?.args(["build", "--package", "proxyd"]).status();
    if !status.context("cannot run cargo build")?.success() {
        bail!("the build of proxyd failed");
    }
    ask(&tool, options)
}

/// Asks the proxyd that was built.
///
/// # Errors
/// When anything is found.
pub(crate) fn ask(tool: &Tool, options: &ApiOptions) -> Result<()> {
    let began = Instant::now();
    let folder = Folder::new("proxyd-api-")?;
    let subject = Subject::start(folder.path())?;
    let specification = specification::adapted(&subject)?;
    let path = folder.path().join("openapi.json");
    std::fs::write(&path, specification.to_string()).context("cannot write the OpenAPI document")?;
    let settings =
        if options.examples > EXAMPLES { SETTINGS.to_owned() } else { format!("{SETTINGS}{BRIEF}") };
    std::fs::write(folder.path().join("schemathesis.toml"), settings).context("cannot write the settings")?;
    let record = folder.path().join("record.har");
    let mut asking = Command::new(tool.path());
    asking
        .current_dir(folder.path())
        .args(["--config-file", "schemathesis.toml", "run", "openapi.json", "--url", &subject.url()])
        .args(["--seed", &options.seed.to_string(), "--max-examples", &options.examples.to_string()])
        .args(["--phases", "examples,coverage,fuzzing,stateful", "--checks", "all", "--warnings", "off"])
        // It never ends.
        .args(["--exclude-path", "/api/v1/events"])
        .args(["--no-color", "--no-shrink", "--continue-on-failure", "--generation-database", "none"])
        .args(["--request-timeout", "30", "--output-sanitize", "false"])
        .arg("--report-har-path")
        .arg(&record);
    let confirmer = confirmer::start(subject.address());
    let status = asking.status().with_context(|| format!("cannot run {}", tool.path().display()))?;
    drop(confirmer);
    let memory = subject.memory()?;
    let secrets = subject.secrets().to_vec();
    let log = subject.stop()?;
    if let Some(kept) = &options.record {
        std::fs::copy(&record, kept).with_context(|| format!("cannot write {}", kept.display()))?;
    }
    let mut findings = record::read(&record)?.report(&secrets)?;
    findings.extend(log_findings(&log, &secrets));
    if !status.success() {
        findings.push(format!("schemathesis ended with {status}; what it found stands above"));
    }
    println!("    at most {} MB of memory, {:.0} s", memory / 1024, began.elapsed().as_secs_f64());
    if findings.is_empty() {
        return Ok(());
    }
    bail!("{} findings:\n{}", findings.len(), findings.join("\n"))
}

/// What should not stand in a log.
fn log_findings(log: &str, secrets: &[String]) -> Vec<String> {
    let mut findings = Vec::new();
    for line in log.lines() {
        if secrets.iter().any(|secret| line.contains(secret.as_str())) {
            findings.push("a secret stands in the log".to_owned());
        }
        if line.contains("panicked") || line.contains("\"level\":\"ERROR\"") {
            findings.push(format!("the log says: {line}"));
        }
    }
    findings.truncate(20);
    findings
}

#[cfg(test)]
mod tests;
