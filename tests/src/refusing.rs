//! An address that refuses connections.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

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
        let address = self.0.local_addr().ok().and_then(|address| address.as_socket());
        Socket::Tcp(address.expect("a bound socket has an address"))
    }

    /// Begins to listen at the same address.
    pub fn rise(self, script: impl Fn(&mut Session) + Send + Sync + 'static) -> Backend {
        self.0.listen(128).expect("it is bound");
        Backend::on(TcpListener::from(self.0), script)
    }
}

impl Default for Refusing {
    fn default() -> Self {
        Self::new()
    }
}
