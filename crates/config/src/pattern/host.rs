//! The vHost of a route.

use crate::{
    hostname::{self, HostnameError},
    scalar,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, net::IpAddr, str::FromStr};

/// Which hosts a route serves: `api.example.com`, `*.example.com`, `*`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// Any host.
    #[default]
    Any,
    /// One name, in lower case, or one address; IPv6 stands in brackets, as in a Host.
    Exact(String),
    /// Every name that ends in a dot and this name, in lower case; not the name itself.
    Suffix(String),
}

impl FromStr for HostPattern {
    type Err = HostPatternError;

    fn from_str(text: &str) -> Result<Self, HostPatternError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Some(suffix) = text.strip_prefix("*.") {
            return Ok(Self::Suffix(hostname::name(suffix)?));
        }
        if text.contains('*') {
            return Err(HostPatternError::Wildcard(text.into()));
        }
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        match bare.parse() {
            Ok(IpAddr::V4(address)) => Ok(Self::Exact(address.to_string())),
            Ok(IpAddr::V6(address)) => Ok(Self::Exact(format!("[{address}]"))),
            Err(_) => Ok(Self::Exact(hostname::name(text)?)),
        }
    }
}

/// Why a text is no vHost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostPatternError {
    /// A star in another place than the first label.
    #[error("`{0}` has a * where none may be; write *.example.com, or * for any host")]
    Wildcard(String),
    /// The name is none.
    #[error(transparent)]
    Name(#[from] HostnameError),
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Exact(name) => f.write_str(name),
            Self::Suffix(name) => write!(f, "*.{name}"),
        }
    }
}

impl Serialize for HostPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HostPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar::text(deserializer)
    }
}

impl JsonSchema for HostPattern {
    fn schema_name() -> Cow<'static, str> {
        "HostPattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "api.example.com, *.example.com, or * for any host.",
        })
    }
}

#[cfg(test)]
mod tests;
