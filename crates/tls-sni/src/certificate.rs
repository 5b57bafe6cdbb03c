//! One certificate chain with its key, checked.

mod error;
mod leaf;
mod pem;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::SignatureAlgorithm;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

pub use error::CertificateError;
pub(crate) use leaf::{address, hex_digest, parse};
pub(crate) use pem::{certificates, private_key, revocation_lists};

use crate::name;
use crate::provider::provider;
use leaf::Leaf;

/// A certificate chain with its key, checked: it can be served. Cheap to clone.
#[derive(Clone)]
pub struct Certificate {
    inner: Arc<Inner>,
}

struct Inner {
    key: Arc<CertifiedKey>,
    leaf: Leaf,
    kind: KeyKind,
}

/// The kind of a certificate's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyKind {
    /// Signatures with it are the cheapest, and nearly every client takes them.
    Ecdsa,
    /// Few clients take it.
    Ed25519,
    /// For old clients.
    Rsa,
    /// Something newer.
    Other,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ecdsa => "ECDSA",
            Self::Ed25519 => "Ed25519",
            Self::Rsa => "RSA",
            Self::Other => "other",
        })
    }
}

impl Certificate {
    /// Reads a chain, the server's own certificate first, and its key, both PEM. The two may be the same text.
    ///
    /// # Errors
    /// What is wrong: with the form, with the key, with the order of the chain, with the names or the validity at `now`.
    pub fn parse(chain: &[u8], key: &[u8], now: SystemTime) -> Result<Self, CertificateError> {
        let certificate = Self::read(chain, key)?;
        let (begins, ends) = (certificate.not_before(), certificate.not_after());
        if now < begins {
            return Err(CertificateError::NotYetValid { begins });
        }
        if now >= ends {
            return Err(CertificateError::Expired { ended: ends });
        }
        if certificate.names().is_empty() {
            return Err(CertificateError::Nameless);
        }
        Ok(certificate)
    }

    /// Reads what answers a challenge of ACME (RFC 8737): made for one handshake, so that its validity is nobody's concern.
    ///
    /// # Errors
    /// What is wrong with the form or with the key.
    pub fn for_challenge(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        Self::read(chain, key)
    }

    pub(crate) fn read(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let chain = certificates(chain)?;
        let key = private_key(key)?;
        let first = chain.first().ok_or(CertificateError::NoCertificate)?;
        let leaf = Leaf::read(first)?;
        leaf::check_order(&chain)?;
        let key = certified(chain, key)?;
        let kind = kind_of(key.key.algorithm());
        Ok(Self { inner: Arc::new(Inner { key: Arc::new(key), leaf, kind }) })
    }

    /// The names that it is for: DNS names in lower case, wildcards as `*.example.com`, and addresses.
    pub fn names(&self) -> &[String] {
        &self.inner.leaf.names
    }

    /// True where it is for that name or address: by the same spelling, or by a wildcard for the first label.
    pub fn covers(&self, name: &str) -> bool {
        let name = name::canonical(name);
        let is_address = name.parse::<IpAddr>().is_ok();
        let parent = name::parent(&name).filter(|_| !is_address);
        self.names()
            .iter()
            .any(|own| *own == name || own.strip_prefix("*.").is_some_and(|suffix| Some(suffix) == parent))
    }

    /// When it begins to be valid.
    pub fn not_before(&self) -> SystemTime {
        self.inner.leaf.not_before
    }

    /// When it ceases to be valid.
    pub fn not_after(&self) -> SystemTime {
        self.inner.leaf.not_after
    }

    /// The kind of its key.
    pub fn kind(&self) -> KeyKind {
        self.inner.kind
    }

    /// The SHA-256 of the first certificate, in lower-case hexadecimal.
    pub fn fingerprint(&self) -> &str {
        &self.inner.leaf.fingerprint
    }

    /// The first certificate, DER.
    pub fn leaf(&self) -> &[u8] {
        self.inner.key.cert.first().map(AsRef::as_ref).unwrap_or_default()
    }

    pub(crate) fn key(&self) -> &Arc<CertifiedKey> {
        &self.inner.key
    }
}

/// Shows names and fingerprint, never the key.
impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("names", &self.names())
            .field("fingerprint", &self.fingerprint())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Certificate {
    /// The same certificates; their keys are the same then, too.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner) || self.inner.key.cert == other.inner.key.cert
    }
}

impl Eq for Certificate {}

/// A chain with its key, which belongs to the first certificate.
pub(crate) fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, CertificateError> {
    // The provider takes the key and wipes it once it has read it.
    let signing = provider().key_provider.load_private_key(key).map_err(|_| CertificateError::KeyUnusable)?;
    let first = chain.first().ok_or(CertificateError::NoCertificate)?;
    // The library compares them only where it knows all critical extensions; that of ACME's challenges is none of these.
    match signing.public_key() {
        Some(public) if public.as_ref() == parse(first, 1)?.public_key().raw => {
            Ok(CertifiedKey::new(chain, signing))
        }
        Some(_) => Err(CertificateError::KeyMismatch),
        None => Err(CertificateError::KeyUnusable),
    }
}

const fn kind_of(algorithm: SignatureAlgorithm) -> KeyKind {
    match algorithm {
        SignatureAlgorithm::ECDSA => KeyKind::Ecdsa,
        SignatureAlgorithm::RSA => KeyKind::Rsa,
        SignatureAlgorithm::ED25519 => KeyKind::Ed25519,
        _ => KeyKind::Other,
    }
}

#[cfg(test)]
mod tests;
