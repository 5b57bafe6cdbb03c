//! Which attempts are made again.

use super::TICK;
use crate::{Duration, Size, scalar};
use garde::Validate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{borrow::Cow, fmt, str::FromStr};

/// The longest wait before another attempt.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Which attempts are made again, on another backend; `retries` says how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Retry {
    /// What an attempt must have failed with: `connect`, `reset`, `timeout`, or a status from 400 to 599.
    pub on: Vec<RetryReason>,
    /// Whether requests are sent again whose method is not idempotent (RFC 9110 section 9.2.2), as POST is not. Those
    /// that no backend can have seen always are.
    pub non_idempotent: bool,
    /// The most that is waited before the first further attempt; the wait itself is random. It doubles with each.
    #[garde(range(min = TICK, max = WAIT_MAX))]
    pub backoff: Duration,
    /// The most that is waited before any further attempt.
    #[garde(range(min = TICK, max = WAIT_MAX))]
    pub max_backoff: Duration,
    /// The percentage of the requests that may be made again.
    #[garde(range(max = 100))]
    pub budget_percent: u32,
    /// So many may be made again however few requests there are.
    #[garde(range(max = 10_000))]
    pub budget_minimum: u32,
    /// The largest body that is kept so that it can be sent again.
    #[garde(range(max = Size::from_mb(1)))]
    pub max_body: Size,
}

impl Default for Retry {
    fn default() -> Self {
        let reasons = [RetryReason::Connect, RetryReason::Reset, RetryReason::Timeout];
        Self {
            on: reasons.into_iter().chain([502, 503, 504].map(RetryReason::Status)).collect(),
            non_idempotent: false,
            backoff: Duration::from_millis(25),
            max_backoff: Duration::from_millis(250),
            budget_percent: 20,
            budget_minimum: 3,
            max_body: Size::from_kb(64),
        }
    }
}

/// What an attempt failed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryReason {
    /// No connection came about.
    Connect,
    /// The connection ended before an answer.
    Reset,
    /// The answer took longer than one attempt may take.
    Timeout,
    /// An answer with this status, from 400 to 599.
    Status(u16),
}

/// A text that is no reason of another attempt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `connect`, `reset`, `timeout` or a status from 400 to 599, found `{0}`")]
pub struct RetryReasonError(String);

impl FromStr for RetryReason {
    type Err = RetryReasonError;

    fn from_str(text: &str) -> Result<Self, RetryReasonError> {
        match (text, text.parse()) {
            ("connect", _) => Ok(Self::Connect),
            ("reset", _) => Ok(Self::Reset),
            ("timeout", _) => Ok(Self::Timeout),
            (_, Ok(status @ 400..=599)) => Ok(Self::Status(status)),
            _ => Err(RetryReasonError(text.escape_debug().to_string())),
        }
    }
}

impl fmt::Display for RetryReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect"),
            Self::Reset => f.write_str("reset"),
            Self::Timeout => f.write_str("timeout"),
            Self::Status(status) => status.fmt(f),
        }
    }
}

impl Serialize for RetryReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Status(status) => serializer.serialize_u16(*status),
            reason => serializer.collect_str(reason),
        }
    }
}

impl<'de> Deserialize<'de> for RetryReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        scalar::text(deserializer)
    }
}

impl JsonSchema for RetryReason {
    fn schema_name() -> Cow<'static, str> {
        "RetryReason".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["integer", "string"],
            "description": "connect, reset, timeout, or a status from 400 to 599.",
            "minimum": 400,
            "maximum": 599,
            "pattern": "^(connect|reset|timeout|[45][0-9][0-9]|.*\\$\\{.*)$",
        })
    }
}
