//! A host and a port, as fields of a request name them.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv6Addr};

/// The longest name of a host (RFC 1035 section 2.3.4).
const LONGEST: usize = 255;

/// `host` or `host:port` (RFC 3986 section 3.2), without user information.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) host: Host,
    pub(crate) port: Option<u16>,
}

/// A host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// In lower case, without the root's dot.
    Name(String),
    Address(IpAddr),
}

impl Authority {
    /// `None` where it is none, or one that nobody needs.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, rest) = rest.split_once(']')?;
                let address: Ipv6Addr = address.parse().ok()?;
                (Host::Address(IpAddr::V6(address).to_canonical()), rest)
            }
            None => {
                let end = text.find(':').unwrap_or(text.len());
                let (host, rest) = text.split_at(end);
                (Host::parse(host)?, rest)
            }
        };
        let port = match port.strip_prefix(':') {
            // RFC 3986 section 3.2.3 allows for a port of no digits.
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Some(digits.parse().ok()?),
            Some(_) => return None,
            None if port.is_empty() => None,
            None => return None,
        };
        Some(Self { host, port })
    }

    /// The same without the port that a scheme has of itself.
    pub(crate) fn without_default_port(self, scheme: &str) -> Self {
        let default = if scheme == "https" { 443 } else { 80 };
        Self { port: self.port.filter(|port| *port != default), ..self }
    }
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self::Address(address.to_canonical()));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if name.is_empty() || name.len() > LONGEST || !name.bytes().all(is_name) {
            return None;
        }
        Some(Self::Name(name.to_ascii_lowercase()))
    }

    /// Whether it can be nothing but this machine's loopback. RFC 6761 section 6.3.
    pub(crate) fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }
}
