//! What bytes travel over: a seam for TLS and whatever else wraps a socket.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use crate::registry::ConnectionPlace;
use crate::secure::Secured;
use crate::spec::Protocol;

/// So much may wait in the system to be sent before no more is taken.
pub(crate) const UNSENT: u32 = 256 * 1024;

/// A byte stream that is no plain socket: TLS, an in-memory pipe, ...
///
/// Only the two I/O traits are required. Plain sockets need no implementation: see [`Stream`].
pub trait Transport: AsyncRead + AsyncWrite + Send + Unpin {
    /// True where bytes were received that the next read returns without asking the socket.
    fn has_buffered_input(&self) -> bool {
        false
    }

    /// True where something was taken to be sent that the socket has not taken yet: only a flush makes sure of it.
    fn has_unsent(&self) -> bool {
        false
    }

    /// True where the other end speaks over a secure channel: `https`.
    fn is_secure(&self) -> bool {
        self.secured().is_some()
    }

    /// What was agreed with the other end, where the channel is secure.
    fn secured(&self) -> Option<Arc<dyn Secured>> {
        None
    }

    /// The TCP socket below it, whose options may be set. Nobody reads from it or writes to it.
    fn socket(&self) -> Option<&TcpStream> {
        None
    }
}

/// A connection to a client or a backend.
pub struct Stream {
    kind: Kind,
    /// The place that it holds among the connections of a backend, where these are limited.
    place: Option<Box<ConnectionPlace>>,
}

enum Kind {
    Tcp(TcpStream),
    Unix(UnixStream),
    Other(Box<dyn Transport>),
}

impl Stream {
    /// A connection over some other transport.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self::of(Kind::Other(Box::new(transport)))
    }

    const fn of(kind: Kind) -> Self {
        Self { kind, place: None }
    }

    /// True where something was taken to be sent that the socket has not taken yet.
    #[inline]
    pub(crate) fn has_unsent(&self) -> bool {
        match &self.kind {
            Kind::Tcp(_) | Kind::Unix(_) => false,
            Kind::Other(other) => other.has_unsent(),
        }
    }

    /// Holds a place among the connections of a backend for as long as it exists.
    pub(crate) fn hold(&mut self, place: ConnectionPlace) {
        self.place = Some(Box::new(place));
    }

    /// True where somebody waits for this connection's place, and it had better end when it is unused.
    #[inline]
    pub(crate) fn is_wanted(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.is_wanted())
    }

    /// The TCP socket, where it is a plain one: it can be spliced.
    #[inline]
    pub(crate) const fn as_tcp(&self) -> Option<&TcpStream> {
        match &self.kind {
            Kind::Tcp(tcp) => Some(tcp),
            _ => None,
        }
    }

    /// The TCP socket, be it below something else: its options may be set.
    pub fn socket(&self) -> Option<&TcpStream> {
        match &self.kind {
            Kind::Tcp(tcp) => Some(tcp),
            Kind::Unix(_) => None,
            Kind::Other(other) => other.socket(),
        }
    }

    /// What was agreed with the other end, where the channel is secure.
    pub fn secured(&self) -> Option<Arc<dyn Secured>> {
        match &self.kind {
            Kind::Other(other) => other.secured(),
            _ => None,
        }
    }

    /// True where the other end speaks over a secure channel.
    pub fn is_secure(&self) -> bool {
        match &self.kind {
            Kind::Other(other) => other.is_secure(),
            _ => false,
        }
    }

    /// True where HTTP/2 was negotiated.
    pub fn speaks_http2(&self) -> bool {
        self.secured().and_then(|secured| secured.protocol()) == Some(Protocol::Http2)
    }

    /// The address that the connection was accepted at, where there is one.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.socket().and_then(|tcp| tcp.local_addr().ok())
    }

    /// True where nothing has come in, and the connection stands as far as is known here. Makes a system call
    /// only where something seems to have come in.
    pub(crate) fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        match &mut self.kind {
            Kind::Tcp(tcp) => is_would_block(&tcp.try_read(&mut byte)),
            Kind::Unix(unix) => is_would_block(&unix.try_read(&mut byte)),
            Kind::Other(other) => {
                let mut cx = Context::from_waker(std::task::Waker::noop());
                !other.has_buffered_input()
                    && Pin::new(other).poll_read(&mut cx, &mut ReadBuf::new(&mut byte)).is_pending()
            }
        }
    }

    /// True where nothing has come in as the system knows it at this moment. It is asked in any case.
    pub(crate) fn is_silent(&mut self) -> bool {
        let mut byte = [std::mem::MaybeUninit::uninit()];
        let peeked = match &self.kind {
            Kind::Tcp(tcp) => socket2::SockRef::from(tcp).peek(&mut byte),
            Kind::Unix(unix) => socket2::SockRef::from(unix).peek(&mut byte),
            Kind::Other(_) => return self.is_quiet(),
        };
        is_would_block(&peeked)
    }

    /// Bounds what may wait in the system to be sent. Without this, a slow reader would be seen to take something
    /// only every few megabytes.
    pub(crate) fn bound_unsent(&self) {
        if let Some(tcp) = self.socket() {
            let _ = socket2::SockRef::from(tcp).set_tcp_notsent_lowat(UNSENT);
        }
    }

    /// Makes the close that follows an abort: a client that reads until the end must not take it for one.
    pub(crate) fn set_abort(&self) {
        if let Some(tcp) = self.socket() {
            let _ = socket2::SockRef::from(tcp).set_linger(Some(std::time::Duration::ZERO));
        }
    }
}

fn is_would_block(read: &io::Result<usize>) -> bool {
    matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

impl From<TcpStream> for Stream {
    fn from(tcp: TcpStream) -> Self {
        Self::of(Kind::Tcp(tcp))
    }
}

impl From<UnixStream> for Stream {
    fn from(unix: UnixStream) -> Self {
        Self::of(Kind::Unix(unix))
    }
}

impl From<egress::Socket> for Stream {
    fn from(socket: egress::Socket) -> Self {
        match socket {
            egress::Socket::Tcp(tcp) => tcp.into(),
            egress::Socket::Unix(unix) => unix.into(),
        }
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match &self.kind {
            Kind::Tcp(_) => "tcp",
            Kind::Unix(_) => "unix",
            Kind::Other(_) => "other",
        };
        f.debug_tuple("Stream").field(&kind).finish()
    }
}

/// Calls one method of whatever is inside.
macro_rules! inside {
    ($self:expr, $stream:ident => $call:expr) => {
        match &mut $self.get_mut().kind {
            Kind::Tcp($stream) => $call,
            Kind::Unix($stream) => $call,
            Kind::Other($stream) => $call,
        }
    };
}

impl AsyncRead for Stream {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        inside!(self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        inside!(self, stream => Pin::new(stream).poll_write(cx, buf))
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        inside!(self, stream => Pin::new(stream).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.kind {
            Kind::Tcp(_) | Kind::Unix(_) => true,
            Kind::Other(other) => other.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inside!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inside!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
