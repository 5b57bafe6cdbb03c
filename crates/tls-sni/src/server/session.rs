//! What was agreed with a client.

use rustls::ProtocolVersion;

use crate::certificate::Certificate;
use crate::client_auth::ClientIdentity;
use crate::protocol::Protocol;

/// A version of TLS. There are no others here: what is older is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246), with forward secrecy and authenticated ciphers alone.
    V12,
    /// TLS 1.3 (RFC 8446).
    V13,
}

impl TlsVersion {
    pub(super) fn of(version: Option<ProtocolVersion>) -> Self {
        if version == Some(ProtocolVersion::TLSv1_3) { Self::V13 } else { Self::V12 }
    }
}

/// What was agreed with a client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Session {
    /// The host that it asked for, in lower case and without the root's dot.
    pub server_name: Option<String>,
    /// What is spoken inside, where that was negotiated.
    pub protocol: Option<Protocol>,
    /// The version.
    pub version: TlsVersion,
    /// Whether a ticket spared it the certificates.
    pub is_resumed: bool,
    /// Who the client is, where it showed a certificate.
    pub client: Option<ClientIdentity>,
    /// The rule for client certificates that it came in under; 0 for none.
    pub(super) class: u128,
    /// What it was shown.
    pub(super) certificate: Certificate,
}
