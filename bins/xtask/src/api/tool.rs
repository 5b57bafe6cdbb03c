//! Schemathesis, in an environment of its own below the folder that cargo builds into.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{machine, workspace};

/// Every package with its version, so that everybody asks the same.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// The tool, installed.
#[derive(Debug)]
pub(crate) struct Tool(PathBuf);

impl Tool {
    /// The tool, which is installed where it is missing.
    ///
    /// # Errors
    /// Says what is missing for that.
    pub(crate) fn get() -> Result<Self> {
        let home = workspace::target_directory()?.join("schemathesis");
        let (tool, mark) = (home.join("bin/schemathesis"), home.join("requirements.txt"));
        let is_there = tool.is_file() && fs::read_to_string(&mark).is_ok_and(|held| held == REQUIREMENTS);
        if !is_there {
            install(&home)?;
            fs::write(&mark, REQUIREMENTS).with_context(|| format!("cannot write {}", mark.display()))?;
        }
        Ok(Self(tool))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

fn install(home: &Path) -> Result<()> {
    let Some(python) = machine::find("python3") else {
        bail!("Python 3 is missing; install python3 and python3-venv");
    };
    println!("    installing schemathesis in {}", workspace::shown(home));
    succeed(
        Command::new(python).args(["-m", "venv", "--clear"]).arg(home),
        "Python's venv does not work here; install python3-venv",
    )?;
    let list = home.join("wanted.txt");
    fs::write(&list, REQUIREMENTS).with_context(|| format!("cannot write {}", list.display()))?;
    let mut pip = Command::new(home.join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
        "--requirement",
    ]);
    succeed(pip.arg(list), "schemathesis could not be had from the package index (PyPI)")
}

fn succeed(command: &mut Command, otherwise: &str) -> Result<()> {
    let output = command.output().with_context(|| otherwise.to_owned())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    bail!("{otherwise}: {}", said.trim().lines().last().unwrap_or_default())
}
