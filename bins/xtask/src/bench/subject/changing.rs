//! Configurations of many routes, each of which has a number that can be changed.
//!
//! A route's answers carry its number, so that it is seen when a change has come into force. Each proxy is
//! told so, and has it changed, as its users do it.

mod haproxy;
mod nginx;
mod proxyd;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{Subject, found};
use crate::bench::built::Built;
use crate::bench::messages;

/// The field of an answer that has the number of its route.
pub(crate) const FIELD: &str = "X-Change";

/// How routes are told apart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Layout {
    /// Ten paths on each host.
    Paths,
    /// A host for each.
    Hosts,
}

/// What a proxy has to be told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changing<'a> {
    /// Where it takes HTTP/1.1, on loopback.
    pub(crate) port: u16,
    /// Where it takes HTTP/2 by prior knowledge.
    pub(crate) http2_port: u16,
    /// Where the backend listens.
    pub(crate) backend: u16,
    /// A folder of its own.
    pub(crate) folder: &'a Path,
    pub(crate) layout: Layout,
    /// The number of each route.
    pub(crate) numbers: &'a [u32],
}

/// How a proxy is told of a change.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    /// By its API, at this Unix socket.
    Api(PathBuf),
    /// By a new configuration and this signal.
    Signal(Signal),
}

impl Layout {
    /// The host of the route `index`, and what its paths begin with: nothing, or a segment.
    pub(crate) fn place(self, index: u32) -> (String, String) {
        match self {
            Self::Paths => messages::route(index),
            Self::Hosts => (messages::certified(index), String::new()),
        }
    }

    /// A path of the route `index`, and its host.
    pub(crate) fn example(self, index: u32) -> (String, String) {
        let (host, path) = self.place(index);
        (host, format!("{path}/item"))
    }
}

impl Changing<'_> {
    /// Writes the configuration of `subject`, in place of what is there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write(self, subject: Subject) -> Result<PathBuf> {
        let (name, text) = match subject {
            Subject::Proxyd | Subject::ProxydAuto => ("proxyd.yaml", proxyd::configuration(self)),
            Subject::Haproxy | Subject::HaproxySplice | Subject::HaproxyRandom => {
                put(&haproxy::map_file(self.folder), &haproxy::map(self))?;
                ("haproxy.cfg", haproxy::configuration(self))
            }
            Subject::Nginx => ("nginx.conf", nginx::configuration(self)),
        };
        let file = self.folder.join(name);
        put(&file, &text)?;
        Ok(file)
    }

    /// Writes the configuration of `subject` and returns the command line that runs it in the foreground.
    ///
    /// # Errors
    /// When the program is missing or the configuration cannot be written.
    pub(crate) fn prepare(self, subject: Subject, built: &Built) -> Result<Vec<PathBuf>> {
        let file = self.write(subject)?;
        Ok(match subject {
            // A master that stays, with a worker for each configuration that still has connections.
            Subject::Haproxy | Subject::HaproxySplice | Subject::HaproxyRandom => {
                vec![found("haproxy")?, "-W".into(), "-f".into(), file]
            }
            _ => subject.command(built, file, self.folder)?,
        })
    }

    /// The route `index` with `number`, as proxyd's API has it.
    pub(crate) fn route(layout: Layout, index: u32, number: u32) -> Value {
        let (host, path) = layout.place(index);
        let mut route = json!({
            "id": id(index), "vHost": host, "path": format!("{path}/*"), "upstream": "app",
        });
        if let (Some(route), Some(patch)) = (route.as_object_mut(), Self::patch(number).as_object()) {
            route.extend(patch.clone());
        }
        route
    }

    /// What gives a route `number`, as a merge patch.
    pub(crate) fn patch(number: u32) -> Value {
        json!({ "responseHeaders": { "set": { FIELD: number.to_string() } } })
    }
}

/// The id of the route `index`.
pub(crate) fn id(index: u32) -> String {
    format!("r{index}")
}

/// How `subject`, which has `folder`, is told of a change.
pub(crate) fn door(subject: Subject, folder: &Path) -> Door {
    match subject {
        Subject::Proxyd | Subject::ProxydAuto => Door::Api(proxyd::socket(folder)),
        // Its master begins anew, takes over the sockets that listen, and has the old worker end.
        Subject::Haproxy | Subject::HaproxySplice | Subject::HaproxyRandom => Door::Signal(Signal::USR2),
        Subject::Nginx => Door::Signal(Signal::HUP),
    }
}

/// Replaces `file` by renaming, so that nobody reads half of it.
fn put(file: &Path, text: &str) -> Result<()> {
    let beside = file.with_extension("new");
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, file));
    match written {
        Ok(()) => Ok(()),
        Err(error) => bail!("cannot write {}: {error}", file.display()),
    }
}

#[cfg(test)]
mod tests;
