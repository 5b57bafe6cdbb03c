//! `cargo xtask fuzz`: builds and runs the fuzzing loop, which is an example of this package.

use anyhow::{Context, Result, bail};

use crate::workspace;

/// Inputs to begin with, relative to the workspace; a folder per function.
const CORPUS: &str = "tests/fixtures/corpus";

/// Runs the loop with `arguments`.
///
/// # Errors
/// When it cannot be built, or a function does not survive an input.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let mut cargo = workspace::cargo()?;
    cargo.args(["run", "--quiet", "--package", "xtask", "--example", "fuzz", "--"]);
    cargo.arg("--corpus").arg(workspace::root()?.join(CORPUS));
    cargo.arg("--failures").arg(workspace::target_directory()?.join("fuzz"));
    let status = cargo.args(arguments).status().context("cannot run cargo")?;
    if !status.success() {
        bail!("fuzzing ended with {status}");
    }
    Ok(())
}
