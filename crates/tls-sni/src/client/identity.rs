//! Who we are to backends.

use std::sync::Arc;
use std::time::SystemTime;

use rustls::sign::CertifiedKey;

use crate::certificate::{Certificate, CertificateError};

/// The certificate that we show to backends, with its key. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    certificate: Certificate,
}

impl Identity {
    /// Reads a chain, our own certificate first, and its key, both PEM. The two may be the same text.
    ///
    /// Neither names nor validity are looked at: which it must have is the backends' business.
    ///
    /// # Errors
    /// What is wrong with the form, with the key, with the order of the chain.
    pub fn parse(chain: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        Ok(Self { certificate: Certificate::read(chain, key)? })
    }

    /// When our certificate begins to be valid.
    pub fn not_before(&self) -> SystemTime {
        self.certificate.not_before()
    }

    /// When it ceases to be valid.
    pub fn not_after(&self) -> SystemTime {
        self.certificate.not_after()
    }

    /// Its SHA-256, in lower-case hexadecimal.
    pub fn fingerprint(&self) -> &str {
        self.certificate.fingerprint()
    }

    pub(super) fn key(&self) -> &Arc<CertifiedKey> {
        self.certificate.key()
    }
}
