//! A connection to a client, after the handshake.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use super::Session;

/// A connection to a client, over TLS.
pub struct ServerStream<IO> {
    tls: TlsStream<IO>,
    session: Arc<Session>,
}

impl<IO> ServerStream<IO> {
    pub(super) fn new(tls: TlsStream<IO>, session: Session) -> Self {
        Self { tls, session: Arc::new(session) }
    }

    /// What was agreed.
    pub const fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// What it goes over.
    pub fn get_ref(&self) -> &IO {
        self.tls.get_ref().0
    }

    /// True where something was taken that the socket has not taken yet: only a flush makes sure of it.
    pub fn has_unsent(&self) -> bool {
        self.tls.get_ref().1.wants_write()
    }

    /// True where something was received that the next read returns without asking the socket.
    pub fn has_buffered_input(&self) -> bool {
        !self.tls.get_ref().1.wants_read()
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for ServerStream<IO> {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tls).poll_read(cx, buf)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ServerStream<IO> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().tls).poll_write(cx, buf)
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().tls).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tls).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tls).poll_shutdown(cx)
    }
}
