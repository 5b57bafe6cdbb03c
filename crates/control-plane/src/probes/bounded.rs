//! A connection that ends once too much has come over it.
//!
//! What one poll reads is not bounded by time: a backend that sends without a pause, interim answers or frames without a
//! meaning, would keep the thread that all probes share.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use proxy_core::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A probe reads no more than that, in bytes: a head and a body of the greatest size, in small pieces.
const MOST: usize = 256 * 1024;

/// Reads up to [`MOST`] bytes; an error after that.
pub(super) struct Bounded {
    stream: Stream,
    left: usize,
}

impl Bounded {
    pub(super) const fn new(stream: Stream) -> Self {
        Self { stream, left: MOST }
    }
}

impl AsyncRead for Bounded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::Error::other("more came than an answer may have")));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.left = self.left.saturating_sub(buf.filled().len() - before);
        read
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
