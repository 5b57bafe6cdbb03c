//! Where the clustered proxy listens.

use crate::{Address, scalar};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{
    borrow::Cow,
    net::{Ipv4Addr, SocketAddr},
    str::FromStr,
};

/// A port of all addresses, or `host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    /// A port of `0.0.0.0`.
    Port(u16),
    /// An address.
    At(Address),
}

/// A text that says not where to listen.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("neither a port nor an address to listen on; write 8080, 127.0.0.1:8080 or [::]:8080")]
pub(crate) struct ListenError;

impl FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        if let Ok(port) = text.parse() {
            return Ok(Self::Port(port));
        }
        // RFC 6761 section 6.3: this name needs no look-up.
        if let Some(Ok(port)) = text.strip_prefix("localhost:").map(str::parse) {
            return Ok(Self::At(Address::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))));
        }
        text.parse().map(Self::At).map_err(|_| ListenError)
    }
}

impl Serialize for Listen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Port(port) => port.serialize(serializer),
            Self::At(address) => address.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Listen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar::number_or_text(deserializer, "a port or an address such as 127.0.0.1:8080", |number| {
            let port = u16::try_from(number);
            port.map(Self::Port).map_err(|_| format!("`{number}` is not a port; ports are 0 to 65535"))
        })
    }
}

impl JsonSchema for Listen {
    fn schema_name() -> Cow<'static, str> {
        "Listen".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "minimum": 0, "maximum": 65535 })
    }
}

#[cfg(test)]
mod tests;
