//! Which backends can be asked: what their answers say, what probes say, what they say themselves.

mod check;

pub use check::{AgentCheck, Expect, HealthCheck, HealthCheckKind};

use super::{DAY, TICK};
use crate::{Duration, Limit};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When a backend that answers badly is left alone for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct OutlierEjection {
    /// Whether any is.
    pub enabled: bool,
    /// How many answers with status 500 and above in a row eject a backend.
    #[garde(range(min = 1, max = 10_000))]
    pub consecutive_errors: Limit<u32>,
    /// How many broken connections and attempts without an answer in a row eject a backend.
    #[garde(range(min = 1, max = 10_000))]
    pub consecutive_resets: Limit<u32>,
    /// Responses whose head takes longer than this are slow.
    #[garde(range(min = TICK, max = DAY))]
    pub slower_than: Limit<Duration>,
    /// How many slow responses in a row eject a backend; needs `slowerThan`.
    #[garde(range(min = 1, max = 10_000))]
    pub consecutive_slow: u32,
    /// How long the first ejection lasts; the second lasts twice as long, and so on.
    #[garde(range(min = TICK, max = DAY))]
    pub base_time: Duration,
    /// The longest that an ejection lasts.
    #[garde(range(min = TICK, max = DAY))]
    pub max_time: Duration,
    /// The percentage by which ejections are shortened at random, so that backends do not return together.
    #[garde(range(max = 100))]
    pub jitter: u32,
    /// The largest percentage of the backends that is ejected at the same time. One can be, and one always stays.
    #[garde(range(max = 100))]
    pub max_percent: u32,
}

impl Default for OutlierEjection {
    fn default() -> Self {
        Self {
            enabled: true,
            consecutive_errors: Limit::At(5),
            consecutive_resets: Limit::At(5),
            slower_than: Limit::Off,
            consecutive_slow: 5,
            base_time: Duration::from_secs(30),
            max_time: Duration::from_secs(300),
            jitter: 10,
            max_percent: 50,
        }
    }
}

/// What happens when too few backends are healthy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Panic {
    /// Too few are fewer than this percentage; 0: never.
    #[garde(range(max = 100))]
    pub threshold: u32,
    /// What happens then.
    pub mode: PanicMode,
}

impl Default for Panic {
    fn default() -> Self {
        Self { threshold: 50, mode: PanicMode::FailOpen }
    }
}

/// What happens when too few backends are healthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum PanicMode {
    /// All backends are asked, the unhealthy ones too.
    #[default]
    FailOpen,
    /// None is asked.
    FailClosed,
}

/// What connections that fail say about a backend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Passive {
    /// How many failed connections in a row take a backend out.
    #[garde(range(min = 1, max = 100))]
    pub failures: u32,
    /// How long after that it is first asked whether it is back.
    #[garde(range(min = TICK, max = DAY))]
    pub first_probe: Duration,
    /// The longest from one such question to the next; the waits double until then.
    #[garde(range(min = TICK, max = DAY))]
    pub longest_probe: Duration,
}

impl Default for Passive {
    fn default() -> Self {
        Self { failures: 1, first_probe: Duration::from_secs(1), longest_probe: Duration::from_secs(60) }
    }
}
