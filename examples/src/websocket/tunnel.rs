//! The DATA of an HTTP/2 stream as bytes to read and write.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Both directions of a stream. Dropping it ends the stream as closing ends a TCP connection: in order where the other
/// side has ended or has nothing more to say, with a reset otherwise. RFC 8441 section 5.
pub struct Tunnel {
    sending: SendStream<Bytes>,
    receiving: RecvStream,
    /// What has come and was not read yet.
    unread: Bytes,
}

impl Tunnel {
    /// Of the two halves that h2 gives, on either side of a connection.
    pub fn new(sending: SendStream<Bytes>, receiving: RecvStream) -> Self {
        Self { sending, receiving, unread: Bytes::new() }
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        // It fails where this direction has ended already. The reset, where there is to be one, comes from h2.
        let _ = self.sending.send_data(Bytes::new(), true);
    }
}

impl AsyncRead for Tunnel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.unread.is_empty() {
            match ready!(self.receiving.poll_data(context)) {
                Some(came) => self.unread = came.map_err(io::Error::other)?,
                None => return Poll::Ready(Ok(())),
            }
        }
        let count = self.unread.len().min(buffer.remaining());
        buffer.put_slice(&self.unread.split_to(count));
        // Whoever sends may send as much again: RFC 9113 section 6.9.
        self.receiving.flow_control().release_capacity(count).map_err(io::Error::other)?;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.sending.reserve_capacity(bytes.len());
        while self.sending.capacity() == 0 {
            match ready!(self.sending.poll_capacity(context)) {
                Some(capacity) => capacity.map_err(io::Error::other)?,
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            };
        }
        let count = bytes.len().min(self.sending.capacity());
        let data = Bytes::copy_from_slice(&bytes[..count]);
        self.sending.send_data(data, false).map_err(io::Error::other)?;
        Poll::Ready(Ok(count))
    }

    /// What was written is sent by the connection's task.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let end = self.sending.send_data(Bytes::new(), true);
        Poll::Ready(end.map_err(io::Error::other))
    }
}
