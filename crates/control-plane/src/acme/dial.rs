//! Connections to authorities, and to whom permission is asked of.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use egress::{Destination, Egress, EgressError, Named, Socket, Timeouts};
use tls_sni::{Client, ConnectFailure};
use tokio::io::{AsyncRead, AsyncWrite};

/// Where a connection is to lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// A name or an address; one of IPv6 stands in brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Over TLS.
    pub(super) is_secure: bool,
}

/// A connection.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// What making a connection is.
pub(super) type Dialling<'a> = Pin<Box<dyn Future<Output = Result<Box<dyn Io>, DialError>> + Send + 'a>>;

/// Makes connections.
pub(super) trait Dial: Send + Sync {
    /// A connection to there, with TLS where it is wanted.
    fn dial<'a>(&'a self, to: &'a Target) -> Dialling<'a>;
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    /// It could not be made, or may not.
    #[error("it cannot be made")]
    Connect(#[from] EgressError),
    /// There is no TLS over it.
    #[error("no TLS")]
    Tls(#[from] ConnectFailure),
}

/// A connection to a name or an address, no more than this much time for each part of it.
const LIMITS: Timeouts = Timeouts { dns: Duration::from_secs(5), connect: Duration::from_secs(10) };

/// Connects over egress: its policy holds for authorities, too.
pub(super) struct EgressDial {
    egress: Egress,
    tls: Client,
}

impl EgressDial {
    pub(super) const fn new(egress: Egress, tls: Client) -> Self {
        Self { egress, tls }
    }
}

impl Dial for EgressDial {
    fn dial<'a>(&'a self, to: &'a Target) -> Dialling<'a> {
        Box::pin(async {
            let destination = Destination::host(&to.host, to.port);
            let socket: Box<dyn Io> =
                match self.egress.connect(&destination, Named::ByOperator, LIMITS).await? {
                    Socket::Tcp(stream) => Box::new(stream),
                    Socket::Unix(stream) => Box::new(stream),
                };
            Ok(if to.is_secure { Box::new(self.tls.connect(socket, &to.host).await?) } else { socket })
        })
    }
}
