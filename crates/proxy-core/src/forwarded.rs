//! Who the client is, as far as trusted proxies tell, and how that is told on.

mod address;
mod element;

pub(crate) use address::push_ip;
pub(crate) use element::{By, Element};

use std::net::{IpAddr, SocketAddr};

use crate::cidr::AddressSet;

/// The client's address and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClientAddress {
    /// The address. IPv4-mapped IPv6 addresses have become IPv4.
    pub(crate) ip: IpAddr,
    /// Whether the connection comes from a trusted proxy, so that its forwarding fields count.
    pub(crate) is_trusted: bool,
    /// How many addresses of X-Forwarded-For were believed; 0 when the connection's own address is the client's.
    pub(crate) hops: usize,
}

/// How many addresses are read at the most. No real chain of proxies is as long; whoever sends more has the last one
/// read for an address.
pub(crate) const MAX_HOPS: usize = 64;

/// Finds the client in the lines of X-Forwarded-For, which are in the order received.
///
/// From the right, an address is believed when everything behind it, the connection included, is a trusted proxy.
/// The first address that is none is the client; when all are trusted, the leftmost is. What is no address ends the
/// walk, as does the end of [`MAX_HOPS`]: the last address believed is the client then. Addresses may be `ip`,
/// `ip:port`, `[ip]` and `[ip]:port`. Empty elements count for nothing (RFC 9110 section 5.6.1).
pub(crate) fn client_address<'a>(
    connection: IpAddr,
    lines: impl DoubleEndedIterator<Item = &'a [u8]>,
    trusted: &AddressSet,
) -> ClientAddress {
    let connection = connection.to_canonical();
    let is_trusted = trusted.contains(connection);
    let mut client = ClientAddress { ip: connection, is_trusted, hops: 0 };
    if !is_trusted {
        return client;
    }
    let elements = lines.rev().flat_map(|line| line.rsplit(|&byte| byte == b',')).map(<[u8]>::trim_ascii);
    for element in elements.filter(|element| !element.is_empty()).take(MAX_HOPS) {
        let Some(ip) = parse_address(element) else { break };
        client = ClientAddress { ip, is_trusted, hops: client.hops + 1 };
        if !trusted.contains(ip) {
            break;
        }
    }
    client
}

/// `ip`, `ip:port`, `[ip]`, `[ip]:port`; IPv4-mapped addresses become IPv4.
fn parse_address(text: &[u8]) -> Option<IpAddr> {
    if let Some(ip) = address::parse_v4(text) {
        return Some(IpAddr::V4(ip));
    }
    // The longest form, `[` 39 characters `]:65535`, with room for an embedded IPv4 address.
    let text = str::from_utf8(text).ok().filter(|text| text.len() <= 53)?;
    let bracketed = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = match bracketed {
        Some(inner) => IpAddr::V6(inner.parse().ok()?),
        // Scopes (`fe80::1%1`) mean nothing beyond a link, and `SocketAddr` would read them.
        None if text.contains('%') => return None,
        None => text.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok()?,
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests;
