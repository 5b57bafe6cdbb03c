//! When to stop asking for a while.

use super::{DAY, TICK};
use crate::{Duration, Limit};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When to stop asking for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct CircuitBreaker {
    /// Whether there is one.
    pub enabled: bool,
    /// The percentage of failed requests that opens the circuit.
    #[garde(range(min = 1, max = 100))]
    pub failure_threshold: u32,
    /// The fewest requests in the window that say anything.
    #[garde(range(min = 1, max = 1_000_000))]
    pub minimum_requests: u32,
    /// The time over which requests are counted.
    #[garde(range(min = TICK, max = DAY))]
    pub window: Duration,
    /// How many failures in a row open the circuit, whatever the percentage.
    #[garde(range(min = 1, max = 10_000))]
    pub consecutive_failures: Limit<u32>,
    /// How long the circuit stays open before a probe is let through.
    #[garde(range(min = TICK, max = DAY))]
    pub open_duration: Duration,
    /// What happens after a probe that succeeded.
    pub recovery: Recovery,
    /// How long the share of admitted requests grows, with `recovery: ramp`.
    #[garde(range(min = TICK, max = DAY))]
    pub ramp_duration: Duration,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self {
            enabled: true,
            failure_threshold: 50,
            minimum_requests: 20,
            window: Duration::from_secs(10),
            consecutive_failures: Limit::Off,
            open_duration: Duration::from_secs(30),
            recovery: Recovery::Probe,
            ramp_duration: Duration::from_secs(10),
        }
    }
}

/// What happens after a probe that succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Recovery {
    /// All requests are admitted again.
    #[default]
    Probe,
    /// A growing share of the requests is admitted.
    Ramp,
}
