//! What is known of certificates, for people.

use std::time::SystemTime;

use tls_sni::{Certificate, KeyKind, Served};

/// What is known of a certificate's source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The id in the table of certificates: of the document's source, or `store:<domain>`, or `acme:<domain>`.
    pub id: String,
    /// What is served; `None` where nothing is.
    pub served: Option<Summary>,
    /// Why what is there now is not what is served; `None` where all is well.
    pub last_error: Option<String>,
}

/// What is known of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The names that it is served for.
    pub names: Vec<String>,
    /// When it begins to be valid.
    pub not_before: SystemTime,
    /// When it ceases to be valid.
    pub not_after: SystemTime,
    /// The SHA-256 of the certificate, in lower-case hexadecimal.
    pub fingerprint: String,
    /// The kind of its key.
    pub kind: KeyKind,
    /// Whether clients get it that name nobody.
    pub is_default: bool,
}

impl Summary {
    pub(super) fn of(served: &Served) -> Self {
        let certificate: &Certificate = &served.certificate;
        Self {
            names: served.names().to_vec(),
            not_before: certificate.not_before(),
            not_after: certificate.not_after(),
            fingerprint: certificate.fingerprint().to_owned(),
            kind: certificate.kind(),
            is_default: served.is_default,
        }
    }
}
