//! Why a certificate is refused.

use std::time::SystemTime;

/// Why a certificate with its key cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The text is no PEM, or breaks off.
    #[error("the PEM is broken: {detail}")]
    Pem {
        /// What is wrong with it.
        detail: String,
    },
    /// The text holds no certificate.
    #[error("there is no certificate in it (`-----BEGIN CERTIFICATE-----`)")]
    NoCertificate,
    /// The text holds no key.
    #[error("there is no private key in it (`-----BEGIN PRIVATE KEY-----`)")]
    NoKey,
    /// The text holds more than one key.
    #[error("there is more than one private key in it")]
    SeveralKeys,
    /// The key is encrypted; nobody is there to be asked for the password.
    #[error("the private key is encrypted; write it without a password (`openssl pkey -in key.pem`)")]
    KeyEncrypted,
    /// The key is of a kind or a size that is not supported.
    #[error(
        "the private key cannot be used; it must be ECDSA (P-256, P-384, P-521), RSA (2048 bits or more) or Ed25519"
    )]
    KeyUnusable,
    /// The key belongs to another certificate.
    #[error("the private key does not belong to the first certificate")]
    KeyMismatch,
    /// A certificate cannot be read.
    #[error("certificate {number} cannot be read: {detail}")]
    Malformed {
        /// Which of the chain, from 1.
        number: usize,
        /// What is wrong with it.
        detail: String,
    },
    /// A certificate is not issued by the one that follows it.
    #[error(
        "certificate {number} is not issued by the one behind it; the chain begins with the server's own"
    )]
    ChainOrder {
        /// Which of the chain, from 1.
        number: usize,
    },
    /// It names no host.
    #[error(
        "the certificate is for no name (it has no DNS name or address among its subject alternative names)"
    )]
    Nameless,
    /// Its time has not come.
    #[error("the certificate is not valid yet: it begins {}", crate::date::show(*begins))]
    NotYetValid {
        /// When it begins.
        begins: SystemTime,
    },
    /// Its time is over.
    #[error("the certificate has expired: it ended {}", crate::date::show(*ended))]
    Expired {
        /// When it ended.
        ended: SystemTime,
    },
}
