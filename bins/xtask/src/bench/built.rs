//! What is measured is built in the release profile first.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::certificates::Certificates;
use super::subject::Subject;
use crate::workspace;

/// The programs that were built, and what they share.
#[derive(Debug)]
pub(crate) struct Built {
    /// This program, which is also backend and load generator.
    pub(crate) xtask: PathBuf,
    pub(crate) proxyd: PathBuf,
    /// Where results go.
    pub(crate) results: PathBuf,
    pub(crate) certificates: Certificates,
}

impl Built {
    /// Builds this program and, if it is among the `subjects`, proxyd.
    ///
    /// # Errors
    /// When the build fails.
    pub(crate) fn build(subjects: &[Subject]) -> Result<Self> {
        println!("building in the release profile");
        // One after the other: together they would share features, and proxyd must be as users build it.
        build(&["--package", "xtask"])?;
        if subjects.iter().any(|subject| subject.is_proxyd()) {
            build(&["--package", "proxyd"])?;
        }
        let target = workspace::target_directory()?;
        let release = target.join("release");
        let results = target.join("bench");
        std::fs::create_dir_all(&results).with_context(|| format!("cannot make {}", results.display()))?;
        let certificates = Certificates::new()?;
        Ok(Self { xtask: release.join("xtask"), proxyd: release.join("proxyd"), results, certificates })
    }

    /// Builds the example `name` of `package`, and returns where it is.
    ///
    /// # Errors
    /// When the build fails.
    pub(crate) fn example(&self, package: &str, name: &str) -> Result<PathBuf> {
        build(&["--package", package, "--example", name])?;
        Ok(self.xtask.with_file_name("examples").join(name))
    }
}

fn build(what: &[&str]) -> Result<()> {
    let status = workspace::cargo()?
        .args(["build", "--release"])
        .args(what)
        .status()
        .context("cannot run cargo build")?;
    if !status.success() {
        bail!("the build of {} failed", what.last().unwrap_or(&""));
    }
    Ok(())
}
