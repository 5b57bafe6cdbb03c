//! The PROXY protocol, versions 1 and 2: who is in front says at the beginning of a connection whose it is. Pure.
//!
//! The source is HAProxy's `doc/proxy-protocol.txt`. Nothing is read here that could be read in two ways: whoever is
//! believed says exactly what the text allows, or is not understood.

mod binary;
mod crc32c;
mod text;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::spec::ProxyVersion;

/// Where a connection comes from, and where it arrived.
pub(crate) type Ends = (SocketAddr, SocketAddr);

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// The beginning of a header: it takes more to tell.
    Partial,
    /// A header.
    Complete {
        /// Its length; what follows is the connection's own.
        len: usize,
        header: Header,
    },
}

/// What a header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Source and destination of the connection that is handed on; `None` where it is the sender's own, or where
    /// that has no Internet addresses: the connection's own ends count then.
    pub(crate) source: Option<Ends>,
}

/// Why bytes begin with no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    /// Nothing suggests that a header was meant: these are the bytes of the connection itself.
    #[error("there is no header of the PROXY protocol")]
    Absent,
    /// Longer than a header may be.
    #[error("the header is too long")]
    TooLong,
    /// A line that is not exactly as version 1 has it.
    #[error("the line is not as it should be")]
    Line,
    /// Another version than 2 behind the signature of version 2.
    #[error("the version is unknown")]
    Version,
    /// A command that there is not.
    #[error("the command is unknown")]
    Command,
    /// A family that there is not, or one that is no stream's.
    #[error("the family is not one of streams")]
    Family,
    /// The header is too short for the addresses of its family.
    #[error("the addresses are cut off")]
    Addresses,
    /// What follows the addresses is no sequence of vectors.
    #[error("a vector is malformed")]
    Vector,
    /// The checksum is another one.
    #[error("the checksum is wrong")]
    Checksum,
}

/// Reads the header at the beginning of `bytes`. Whatever cannot become one is malformed at once; what is malformed stays so,
/// whatever follows.
///
/// # Errors
/// Why it is none.
pub(crate) fn parse(bytes: &[u8]) -> Result<Parsed, Malformed> {
    if may_begin(bytes, text::SIGNATURE) {
        text::parse(bytes)
    } else if may_begin(bytes, binary::SIGNATURE) {
        binary::parse(bytes)
    } else {
        Err(Malformed::Absent)
    }
}

/// True where `bytes` begin as `expected` does, as far as both go.
fn may_begin(bytes: &[u8], expected: &[u8]) -> bool {
    bytes.iter().zip(expected).all(|(one, other)| one == other)
}

/// The header of a connection that is made for somebody: from where, and to where. Without that it says that the connection
/// is our own.
pub(crate) fn header(version: ProxyVersion, ends: Option<Ends>) -> Vec<u8> {
    let mut header = Vec::with_capacity(64);
    match version {
        ProxyVersion::V1 => text::write(ends, &mut header),
        ProxyVersion::V2 => binary::write(ends, &mut header),
    }
    header
}

/// The addresses of both ends in one family, which is all that a header has room for.
enum Pair {
    V4(Ipv4Addr, Ipv4Addr),
    V6(Ipv6Addr, Ipv6Addr),
}

impl Pair {
    /// IPv4 where both are that, be it in the shape that a socket for both families gives it; otherwise IPv6, to which
    /// addresses of IPv4 are mapped. RFC 4291 section 2.5.5.2.
    fn of((source, destination): Ends) -> Self {
        match (source.ip().to_canonical(), destination.ip().to_canonical()) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => Self::V4(source, destination),
            (source, destination) => Self::V6(mapped(source), mapped(destination)),
        }
    }
}

fn mapped(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

/// What a fuzzer calls: whatever comes, and however much of it, the same is found in it; what is understood can be said
/// again.
///
/// # Panics
/// It is not so.
#[doc(hidden)]
pub fn fuzz_proxy_protocol(data: &[u8]) {
    let parsed = parse(data);
    // Some cuts of long inputs are enough.
    let step = 1 + data.len() / 128;
    for cut in (0..data.len()).step_by(step) {
        let part = parse(data.get(..cut).unwrap_or_default());
        match parsed {
            Ok(Parsed::Complete { len, .. }) if cut >= len => assert_eq!(part, parsed, "cut at {cut}"),
            Ok(_) => assert_eq!(part, Ok(Parsed::Partial), "cut at {cut}"),
            Err(_) => assert!(!matches!(part, Ok(Parsed::Complete { .. })), "cut at {cut}"),
        }
    }
    let Ok(Parsed::Complete { len, header }) = parsed else { return };
    assert!(len <= data.len() && len <= binary::LONGEST);
    let canonical = |end: SocketAddr| (end.ip().to_canonical(), end.port());
    let meaning = |ends: Option<Ends>| ends.map(|ends| (canonical(ends.0), canonical(ends.1)));
    for version in [ProxyVersion::V1, ProxyVersion::V2] {
        let again = self::header(version, header.source);
        let said = match parse(&again) {
            Ok(Parsed::Complete { len, header }) if len == again.len() => Some(meaning(header.source)),
            _ => None,
        };
        assert_eq!(said, Some(meaning(header.source)), "what was written says something else: {again:?}");
    }
}

#[cfg(test)]
mod tests;
