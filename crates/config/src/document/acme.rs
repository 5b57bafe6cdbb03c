//! Certificates from an authority that speaks ACME.

use crate::{Duration, Secret};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The longest time before a certificate's end.
const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// An authority that certificates are got from by itself, by ACME (RFC 8555).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["agreeToTerms"]))]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Acme {
    /// The URL of the authority's directory.
    pub directory: String,
    /// Whom the authority may write to.
    pub email: Option<String>,
    /// Whether the authority's terms of service are agreed to. Required, and must be true.
    pub agree_to_terms: bool,
    /// Authorities that the directory's own certificate is verified by: a file, or PEM; default: the system's.
    pub ca: Option<String>,
    /// How names are proved, the preferred way first; default: those that the listeners allow.
    pub challenges: Vec<AcmeChallenge>,
    /// Names that certificates are got for, beside the hosts of routes with `autoHttps`.
    pub domains: Vec<String>,
    /// The account with the authority's owner that the ACME account belongs to.
    pub external_account: Option<ExternalAccount>,
    /// Certificates for names that are asked for; absent: none.
    pub on_demand: Option<OnDemand>,
    /// How long before its end a certificate is renewed; default: when the authority says, or a third of its lifetime.
    #[garde(range(min = Duration::from_secs(60), max = YEAR))]
    pub renew_before: Option<Duration>,
}

impl Default for Acme {
    fn default() -> Self {
        Self {
            directory: "https://acme-v02.api.letsencrypt.org/directory".into(),
            email: None,
            agree_to_terms: false,
            ca: None,
            challenges: Vec::new(),
            domains: Vec::new(),
            external_account: None,
            on_demand: None,
            renew_before: None,
        }
    }
}

/// How a name is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum AcmeChallenge {
    /// By an answer over plain HTTP, at port 80 of the name (RFC 8555 section 8.3).
    #[serde(rename = "http-01")]
    Http01,
    /// By a certificate, at port 443 of the name (RFC 8737).
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
}

/// An account that an ACME account is bound to (RFC 8555 section 7.3.4).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["keyId"]))]
#[non_exhaustive]
pub struct ExternalAccount {
    /// Its name. Required.
    pub key_id: String,
    /// Its key, in base64url.
    pub key: Option<Secret>,
    /// A file that holds `key`.
    pub key_file: Option<PathBuf>,
}

/// Certificates for names that are asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["ask"]))]
#[non_exhaustive]
pub struct OnDemand {
    /// The URL that must answer `GET <ask>?domain=<name>` with 200 before a certificate is got. Required.
    pub ask: String,
}
