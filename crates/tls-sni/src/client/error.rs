//! Why settings are refused.

use crate::certificate::CertificateError;

/// Why there can be no client with these settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The system trusts nobody, or nobody is found.
    #[error(
        "no root certificates are found on this system{detail}; install them (`ca-certificates`), or name some"
    )]
    NoSystemRoots {
        /// What went wrong first; empty where nothing did.
        detail: String,
    },
    /// The given roots cannot be used.
    #[error("the roots: {0}")]
    Roots(CertificateError),
    /// A text with lists of revoked certificates cannot be used.
    #[error("revocation list {number}: {detail}")]
    RevocationList {
        /// Which of the texts, from 1.
        number: usize,
        /// What is wrong with it.
        detail: String,
    },
    /// The name is none that a certificate can be for.
    #[error("{name:?} is neither a DNS name nor an IP address")]
    ServerName {
        /// The name.
        name: String,
    },
    /// The library does not take the settings.
    #[error("TLS cannot be set up: {detail}")]
    Unusable {
        /// What it says.
        detail: String,
    },
}
