//! A connection over TLS, as the engine takes it, to either side.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use proxy_core::{Secured, Stream, Transport};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A side's stream over TLS.
pub(super) trait Side: AsyncRead + AsyncWrite + Send + Unpin {
    /// What it goes over.
    fn below(&self) -> &Stream;

    fn has_buffered_input(&self) -> bool;

    fn has_unsent(&self) -> bool;

    /// An error as the engine is told it.
    fn told(error: io::Error) -> io::Error {
        error
    }
}

/// A connection over TLS.
pub(super) struct Over<S> {
    stream: S,
    agreed: Arc<dyn Secured>,
}

impl<S: Side + 'static> Over<S> {
    pub(super) fn stream(stream: S, agreed: impl Secured + 'static) -> Stream {
        Stream::new(Self { stream, agreed: Arc::new(agreed) })
    }
}

impl<S: Side> Transport for Over<S> {
    fn has_buffered_input(&self) -> bool {
        self.stream.has_buffered_input()
    }

    fn has_unsent(&self) -> bool {
        self.stream.has_unsent()
    }

    fn secured(&self) -> Option<Arc<dyn Secured>> {
        Some(Arc::clone(&self.agreed))
    }

    fn is_secure(&self) -> bool {
        true
    }

    fn socket(&self) -> Option<&TcpStream> {
        self.stream.below().socket()
    }
}

impl<S: Side> AsyncRead for Over<S> {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf).map_err(S::told)
    }
}

impl<S: Side> AsyncWrite for Over<S> {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf).map_err(S::told)
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs).map_err(S::told)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx).map_err(S::told)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
