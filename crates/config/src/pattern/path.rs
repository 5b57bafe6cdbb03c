//! The path of a route.

use crate::scalar;
use regex::RegexBuilder;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, str::FromStr};

/// Which paths a route serves: `/exact`, `/prefix/*`, `/pre*`, `~^/regular/[0-9]+$`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum PathPattern {
    /// This path alone.
    Exact(String),
    /// Every path that starts with this text, which is what stands before the `*`. A prefix that ends in a slash
    /// also stands for the path without that slash: `/api/*` matches `/api`.
    Prefix(String),
    /// Every path in which this regular expression (what stands behind the `~`) finds a match; `^` and `$` anchor it.
    Regex(String),
}

impl PathPattern {
    /// The most memory that one compiled expression may take, in bytes.
    pub const REGEX_SIZE_LIMIT: usize = 1 << 20;
}

impl Default for PathPattern {
    fn default() -> Self {
        Self::Prefix("/".into())
    }
}

impl FromStr for PathPattern {
    type Err = PathPatternError;

    fn from_str(text: &str) -> Result<Self, PathPatternError> {
        if let Some(expression) = text.strip_prefix('~') {
            return regex(expression.trim_start());
        }
        if !text.starts_with('/') {
            return Err(PathPatternError::Start(text.into()));
        }
        check_characters(text)?;
        match text.split_once('*') {
            None => Ok(Self::Exact(text.into())),
            Some((prefix, "")) => Ok(Self::Prefix(prefix.into())),
            Some(_) => Err(PathPatternError::Star(text.into())),
        }
    }
}

/// What a path may hold (RFC 3986 sections 2.1 and 3.3); the rest would never match a normalised path.
pub(crate) fn check_characters(path: &str) -> Result<(), PathPatternError> {
    if let Some(wrong) = path.chars().find(|c| !c.is_ascii_graphic() || "?#\"<>\\^`{|}".contains(*c)) {
        return Err(PathPatternError::Character(wrong));
    }
    let triplet = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    match path.split('%').skip(1).find(|rest| !triplet(rest)) {
        Some(rest) => Err(PathPatternError::Percent(rest.chars().take(2).collect())),
        None => Ok(()),
    }
}

fn regex(expression: &str) -> Result<PathPattern, PathPatternError> {
    if expression.is_empty() {
        return Err(PathPatternError::EmptyRegex);
    }
    check_regex(expression).map(|()| PathPattern::Regex(expression.into()))
}

/// Whether a regular expression compiles within the limit of memory.
pub(crate) fn check_regex(expression: &str) -> Result<(), PathPatternError> {
    let built = RegexBuilder::new(expression).size_limit(PathPattern::REGEX_SIZE_LIMIT).build();
    built.map(drop).map_err(|error| PathPatternError::Regex(cause(&error.to_string())))
}

/// The line of a regex error that names the cause; the lines before it repeat the expression.
fn cause(error: &str) -> String {
    let last = error.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).into()
}

/// Why a text is no path of a route.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathPatternError {
    /// Neither a path nor a regular expression.
    #[error("`{0}` must start with / (a path) or ~ (a regular expression)")]
    Start(String),
    /// A star that is not the last character.
    #[error("`{0}` has a * that is not its last character; use a regular expression (~) for that")]
    Star(String),
    /// A character that no normalised path holds.
    #[error("{0:?} cannot be in a path; write it percent-encoded")]
    Character(char),
    /// A percent sign without two hexadecimal digits.
    #[error("`%{0}` is no percent-encoded byte; write %25 for a percent sign")]
    Percent(String),
    /// A `~` and nothing behind it.
    #[error("the regular expression behind ~ is missing")]
    EmptyRegex,
    /// An expression that does not compile.
    #[error("the regular expression does not compile: {0}")]
    Regex(String),
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(path) => f.write_str(path),
            Self::Prefix(prefix) => write!(f, "{prefix}*"),
            Self::Regex(expression) => write!(f, "~{expression}"),
        }
    }
}

impl Serialize for PathPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PathPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar::text(deserializer)
    }
}

impl JsonSchema for PathPattern {
    fn schema_name() -> Cow<'static, str> {
        "PathPattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "/exact, /prefix/*, /pre*, or a regular expression behind ~.",
            "pattern": "^(/[^*]*\\*?|~.+|.*\\$\\{.*)$",
        })
    }
}

#[cfg(test)]
mod tests;
