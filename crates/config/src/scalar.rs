//! What the small values of the document have in common: one scalar, read as a number or as text.

use garde::rules::range::OutOfBounds;
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use std::{fmt, marker::PhantomData, str::FromStr};

/// Splits `12kb...` into 12, `kb` and the rest.
pub(crate) fn number_and_unit(text: &str) -> Option<(u64, &str, &str)> {
    let (number, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at(end);
    Some((number.parse().ok()?, unit, rest))
}

/// Compares a value with its bounds the way that garde wants to hear it.
pub(crate) fn within<T: PartialOrd>(value: &T, lower: &T, upper: &T) -> Result<(), OutOfBounds> {
    match value {
        value if value < lower => Err(OutOfBounds::Lower),
        value if value > upper => Err(OutOfBounds::Upper),
        _ => Ok(()),
    }
}

/// Reads a scalar that is a whole number or a text that `T` parses.
pub(crate) fn number_or_text<'de, D, T, F>(
    deserializer: D,
    expected: &'static str,
    number: F,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
    F: Fn(u64) -> Result<T, String>,
{
    deserializer.deserialize_any(NumberOrText { expected, number, value: PhantomData })
}

/// Reads a scalar as text, whatever it looks like, and parses it.
pub(crate) fn text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

struct NumberOrText<T, F> {
    expected: &'static str,
    number: F,
    value: PhantomData<T>,
}

impl<T, F> Visitor<'_> for NumberOrText<T, F>
where
    T: FromStr<Err: fmt::Display>,
    F: Fn(u64) -> Result<T, String>,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        (self.number)(number).map_err(E::custom)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(|error| E::custom(format_args!("`{text}`: {error}")))
    }
}
