//! Keys that a backend must have.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

#[cfg(test)]
mod tests;

/// The length of a SHA-256 in base64.
const ENCODED: usize = 44;

/// One key that a backend may have: the SHA-256 of its SubjectPublicKeyInfo, as in RFC 7469 section 2.4.
///
/// It is written `sha256/BASE64`, or `sha256//BASE64` as curl does. This prints the one of a certificate:
///
/// ```text
/// openssl x509 -in cert.pem -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64
/// ```
///
/// What counts is the key of the backend's own certificate, as with curl and Envoy. RFC 7469 would also take that of an
/// authority in the verified chain; but nothing is verified where verification is skipped, and whoever shows a chain can add
/// any authority's certificate to it. To go by an authority, name it as the only root.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin([u8; 32]);

/// Why a text is no pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// It does not begin with the name of the hash.
    #[error("expected `sha256/` and the base64 of the key's SHA-256")]
    Prefix,
    /// What follows is not base64.
    #[error("what follows `sha256/` is not base64")]
    Base64,
    /// What follows is no SHA-256.
    #[error("what follows `sha256/` has {bytes} bytes; a SHA-256 has 32")]
    Length {
        /// How many bytes there are.
        bytes: usize,
    },
}

impl Pin {
    /// The pin of a key with this SHA-256.
    pub const fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The SHA-256.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// True for a key that is encoded like this (SubjectPublicKeyInfo, DER).
    pub(super) fn is_of(&self, key: &[u8]) -> bool {
        digest(&SHA256, key).as_ref() == self.0
    }
}

impl FromStr for Pin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, PinError> {
        let encoded = text.strip_prefix("sha256/").ok_or(PinError::Prefix)?;
        // A digest's base64 may begin with a slash itself: it is curl's only where there is one character too many.
        let encoded = encoded.strip_prefix('/').filter(|_| encoded.len() > ENCODED).unwrap_or(encoded);
        let bytes = STANDARD.decode(encoded).map_err(|_| PinError::Base64)?;
        let digest = bytes.try_into().map_err(|bytes: Vec<u8>| PinError::Length { bytes: bytes.len() })?;
        Ok(Self(digest))
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256/{}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
