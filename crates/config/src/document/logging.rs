//! What is logged.

use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is logged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Logging {
    /// The least important lines that are written.
    pub level: Level,
    /// The form of lines.
    pub format: LogFormat,
    /// Which part of the requests is logged.
    #[garde(dive)]
    pub sampling: Option<Sampling>,
}

/// How important a line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Level {
    /// Somebody must act.
    Error,
    /// Somebody should look.
    Warn,
    /// What happens.
    #[default]
    Info,
    /// How it happens.
    Debug,
    /// Every step.
    Trace,
}

/// The form of lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum LogFormat {
    /// One JSON object per line.
    #[default]
    Json,
    /// Text for people.
    Text,
}

/// Which part of the requests is logged, from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Sampling {
    /// Of those that succeed.
    #[garde(range(min = 0.0, max = 1.0))]
    pub success_rate: f64,
    /// Of those that fail.
    #[garde(range(min = 0.0, max = 1.0))]
    pub error_rate: f64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { success_rate: 1.0, error_rate: 1.0 }
    }
}
