//! Limits that can be switched off.

use garde::rules::range::{Bounds, OutOfBounds};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{borrow::Cow, fmt, marker::PhantomData, str::FromStr};

/// A limit, or `off`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Limit<T> {
    /// Nothing is limited.
    #[default]
    Off,
    /// At most this.
    At(T),
}

impl<T: Copy> Limit<T> {
    /// The limit, or `None` where it is off.
    pub fn get(self) -> Option<T> {
        match self {
            Self::Off => None,
            Self::At(limit) => Some(limit),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Limit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::At(limit) => limit.fmt(f),
        }
    }
}

impl<T: Serialize> Serialize for Limit<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_str("off"),
            Self::At(limit) => limit.serialize(serializer),
        }
    }
}

impl<'de, T> Deserialize<'de> for Limit<T>
where
    T: Counted + FromStr<Err: fmt::Display>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LimitVisitor(PhantomData))
    }
}

/// What a limit can count.
pub trait Counted: Sized {
    /// How messages call a limit of this kind.
    const EXPECTED: &'static str;

    /// The value that a bare number stands for.
    fn from_number(number: u64) -> Option<Self>;
}

impl Counted for crate::Duration {
    const EXPECTED: &'static str = "a duration such as 30s, or off";

    fn from_number(number: u64) -> Option<Self> {
        Some(Self::from_millis(number))
    }
}

impl Counted for crate::Size {
    const EXPECTED: &'static str = "a size such as 10mb, or off";

    fn from_number(number: u64) -> Option<Self> {
        Some(Self::from_bytes(number))
    }
}

impl Counted for u32 {
    const EXPECTED: &'static str = "a whole number, or off";

    fn from_number(number: u64) -> Option<Self> {
        number.try_into().ok()
    }
}

struct LimitVisitor<T>(PhantomData<T>);

impl<T> de::Visitor<'_> for LimitVisitor<T>
where
    T: Counted + FromStr<Err: fmt::Display>,
{
    type Value = Limit<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Limit<T>, E> {
        let wrong = || E::invalid_value(de::Unexpected::Unsigned(number), &self);
        T::from_number(number).map(Limit::At).ok_or_else(wrong)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Limit<T>, E> {
        if text == "off" {
            return Ok(Limit::Off);
        }
        text.parse().map(Limit::At).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

impl<T: JsonSchema> JsonSchema for Limit<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}OrOff", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    /// The schema of the limit itself; where that is text, `off` is one of the texts.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        schema.insert("type".into(), serde_json::json!(["integer", "string"]));
        let pattern = match schema.get("pattern").and_then(|pattern| pattern.as_str()) {
            Some(pattern) => format!("^off$|{pattern}"),
            None => "^off$|^[0-9]+$|\\$\\{".into(),
        };
        schema.insert("pattern".into(), pattern.into());
        schema
    }
}

impl<T: Bounds> Bounds for Limit<T> {
    type Size = T::Size;

    const MIN: T::Size = T::MIN;
    const MAX: T::Size = T::MAX;

    fn validate_bounds(&self, lower: T::Size, upper: T::Size) -> Result<(), OutOfBounds> {
        match self {
            Self::Off => Ok(()),
            Self::At(limit) => limit.validate_bounds(lower, upper),
        }
    }
}

impl<T: PartialOrd> PartialOrd for Limit<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Self::Off, Self::Off) => Some(std::cmp::Ordering::Equal),
            (Self::Off, Self::At(_)) => Some(std::cmp::Ordering::Greater),
            (Self::At(_), Self::Off) => Some(std::cmp::Ordering::Less),
            (Self::At(one), Self::At(other)) => one.partial_cmp(other),
        }
    }
}
