//! Which addresses may be reached, and who may ask.

use crate::{FieldName, Network, Secret};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Which addresses may be reached, and who may ask.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Security {
    /// Hosts, `*.example.com` among them, that targets may have which are not named in this file: those that come
    /// through the API or from Redis.
    pub allowed_hosts: Vec<crate::HostPattern>,
    /// Addresses and networks that no connection to a backend may reach, checked on the address that is dialled.
    #[serde(rename = "blockedIPs")]
    pub blocked_ips: Vec<Network>,
    /// How clients prove who they are.
    pub auth: Option<Auth>,
}

/// How clients prove who they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Auth {
    /// What they show.
    #[serde(rename = "type")]
    pub kind: AuthKind,
    /// The field that carries an API key.
    pub header: FieldName,
    /// Who is known.
    pub keys: Vec<ApiKey>,
    /// The secret that keys are hashed with (HMAC-SHA256).
    pub secret: Option<Secret>,
    /// A file that holds `secret`.
    pub secret_file: Option<PathBuf>,
}

impl Default for Auth {
    fn default() -> Self {
        Self {
            kind: AuthKind::ApiKey,
            header: FieldName("X-API-Key".into()),
            keys: Vec::new(),
            secret: None,
            secret_file: None,
        }
    }
}

/// What clients show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum AuthKind {
    /// A key in a field.
    #[default]
    ApiKey,
    /// A user and a password.
    Basic,
    /// A bearer token.
    Bearer,
}

/// An API key that is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct ApiKey {
    /// The hash of the key.
    pub key: Option<Secret>,
    /// A file that holds `key`.
    pub key_file: Option<PathBuf>,
    /// Whose key it is.
    pub name: String,
}
