//! Patterns of hosts.

use crate::{Network, address::without_mapping, host::Host};
use std::{fmt, str::FromStr};
use thiserror::Error;

#[cfg(test)]
mod tests;

/// Hosts that may be named.
///
/// | pattern | matches |
/// |---|---|
/// | `*` | every host |
/// | `api.example.com` | that name, whatever its case, with or without a final dot |
/// | `*.example.com` | every name below `example.com`, at any depth, but not `example.com` itself |
/// | `10.0.0.0/8`, `10.1.2.3`, `fd00::/8` | hosts that are named by an address in the network; never a name, whatever it resolves to |
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HostPattern(Kind);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Kind {
    Any,
    Name(String),
    /// With the leading dot.
    Below(String),
    Network(Network),
}

impl HostPattern {
    pub(crate) fn matches(&self, host: &Host<'_>) -> bool {
        match (&self.0, host) {
            (Kind::Any, _) => true,
            (Kind::Network(network), Host::Address(address)) => {
                network.contains(without_mapping(address.ip()))
            }
            (Kind::Name(wanted), Host::Name(name)) => without_root(name).eq_ignore_ascii_case(wanted),
            (Kind::Below(suffix), Host::Name(name)) => is_below(without_root(name), suffix),
            _ => false,
        }
    }
}

fn is_below(name: &str, suffix: &str) -> bool {
    let Some(head) = name.len().checked_sub(suffix.len()) else { return false };
    head > 0 && name.get(head..).is_some_and(|tail| tail.eq_ignore_ascii_case(suffix))
}

fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<Self, HostPatternError> {
        let as_name = |text: &str| match Host::parse(text) {
            Some(Host::Name(name)) => Some(without_root(name).to_ascii_lowercase()),
            _ => None,
        };
        let kind = if text == "*" {
            Some(Kind::Any)
        } else if let Some(rest) = text.strip_prefix("*.") {
            as_name(rest).map(|name| Kind::Below(format!(".{name}")))
        } else if let Ok(network) = text.parse() {
            Some(Kind::Network(network))
        } else {
            as_name(text).map(Kind::Name)
        };
        kind.map(Self).ok_or_else(|| HostPatternError { text: text.to_owned() })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Any => f.write_str("*"),
            Kind::Name(name) => f.write_str(name),
            Kind::Below(suffix) => write!(f, "*{suffix}"),
            Kind::Network(network) => write!(f, "{network}"),
        }
    }
}

/// A text that is not a pattern of hosts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is neither a host name, nor *.name, nor an address, nor a network")]
pub struct HostPatternError {
    text: String,
}
