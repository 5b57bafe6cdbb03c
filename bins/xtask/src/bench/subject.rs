//! The proxies that are measured, and how each is configured for the same work.

pub(crate) mod changing;
mod haproxy;
mod nginx;
mod proxyd;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::Serialize;

use super::built::Built;
use super::certificates::Pair;
use super::protocol::Protocol;
use super::scenario::Task;
use crate::machine::{self, Package};

/// A proxy.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Subject {
    Proxyd,
    /// proxyd with a limit that it finds by itself, where it is to limit.
    ProxydAuto,
    Haproxy,
    /// HAProxy with `option splice-response`.
    HaproxySplice,
    /// HAProxy with `balance random`, where it is to balance.
    HaproxyRandom,
    Nginx,
}

/// What a proxy has to be told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assignment<'a> {
    /// Where it listens, on loopback.
    pub(crate) port: u16,
    /// Where the backends listen.
    pub(crate) backends: &'a [u16],
    pub(crate) task: Task,
    /// What clients and backend speak.
    pub(crate) protocol: Protocol,
    /// What it proves itself to clients with, over TLS; none for clear text.
    pub(crate) certificates: &'a [Pair],
    /// Routes to configure; `None` for one that takes everything.
    pub(crate) routes: Option<u32>,
    /// A folder of its own.
    pub(crate) folder: &'a Path,
}

impl Subject {
    /// What the user calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Proxyd => "proxyd",
            Self::ProxydAuto => "proxyd-auto",
            Self::Haproxy => "haproxy",
            Self::HaproxySplice => "haproxy-splice",
            Self::HaproxyRandom => "haproxy-random",
            Self::Nginx => "nginx",
        }
    }

    /// The Debian package that brings it; `None` for what is built here.
    pub(crate) fn package(self) -> Option<Package> {
        match self {
            Self::Proxyd | Self::ProxydAuto => None,
            Self::Haproxy | Self::HaproxySplice | Self::HaproxyRandom => {
                Some(Package { program: "haproxy", package: "haproxy" })
            }
            Self::Nginx => Some(Package { program: "nginx", package: "nginx-light" }),
        }
    }

    /// Whether it is this workspace's.
    pub(crate) fn is_proxyd(self) -> bool {
        matches!(self, Self::Proxyd | Self::ProxydAuto)
    }

    /// Writes its configuration and returns the command line that runs it in the foreground.
    ///
    /// # Errors
    /// When the program is missing or the configuration cannot be written.
    pub(crate) fn prepare(self, built: &Built, assignment: Assignment<'_>) -> Result<Vec<PathBuf>> {
        let (name, text) = match self {
            Self::Proxyd | Self::ProxydAuto => ("proxyd.yaml", proxyd::configuration(self, assignment)),
            Self::Haproxy | Self::HaproxySplice | Self::HaproxyRandom => {
                ("haproxy.cfg", haproxy::configuration(self, assignment))
            }
            Self::Nginx => ("nginx.conf", nginx::configuration(assignment)),
        };
        let file = assignment.folder.join(name);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
        self.command(built, file, assignment.folder)
    }

    /// The command line that runs it by `file` in the foreground.
    fn command(self, built: &Built, file: PathBuf, folder: &Path) -> Result<Vec<PathBuf>> {
        Ok(match self {
            Self::Proxyd | Self::ProxydAuto => {
                vec![built.proxyd.clone(), "run".into(), "--config".into(), file]
            }
            // In the foreground, in one process.
            Self::Haproxy | Self::HaproxySplice | Self::HaproxyRandom => {
                vec![found("haproxy")?, "-db".into(), "-f".into(), file]
            }
            Self::Nginx => {
                let (log, prefix) = (folder.join("error.log"), folder.to_owned());
                vec![found("nginx")?, "-p".into(), prefix, "-e".into(), log, "-c".into(), file]
            }
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

fn found(program: &str) -> Result<PathBuf> {
    machine::find(program).with_context(|| format!("{program} is missing"))
}

#[cfg(test)]
mod tests;
