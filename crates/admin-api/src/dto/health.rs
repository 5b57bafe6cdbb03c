//! How the process is.

use schemars::JsonSchema;
use serde::Serialize;

/// How the process is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Health {
    /// `UP`, or `DOWN` where requests cannot be answered.
    pub(crate) status: &'static str,
    /// The revision that is served.
    pub(crate) revision: u64,
    /// The revision that waits for its confirmation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pending: Option<super::Pending>,
    /// The version of proxyd.
    pub(crate) version: String,
    /// For how long the API has been there.
    pub(crate) uptime_seconds: u64,
    /// Clients' connections.
    pub(crate) connections: u64,
    /// Routes of the document.
    pub(crate) routes: u64,
    /// Upstreams of the document.
    pub(crate) upstreams: u64,
}

/// That the process lives.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Live {
    /// `UP`.
    pub(crate) status: &'static str,
    /// Now.
    pub(crate) timestamp: String,
}

/// Whether the process can answer requests.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Ready {
    /// `UP` or `DOWN`.
    pub(crate) status: &'static str,
    /// What it depends on.
    pub(crate) checks: Checks,
}

/// What being ready depends on; each `UP` or `DOWN`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Checks {
    /// Whether a document is served.
    pub(crate) config: &'static str,
    /// `DOWN` where there are backends, and all of them are dead.
    pub(crate) upstreams: &'static str,
}
