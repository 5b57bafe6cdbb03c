//! TLS: certificates, and who vouches for clients and backends.

use super::{DAY, TICK};
use crate::{Duration, Secret};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The longest time that a client may be told to come by HTTPS alone.
const YEARS: Duration = Duration::from_secs(10 * 365 * 86_400);

/// True for the text of certificates or of a key, false for the path of a file.
pub fn is_pem(text: &str) -> bool {
    text.contains("-----BEGIN")
}

/// TLS of a listener.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct ListenerTls {
    /// The oldest version that is spoken: `"1.2"` or `"1.3"`.
    pub min_version: TlsVersion,
    /// What clients get whose server name no certificate is for.
    pub unknown_name: UnknownName,
    /// Until the handshake is over, and what comes before it.
    #[garde(range(min = TICK, max = DAY))]
    pub handshake_timeout: Duration,
    /// Who vouches for clients; absent: clients show no certificates.
    #[garde(dive)]
    pub client_auth: Option<ClientAuth>,
    /// A file with the keys of session tickets that several instances share; absent: random ones.
    pub ticket_keys: Option<PathBuf>,
}

impl Default for ListenerTls {
    fn default() -> Self {
        Self {
            min_version: TlsVersion::default(),
            unknown_name: UnknownName::default(),
            handshake_timeout: Duration::from_secs(10),
            client_auth: None,
            ticket_keys: None,
        }
    }
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2.
    #[default]
    #[serde(rename = "1.2")]
    V12,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    V13,
}

/// What clients get whose server name no certificate is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum UnknownName {
    /// An alert.
    #[default]
    Reject,
    /// The default certificate: the one that is marked so, or else the first.
    Default,
}

/// Who vouches for clients.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["ca"]))]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct ClientAuth {
    /// Whether a client needs a certificate.
    pub mode: ClientAuthMode,
    /// The authorities that are believed: a file, or PEM. Required.
    pub ca: String,
    /// Files with lists of revoked certificates.
    pub crls: Vec<PathBuf>,
}

/// Whether a client needs a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ClientAuthMode {
    /// A client without one is refused.
    #[default]
    Required,
    /// A client may have none; a bad one is refused.
    Optional,
}

/// A certificate that listeners serve by server name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["cert"]))]
#[non_exhaustive]
pub struct Certificate {
    /// The stable name, unique; default: the path of `cert`, else the first of `names`, else `document:` and its place in
    /// the list, with `#2` and so on behind where that comes again.
    pub id: String,
    /// The certificate chain, the server's own first: a file, or PEM. Required.
    pub cert: String,
    /// The key: a file, or PEM. Absent: it stands in the file of `cert`.
    pub key: Option<Secret>,
    /// A file that holds `key`.
    pub key_file: Option<PathBuf>,
    /// Server names that it is served for; default: those that it names itself.
    pub names: Vec<String>,
    /// Whether it is for clients that name no server, and for unknown names where these are not refused.
    pub default: bool,
    /// Whose the object is, as the API says it: accepted and ignored.
    #[serde(skip_serializing)]
    #[schemars(extend("readOnly" = true, "writeOnly" = false))]
    pub source: Option<String>,
    /// Whether it hides one of the file, as the API says it: accepted and ignored.
    #[serde(skip_serializing)]
    #[schemars(extend("readOnly" = true, "writeOnly" = false))]
    pub shadows: Option<bool>,
}

/// `Strict-Transport-Security` (RFC 6797).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Hsts {
    /// How long clients come by HTTPS alone.
    #[garde(range(max = YEARS))]
    pub max_age: Duration,
    /// Whether that holds for all names below the host's, too.
    pub include_sub_domains: bool,
    /// Whether browsers may have it built in.
    pub preload: bool,
}

impl Default for Hsts {
    fn default() -> Self {
        Self { max_age: Duration::from_secs(365 * 86_400), include_sub_domains: false, preload: false }
    }
}

/// TLS towards the backends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct UpstreamTls {
    /// The authorities that are believed: a file, or PEM; default: the system's.
    pub ca: Option<String>,
    /// Files with lists of revoked certificates.
    pub crls: Vec<PathBuf>,
    /// The proxy's own certificate: a file, or PEM.
    pub cert: Option<String>,
    /// The key of that certificate: a file, or PEM. Absent: it stands in the file of `cert`.
    pub key: Option<Secret>,
    /// A file that holds `key`.
    pub key_file: Option<PathBuf>,
    /// The name that backends are asked for and must prove; default: the backend's own.
    pub server_name: Option<String>,
    /// Keys of which a backend must have one, beside a certificate that is believed: `sha256/` and base64 of the hash of
    /// its public key.
    pub pins: Vec<String>,
    /// Whether any certificate is believed. Whoever stands between can read and change everything then.
    pub insecure_skip_verify: bool,
}
