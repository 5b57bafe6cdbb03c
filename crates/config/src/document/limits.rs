//! Limits of requests in time.

use super::{DAY, TICK};
use crate::{Duration, PathPattern, Secret};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Limits of requests in time, of the whole proxy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct RateLimits {
    /// Where the counts are.
    pub backend: LimiterStore,
    /// The Redis that holds them.
    pub redis: Option<RateLimitRedis>,
    /// The limit of all requests.
    #[garde(dive)]
    pub global: Option<RateLimit>,
    /// Limits by path.
    #[garde(dive)]
    pub per_route: Vec<PathRateLimit>,
}

/// Where the counts of a limiter are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum LimiterStore {
    /// In this process.
    #[default]
    Local,
    /// In Redis, shared with other instances.
    Redis,
}

/// The Redis that holds the counts of limiters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct RateLimitRedis {
    /// `redis://host:port`, with credentials where needed.
    pub url: Option<Secret>,
    /// A file that holds `url`.
    pub url_file: Option<PathBuf>,
}

/// So many requests in so much time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct RateLimit {
    /// The most requests.
    #[garde(range(min = 1, max = 1_000_000_000))]
    pub max: u64,
    /// The time that they are counted over.
    #[garde(range(min = TICK, max = DAY))]
    pub window_ms: Duration,
    /// What is counted apart: `clientIp`, or another part of the request.
    pub key: Option<String>,
    /// What a refused client is told.
    pub message: Option<String>,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { max: 100, window_ms: Duration::from_secs(60), key: None, message: None }
    }
}

/// So many requests of some paths in so much time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct PathRateLimit {
    /// Which paths, as in a route.
    pub path: PathPattern,
    /// The most requests.
    #[garde(range(min = 1, max = 1_000_000_000))]
    pub max: u64,
    /// The time that they are counted over.
    #[garde(range(min = TICK, max = DAY))]
    pub window_ms: Duration,
    /// What is counted apart: `clientIp`, or another part of the request.
    pub key: Option<String>,
    /// What a refused client is told.
    pub message: Option<String>,
}

impl Default for PathRateLimit {
    fn default() -> Self {
        let RateLimit { max, window_ms, key, message } = RateLimit::default();
        Self { path: PathPattern::default(), max, window_ms, key, message }
    }
}
