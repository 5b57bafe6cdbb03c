//! Addresses at which no connection comes about.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, Type};

use crate::{Backend, Session, Socket};

/// An address that refuses connections for as long as this is held: the port is taken, and nobody listens.
pub struct Refusing(socket2::Socket);

impl Refusing {
    /// On a free port of `127.0.0.1`.
    pub fn new() -> Self {
        let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).expect("descriptors are left");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket.bind(&any.into()).expect("a port is free");
        Self(socket)
    }

    /// Where it refuses.
    pub fn address(&self) -> Socket {
        Socket::Tcp(address_of(&self.0))
    }

    /// Begins to listen at the same address.
    pub fn rise(self, script: impl Fn(&mut Session) + Send + Sync + 'static) -> Backend {
        self.0.listen(128).expect("it is bound");
        Backend::on(TcpListener::from(self.0), script)
    }
}

/// An address at which no connection ever comes about: its queue is full, and nobody accepts.
pub struct Silent {
    socket: socket2::Socket,
    _queued: Vec<TcpStream>,
}

impl Silent {
    /// On a free port of `127.0.0.1`.
    ///
    /// # Panics
    /// The queue does not fill up.
    pub fn new() -> Self {
        let Refusing(socket) = Refusing::new();
        socket.listen(0).expect("it is bound");
        let address = address_of(&socket);
        // The system drops what a full queue has no room for, and the client's system tries again and again.
        let connect = || TcpStream::connect_timeout(&address, Duration::from_millis(100));
        let queued: Vec<TcpStream> = (0..100).map_while(|_| connect().ok()).collect();
        assert!(queued.len() < 100, "the queue does not fill up");
        Self { socket, _queued: queued }
    }

    /// Where nothing happens.
    pub fn address(&self) -> Socket {
        Socket::Tcp(address_of(&self.socket))
    }
}

fn address_of(socket: &socket2::Socket) -> SocketAddr {
    let address = socket.local_addr().ok().and_then(|address| address.as_socket());
    address.expect("a bound socket has an address")
}

impl Default for Silent {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Refusing {
    fn default() -> Self {
        Self::new()
    }
}
