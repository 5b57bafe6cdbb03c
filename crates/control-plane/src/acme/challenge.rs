//! Answers to an authority's challenges, for as long as they are wanted.

use std::sync::Arc;

use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use tls_sni::{Certificate, Certificates};
use zeroize::Zeroizing;

use super::failure::{Concern, Failure};
use super::settings::ChallengeKind;

/// Answers challenges over HTTP: whoever asks for `/.well-known/acme-challenge/<token>` gets the key authorization. RFC 8555
/// section 8.3.
pub trait Http01: Send + Sync {
    /// Answers this token from now on.
    fn put(&self, token: &str, key_authorization: &str);

    /// Answers it no longer.
    fn remove(&self, token: &str);
}

impl Http01 for proxy_core::Challenges {
    fn put(&self, token: &str, key_authorization: &str) {
        Self::put(self, token, key_authorization);
    }

    fn remove(&self, token: &str) {
        Self::remove(self, token);
    }
}

/// Where answers are put.
#[derive(Clone)]
pub(super) struct Presenter {
    pub(super) http01: Arc<dyn Http01>,
    pub(super) certificates: Certificates,
}

/// What an authority expects to find.
pub(super) struct Expected<'a> {
    pub(super) name: &'a str,
    pub(super) token: &'a str,
    pub(super) key_authorization: &'a str,
    /// The SHA-256 of the key authorization.
    pub(super) digest: &'a [u8],
}

/// An answer that is there until this is dropped.
pub(super) enum Presented {
    Http01 { table: Arc<dyn Http01>, token: String },
    TlsAlpn01 { certificates: Certificates, name: String },
}

impl Presenter {
    /// Puts an answer where the authority will look for it.
    pub(super) fn present(&self, kind: ChallengeKind, expected: &Expected<'_>) -> Result<Presented, Failure> {
        let Expected { name, token, .. } = *expected;
        if !is_token(token) {
            return Err(Failure::new(Concern::Authority, "the authority's token is not base64url"));
        }
        match kind {
            ChallengeKind::Http01 => {
                self.http01.put(token, expected.key_authorization);
                Ok(Presented::Http01 { table: Arc::clone(&self.http01), token: token.to_owned() })
            }
            ChallengeKind::TlsAlpn01 => {
                let certificate = certificate(name, expected.digest).map_err(|error| {
                    Failure::new(Concern::Challenge, format!("no answer over TLS: {error}"))
                })?;
                self.certificates.put_challenge(name, certificate);
                Ok(Presented::TlsAlpn01 { certificates: self.certificates.clone(), name: name.to_owned() })
            }
        }
    }
}

impl Drop for Presented {
    fn drop(&mut self) {
        match self {
            Self::Http01 { table, token } => table.remove(token),
            Self::TlsAlpn01 { certificates, name } => certificates.remove_challenge(name),
        }
    }
}

/// RFC 8555 section 8.3: a token goes into a path, so nothing else may be in it.
fn is_token(token: &str) -> bool {
    let is_inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=256).contains(&token.len()) && token.bytes().all(is_inside)
}

/// Why there is no such certificate.
#[derive(Debug, thiserror::Error)]
enum AnswerError {
    #[error(transparent)]
    Make(#[from] rcgen::Error),
    #[error("the digest has {0} bytes")]
    Digest(usize),
    #[error(transparent)]
    Read(#[from] tls_sni::CertificateError),
}

/// A certificate that answers: RFC 8737 section 3.
fn certificate(name: &str, digest: &[u8]) -> Result<Certificate, AnswerError> {
    // Making the extension of anything else is a panic.
    if digest.len() != 32 {
        return Err(AnswerError::Digest(digest.len()));
    }
    let mut params = CertificateParams::new([name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = Zeroizing::new(KeyPair::generate()?);
    let chain = params.self_signed(&*key)?.pem();
    let key = Zeroizing::new(key.serialize_pem());
    Ok(Certificate::for_challenge(chain.as_bytes(), key.as_bytes())?)
}

#[cfg(test)]
mod tests;
