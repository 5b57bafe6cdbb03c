//! Sizes: a number of bytes, or a number with a unit.

use crate::scalar;
use garde::rules::range::{Bounds, OutOfBounds};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, ops::Deref, str::FromStr};

/// A number of bytes as the document writes it: `4096`, `64kb`, `10mb`, `1gb`; a unit is a power of 1024.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size(pub u64);

/// Accepted spellings of units, in lower case; the first of each size is the one printed.
const UNITS: [(&str, u64); 13] = [
    ("tb", 1 << 40),
    ("gb", 1 << 30),
    ("mb", 1 << 20),
    ("kb", 1 << 10),
    ("b", 1),
    ("t", 1 << 40),
    ("g", 1 << 30),
    ("m", 1 << 20),
    ("k", 1 << 10),
    ("tib", 1 << 40),
    ("gib", 1 << 30),
    ("mib", 1 << 20),
    ("kib", 1 << 10),
];

impl Size {
    /// So many bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// So many units of 1024 bytes.
    pub const fn from_kb(kilobytes: u64) -> Self {
        Self(kilobytes << 10)
    }

    /// So many units of 1024 * 1024 bytes.
    pub const fn from_mb(megabytes: u64) -> Self {
        Self(megabytes << 20)
    }

    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl Deref for Size {
    type Target = u64;

    fn deref(&self) -> &u64 {
        &self.0
    }
}

impl From<Size> for u64 {
    fn from(size: Size) -> Self {
        size.0
    }
}

/// Bounds appear in the JSON Schema as bytes.
impl From<Size> for serde_json::Value {
    fn from(size: Size) -> Self {
        size.0.into()
    }
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        if let Ok(bytes) = text.parse() {
            return Ok(Self(bytes));
        }
        let (number, unit, rest) = scalar::number_and_unit(text).ok_or(SizeError::Form)?;
        let unit = unit.to_ascii_lowercase();
        let known = UNITS.into_iter().find(|(name, _)| rest.is_empty() && *name == unit);
        let (_, bytes) = known.ok_or(SizeError::Form)?;
        number.checked_mul(bytes).map(Self).ok_or(SizeError::TooLarge)
    }
}

/// Why a text is no size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SizeError {
    /// The text is no number with a unit.
    #[error("not a size; write bytes as a bare number, or 64kb, 10mb, 1gb")]
    Form,
    /// The number of bytes does not fit.
    #[error("larger than any size can be")]
    TooLarge,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fits = |size: &u64| self.0 != 0 && self.0.is_multiple_of(*size);
        let (unit, size) = UNITS.into_iter().find(|(_, size)| fits(size)).unwrap_or(("b", 1));
        write!(f, "{}{unit}", self.0 / size)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar::number_or_text(deserializer, "a size such as 64kb, 10mb or 4096 (bytes)", |bytes| {
            Ok(Self(bytes))
        })
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "minimum": 0,
            "pattern": "^([0-9]+([kKmMgGtT]?([iI]?[bB])?)|.*\\$\\{.*)$",
        })
    }
}

impl Bounds for Size {
    type Size = Self;

    const MIN: Self = Self(0);
    const MAX: Self = Self(u64::MAX);

    fn validate_bounds(&self, lower: Self, upper: Self) -> Result<(), OutOfBounds> {
        scalar::within(self, &lower, &upper)
    }
}

#[cfg(test)]
mod tests;
