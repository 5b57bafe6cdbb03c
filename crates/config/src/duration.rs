//! Durations: a number of milliseconds, or numbers with units.

use crate::scalar;
use garde::rules::range::{Bounds, OutOfBounds};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, ops::Deref, str::FromStr};

/// A length of time as the document writes it: `1500` (milliseconds), `250ms`, `30s`, `5m`, `1h`, `7d`, `1m30s`.
///
/// It dereferences to [`std::time::Duration`] and is exact to the millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub std::time::Duration);

/// The units in falling order, each with its milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Duration {
    /// So many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(std::time::Duration::from_millis(millis))
    }

    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(std::time::Duration::from_secs(seconds))
    }

    /// The standard library's type for the same length of time.
    pub const fn get(self) -> std::time::Duration {
        self.0
    }

    fn millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Deref for Duration {
    type Target = std::time::Duration;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        duration.0
    }
}

/// Bounds appear in the JSON Schema as milliseconds.
impl From<Duration> for serde_json::Value {
    fn from(duration: Duration) -> Self {
        duration.millis().into()
    }
}

impl FromStr for Duration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        if let Ok(millis) = text.parse() {
            return Ok(Self::from_millis(millis));
        }
        let mut rest = text;
        let mut total: u64 = 0;
        // The units must fall, so that `1s1h` and `1s1s` are seen as the slips that they are.
        let mut units = UNITS.as_slice();
        while !rest.is_empty() {
            let (number, unit, after) = scalar::number_and_unit(rest).ok_or(DurationError::Form)?;
            let index = units.iter().position(|(name, _)| *name == unit).ok_or(DurationError::Form)?;
            let (_, millis) = units.get(index).ok_or(DurationError::Form)?;
            let part = number.checked_mul(*millis).ok_or(DurationError::TooLong)?;
            total = total.checked_add(part).ok_or(DurationError::TooLong)?;
            units = units.get(index + 1..).unwrap_or_default();
            rest = after;
        }
        if text.is_empty() { Err(DurationError::Form) } else { Ok(Self::from_millis(total)) }
    }
}

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// The text is no sum of numbers with units.
    #[error("not a duration; write milliseconds as a bare number, or 250ms, 30s, 5m, 1h, 7d")]
    Form,
    /// The sum does not fit.
    #[error("longer than any duration can be")]
    TooLong,
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.millis();
        let (unit, size) = UNITS
            .into_iter()
            .find(|(_, size)| millis != 0 && millis.is_multiple_of(*size))
            .unwrap_or(("ms", 1));
        write!(f, "{}{unit}", millis / size)
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar::number_or_text(deserializer, "a duration such as 30s, 5m or 1500 (milliseconds)", |millis| {
            Ok(Self::from_millis(millis))
        })
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "minimum": 0,
            "minLength": 1,
            "pattern": "^([0-9]+|([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?|.*\\$\\{.*)$",
        })
    }
}

impl Bounds for Duration {
    type Size = Self;

    const MIN: Self = Self::from_millis(0);
    const MAX: Self = Self::from_millis(u64::MAX);

    fn validate_bounds(&self, lower: Self, upper: Self) -> Result<(), OutOfBounds> {
        scalar::within(self, &lower, &upper)
    }
}

#[cfg(test)]
mod tests;
