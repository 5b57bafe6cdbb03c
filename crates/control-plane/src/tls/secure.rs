//! TLS towards backends.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use proxy_core::spec::Protocol;
use proxy_core::{ConnectError, Secure, Secured, Securing, Stream, TlsFault, Transport};
use tls_sni::{Client, ClientStream, ConnectFailure, failure_of};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The TLS of one upstream.
#[derive(Debug)]
pub(crate) struct BackendTls {
    pub(crate) client: Client,
    pub(crate) identity: u64,
}

impl Secure for BackendTls {
    fn secure<'a>(&'a self, stream: Stream, host: &'a str) -> Securing<'a> {
        Box::pin(async move {
            match self.client.connect(stream, host).await {
                Ok(stream) => Ok(Stream::new(OverTls::new(stream))),
                Err(failure) => Err(ConnectError::Tls(fault(failure))),
            }
        })
    }

    fn identity(&self) -> u64 {
        self.identity
    }
}

/// A connection to a backend.
struct OverTls {
    stream: ClientStream<Stream>,
    agreed: Arc<Agreed>,
}

/// What was agreed with a backend.
struct Agreed(Option<Protocol>);

impl Secured for Agreed {
    fn protocol(&self) -> Option<Protocol> {
        self.0
    }
}

impl OverTls {
    fn new(stream: ClientStream<Stream>) -> Self {
        let protocol = match stream.protocol() {
            Some(tls_sni::Protocol::Http2) => Some(Protocol::Http2),
            Some(_) => Some(Protocol::Http1),
            None => None,
        };
        Self { stream, agreed: Arc::new(Agreed(protocol)) }
    }
}

impl Transport for OverTls {
    fn has_buffered_input(&self) -> bool {
        self.stream.has_buffered_input()
    }

    fn has_unsent(&self) -> bool {
        self.stream.has_unsent()
    }

    fn secured(&self) -> Option<Arc<dyn Secured>> {
        Some(Arc::clone(&self.agreed) as Arc<dyn Secured>)
    }

    fn is_secure(&self) -> bool {
        true
    }

    fn socket(&self) -> Option<&TcpStream> {
        self.stream.get_ref().socket()
    }
}

/// Why a handshake failed, in the engine's words.
const fn fault(failure: ConnectFailure) -> TlsFault {
    match failure {
        ConnectFailure::Expired => TlsFault::Expired,
        ConnectFailure::NotYetValid => TlsFault::NotYetValid,
        ConnectFailure::UnknownAuthority => TlsFault::UnknownAuthority,
        ConnectFailure::WrongName => TlsFault::WrongName,
        ConnectFailure::Revoked => TlsFault::Revoked,
        ConnectFailure::UnknownRevocation => TlsFault::UnknownRevocation,
        ConnectFailure::BadCertificate => TlsFault::BadCertificate,
        ConnectFailure::PinMismatch => TlsFault::PinMismatch,
        ConnectFailure::Alert(_) => TlsFault::Alert,
        ConnectFailure::NoSharedParameters => TlsFault::NoSharedParameters,
        ConnectFailure::NotTls => TlsFault::NotTls,
        ConnectFailure::BadTls => TlsFault::BadTls,
        ConnectFailure::BadName => TlsFault::BadName,
        ConnectFailure::Closed => TlsFault::Closed,
        ConnectFailure::Internal => TlsFault::Internal,
        _ => TlsFault::Io,
    }
}

/// An error with the engine's word inside, where TLS is what broke. What h2 sees of it is its kind alone.
fn told(error: io::Error) -> io::Error {
    match failure_of(&error) {
        None | Some(ConnectFailure::Closed | ConnectFailure::Io(_)) => error,
        // RFC 8446 section 4.4.2.4: a client certificate that is not taken shows after our side of the handshake.
        Some(ConnectFailure::Alert(_)) => io::Error::other(TlsFault::LateAlert),
        Some(failure) => io::Error::other(fault(failure)),
    }
}

impl AsyncRead for OverTls {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf).map_err(told)
    }
}

impl AsyncWrite for OverTls {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf).map_err(told)
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs).map_err(told)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx).map_err(told)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
