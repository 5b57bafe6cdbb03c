//! The seam to whatever makes connections to backends.

use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use egress::{Destination, Egress, EgressError, Named, Timeouts};

use crate::proxy_protocol;
use crate::reason::Reason;
use crate::secure::Secure;
use crate::spec::ProxyVersion;
use crate::transport::Stream;

/// The future of a connection.
pub type Connecting<'a> = Pin<Box<dyn Future<Output = Result<Stream, ConnectError>> + Send + 'a>>;

/// Makes connections to backends.
///
/// The default dials through [`Egress`]. An embedder may give its own: TLS around it, an in-memory network.
///
/// # Cancel safety
/// The future is dropped where the client goes away or a deadline passes; a connection that was being made is
/// closed then.
pub trait Connect: Send + Sync {
    /// Connects to `to` within its timeouts, on the runtime that polls the future.
    fn connect<'a>(&'a self, to: &'a Address) -> Connecting<'a>;

    /// The addresses that the name in `to` has now, in an order that need not stay the same; each becomes a backend of
    /// its own where there are several. `None` where names are not looked up here, or this one cannot be.
    fn resolve<'a>(&'a self, _to: &'a Address) -> Resolving<'a> {
        Box::pin(std::future::ready(None))
    }
}

/// The future of a name's addresses.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = Option<Vec<IpAddr>>> + Send + 'a>>;

/// Where a backend is, and how long finding it may take.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Address {
    /// Its host and port, or the path of its Unix socket.
    pub destination: Destination,
    /// Who named it.
    pub named: Named,
    /// The one of the host's addresses that is meant, where it has several.
    pub resolved: Option<SocketAddr>,
    /// For the name look-up.
    pub dns_timeout: Duration,
    /// For the connection, and again for what is agreed on it before the first request.
    pub connect_timeout: Duration,
    /// Makes a secure channel of the connection.
    pub secure: Option<Arc<dyn Secure>>,
    /// The header of the PROXY protocol that the connection begins with.
    pub announces: Option<ProxyVersion>,
}

impl Address {
    /// Connects, and makes of the connection what requests can go over: the PROXY header, then the secure channel. `origin`
    /// is who is asked for, and where that connection arrived; without one, it is the proxy itself that asks.
    ///
    /// # Errors
    /// Why there is no connection.
    ///
    /// # Cancel safety
    /// As [`Connect::connect`].
    pub async fn open(
        &self,
        connect: &dyn Connect,
        origin: Option<(SocketAddr, SocketAddr)>,
    ) -> Result<Stream, ConnectError> {
        self.open_for(connect, origin, true).await
    }

    /// The same, without HTTP/2 being negotiated unless `with_http2`.
    pub(crate) async fn open_for(
        &self,
        connect: &dyn Connect,
        origin: Option<(SocketAddr, SocketAddr)>,
        with_http2: bool,
    ) -> Result<Stream, ConnectError> {
        let stream = connect.connect(self).await?;
        if self.secure.is_none() && self.announces.is_none() {
            return Ok(stream);
        }
        let agreed = tokio::time::timeout(self.connect_timeout, self.agree(stream, origin, with_http2)).await;
        agreed.unwrap_or_else(|_| {
            let is_secure = self.secure.is_some();
            Err(if is_secure { ConnectError::Tls(TlsFault::Timeout) } else { ConnectError::Timeout })
        })
    }

    async fn agree(
        &self,
        mut stream: Stream,
        origin: Option<(SocketAddr, SocketAddr)>,
        with_http2: bool,
    ) -> Result<Stream, ConnectError> {
        if let Some(version) = self.announces {
            let header = proxy_protocol::header(version, origin);
            stream.write_all(&header).await.map_err(|_| ConnectError::Refused)?;
        }
        let Some(secure) = &self.secure else { return Ok(stream) };
        let host = match &self.destination {
            Destination::Host { host, .. } => host,
            Destination::Unix(_) => "localhost",
        };
        if with_http2 {
            secure.secure(stream, host).await
        } else {
            secure.secure_without_http2(stream, host).await
        }
    }
}

/// Why a backend's secure channel did not come about, or broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsFault {
    /// Its certificate has expired.
    Expired,
    /// Its certificate is not valid yet.
    NotYetValid,
    /// Nobody who is believed vouches for its certificate.
    UnknownAuthority,
    /// Its certificate is for somebody else.
    WrongName,
    /// Its certificate was revoked.
    Revoked,
    /// Whether its certificate was revoked cannot be told.
    UnknownRevocation,
    /// Its certificate is wrong in another way.
    BadCertificate,
    /// Its key is none of those that it may have.
    PinMismatch,
    /// It broke off with an alert; often because it wants a certificate of us, or another one.
    Alert,
    /// It broke off with an alert after the handshake, with a request on its way: so it is in TLS 1.3 where it does not
    /// take our certificate.
    LateAlert,
    /// No version or cipher suite that both sides know.
    NoSharedParameters,
    /// What it sends is no TLS.
    NotTls,
    /// It speaks TLS, and not by its rules.
    BadTls,
    /// What it is known by is no name or address that a certificate could be for.
    BadName,
    /// It closed the connection.
    Closed,
    /// It took too long.
    Timeout,
    /// It does not speak HTTP/2, which it is to speak.
    NoHttp2,
    /// The connection broke.
    Io,
    /// A fault of our own.
    Internal,
}

impl TlsFault {
    /// What a transport says by an error; `None` where TLS is not what broke.
    pub(crate) fn of(error: &std::io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }

    /// A stable code, in snake case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::UnknownAuthority => "unknown_authority",
            Self::WrongName => "wrong_name",
            Self::Revoked => "revoked",
            Self::UnknownRevocation => "unknown_revocation",
            Self::BadTls => "bad_tls",
            Self::BadName => "bad_name",
            Self::Internal => "internal",
            Self::BadCertificate => "bad_certificate",
            Self::PinMismatch => "pin_mismatch",
            Self::Alert => "alert",
            Self::LateAlert => "late_alert",
            Self::NoSharedParameters => "no_shared_parameters",
            Self::NotTls => "not_tls",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::NoHttp2 => "no_http2",
            Self::Io => "io",
        }
    }

    /// The error type of RFC 9209 section 2.3.
    pub const fn proxy_status(self) -> &'static str {
        match self {
            Self::Expired
            | Self::NotYetValid
            | Self::UnknownAuthority
            | Self::WrongName
            | Self::Revoked
            | Self::UnknownRevocation
            | Self::BadCertificate
            | Self::PinMismatch => "tls_certificate_error",
            Self::Alert | Self::LateAlert => "tls_alert_received",
            _ => "tls_protocol_error",
        }
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// So that a transport can say by an [`io::Error`](std::io::Error) why it broke.
impl std::error::Error for TlsFault {}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The address is not allowed.
    #[error("the address is not allowed")]
    Denied,
    /// The name does not resolve.
    #[error("the name does not resolve")]
    Dns,
    /// The name did not resolve in time.
    #[error("the name did not resolve in time")]
    DnsTimeout,
    /// Refused, or not reachable.
    #[error("the connection was refused")]
    Refused,
    /// No answer in time.
    #[error("the connection did not come about in time")]
    Timeout,
    /// The secure channel did not come about.
    #[error("TLS failed: {0}")]
    Tls(TlsFault),
    /// This machine has no means for another connection now. It says nothing of the backend.
    #[error("out of sockets")]
    Exhausted,
}

impl ConnectError {
    pub(crate) const fn reason(self) -> Reason {
        match self {
            Self::Denied => Reason::EgressDenied,
            Self::Dns => Reason::DnsError,
            Self::DnsTimeout => Reason::DnsTimeout,
            Self::Refused => Reason::ConnectRefused,
            Self::Timeout => Reason::ConnectTimeout,
            Self::Tls(fault) => Reason::UpstreamTls(fault),
            Self::Exhausted => Reason::Internal,
        }
    }

    /// True where it tells that the backend is dead.
    pub(crate) const fn is_of_backend(self) -> bool {
        matches!(self, Self::Refused | Self::Timeout | Self::Dns | Self::DnsTimeout)
    }
}

impl Connect for Egress {
    fn connect<'a>(&'a self, to: &'a Address) -> Connecting<'a> {
        Box::pin(async move {
            let timeouts = Timeouts { dns: to.dns_timeout, connect: to.connect_timeout };
            let socket = match (&to.destination, to.resolved) {
                (Destination::Host { host, .. }, Some(address)) => {
                    self.connect_to(host, address, to.named, timeouts.connect).await
                }
                _ => self.connect(&to.destination, to.named, timeouts).await,
            };
            match socket {
                Ok(socket) => Ok(Stream::from(socket)),
                Err(error) => {
                    tracing::debug!(destination = %to.destination, error = &error as &dyn std::error::Error, "cannot connect");
                    Err(cause(&error))
                }
            }
        })
    }

    fn resolve<'a>(&'a self, to: &'a Address) -> Resolving<'a> {
        Box::pin(async move {
            let Destination::Host { host, port } = &to.destination else { return None };
            let found = self.look_up(host, *port, to.named, to.dns_timeout).await;
            Some(found.ok()?.iter().map(SocketAddr::ip).collect())
        })
    }
}

fn cause(error: &EgressError) -> ConnectError {
    match error {
        EgressError::Denied { .. } => ConnectError::Denied,
        EgressError::Dns { .. } => ConnectError::Dns,
        EgressError::DnsTimeout => ConnectError::DnsTimeout,
        EgressError::Timeout => ConnectError::Timeout,
        EgressError::Io(error) if is_exhaustion(error) => ConnectError::Exhausted,
        _ => ConnectError::Refused,
    }
}

/// Out of descriptors, memory or local ports: our fault, not the backend's.
fn is_exhaustion(error: &std::io::Error) -> bool {
    use rustix::io::Errno;
    [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::ADDRNOTAVAIL]
        .iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}
