//! Addresses, and the streams between them.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use socket2::SockRef;

use crate::PATIENCE;
use crate::tls::TlsStream;

/// Where something listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Socket {
    /// A TCP address.
    Tcp(SocketAddr),
    /// The path of a Unix socket.
    Unix(PathBuf),
}

impl Socket {
    /// Reads `127.0.0.1:80`, `[::1]:80` or `unix:/path`.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix("unix:") {
            Some(path) => Self::Unix(path.into()),
            None => Self::Tcp(text.parse().unwrap_or_else(|_| panic!("{text} is no address"))),
        }
    }

    /// The TCP port.
    ///
    /// # Panics
    /// There is none.
    pub fn port(&self) -> u16 {
        match self {
            Self::Tcp(address) => address.port(),
            Self::Unix(path) => panic!("{} has no port", path.display()),
        }
    }

    pub(crate) fn connect(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(address) => TcpStream::connect_timeout(address, PATIENCE).and_then(Stream::tcp),
            Self::Unix(path) => UnixStream::connect(path).and_then(Stream::unix),
        }
    }
}

/// One end of a connection. Reads and writes end with an error after [`PATIENCE`].
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(TlsStream),
}

impl Stream {
    pub(crate) fn tcp(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self::Tcp(stream))
    }

    pub(crate) fn unix(stream: UnixStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self::Unix(stream))
    }

    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
            Self::Tls(stream) => stream.try_clone().map(Self::Tls),
        }
    }

    pub(crate) fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(how),
            Self::Unix(stream) => stream.shutdown(how),
            Self::Tls(stream) => stream.shutdown(how),
        }
    }

    /// The same for two handles of one connection: its two addresses.
    pub(crate) fn identity(&self) -> Option<(SocketAddr, SocketAddr)> {
        let tcp = self.tcp_stream()?;
        Some((tcp.local_addr().ok()?, tcp.peer_addr().ok()?))
    }

    /// Has the end of the connection be a reset.
    pub(crate) fn reset_at_end(&self) -> io::Result<()> {
        match self.tcp_stream() {
            Some(tcp) => SockRef::from(tcp).set_linger(Some(Duration::ZERO)),
            None => Ok(()),
        }
    }

    /// Whether its end is to be a reset.
    pub(crate) fn resets_at_end(&self) -> bool {
        self.tcp_stream().is_some_and(|tcp| SockRef::from(tcp).linger().is_ok_and(|linger| linger.is_some()))
    }

    const fn tcp_stream(&self) -> Option<&TcpStream> {
        match self {
            Self::Tcp(stream) => Some(stream),
            Self::Unix(_) => None,
            Self::Tls(stream) => Some(stream.tcp()),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Unix(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Unix(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
