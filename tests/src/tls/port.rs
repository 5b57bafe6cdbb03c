//! A port that is known before anybody listens at it.

use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// A free port of `127.0.0.1`, kept for the test: nobody else gets it, and the proxy may listen at it.
#[derive(Debug)]
pub struct Port(Socket);

impl Port {
    /// One that was free.
    ///
    /// # Panics
    /// None is.
    pub fn free() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("descriptors are left");
        // It is bound and does not listen, so that the proxy may be beside it.
        socket.set_reuse_address(true).expect("the system can share");
        socket.set_reuse_port(true).expect("the system can share");
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("a port is free");
        Self(socket)
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        let address = self.0.local_addr().ok().and_then(|address| address.as_socket());
        address.expect("it is bound").port()
    }

    /// The address to listen at.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.number())
    }
}
