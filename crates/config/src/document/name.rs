//! Names that a value chooses by.

use crate::{hostname, scalar};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, ops::Deref, str::FromStr};

/// The name of a strategy. Those of proxyd are spelled `ROUND_ROBIN` here, however the document spells them
/// (`round_robin`, `roundRobin`, or by another name: `LEAST_CONN`); others, which an embedder registers, are kept as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StrategyName(pub String);

impl StrategyName {
    /// Every strategy that the document's format names.
    pub const KNOWN: [&'static str; 7] =
        ["ROUND_ROBIN", "RANDOM", "IP_HASH", "LEAST_LATENCY", "LEAST_REQUESTS", "HASH", "FIRST"];

    /// Other names of some of them.
    const ALIASES: [(&'static str, &'static str); 4] = [
        ("LATENCY", "LEAST_LATENCY"),
        ("PEAK_EWMA", "LEAST_LATENCY"),
        ("LEAST_CONN", "LEAST_REQUESTS"),
        ("LEAST_CONNECTIONS", "LEAST_REQUESTS"),
    ];
}

impl Default for StrategyName {
    fn default() -> Self {
        Self("ROUND_ROBIN".into())
    }
}

impl Deref for StrategyName {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl FromStr for StrategyName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        let plain = |name: &str| name.replace(['_', '-'], "").to_ascii_lowercase();
        let names = Self::KNOWN.into_iter().map(|known| (known, known)).chain(Self::ALIASES);
        let known = names.into_iter().find(|(name, _)| plain(name) == plain(text));
        Ok(Self(known.map_or(text, |(_, known)| known).into()))
    }
}

/// Which Host a backend is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostHeader {
    /// The one that the client asked for.
    Preserve,
    /// The backend's own name.
    Upstream,
    /// This one, always.
    Name(String),
}

impl FromStr for HostHeader {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text {
            "preserve" => Ok(Self::Preserve),
            "upstream" => Ok(Self::Upstream),
            _ => host_and_port(text).map(Self::Name),
        }
    }
}

/// A Host may carry a port (RFC 9110 section 7.2).
pub(crate) fn host_and_port(text: &str) -> Result<String, NameError> {
    let bracketed = text.ends_with(']');
    match text.rsplit_once(':').filter(|_| !bracketed) {
        Some((host, port)) => {
            let port: u16 = port.parse().map_err(|_| NameError::Host(text.into()))?;
            Ok(format!("{}:{port}", bracket(host)?))
        }
        None => bracket(text),
    }
}

fn bracket(host: &str) -> Result<String, NameError> {
    let name = hostname::name_or_address(host).map_err(|_| NameError::Host(host.into()))?;
    Ok(if name.contains(':') { format!("[{name}]") } else { name })
}

/// Why a name is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing is there.
    #[error("a name is missing")]
    Empty,
    /// Not a host that could be asked for.
    #[error("`{0}` is neither `preserve`, `upstream` nor the name of a host")]
    Host(String),
}

impl fmt::Display for StrategyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for HostHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Preserve => "preserve",
            Self::Upstream => "upstream",
            Self::Name(name) => name,
        })
    }
}

impl Serialize for StrategyName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for HostHeader {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StrategyName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar::text(deserializer)
    }
}

impl<'de> Deserialize<'de> for HostHeader {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar::text(deserializer)
    }
}

impl JsonSchema for StrategyName {
    fn schema_name() -> Cow<'static, str> {
        "StrategyName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 1,
            "description": "A strategy of proxyd, or one that an embedder has registered.",
            "examples": Self::KNOWN,
        })
    }
}

impl JsonSchema for HostHeader {
    fn schema_name() -> Cow<'static, str> {
        "HostHeader".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "preserve (the client's Host), upstream (the backend's own name), or a name.",
            "examples": ["preserve", "upstream"],
        })
    }
}
