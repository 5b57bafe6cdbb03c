//! Whose word counts.

use std::sync::{Arc, OnceLock};

use rustls::pki_types::CertificateDer;
use rustls::{Error, RootCertStore};
use rustls_native_certs::CertificateResult;

use super::ClientError;
use crate::certificate::{CertificateError, certificates};

#[cfg(test)]
mod tests;

/// Those of the system, read at the first call that finds any and shared by all.
///
/// # Errors
/// There is none.
pub(super) fn of_system() -> Result<Arc<RootCertStore>, ClientError> {
    static SYSTEM: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(roots) = SYSTEM.get() {
        return Ok(Arc::clone(roots));
    }
    let roots = Arc::new(store(rustls_native_certs::load_native_certs())?);
    Ok(Arc::clone(SYSTEM.get_or_init(|| roots)))
}

/// What can be used of what was found: systems carry certificates that are too old to be read, and these do no harm.
fn store(found: CertificateResult) -> Result<RootCertStore, ClientError> {
    let mut roots = RootCertStore::empty();
    let (_, unreadable) = roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let detail = match (found.errors.first(), unreadable) {
            (Some(error), _) => format!(" ({error})"),
            (None, 0) => String::new(),
            (None, unreadable) => format!(" ({unreadable} cannot be read)"),
        };
        return Err(ClientError::NoSystemRoots { detail });
    }
    let problem = found.errors.first().map(tracing::field::display);
    tracing::debug!(roots = roots.len(), unreadable, problem, "read the system's root certificates");
    Ok(roots)
}

/// Those of a text, and the certificates themselves.
///
/// # Errors
/// There is none, or one that cannot be read.
pub(super) fn of_pem(text: &[u8]) -> Result<(Arc<RootCertStore>, Vec<CertificateDer<'static>>), ClientError> {
    let given = certificates(text).map_err(ClientError::Roots)?;
    if given.is_empty() {
        return Err(ClientError::Roots(CertificateError::NoCertificate));
    }
    let mut roots = RootCertStore::empty();
    for (index, certificate) in given.iter().enumerate() {
        roots.add(certificate.clone()).map_err(|error| {
            let detail = match error {
                Error::InvalidCertificate(error) => error.to_string(),
                other => other.to_string(),
            };
            ClientError::Roots(CertificateError::Malformed { number: index + 1, detail })
        })?;
    }
    Ok((Arc::new(roots), given))
}
