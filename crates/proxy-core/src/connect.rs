//! The seam to whatever makes connections to backends.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::time::Duration;

use egress::{Destination, Egress, EgressError, Named, Timeouts};

use crate::reason::Reason;
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
    /// For the connection.
    pub connect_timeout: Duration,
}

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
    #[error("TLS failed")]
    Tls,
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
            Self::Tls => Reason::UpstreamTls,
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
