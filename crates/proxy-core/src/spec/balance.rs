//! What requests that belong together have in common, and how a client is kept at one backend.

use std::fmt;
use std::time::Duration;

/// What a strategy that hashes is given of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Affinity {
    /// The client's address, as far as trusted proxies tell it.
    ClientIp,
    /// The first field of this name, in lower case.
    Header(String),
    /// The cookie of this name.
    Cookie(String),
    /// The parameter of this name in the query.
    Query(String),
    /// The normalised path.
    Path,
    /// The normalised path and the query.
    Uri,
}

/// A cookie by which a client comes back to the backend, or the upstream, that it had before.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sticky {
    /// The cookie's name.
    pub cookie: String,
    /// For how long the client keeps it; `None`: as long as its session.
    pub ttl: Option<Duration>,
    /// The path below which it is sent.
    pub path: String,
    /// The domain that it is sent to; `None`: the host that set it.
    pub domain: Option<String>,
    /// Whether it is sent over encrypted connections alone; `None`: where it was set over one.
    pub secure: Option<bool>,
    /// Whether scripts are kept from it.
    pub http_only: bool,
    /// `Lax`, `Strict` or `None`; empty: nothing is said.
    pub same_site: String,
    /// What values are derived with, so that they cannot be guessed from the names of backends.
    pub secret: Vec<u8>,
}

/// Without the secret.
impl fmt::Debug for Sticky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sticky").field("cookie", &self.cookie).finish_non_exhaustive()
    }
}

impl Sticky {
    /// A session cookie of this name for the whole host, kept from scripts, `SameSite=Lax`.
    pub fn new(cookie: impl Into<String>) -> Self {
        Self {
            cookie: cookie.into(),
            ttl: None,
            path: "/".to_owned(),
            domain: None,
            secure: None,
            http_only: true,
            same_site: "Lax".to_owned(),
            secret: Vec::new(),
        }
    }
}
