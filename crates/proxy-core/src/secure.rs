//! The seams to TLS, on both sides. No library is named here.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::connect::ConnectError;
use crate::spec::{HostPattern, Protocol};
use crate::transport::Stream;

/// What was agreed with the other end of a secure channel.
pub trait Secured: Send + Sync {
    /// What is spoken inside, where that was negotiated.
    fn protocol(&self) -> Option<Protocol> {
        None
    }

    /// The host that was asked for in the handshake, in lower case.
    fn server_name(&self) -> Option<&str> {
        None
    }

    /// The version of the protocol that makes the channel secure, as OpenSSL names it: `TLSv1.3`.
    fn version(&self) -> Option<&'static str> {
        None
    }

    /// Whether a request for `host` (lower case, without a port) may come over this connection: it may not where another
    /// rule for client certificates holds for that host, or the client was shown a certificate that is not for it.
    /// RFC 9110 section 7.4.
    fn admits(&self, _host: &str) -> bool {
        true
    }

    /// Whether a route for these hosts may be reached over this connection, whatever host was asked for: it may not where a
    /// certificate is demanded there that was not shown here.
    fn reaches(&self, _hosts: &HostPattern) -> bool {
        true
    }

    /// What backends are told of the client, who has shown a certificate: lines, each `name: value CRLF`. Empty where
    /// there is none.
    fn client_fields(&self) -> &[u8] {
        &[]
    }
}

impl fmt::Debug for dyn Secured + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secured").field("protocol", &self.protocol()).finish_non_exhaustive()
    }
}

/// The future of a client's secure channel.
pub type Terminating = Pin<Box<dyn Future<Output = Result<Stream, NotTerminated>> + Send>>;

/// Makes secure channels of clients' connections.
pub trait Terminate: Send + Sync {
    /// Shakes hands with a client. The result has something to tell by [`Transport::secured`](crate::Transport::secured).
    /// The caller bounds the time.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    fn terminate(&self, stream: Stream) -> Terminating;
}

/// Why a client has no secure channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotTerminated {
    /// The handshake failed; a stable code in snake case says why.
    Failed(&'static str),
    /// Nothing failed, but no request is to come: a challenge was answered.
    Answered,
}

/// The future of a backend's secure channel.
pub type Securing<'a> = Pin<Box<dyn Future<Output = Result<Stream, ConnectError>> + Send + 'a>>;

/// Makes secure channels of connections to the backends of an upstream.
pub trait Secure: Send + Sync {
    /// Shakes hands with a backend that is known as `host` (a name or an address, without a port). The caller bounds the time.
    ///
    /// # Errors
    /// [`ConnectError::Tls`] with the reason.
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    fn secure<'a>(&'a self, stream: Stream, host: &'a str) -> Securing<'a>;

    /// The same for a request that HTTP/2 cannot carry to that backend: nothing but HTTP/1.1 is to be negotiated.
    fn secure_without_http2<'a>(&'a self, stream: Stream, host: &'a str) -> Securing<'a>;

    /// Tells one way of making them from another: connections that were made one way are used for no request that asks
    /// for another.
    fn identity(&self) -> u64;
}

impl fmt::Debug for dyn Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secure").field("identity", &self.identity()).finish_non_exhaustive()
    }
}

impl fmt::Debug for dyn Terminate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminate").finish_non_exhaustive()
    }
}
