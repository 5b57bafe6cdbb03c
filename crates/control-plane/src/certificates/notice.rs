//! What the log, and those who listen to events, are told of certificates.

use std::path::PathBuf;

use proxy_core::events::{CertificateExpiring, CertificateFailed, CertificateReplaced, Event};

use super::expiry::Warning;
use super::load::Failure;
use super::moment;
use super::status::Summary;

/// Something that somebody may want to know. None has a key in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// A certificate is served from now on.
    Served { id: String, summary: Summary },
    /// What is there now is no certificate, but that may pass: the files may be half written.
    Unsettled(Failure),
    /// What is there now is no certificate. `is_served`: another one is served all the same.
    Failed { failure: Failure, is_served: bool },
    /// What was told to be wrong is the certificate again that is served.
    Mended { id: String },
    /// A certificate ends soon, or has ended.
    Ending { id: String, summary: Summary, warning: Warning },
}

impl Notice {
    /// Writes it to the log.
    pub(super) fn log(&self) {
        match self {
            Self::Served { id, summary: Summary { names, not_after, fingerprint, kind, .. } } => {
                let (names, not_after) = (names.join(", "), moment::show(*not_after));
                tracing::info!(id, names, not_after, fingerprint, %kind, "certificate is served from now on");
            }
            Self::Unsettled(Failure { id, path, error }) => {
                let path = shown(path.as_ref());
                tracing::debug!(id, path, reason = %error, "certificate has changed, and is not whole yet");
            }
            Self::Failed { failure: Failure { id, path, error }, is_served: true } => {
                let path = shown(path.as_ref());
                tracing::warn!(id, path, reason = %error, "changed certificate cannot be served: the former one still is");
            }
            Self::Failed { failure: Failure { id, path, error }, is_served: false } => {
                let path = shown(path.as_ref());
                tracing::error!(id, path, reason = %error, "certificate cannot be served");
            }
            Self::Mended { id } => tracing::info!(id, "certificate is again the one that is served"),
            Self::Ending { id, summary, warning } => log_ending(id, summary, *warning),
        }
    }

    /// The event that it is, where it is one.
    pub(super) fn event(&self) -> Option<Event> {
        match self {
            Self::Served { id, summary: Summary { names, not_after, fingerprint, .. } } => {
                Some(CertificateReplaced::new(id, names.clone(), *not_after, fingerprint).into())
            }
            Self::Failed { failure: Failure { id, error, .. }, is_served } => {
                Some(CertificateFailed::new(id, error.to_string(), *is_served).into())
            }
            Self::Ending { id, summary: Summary { names, not_after, .. }, warning } => {
                let has_expired = *warning == Warning::Expired;
                Some(CertificateExpiring::new(id, names.clone(), *not_after, has_expired).into())
            }
            // What is not whole yet may pass, and what was mended is served as it was.
            Self::Unsettled(_) | Self::Mended { .. } => None,
        }
    }
}

fn log_ending(id: &str, summary: &Summary, warning: Warning) {
    let Summary { names, not_after, fingerprint, .. } = summary;
    let (names, not_after) = (names.join(", "), moment::show(*not_after));
    if warning == Warning::Expired {
        tracing::error!(id, names, not_after, fingerprint, "certificate has expired, and clients refuse it");
    } else {
        tracing::warn!(id, names, not_after, fingerprint, "certificate expires soon");
    }
}

fn shown(path: Option<&PathBuf>) -> Option<impl tracing::Value + use<>> {
    path.map(|path| tracing::field::display(path.display().to_string()))
}
