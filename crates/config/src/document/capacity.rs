//! How many requests are in flight, and who waits.

use crate::{Counted, Duration};
use garde::rules::range::{Bounds, OutOfBounds};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, num::ParseIntError, str::FromStr};

/// The most that a limit of requests, connections or waiting requests can be.
pub(super) const MANY: u32 = 10_000_000;

/// How many wait where the limit is found by measuring.
const AUTO_QUEUE: u32 = 128;
/// How long a request waits where nobody says otherwise.
pub(super) const QUEUE_TIMEOUT: Duration = Duration::from_secs(1);

/// The most requests in flight: a number, or `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Hash)]
pub enum InFlight {
    /// As many as the backends answer without growing slower, found by measuring.
    Auto,
    /// So many.
    At(u32),
}

impl InFlight {
    /// How many requests wait for a place where nobody says otherwise.
    pub const fn default_queue(self) -> u32 {
        match self {
            Self::Auto => AUTO_QUEUE,
            Self::At(limit) => limit,
        }
    }
}

/// Who of those that wait is next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum QueueOrder {
    /// Who has waited longest; while waits stay long, who came last, and those that have waited longest are refused.
    #[default]
    Adaptive,
    /// Who has waited longest, always.
    Fifo,
}

impl FromStr for InFlight {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        if text == "auto" { Ok(Self::Auto) } else { text.parse().map(Self::At) }
    }
}

impl Counted for InFlight {
    const EXPECTED: &'static str = "a whole number, auto, or off";

    fn from_number(number: u64) -> Option<Self> {
        u32::from_number(number).map(Self::At)
    }
}

impl fmt::Display for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::At(limit) => limit.fmt(f),
        }
    }
}

impl Serialize for InFlight {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::At(limit) => serializer.serialize_u32(*limit),
        }
    }
}

impl<'de> Deserialize<'de> for InFlight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InFlightVisitor)
    }
}

struct InFlightVisitor;

impl serde::de::Visitor<'_> for InFlightVisitor {
    type Value = InFlight;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, or auto")
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<InFlight, E> {
        let wrong = || E::invalid_value(serde::de::Unexpected::Unsigned(number), &self);
        InFlight::from_number(number).ok_or_else(wrong)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<InFlight, E> {
        text.parse().map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}

impl JsonSchema for InFlight {
    fn schema_name() -> Cow<'static, str> {
        "InFlight".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["integer", "string"], "minimum": 1, "pattern": "^auto$|^[0-9]+$|\\$\\{" })
    }
}

impl Bounds for InFlight {
    type Size = u32;

    const MIN: u32 = 1;
    const MAX: u32 = u32::MAX;

    fn validate_bounds(&self, lower: u32, upper: u32) -> Result<(), OutOfBounds> {
        match self {
            Self::Auto => Ok(()),
            Self::At(limit) => crate::scalar::within(limit, &lower, &upper),
        }
    }
}
