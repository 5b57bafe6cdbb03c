//! Why a handshake with a client failed.

use std::io;

use rustls::{AlertDescription, Error};

/// Why a handshake with a client failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeFailure {
    /// No certificate is for the name that it asked for.
    #[error("no certificate is for the name that the client asked for")]
    UnknownName,
    /// No version, cipher suite or signature scheme that both sides know.
    #[error("the client offers nothing that is spoken here")]
    NoSharedParameters,
    /// It has no certificate, and needs one.
    #[error("the client shows no certificate")]
    NoClientCertificate,
    /// Its certificate is not believed: nobody vouches for it, it has expired, or it was revoked.
    #[error("the client's certificate is not believed")]
    ClientCertificate,
    /// It broke off, by an alert.
    #[error("the client broke off with an alert")]
    Alert,
    /// What it sends is no TLS, or breaks its rules.
    #[error("the client does not speak TLS, or not by its rules")]
    NotTls,
    /// It closed the connection.
    #[error("the client closed the connection")]
    Closed,
    /// The connection broke.
    #[error("the connection broke")]
    Io,
    /// No failure: an ACME server has seen the answer to its challenge.
    #[error("a challenge was answered")]
    Challenge,
}

impl HandshakeFailure {
    /// A stable code, in snake case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UnknownName => "unknown_name",
            Self::NoSharedParameters => "no_shared_parameters",
            Self::NoClientCertificate => "no_client_certificate",
            Self::ClientCertificate => "client_certificate",
            Self::Alert => "alert",
            Self::NotTls => "not_tls",
            Self::Closed => "closed",
            Self::Io => "io",
            Self::Challenge => "challenge",
        }
    }
}

pub(super) fn of(error: &io::Error) -> HandshakeFailure {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return match error.kind() {
            io::ErrorKind::UnexpectedEof => HandshakeFailure::Closed,
            io::ErrorKind::InvalidData => HandshakeFailure::NotTls,
            _ => HandshakeFailure::Io,
        };
    };
    match tls {
        Error::NoCertificatesPresented => HandshakeFailure::NoClientCertificate,
        Error::InvalidCertificate(_) | Error::InvalidCertRevocationList(_) => {
            HandshakeFailure::ClientCertificate
        }
        Error::PeerIncompatible(_) | Error::NoApplicationProtocol => HandshakeFailure::NoSharedParameters,
        Error::AlertReceived(AlertDescription::CloseNotify | AlertDescription::UserCanceled) => {
            HandshakeFailure::Closed
        }
        Error::AlertReceived(_) => HandshakeFailure::Alert,
        _ => HandshakeFailure::NotTls,
    }
}
