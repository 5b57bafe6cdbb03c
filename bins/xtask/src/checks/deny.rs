//! Bans, licences, sources and advisories, by cargo-deny over `deny.toml`.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Result;

use super::{Outcome, must_pass, tools};
use crate::process::Guarded;
use crate::workspace;

/// How long the advisory database may take to arrive.
const FETCH: Duration = Duration::from_secs(120);

/// What can be decided from the lock file and the crates' sources alone.
///
/// # Errors
/// When the graph breaks `deny.toml`, or cargo-deny cannot be had.
pub(crate) fn graph() -> Result<Outcome> {
    tools::require_cargo_deny()?;
    must_pass(workspace::cargo()?.args(["deny", "check", "bans", "licenses", "sources"]))
}

/// Known vulnerabilities. The database lies on the network; without it there is nothing to check.
///
/// # Errors
/// When the database could be had and a dependency has an advisory.
pub(crate) fn advisories() -> Result<Outcome> {
    if !fetched(workspace::cargo()?.args(["deny", "fetch", "db"])) {
        return Ok(Outcome::Skipped("the advisory database could not be fetched".to_owned()));
    }
    must_pass(workspace::cargo()?.args(["deny", "check", "--disable-fetch", "advisories"]))
}

/// Whether `fetch` succeeded in time.
fn fetched(fetch: &mut Command) -> bool {
    fetch.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = Guarded::spawn("cargo deny fetch", fetch).and_then(|mut child| child.wait_for(FETCH));
    status.is_ok_and(|status| status.success())
}
