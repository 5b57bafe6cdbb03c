//! A connection to a backend, after the handshake.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use rustls::HandshakeKind;
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio_rustls::client::TlsStream;

use super::failure::{failure_of, named};
use crate::protocol::Protocol;

/// A connection to a backend, over TLS.
///
/// What was written is sent for certain only once a flush is ready. A backend's end is `Ok` with nothing read where it said so
/// (`close_notify`), and an error of the kind `UnexpectedEof` where the connection below just ended: what was read up to then
/// may be cut short. RFC 8446 section 6.1.
pub struct ClientStream<IO> {
    tls: TlsStream<IO>,
}

impl<IO> ClientStream<IO> {
    pub(super) const fn new(tls: TlsStream<IO>) -> Self {
        Self { tls }
    }

    /// What is spoken inside, where that was negotiated.
    pub fn protocol(&self) -> Option<Protocol> {
        self.tls.get_ref().1.alpn_protocol().and_then(Protocol::of)
    }

    /// True where a remembered session spared both sides the certificates.
    pub fn is_resumed(&self) -> bool {
        self.tls.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    /// True where something was received that the next read returns without asking the connection below: data, or the end.
    pub fn has_buffered_input(&self) -> bool {
        !self.tls.get_ref().1.wants_read()
    }

    /// True where something that was written is still held back here: the connection below was full when it was written. Only
    /// a flush or another write sends it.
    pub fn has_unsent(&self) -> bool {
        self.tls.get_ref().1.wants_write()
    }

    /// What it goes over.
    pub fn get_ref(&self) -> &IO {
        self.tls.get_ref().0
    }

    /// What it goes over. To read from it or to write to it breaks the secure channel.
    pub fn get_mut(&mut self) -> &mut IO {
        self.tls.get_mut().0
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> ClientStream<IO> {
    /// Why a write failed. A backend that breaks off says why and closes; who is writing at that moment learns of the second
    /// first, and would take it for a broken connection.
    #[cold]
    fn explained(&mut self, cx: &mut Context<'_>, error: io::Error) -> io::Error {
        match Pin::new(&mut self.tls).poll_fill_buf(cx) {
            Poll::Ready(Err(told)) if failure_of(&told).is_some() => named(told),
            _ => named(error),
        }
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncRead for ClientStream<IO> {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tls).poll_read(cx, buf).map_err(named)
    }
}

impl<IO: AsyncRead + AsyncWrite + Unpin> AsyncWrite for ClientStream<IO> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.tls).poll_write(cx, buf);
        written.map_err(|error| this.explained(cx, error))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.tls).poll_write_vectored(cx, bufs);
        written.map_err(|error| this.explained(cx, error))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.tls).poll_flush(cx);
        flushed.map_err(|error| this.explained(cx, error))
    }

    /// Tells the backend that nothing more comes (`close_notify`), and shuts down the connection below.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tls).poll_shutdown(cx).map_err(named)
    }
}

impl<IO> fmt::Debug for ClientStream<IO> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientStream")
            .field("protocol", &self.protocol())
            .field("is_resumed", &self.is_resumed())
            .finish_non_exhaustive()
    }
}
