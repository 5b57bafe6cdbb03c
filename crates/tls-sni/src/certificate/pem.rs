//! What a PEM text holds.

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

use super::CertificateError;

/// All certificates of a text, in order; other sections are passed over.
///
/// # Errors
/// The PEM is broken. A text without any certificate is an empty list.
pub(crate) fn certificates(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    CertificateDer::pem_slice_iter(text).collect::<Result<_, _>>().map_err(|error| broken(&error))
}

/// All lists of revoked certificates of a text.
///
/// # Errors
/// The PEM is broken.
pub(crate) fn revocation_lists(
    text: &[u8],
) -> Result<Vec<CertificateRevocationListDer<'static>>, CertificateError> {
    CertificateRevocationListDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|error| broken(&error))
}

/// The one key of a text.
///
/// # Errors
/// There is none, or more than one, or it is encrypted, or the PEM is broken.
pub(crate) fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, CertificateError> {
    if is_encrypted(text) {
        return Err(CertificateError::KeyEncrypted);
    }
    let mut keys = PrivateKeyDer::pem_slice_iter(text);
    let first = keys.next().ok_or(CertificateError::NoKey)?.map_err(|error| broken(&error))?;
    match keys.next() {
        None => Ok(first),
        Some(Ok(_)) => Err(CertificateError::SeveralKeys),
        Some(Err(error)) => Err(broken(&error)),
    }
}

/// PKCS#8 says it in its label, the older forms in a header line.
fn is_encrypted(text: &[u8]) -> bool {
    let has = |sign: &[u8]| text.windows(sign.len()).any(|window| window == sign);
    has(b"BEGIN ENCRYPTED PRIVATE KEY") || has(b"Proc-Type: 4,ENCRYPTED")
}

fn broken(error: &pem::Error) -> CertificateError {
    let detail = match error {
        pem::Error::MissingSectionEnd { end_marker } => {
            format!("it breaks off before `-----END {}-----`", String::from_utf8_lossy(end_marker).trim_end())
        }
        pem::Error::IllegalSectionStart { .. } => "a section's first line is malformed".into(),
        // What it cites would be a part of the text, which may be a key.
        pem::Error::Base64Decode(_) => "a section is not base64".into(),
        pem::Error::SectionTooLarge => "a section is too large".into(),
        _ => "it cannot be read".into(),
    };
    CertificateError::Pem { detail }
}
