//! Finds the proxy that is meant.

mod section;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::address::{Address, AddressError};
use crate::{find, socket};

pub(super) use section::{Section, read as read_section};

/// What a search may look at.
pub(super) struct Surroundings<'s> {
    /// The value of an environment variable.
    pub(super) environment: &'s dyn Fn(&str) -> Option<OsString>,
    /// Whether there is a file.
    pub(super) exists: &'s dyn Fn(&Path) -> bool,
    /// What a configuration says about its admin API.
    pub(super) section: &'s dyn Fn(&Path) -> Section,
    /// Root asks.
    pub(super) is_root: bool,
}

/// Why no proxy was found.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LocateError {
    /// The environment names none.
    #[error("$PROXYD_ADMIN: {0}")]
    Variable(AddressError),
    /// The environment names none that is text.
    #[error("$PROXYD_ADMIN is not UTF-8 text")]
    NoText,
    /// The configuration that was named cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// The configuration has it switched off.
    #[error("{} has `admin.enabled: false`: a proxy that runs with it cannot be asked; if another is meant, name it with --address", .0.display())]
    Off(PathBuf),
    /// The configuration leaves the port to the system.
    #[error("{} leaves the port of `admin.address` to the system: see the proxy's log, and name it with --address HOST:PORT", .0.display())]
    AnyPort(PathBuf),
    /// There is none in any of the places.
    #[error("{0}")]
    Nowhere(Tried),
}

/// What was tried in vain.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tried(Vec<String>);

/// The address of the proxy that is meant: the one that is named, on the command line or in the environment, or that of the
/// configuration, or the default socket that is there.
///
/// # Errors
/// There is none, or what names it is wrong.
pub(super) fn locate(
    named: Option<&Address>,
    config: Option<&Path>,
    surroundings: &Surroundings<'_>,
) -> Result<Address, LocateError> {
    if let Some(address) = named {
        return Ok(address.clone());
    }
    let mut tried = Tried::default();
    if config.is_none() {
        match variable(surroundings, "PROXYD_ADMIN") {
            Some(address) => {
                let address = address.into_string().map_err(|_| LocateError::NoText)?;
                return address.parse().map_err(LocateError::Variable);
            }
            None => tried.note("$PROXYD_ADMIN is not set"),
        }
    }
    if let Some(address) = configured(config, surroundings, &mut tried)? {
        return Ok(address);
    }
    let sockets = socket::all(surroundings.environment, surroundings.is_root);
    match sockets.iter().find(|socket| (surroundings.exists)(socket)) {
        Some(socket) => Ok(Address::Unix(socket.clone())),
        None => {
            for socket in &sockets {
                tried.note(format!("there is no socket {}", socket.display()));
            }
            Err(LocateError::Nowhere(tried))
        }
    }
}

fn variable(surroundings: &Surroundings<'_>, name: &str) -> Option<OsString> {
    (surroundings.environment)(name).filter(|value| !value.is_empty())
}

/// The address in the configuration; `None` where it has none.
fn configured(
    named: Option<&Path>,
    surroundings: &Surroundings<'_>,
    tried: &mut Tried,
) -> Result<Option<Address>, LocateError> {
    let places = find::Surroundings { environment: surroundings.environment, exists: surroundings.exists };
    let Ok(file) = find::find(named, &places) else {
        tried.note("there is no configuration");
        return Ok(None);
    };
    match (surroundings.section)(&file) {
        Section::At(Address::Tcp { port: 0, .. }) => Err(LocateError::AnyPort(file)),
        Section::At(address) => Ok(Some(address)),
        Section::Off => Err(LocateError::Off(file)),
        Section::Unreadable(why) if named.is_some() => Err(LocateError::Unreadable(why)),
        Section::Unreadable(why) => {
            tried.note(why);
            Ok(None)
        }
        Section::Default => {
            tried.note(format!("{} has no `admin.address`", file.display()));
            Ok(None)
        }
    }
}

impl Tried {
    fn note(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no proxy was found")?;
        for (index, what) in self.0.iter().enumerate() {
            write!(f, "{}{what}", if index == 0 { ": " } else { ", " })?;
        }
        f.write_str("; start one with `proxyd run`, or name one with --address unix:/path, HOST:PORT or https://HOST:PORT")
    }
}

#[cfg(test)]
mod tests;
