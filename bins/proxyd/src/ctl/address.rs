//! Where the admin API of a proxy is.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::str::FromStr;

/// Where the admin API of a proxy is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A Unix socket.
    Unix(PathBuf),
    /// A host and a port.
    Tcp {
        /// A name or an address, without brackets.
        host: String,
        /// The port.
        port: u16,
        /// Over TLS.
        is_secure: bool,
    },
}

impl Address {
    /// What a request calls the host (RFC 9110 section 7.2).
    pub(super) fn authority(&self) -> String {
        match self {
            Self::Unix(_) => "localhost".into(),
            Self::Tcp { host, port, .. } if host.contains(':') => format!("[{host}]:{port}"),
            Self::Tcp { host, port, .. } => format!("{host}:{port}"),
        }
    }

    /// Whether others could hear what is said there.
    pub(super) fn is_open(&self) -> bool {
        let Self::Tcp { host, is_secure: false, .. } = self else { return false };
        let is_here = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        !is_here && !host.eq_ignore_ascii_case("localhost")
    }

    /// Where something that listens at an address is found from the same machine.
    pub(super) fn of_listener(address: &config::Address, is_secure: bool) -> Self {
        match address {
            config::Address::Unix(path) => Self::Unix(path.clone()),
            config::Address::Tcp(address) => {
                let host = match address.ip() {
                    IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
                    IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
                    ip => ip,
                };
                Self::Tcp { host: host.to_string(), port: address.port(), is_secure }
            }
        }
    }
}

/// Why a text is no address of a proxy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    /// It is something else.
    #[error("it is not the address of an admin API; write unix:/path, HOST:PORT or https://HOST:PORT")]
    Form,
    /// A Unix socket without an absolute path.
    #[error("the path behind `unix:` must be absolute")]
    RelativePath,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match path.strip_prefix('/') {
                Some(rest) if !rest.is_empty() => Ok(Self::Unix(path.into())),
                _ => Err(AddressError::RelativePath),
            };
        }
        let (rest, is_secure) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (rest, true),
            (None, Some(rest)) => (rest, false),
            (None, None) => (text, false),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[') {
            Some(bracketed) => bracketed.split_once(']').ok_or(AddressError::Form)?,
            None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
        };
        let is_host = |c: char| c.is_ascii_alphanumeric() || ".-_:%".contains(c);
        if host.is_empty() || !host.chars().all(is_host) {
            return Err(AddressError::Form);
        }
        let port = match port.strip_prefix(':') {
            Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or(AddressError::Form)?,
            // A URL has a port of its own; an address without one is a name that was mistyped.
            None if port.is_empty() && is_secure => 443,
            None => return Err(AddressError::Form),
        };
        Ok(Self::Tcp { host: host.to_owned(), port, is_secure })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp { is_secure: true, .. } => write!(f, "https://{}", self.authority()),
            Self::Tcp { .. } => f.write_str(&self.authority()),
        }
    }
}

#[cfg(test)]
mod tests;
