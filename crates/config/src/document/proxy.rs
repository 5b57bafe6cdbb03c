//! Settings of the whole proxy.

use super::{DAY, Http2, TICK};
use crate::{Duration, Limit, Network, Size};
use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt};

/// Settings of the whole proxy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Proxy {
    /// Short for one more listener on `0.0.0.0` with this port; 0 lets the system choose one.
    pub port: Option<u16>,
    /// How many workers serve: `auto` (one per usable core) or a number.
    #[garde(range(max = 1024))]
    pub workers: Workers,
    /// Until the response head of a request: queue, retries and connect included.
    #[garde(range(min = TICK, max = DAY))]
    pub timeout: Duration,
    /// How long a body may make no progress, either way.
    #[garde(range(min = TICK, max = DAY))]
    pub body_idle_timeout: Duration,
    /// Bytes per second that a client must give or take of a body on average; 0 switches this off.
    pub body_min_rate: Size,
    /// How long a WebSocket or another upgraded connection may be silent.
    #[garde(range(min = TICK, max = Duration::from_secs(30 * 86_400)))]
    pub tunnel_idle_timeout: Duration,
    /// A hard end for whole exchanges, bodies included.
    #[garde(range(min = TICK, max = DAY))]
    pub max_duration: Limit<Duration>,
    /// The largest body of a request.
    pub max_body_size: Limit<Size>,
    /// Proxies in front of this one, whose X-Forwarded-* fields and request ids are believed.
    pub trusted_proxies: Vec<Network>,
    /// How long requests in flight may take to finish after a signal to stop.
    #[garde(range(max = DAY))]
    pub drain_timeout: Duration,
    /// How long the head of a request may take to arrive.
    #[garde(range(min = TICK, max = DAY))]
    pub header_timeout: Duration,
    /// How long a client's connection may wait for its next request.
    #[garde(range(min = TICK, max = DAY))]
    pub keep_alive_timeout: Duration,
    /// The largest head of a request or a response.
    #[garde(range(min = Size::from_kb(1), max = Size::from_mb(1)))]
    pub max_head_size: Size,
    /// The most fields in a head or in trailers.
    #[garde(range(min = 1, max = 10_000))]
    pub max_fields: u32,
    /// The longest request target.
    #[garde(range(min = Size::from_bytes(64), max = Size::from_mb(1)))]
    pub max_uri_length: Size,
    /// The most connections of clients, over all workers.
    #[garde(range(min = 1, max = 10_000_000))]
    pub max_connections: u32,
    /// The most connections of one client address, over all workers.
    #[garde(range(min = 1, max = 10_000_000))]
    pub max_connections_per_client: Limit<u32>,
    /// Whether requests also carry the `Forwarded` field of RFC 7239.
    pub forwarded: bool,
    /// How HTTP/2 is spoken.
    #[garde(dive)]
    pub http2: Http2,
}

impl Default for Proxy {
    fn default() -> Self {
        Self {
            port: None,
            workers: Workers::Auto,
            timeout: Duration::from_secs(30),
            body_idle_timeout: Duration::from_secs(30),
            body_min_rate: Size::from_bytes(240),
            tunnel_idle_timeout: Duration::from_secs(3600),
            max_duration: Limit::Off,
            max_body_size: Limit::At(Size::from_mb(10)),
            trusted_proxies: Vec::new(),
            drain_timeout: Duration::from_secs(30),
            header_timeout: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(75),
            max_head_size: Size::from_kb(64),
            max_fields: 100,
            max_uri_length: Size::from_kb(16),
            max_connections: 65_536,
            max_connections_per_client: Limit::Off,
            forwarded: false,
            http2: Http2::default(),
        }
    }
}

/// How many workers serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd)]
pub enum Workers {
    /// One per core that the process may use; cgroup limits count.
    #[default]
    Auto,
    /// So many.
    Count(u16),
}

impl Serialize for Workers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Count(count) => serializer.serialize_u16(*count),
        }
    }
}

impl<'de> Deserialize<'de> for Workers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WorkersVisitor)
    }
}

struct WorkersVisitor;

impl de::Visitor<'_> for WorkersVisitor {
    type Value = Workers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("auto or a whole number from 1 to 1024")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Workers, E> {
        match u16::try_from(number) {
            Ok(count @ 1..) => Ok(Workers::Count(count)),
            _ => Err(E::invalid_value(de::Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Workers, E> {
        match text {
            "auto" => Ok(Workers::Auto),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}

impl JsonSchema for Workers {
    fn schema_name() -> Cow<'static, str> {
        "Workers".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "minimum": 1, "pattern": "^auto$|\\$\\{" })
    }
}

impl garde::rules::range::Bounds for Workers {
    type Size = u16;

    const MIN: u16 = 1;
    const MAX: u16 = u16::MAX;

    fn validate_bounds(&self, lower: u16, upper: u16) -> Result<(), garde::rules::range::OutOfBounds> {
        match self {
            Self::Auto => Ok(()),
            Self::Count(count) => crate::scalar::within(count, &lower, &upper),
        }
    }
}
