//! What a connection is made of.

use tokio::net::{TcpStream, UnixStream};

/// A connected socket.
#[derive(Debug)]
pub enum Socket {
    /// A TCP connection, without Nagle's delay and with keepalive probes.
    Tcp(TcpStream),
    /// A connection to a Unix socket.
    Unix(UnixStream),
}
