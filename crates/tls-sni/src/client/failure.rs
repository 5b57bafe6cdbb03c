//! Why there is no secure channel.

use std::io;

use rustls::{CertificateError, Error, InvalidMessage};

use super::Alert;

#[cfg(test)]
mod tests;

/// Why there is no secure channel to a backend: one for each thing that somebody would do about it.
///
/// The details, such as the names that a certificate is for, are logged at DEBUG where it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectFailure {
    /// A certificate of its chain has expired.
    #[error("the backend's certificate has expired")]
    Expired,
    /// A certificate of its chain is not valid yet, or our clock is slow.
    #[error("the backend's certificate is not valid yet")]
    NotYetValid,
    /// Its chain leads to nobody who is trusted.
    #[error("the backend's certificate is from an unknown authority")]
    UnknownAuthority,
    /// Its certificate is for other names.
    #[error("the backend's certificate is for another name")]
    WrongName,
    /// A certificate of its chain was revoked.
    #[error("the backend's certificate was revoked")]
    Revoked,
    /// Whether a certificate of its chain was revoked cannot be told: no list of its issuer is there, or none that can be used.
    #[error("whether the backend's certificate was revoked is unknown")]
    UnknownRevocation,
    /// Its certificate is bad in some other way: for another purpose, malformed, or it has not the certificate's key.
    #[error("the backend's certificate is bad")]
    BadCertificate,
    /// Its key is none of those that it must have.
    #[error("the backend's key is none of the pinned ones")]
    PinMismatch,
    /// It refused us: our certificate, the name, what we offered.
    #[error("the backend refused: {0}")]
    Alert(Alert),
    /// It knows no version, cipher suite or signature scheme that we would use.
    #[error("the backend offers nothing that is spoken here")]
    NoSharedParameters,
    /// What it sends is no TLS: often it is another port that does.
    #[error("the backend does not speak TLS")]
    NotTls,
    /// It speaks TLS, and not by its rules; or something on the way alters what it says.
    #[error("the backend breaks the rules of TLS")]
    BadTls,
    /// It closed the connection in the midst of the handshake.
    #[error("the backend closed the connection during the handshake")]
    Closed,
    /// The connection broke.
    #[error("the connection broke during the handshake: {0}")]
    Io(io::ErrorKind),
    /// The host that it is known by is neither a DNS name nor an IP address, so that no certificate can be for it. Nothing was
    /// sent.
    #[error("the backend's host is neither a DNS name nor an IP address")]
    BadName,
    /// Our own fault.
    #[error("TLS failed here")]
    Internal,
}

impl ConnectFailure {
    /// A stable code, in snake case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::UnknownAuthority => "unknown_authority",
            Self::WrongName => "wrong_name",
            Self::Revoked => "revoked",
            Self::UnknownRevocation => "unknown_revocation",
            Self::BadCertificate => "bad_certificate",
            Self::PinMismatch => "pin_mismatch",
            Self::Alert(_) => "alert",
            Self::NoSharedParameters => "no_shared_parameters",
            Self::NotTls => "not_tls",
            Self::BadTls => "bad_tls",
            Self::Closed => "closed",
            Self::Io(_) => "io",
            Self::BadName => "bad_name",
            Self::Internal => "internal",
        }
    }

    /// What a handshake failed of.
    pub(super) fn of_handshake(error: &io::Error) -> Self {
        match (failure_of(error), error.kind()) {
            (Some(failure), _) => failure,
            (None, io::ErrorKind::UnexpectedEof) => Self::Closed,
            (None, kind) => Self::Io(kind),
        }
    }
}

/// What TLS says of an error that reading from or writing to a [`ClientStream`](super::ClientStream) gave; `None` where the
/// connection below failed, or ended.
///
/// A backend that refuses our certificate under TLS 1.3 does so after the handshake has succeeded for us: the first read gives
/// [`Alert`](ConnectFailure::Alert), in most cases `certificate_required` where we showed none.
pub fn failure_of(error: &io::Error) -> Option<ConnectFailure> {
    let inner = error.get_ref()?;
    inner.downcast_ref::<ConnectFailure>().copied().or_else(|| inner.downcast_ref().map(of_tls))
}

/// The error with what TLS says of it inside, rather than the library's own.
pub(super) fn named(error: io::Error) -> io::Error {
    let Some(failure) = failure_of(&error) else { return error };
    tracing::debug!(
        code = failure.code(),
        error = &error as &dyn std::error::Error,
        "a secure channel to a backend failed"
    );
    io::Error::new(error.kind(), failure)
}

fn of_tls(error: &Error) -> ConnectFailure {
    match error {
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::InvalidCertRevocationList(_) => ConnectFailure::UnknownRevocation,
        Error::NoCertificatesPresented => ConnectFailure::BadCertificate,
        Error::AlertReceived(alert) => ConnectFailure::Alert(Alert::new(u8::from(*alert))),
        Error::PeerIncompatible(_) => ConnectFailure::NoSharedParameters,
        Error::InvalidMessage(message) if is_foreign(*message) => ConnectFailure::NotTls,
        Error::InvalidMessage(_)
        | Error::InappropriateMessage { .. }
        | Error::InappropriateHandshakeMessage { .. }
        | Error::PeerMisbehaved(_)
        | Error::PeerSentOversizedRecord
        | Error::DecryptError => ConnectFailure::BadTls,
        _ => ConnectFailure::Internal,
    }
}

fn of_certificate(error: &CertificateError) -> ConnectFailure {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => ConnectFailure::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ConnectFailure::NotYetValid
        }
        CertificateError::UnknownIssuer => ConnectFailure::UnknownAuthority,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            ConnectFailure::WrongName
        }
        CertificateError::Revoked => ConnectFailure::Revoked,
        CertificateError::UnknownRevocationStatus
        | CertificateError::ExpiredRevocationList
        | CertificateError::ExpiredRevocationListContext { .. } => ConnectFailure::UnknownRevocation,
        // Nobody but our own verifier says this.
        CertificateError::ApplicationVerificationFailure => ConnectFailure::PinMismatch,
        _ => ConnectFailure::BadCertificate,
    }
}

/// True where not even the outermost form is that of TLS.
const fn is_foreign(message: InvalidMessage) -> bool {
    matches!(
        message,
        InvalidMessage::InvalidContentType
            | InvalidMessage::UnknownProtocolVersion
            | InvalidMessage::MessageTooLarge
            | InvalidMessage::InvalidEmptyPayload
    )
}
