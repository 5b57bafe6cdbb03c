//! TLS of clients.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use proxy_core::spec::Protocol;
use proxy_core::{NotTerminated, Secured, Stream, Terminate, Terminating, Transport};
use tls_sni::{HandshakeFailure, Server, ServerStream, Session};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::client_fields::client_fields;

/// Ends TLS at one listener.
#[derive(Debug)]
pub(crate) struct Termination(pub(crate) Server);

impl Terminate for Termination {
    fn terminate(&self, stream: Stream) -> Terminating {
        let server = self.0.clone();
        Box::pin(async move {
            match server.accept(stream).await {
                Ok(stream) => Ok(Stream::new(OverTls::new(stream, server))),
                Err(HandshakeFailure::Challenge) => Err(NotTerminated::Answered),
                Err(failure) => Err(NotTerminated::Failed(failure.code())),
            }
        })
    }
}

/// A client's connection.
struct OverTls {
    stream: ServerStream<Stream>,
    agreed: Arc<Agreed>,
}

/// What was agreed with a client, as the engine asks for it.
struct Agreed {
    server: Server,
    session: Arc<Session>,
    fields: Box<[u8]>,
}

impl OverTls {
    fn new(stream: ServerStream<Stream>, server: Server) -> Self {
        let session = Arc::clone(stream.session());
        let fields = session.client.as_ref().map(client_fields).unwrap_or_default().into();
        Self { stream, agreed: Arc::new(Agreed { server, session, fields }) }
    }
}

impl Secured for Agreed {
    fn protocol(&self) -> Option<Protocol> {
        match self.session.protocol? {
            tls_sni::Protocol::Http2 => Some(Protocol::Http2),
            _ => Some(Protocol::Http1),
        }
    }

    fn admits(&self, host: &str) -> bool {
        self.server.admits(&self.session, host)
    }

    fn client_fields(&self) -> &[u8] {
        &self.fields
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

impl AsyncRead for OverTls {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for OverTls {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
