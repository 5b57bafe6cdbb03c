//! What to connect to, who said so, and how long it may take.

#[cfg(test)]
mod tests;

use std::{fmt, path::PathBuf, time::Duration};

/// Where a connection is to lead.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Destination {
    /// TCP to a host.
    Host {
        /// A name, or an address in its usual form. An IPv6 address may stand in brackets.
        host: String,
        /// The TCP port.
        port: u16,
    },
    /// The Unix socket at this path.
    Unix(PathBuf),
}

impl Destination {
    /// TCP to this host.
    pub fn host(host: impl Into<String>, port: u16) -> Self {
        Self::Host { host: host.into(), port }
    }

    /// The Unix socket at this path.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self::Unix(path.into())
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { host, port } if host.contains(':') && !host.starts_with('[') => {
                write!(f, "[{host}]:{port}")
            }
            Self::Host { host, port } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Who named a destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Named {
    /// The operator, in a file of theirs: any host may be named, and any Unix socket.
    ByOperator,
    /// Somebody at run time, through an interface or a store: only what the policy's allowed hosts say.
    Dynamically,
}

/// How long each part of connecting may take.
///
/// # Defaults
///
/// 2 s for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timeouts {
    /// For the addresses of a name. Addresses that are known already take no time.
    pub dns: Duration,
    /// For the connection, over all addresses that are tried.
    pub connect: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { dns: Duration::from_secs(2), connect: Duration::from_secs(2) }
    }
}
