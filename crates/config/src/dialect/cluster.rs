//! The configuration of the clustered proxy: `server` with `listen`, `workers`, `upstreams`, `headers` and `rules`.

use super::listen::Listen;
use crate::{FieldName, Url, Workers, fields::FieldValue};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file of the clustered proxy.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ClusterFile {
    /// The configuration of the clustered proxy. It stands alone: nothing else is at the top level then.
    pub(crate) server: Cluster,
}

/// The configuration of the clustered proxy.
#[derive(Default, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["listen", "upstreams", "rules"]))]
#[garde(allow_unvalidated)]
pub(crate) struct Cluster {
    /// The port, or `host:port`. Required.
    pub(crate) listen: Option<Listen>,
    /// How many workers serve: `auto` (one per usable core) or a number.
    #[garde(range(max = 1024))]
    pub(crate) workers: Workers,
    /// Where requests can go. Required.
    #[schemars(length(min = 1))]
    pub(crate) upstreams: Vec<ClusterUpstream>,
    /// Fields that are set on every request to an upstream.
    pub(crate) headers: Vec<ClusterField>,
    /// Where requests go, by the beginning of their path; the first rule that matches wins. Required.
    #[schemars(length(min = 1))]
    pub(crate) rules: Vec<ClusterRule>,
}

/// Where requests can go.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["id", "url"]))]
pub(crate) struct ClusterUpstream {
    /// The name that rules use. Required, unique.
    pub(crate) id: String,
    /// `http://host:port`, or `host` alone. Required.
    pub(crate) url: Option<Url>,
}

/// A field that is set on requests.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["key", "value"]))]
pub(crate) struct ClusterField {
    /// Its name. Required.
    pub(crate) key: Option<FieldName>,
    /// Its value; may contain variables: `$ip`, `$host`, `$scheme`, `$uri`, `$request_id`, `$route`. Required.
    pub(crate) value: Option<FieldValue>,
}

/// Where the requests go whose paths begin in one way.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["path", "upstreams"]))]
pub(crate) struct ClusterRule {
    /// What the path begins with, letter by letter: `/test` is the beginning of `/testing`, too. Required.
    pub(crate) path: String,
    /// The ids of the upstreams that share the requests. Required.
    #[schemars(length(min = 1))]
    pub(crate) upstreams: Vec<String>,
}
