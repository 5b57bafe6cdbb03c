//! Status codes and ranges of them.

use crate::scalar;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, ops::RangeInclusive, str::FromStr};

/// The codes that there are (RFC 9110 section 15).
const CODES: RangeInclusive<u16> = 100..=599;

/// Status codes as the document writes them: `204`, or `200-399` with both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StatusRange {
    /// The lowest.
    pub first: u16,
    /// The highest.
    pub last: u16,
}

impl StatusRange {
    pub(crate) const fn between(first: u16, last: u16) -> Self {
        Self { first, last }
    }

    /// Whether a status is one of these.
    pub const fn contains(self, status: u16) -> bool {
        self.first <= status && status <= self.last
    }
}

/// Why a text is no range of status codes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusRangeError {
    /// Neither a code nor two with a hyphen.
    #[error("expected a status from 100 to 599 or a range such as 200-399, found `{0}`")]
    Form(String),
    /// The first code is higher than the last one.
    #[error("`{0}` has no status in it: its first is higher than its last")]
    Empty(StatusRange),
}

impl FromStr for StatusRange {
    type Err = StatusRangeError;

    fn from_str(text: &str) -> Result<Self, StatusRangeError> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let code = |text: &str| text.trim().parse().ok().filter(|code| CODES.contains(code));
        match (code(first), code(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Self { first, last }),
            (Some(first), Some(last)) => Err(StatusRangeError::Empty(Self { first, last })),
            _ => Err(StatusRangeError::Form(text.escape_debug().to_string())),
        }
    }
}

impl fmt::Display for StatusRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last } = self;
        if first == last { first.fmt(f) } else { write!(f, "{first}-{last}") }
    }
}

impl Serialize for StatusRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for StatusRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar::text(deserializer)
    }
}

impl JsonSchema for StatusRange {
    fn schema_name() -> Cow<'static, str> {
        "StatusRange".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "description": "A status code, or a range of them: 200-399.",
            "minimum": 100,
            "maximum": 599,
            "pattern": "^([1-5][0-9][0-9](-[1-5][0-9][0-9])?|.*\\$\\{.*)$",
        })
    }
}

#[cfg(test)]
mod tests;
