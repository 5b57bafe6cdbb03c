//! Certificates: never with their keys.

use schemars::JsonSchema;
use serde::Serialize;

/// A certificate that is served, or should be.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub(crate) struct CertificateStatus {
    /// What it is known by: of one that came through this API, its domain in lower case.
    pub(crate) id: String,
    /// Who has it: `file`, `api`, `route` (the `ssl` of one), `acme` (an authority), `store`.
    pub(crate) source: &'static str,
    /// True where it hides the file's one of the same id.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(default)]
    pub(crate) shadows: bool,
    /// Whether it is served.
    pub(crate) is_served: bool,
    /// The names that it is served for.
    pub(crate) names: Vec<String>,
    /// When it begins to be valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_before: Option<String>,
    /// When it ceases to be valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) not_after: Option<String>,
    /// Its SHA-256 in lower-case hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fingerprint: Option<String>,
    /// The kind of its key: `ECDSA`, `Ed25519`, `RSA`, `other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    /// Whether clients get it that name no host.
    #[serde(skip_serializing_if = "is_false")]
    #[schemars(default)]
    pub(crate) is_default: bool,
    /// Why what is there now is not what is served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_error: Option<String>,
}

/// A certificate to be served from now on.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the schema alone is made from it")]
pub(crate) struct CertificateInput {
    /// The host that it is for, or a wildcard such as `*.example.com`: the certificate must be for it. It is known by this.
    domain: String,
    /// The chain as PEM, the server's own certificate first.
    cert: String,
    /// The key as PEM. It is never shown.
    #[schemars(extend("writeOnly" = true))]
    key: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_false(value: &bool) -> bool {
    !*value
}
