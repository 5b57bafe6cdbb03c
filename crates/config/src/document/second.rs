//! Requests that are sent twice: to a mirror, and as a hedge against a slow backend.

use super::TICK;
use crate::{Duration, Size};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An upstream that gets copies of requests; its answers are thrown away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["upstream"]))]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Mirror {
    /// The name of the upstream that gets the copies. Required.
    pub upstream: String,
    /// The percentage of the requests that are copied; may have a fraction.
    #[garde(range(min = 0.0, max = 100.0))]
    pub percent: f64,
    /// Requests with larger bodies are not copied.
    #[garde(range(max = Size::from_mb(1)))]
    pub max_body: Size,
    /// The most copies in flight; what comes while there are so many is not copied.
    #[garde(range(min = 1, max = 1_000_000))]
    pub max_in_flight: u32,
}

impl Default for Mirror {
    fn default() -> Self {
        Self { upstream: String::new(), percent: 100.0, max_body: Size::from_kb(64), max_in_flight: 100 }
    }
}

/// A second attempt on another backend while the first one is slow; the first answer wins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Hedge {
    /// Slow is what takes longer than this percentage of the route's latest requests did.
    #[garde(range(min = 50, max = 99))]
    pub percentile: u32,
    /// Nothing is slow before this.
    #[garde(range(min = TICK, max = Duration::from_secs(60)))]
    pub min_delay: Duration,
    /// The largest percentage of the requests that get a second attempt.
    #[garde(range(min = 1, max = 50))]
    pub max_percent: u32,
}

impl Default for Hedge {
    fn default() -> Self {
        Self { percentile: 95, min_delay: Duration::from_millis(10), max_percent: 5 }
    }
}
