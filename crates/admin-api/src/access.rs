//! Who may ask: what a connection and a request's head say, judged without a clock, a socket or a guess.

pub(crate) mod authority;
pub(crate) mod content;
pub(crate) mod credentials;
pub(crate) mod head;
pub(crate) mod hosts;

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use tls_sni::ClientIdentity;

/// How a request came here.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) peer: Peer,
    /// The address that the connection came in at.
    pub(crate) local: Option<SocketAddr>,
    /// Who the certificate says that the client is.
    pub(crate) identity: Option<ClientIdentity>,
}

/// Who is on the other end, as the system says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A process of this user, over a Unix socket.
    Uid(u32),
    /// An address.
    Address(SocketAddr),
}

impl Peer {
    /// What a budget is kept for: a user, an IPv4 address, or the network of an IPv6 address that one client commands.
    pub(crate) fn key(self) -> PeerKey {
        match self {
            Self::Uid(uid) => PeerKey::Uid(uid),
            Self::Address(address) => PeerKey::Network(match address.ip().to_canonical() {
                IpAddr::V4(address) => address.into(),
                // One client has a /64 at the least: RFC 6177 section 2.
                IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
            }),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uid(uid) => write!(f, "uid:{uid}"),
            Self::Address(address) => SocketAddr::new(address.ip().to_canonical(), address.port()).fmt(f),
        }
    }
}

/// Whom a budget is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum PeerKey {
    Uid(u32),
    Network(IpAddr),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_client_has_one_budget() {
        let key = |address: &str| Peer::Address(address.parse().unwrap()).key();
        assert_eq!(key("192.0.2.1:1"), key("192.0.2.1:2"));
        assert_eq!(key("192.0.2.1:1"), key("[::ffff:192.0.2.1]:1"));
        assert_ne!(key("192.0.2.1:1"), key("192.0.2.2:1"));
        assert_eq!(key("[2001:db8::1]:1"), key("[2001:db8::ffff:2]:1"));
        assert_ne!(key("[2001:db8::1]:1"), key("[2001:db8:0:1::1]:1"));
    }
}
