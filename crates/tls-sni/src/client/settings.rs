//! How backends are connected to.

use std::fmt;

use super::{Identity, Pin};
use crate::protocol::Protocol;

/// Whose word a backend's certificate must stand on.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roots {
    /// The authorities that the system trusts. They are read once in a process.
    #[default]
    System,
    /// These certificates, PEM, and no others.
    ///
    /// Each is an authority. Beside that, a backend may show one of them itself, as with a certificate that signed itself: it
    /// is then trusted as it is, also where it says that it is an authority, as those of `openssl req -x509` do.
    Pem(Vec<u8>),
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::Pem(text) => write!(f, "Pem({} bytes)", text.len()),
        }
    }
}

/// How the backends of one upstream are connected to. TLS 1.2 and 1.3 are spoken, and sessions are resumed, in any case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientSettings {
    /// Whose word a backend's certificate must stand on.
    pub roots: Roots,
    /// Lists of revoked certificates, PEM, one or several in each.
    ///
    /// Where there is any, each certificate of a backend's chain but the root's must be looked up in the list of its issuer:
    /// one whose issuer has no list here is refused. A list that is out of date still counts.
    pub crls: Vec<Vec<u8>>,
    /// What we show to a backend that asks for a certificate: mutual TLS.
    pub identity: Option<Identity>,
    /// The DNS name or the IP address that a backend's certificate must be for, instead of the host that it is known by. A
    /// DNS name is also what the backend is asked for (SNI). An address is never sent (RFC 6066 section 3).
    pub server_name: Option<String>,
    /// One of these keys a backend must have, beside all else that is verified; any key will do where there is none.
    pub pins: Vec<Pin>,
    /// Takes any certificate: no authority, name, time or list is looked at. The backend still has to prove that it has the
    /// key of the certificate that it shows. Whoever is between us and it can read everything, unless `pins` name its key.
    pub skips_verification: bool,
    /// What is offered to be spoken inside, the preferred first; nothing is negotiated where there is none.
    pub protocols: Vec<Protocol>,
}

impl ClientSettings {
    /// The default.
    ///
    /// # Defaults
    /// The system's roots and full verification for the host that is connected to; no lists, no pins, no certificate of our
    /// own, no protocol offered.
    pub fn new() -> Self {
        Self::default()
    }
}
