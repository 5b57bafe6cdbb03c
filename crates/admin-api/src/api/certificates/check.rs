//! What is wrong with a certificate, before it becomes a part of the document.

use std::time::SystemTime;

use tls_sni::{Certificate, CertificateError};

use super::refusal;
use crate::Problem;

/// What marks a secret that is kept already: it cannot be looked at here.
const MARKER: &str = "secret:";

/// # Errors
/// 422 where the chain or the key is wrong, the two do not belong together, or the certificate is not for the domain.
pub(super) fn check(domain: &str, cert: &str, key: &str, now: SystemTime) -> Result<(), Problem> {
    if !config::is_pem(cert) {
        return Err(refusal::wrong(
            "/cert",
            "it is no PEM",
            Some("send the text of the chain; files are named in the file"),
        ));
    }
    if key.starts_with(MARKER) {
        return Ok(());
    }
    match Certificate::parse(cert.as_bytes(), key.as_bytes(), now) {
        Err(error) => Err(refusal::wrong(place(&error, cert, now), &error.to_string(), None)),
        Ok(certificate) if certificate.covers(domain) => Ok(()),
        Ok(certificate) => {
            let detail = format!("the certificate is not for {domain:?}");
            let hint = format!("it is for {}", certificate.names().join(", "));
            Err(refusal::wrong("/domain", &detail, Some(&hint)))
        }
    }
}

/// Which of the two an error is about.
fn place(error: &CertificateError, cert: &str, now: SystemTime) -> &'static str {
    match error {
        CertificateError::NoKey
        | CertificateError::SeveralKeys
        | CertificateError::KeyEncrypted
        | CertificateError::KeyUnusable
        | CertificateError::KeyMismatch => "/key",
        // Either may be broken: with the chain in both places, the key's errors are gone.
        CertificateError::Pem { .. } => match Certificate::parse(cert.as_bytes(), cert.as_bytes(), now) {
            Err(CertificateError::Pem { .. }) => "/cert",
            _ => "/key",
        },
        _ => "/cert",
    }
}

#[cfg(test)]
mod tests;
