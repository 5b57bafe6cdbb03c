//! What the machine has to offer: programs, limits, settings.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use rustix::process::{Resource, Rlimit, getrlimit, getuid, setrlimit};

use crate::interrupt::AtEnd;

/// A program and the Debian package that brings it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Package {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

/// Has each program there, installing its package when it is missing and this user may.
///
/// # Errors
/// Says how to install what is missing.
pub(crate) fn require(packages: &[Package]) -> Result<()> {
    let missing: Vec<_> = packages.iter().filter(|package| find(package.program).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|package| package.package).collect();
    let install = format!("apt-get install --yes --no-install-recommends {}", names.join(" "));
    if !getuid().is_root() || find("apt-get").is_none() {
        bail!("missing: {}; install with `sudo {install}`", names.join(", "));
    }
    println!("    {install}");
    for arguments in ["update", &install["apt-get ".len()..]] {
        let status = Command::new("apt-get")
            .args(arguments.split(' '))
            .env("DEBIAN_FRONTEND", "noninteractive")
            .status()
            .context("cannot run apt-get")?;
        if !status.success() {
            bail!("apt-get {arguments} ended with {status}");
        }
    }
    Ok(())
}

/// Where `program` lies, looking also where Debian puts programs for administrators.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")]);
    folders.map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

/// Raises this process's limit of open files to `files`, which children inherit.
///
/// # Errors
/// When the limit may not be raised so far.
pub(crate) fn allow_open_files(files: u64) -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= files) {
        return Ok(());
    }
    let maximum = limit.maximum.map(|maximum| maximum.max(files));
    setrlimit(Resource::Nofile, Rlimit { current: Some(files), maximum })
        .with_context(|| format!("cannot allow {files} open files; try `ulimit -n {files}`"))
}

/// Settings of the kernel that were changed; they are put back when this value goes.
#[derive(Debug, Default)]
pub(crate) struct Settings(#[expect(dead_code, reason = "held for what its drop does")] Vec<AtEnd>);

impl Settings {
    /// Writes each value where the kernel holds another. What may not be written is named and left.
    pub(crate) fn set(wanted: &[(&str, &str)]) -> Self {
        let mut changed = Vec::new();
        for (name, value) in wanted {
            let path = format!("/proc/sys/{}", name.replace('.', "/"));
            let Ok(before) = fs::read_to_string(&path) else { continue };
            if before.split_whitespace().eq(value.split_whitespace()) {
                continue;
            }
            match fs::write(&path, value) {
                Ok(()) => changed.push(AtEnd::run(move || {
                    let _ = fs::write(path, before);
                })),
                Err(_) => println!("note: {name} is {}, not {value}, and may not be set", before.trim()),
            }
        }
        Self(changed)
    }
}
