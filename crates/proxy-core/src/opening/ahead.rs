//! A stream of which something was read already.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::secure::Secured;
use crate::transport::{Stream, Transport};

/// Gives what was read once more, and then what the stream gives.
pub(super) struct Ahead {
    read: Vec<u8>,
    given: usize,
    stream: Stream,
}

impl Ahead {
    pub(super) const fn new(read: Vec<u8>, stream: Stream) -> Self {
        Self { read, given: 0, stream }
    }
}

impl AsyncRead for Ahead {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match this.read.get(this.given..) {
            Some(rest) if !rest.is_empty() => {
                let count = rest.len().min(buf.remaining());
                buf.put_slice(rest.get(..count).unwrap_or_default());
                this.given += count;
                if this.given == this.read.len() {
                    this.read = Vec::new();
                    this.given = 0;
                }
                Poll::Ready(Ok(()))
            }
            _ => Pin::new(&mut this.stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Ahead {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl Transport for Ahead {
    fn has_buffered_input(&self) -> bool {
        !self.read.is_empty()
    }

    fn has_unsent(&self) -> bool {
        self.stream.has_unsent()
    }

    fn secured(&self) -> Option<Arc<dyn Secured>> {
        self.stream.secured()
    }

    fn socket(&self) -> Option<&TcpStream> {
        self.stream.socket()
    }
}
