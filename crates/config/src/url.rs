//! The URL of an upstream.

use crate::{
    address::{self, AddressError},
    hostname::{self, HostnameError},
    scalar,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, path::PathBuf, str::FromStr};

/// Where an upstream's only backend is: `http://host:port`, `https://host`, `host:port`, `unix:/path`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Url {
    /// Plain HTTP to a name or an address (without brackets); the port is 80 where none is written.
    Http {
        /// A name in lower case, or an address.
        host: String,
        /// The TCP port.
        port: u16,
    },
    /// HTTP over TLS; the port is 443 where none is written.
    Https {
        /// A name in lower case, or an address.
        host: String,
        /// The TCP port.
        port: u16,
    },
    /// Plain HTTP over a Unix socket.
    Unix(PathBuf),
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self::Unix(address::unix_path(path)?));
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("http".into(), text),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains('@') {
            return Err(UrlError::Credentials);
        }
        if authority.contains(['/', '?', '#']) {
            return Err(UrlError::Path(text.into()));
        }
        match scheme.as_str() {
            "http" => host_and_port(authority, 80).map(|(host, port)| Self::Http { host, port }),
            "https" => host_and_port(authority, 443).map(|(host, port)| Self::Https { host, port }),
            _ => Err(UrlError::Scheme(scheme)),
        }
    }
}

pub(crate) fn host_and_port(authority: &str, default: u16) -> Result<(String, u16), UrlError> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let port = match port {
        None => default,
        Some(port) => {
            port.parse().ok().filter(|port| *port != 0).ok_or_else(|| UrlError::Port(port.into()))?
        }
    };
    // RFC 3986 section 3.2.2: an IPv6 address stands in brackets, else its colons would be read as a port's.
    if host.contains(':') && !host.starts_with('[') {
        return Err(UrlError::Brackets(authority.into()));
    }
    Ok((hostname::name_or_address(host)?, port))
}

/// Why a text is no URL of an upstream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// A scheme that no backend speaks.
    #[error("`{0}://` is not supported; write http://, https:// or unix:/path")]
    Scheme(String),
    /// A user or a password.
    #[error("a URL of an upstream carries no credentials")]
    Credentials,
    /// A path or a query.
    #[error("`{0}` has a path; a URL names a backend only (a route's setPrefix adds a path)")]
    Path(String),
    /// A port that is none.
    #[error("`{0}` is not a port; ports are 1 to 65535")]
    Port(String),
    /// An IPv6 address without brackets.
    #[error("`{0}` needs brackets around its IPv6 address, as in http://[::1]:8080")]
    Brackets(String),
    /// A host that is none.
    #[error(transparent)]
    Host(#[from] HostnameError),
    /// A Unix socket that cannot be.
    #[error(transparent)]
    Unix(#[from] AddressError),
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = match self {
            Self::Unix(path) => return write!(f, "unix:{}", path.display()),
            Self::Http { host, port } => ("http", host, port),
            Self::Https { host, port } => ("https", host, port),
        };
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}")
        } else {
            write!(f, "{scheme}://{host}:{port}")
        }
    }
}

impl Serialize for Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar::text(deserializer)
    }
}

impl JsonSchema for Url {
    fn schema_name() -> Cow<'static, str> {
        "Url".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "http://host:port, https://host, host:port (plain HTTP) or unix:/path.",
        })
    }
}

#[cfg(test)]
mod tests;
