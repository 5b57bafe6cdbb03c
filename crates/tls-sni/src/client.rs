//! TLS towards backends.

mod alert;
mod current;
mod error;
mod failure;
mod identity;
mod pin;
mod roots;
mod settings;
mod stream;
mod verifier;

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::io::{AsyncRead, AsyncWrite};

pub use alert::Alert;
pub use error::ClientError;
pub use failure::{ConnectFailure, failure_of};
pub use identity::Identity;
pub use pin::{Pin, PinError};
pub use settings::{ClientSettings, Roots};
pub use stream::ClientStream;

use current::Current;

/// Makes secure channels to the backends of one upstream. Cheap to clone; all clones are the same.
///
/// It remembers sessions, so that a backend that was connected to before is spared the costly half of the next handshake
/// (RFC 8446 section 2.2). A resumed session is not verified again: it goes by what was verified when it began, which is 7
/// days ago at the most (RFC 8446 section 4.6.1).
#[derive(Clone)]
pub struct Client {
    current: Arc<ArcSwap<Current>>,
}

impl Client {
    /// A client that goes by these settings.
    ///
    /// The first one in the process that trusts the system's roots reads them from its files, which takes a few
    /// milliseconds.
    ///
    /// # Errors
    /// What is wrong with which of the settings.
    pub fn new(settings: ClientSettings) -> Result<Self, ClientError> {
        Ok(Self { current: Arc::new(ArcSwap::from_pointee(Current::new(settings)?)) })
    }

    /// Goes by these settings from the next handshake on. Connections that stand are left alone.
    ///
    /// Where the settings are the same as before, remembered sessions are kept. Where they differ in anything, all are
    /// forgotten, those of handshakes under way included: a session that was begun under other trust is never resumed.
    ///
    /// # Errors
    /// As [`new`](Self::new); nothing has changed then.
    pub fn replace(&self, settings: ClientSettings) -> Result<(), ClientError> {
        if *self.current.load().settings() != settings {
            self.current.store(Arc::new(Current::new(settings)?));
        }
        Ok(())
    }

    /// Shakes hands with a backend over `io`, a connection to it. The caller bounds the time.
    ///
    /// `host` is the DNS name or the IP address (IPv6 in brackets or not) that the backend is known by. Its certificate must
    /// be for it, unless the settings name another.
    ///
    /// # Errors
    /// Why there is no secure channel. The backend was told, as far as TLS has words for it. One that refuses our certificate
    /// says so here under TLS 1.2; under TLS 1.3 the handshake has succeeded by then, and reads fail: see [`failure_of`].
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn connect<IO>(&self, io: IO, host: &str) -> Result<ClientStream<IO>, ConnectFailure>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        self.shake_hands(io, host, true).await
    }

    /// The same, where HTTP/2 is not offered, whatever the settings say.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    /// Dropping the future closes the connection.
    pub async fn connect_without_http2<IO>(
        &self,
        io: IO,
        host: &str,
    ) -> Result<ClientStream<IO>, ConnectFailure>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        self.shake_hands(io, host, false).await
    }

    async fn shake_hands<IO>(
        &self,
        io: IO,
        host: &str,
        with_http2: bool,
    ) -> Result<ClientStream<IO>, ConnectFailure>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let current = self.current.load_full();
        let name = current.name_for(host).ok_or(ConnectFailure::BadName)?;
        match current.connector(with_http2).connect(name, io).await {
            Ok(tls) => Ok(ClientStream::new(tls)),
            Err(error) => {
                let failure = ConnectFailure::of_handshake(&error);
                let error: &dyn std::error::Error = &error;
                tracing::debug!(host, code = failure.code(), error, "no secure channel to a backend");
                Err(failure)
            }
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("settings", self.current.load().settings()).finish_non_exhaustive()
    }
}
