//! Parts of the document whose features come later: they are read and checked, so that nothing is ever ignored.

use super::{DAY, TICK};
use crate::{Duration, Secret};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Other places that routes come from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct RoutesFrom {
    /// A hash in Redis.
    #[garde(dive)]
    pub redis: Option<RedisRoutes>,
}

/// Routes in a hash of Redis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct RedisRoutes {
    /// `redis://host:port`, with credentials where needed.
    pub url: Option<Secret>,
    /// A file that holds `url`.
    pub url_file: Option<PathBuf>,
    /// The name of the hash.
    pub key: String,
    /// How long a look-up is kept.
    #[garde(range(min = TICK, max = DAY))]
    pub cache_ttl: Duration,
    /// The Redis that is asked while the first one is away.
    pub backup: Option<Secret>,
    /// A file that holds `backup`.
    pub backup_file: Option<PathBuf>,
}

impl Default for RedisRoutes {
    fn default() -> Self {
        Self {
            url: None,
            url_file: None,
            key: "routes".into(),
            cache_ttl: Duration::from_secs(10),
            backup: None,
            backup_file: None,
        }
    }
}

/// How metrics are served.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Metrics {
    /// Whether `/metrics` is answered where traffic comes in.
    pub on_traffic: bool,
}

/// Where traces are sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Telemetry {
    /// A collector that speaks OTLP.
    pub otlp: Option<Otlp>,
}

/// A collector that speaks OTLP.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Otlp {
    /// Its URL.
    pub endpoint: String,
}
