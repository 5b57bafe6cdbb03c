//! How the server is set up.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::caller::Role;
use crate::limit::Rate;

/// Where the control plane listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminAddress {
    /// An address and a port; port 0 has the system choose one. Anything but loopback needs tokens or clients.
    Tcp(SocketAddr),
    /// The path of a Unix socket, for root and the user that the process runs as. One whose process is gone is replaced.
    Unix(PathBuf),
}

impl fmt::Display for AdminAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// How the server is set up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AdminSettings {
    /// Where it listens.
    pub address: AdminAddress,
    /// TLS, for TCP alone. Client certificates are asked for where its settings say so.
    pub tls: Option<tls_sni::Server>,
    /// Who may do what with a token.
    pub tokens: Vec<TokenSettings>,
    /// Who may do what with a certificate.
    pub clients: Vec<ClientSettings>,
    /// What a client may do with a certificate that is vouched for and named nowhere; `None`: nothing.
    pub any_client: Option<Role>,
    /// Hosts that requests may be for, beside loopback's names and the address that a connection came in at: a name or an
    /// address, with a port where only that one will do.
    pub hosts: Vec<String>,
    /// The longest body, in bytes.
    pub max_body: usize,
    /// How many bytes of bodies are held at once, over all requests. Never less than `max_body`.
    pub max_bodies: usize,
    /// How often one caller may ask.
    pub rate: Rate,
    /// How often one client may show wrong credentials.
    pub failures: Rate,
    /// How many connections there are at once.
    pub max_connections: usize,
    /// How long clients have.
    pub deadlines: Deadlines,
}

impl AdminSettings {
    /// At this address.
    ///
    /// # Defaults
    /// No TLS, no tokens, no clients, no further hosts; bodies of 10 MiB, of which 64 MiB are held at once; 2,000 requests of a
    /// caller in 10 s; 10 wrong credentials of a client in a minute; 64 connections; [`Deadlines::default`].
    pub const fn new(address: AdminAddress) -> Self {
        Self {
            address,
            tls: None,
            tokens: Vec::new(),
            clients: Vec::new(),
            any_client: None,
            hosts: Vec::new(),
            max_body: 10 * 1024 * 1024,
            max_bodies: 64 * 1024 * 1024,
            rate: Rate::new(2_000, Duration::from_secs(10)),
            failures: Rate::new(10, Duration::from_secs(60)),
            max_connections: 64,
            deadlines: Deadlines::DEFAULT,
        }
    }
}

/// Who may do what with a token. The token itself is not kept.
#[derive(Clone)]
#[non_exhaustive]
pub struct TokenSettings {
    /// Whose token it is: the audit log has this name.
    pub name: String,
    /// The SHA-256 of the token.
    pub sha256: [u8; 32],
    /// What it allows.
    pub role: Role,
}

impl TokenSettings {
    /// The owner's name, the SHA-256 of the token, and what it allows.
    pub fn new(name: impl Into<String>, sha256: [u8; 32], role: Role) -> Self {
        Self { name: name.into(), sha256, role }
    }
}

impl fmt::Debug for TokenSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSettings")
            .field("name", &self.name)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

/// Who may do what with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientSettings {
    /// A name of the certificate, as [`tls_sni::ClientIdentity`] writes it: the whole subject (`CN=alice, O=Example`), a part of
    /// it (`CN=alice`), or an alternative name with its kind (`DNS:alice.example.com`, `URI:spiffe://example/alice`).
    pub name: String,
    /// What it allows.
    pub role: Role,
}

impl ClientSettings {
    /// A name of the certificate, and what it allows.
    pub fn new(name: impl Into<String>, role: Role) -> Self {
        Self { name: name.into(), role }
    }
}

/// How long clients have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deadlines {
    /// For a TLS handshake.
    pub handshake: Duration,
    /// For a request's head, from its first byte on; and for the first byte of a new connection.
    pub head: Duration,
    /// For a request's body.
    pub body: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// For taking anything at all of what is written.
    pub write: Duration,
    /// For requests in flight when the server is told to stop.
    pub drain: Duration,
}

impl Deadlines {
    const DEFAULT: Self = Self {
        handshake: Duration::from_secs(10),
        head: Duration::from_secs(10),
        body: Duration::from_secs(30),
        idle: Duration::from_secs(60),
        write: Duration::from_secs(30),
        drain: Duration::from_secs(5),
    };
}

impl Default for Deadlines {
    /// Handshake and head 10 s, body and write 30 s, idle 60 s, drain 5 s.
    fn default() -> Self {
        Self::DEFAULT
    }
}
