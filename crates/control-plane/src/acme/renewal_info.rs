//! What an authority suggests of a certificate's renewal: RFC 9773.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use instant_acme::{CertificateIdentifier, Error};
use x509_parser::extensions::ParsedExtension;
use x509_parser::parse_x509_certificate;

use super::account::Session;
use super::failure::Failure;
use super::schedule::{ASK_AGAIN, Window};

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Suggestion {
    /// When to renew, and when to ask again.
    Window(Window, Duration),
    /// The authority suggests nothing, of any certificate.
    Unsupported,
    /// Not this time.
    Failed(Failure),
}

/// What a certificate is called: its authority's key and its serial number (RFC 9773 section 4.1). `None` where it says
/// nothing of its authority's key, or is no certificate at all.
pub(super) fn identifier(leaf: &[u8]) -> Option<CertificateIdentifier<'static>> {
    let (_, certificate) = parse_x509_certificate(leaf).ok()?;
    let authority =
        certificate.extensions().iter().find_map(|extension| match extension.parsed_extension() {
            ParsedExtension::AuthorityKeyIdentifier(authority) => authority.key_identifier.as_ref(),
            _ => None,
        })?;
    Some(CertificateIdentifier {
        authority_key_identifier: BASE64_URL_SAFE_NO_PAD.encode(authority.0).into(),
        serial: BASE64_URL_SAFE_NO_PAD.encode(certificate.tbs_certificate.raw_serial()).into(),
    })
}

/// Asks for the window of a certificate.
pub(super) async fn ask(session: &Session, id: &CertificateIdentifier<'static>) -> Suggestion {
    match session.account.renewal_info(id).await {
        Ok((info, again)) => {
            let window = info.suggested_window;
            let (start, end) = (window.start.unix_timestamp(), window.end.unix_timestamp());
            Suggestion::Window(Window { start: time(start), end: time(end) }, again)
        }
        Err(Error::Unsupported(_)) => Suggestion::Unsupported,
        Err(error) => Suggestion::Failed(session.failure(&error)),
    }
}

fn time(seconds: i64) -> SystemTime {
    let distance = Duration::from_secs(seconds.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    let time = if seconds < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) };
    time.unwrap_or(epoch)
}

impl Suggestion {
    /// After what time to ask again; `None` where nobody answers such questions.
    pub(super) fn again(&self) -> Option<Duration> {
        match self {
            Self::Window(_, again) => Some(super::schedule::ask_again_after(*again)),
            Self::Failed(_) => Some(ASK_AGAIN),
            Self::Unsupported => None,
        }
    }
}

#[cfg(test)]
mod tests;
