//! Headers of the PROXY protocol, by the text of its specification and by nothing of the proxy's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use harness::{Broken, Connection};

/// Section 2.2.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
pub(crate) const LOCAL: u8 = 0x20;
pub(crate) const PROXY: u8 = 0x21;
pub(crate) const TCP4: u8 = 0x11;
pub(crate) const TCP6: u8 = 0x21;

/// A client that no test really has, and where it went.
pub(crate) const CLIENT: &str = "203.0.113.7:4711";
pub(crate) const ARRIVAL: &str = "198.51.100.2:443";

/// A line of version 1.
pub(crate) fn v1(source: &str, destination: &str) -> Vec<u8> {
    let (source, destination): (SocketAddr, SocketAddr) = ends(source, destination);
    let family = if source.is_ipv4() { "TCP4" } else { "TCP6" };
    let (from, to) = (source.ip(), destination.ip());
    format!("PROXY {family} {from} {to} {} {}\r\n", source.port(), destination.port()).into_bytes()
}

/// A header of version 2.
pub(crate) fn v2(source: &str, destination: &str) -> Vec<u8> {
    v2_with(source, destination, &[])
}

/// A header of version 2 with vectors behind the addresses.
pub(crate) fn v2_with(source: &str, destination: &str, vectors: &[u8]) -> Vec<u8> {
    let (source, destination) = ends(source, destination);
    let mut block = Vec::new();
    for address in [source.ip(), destination.ip()] {
        match address {
            IpAddr::V4(address) => block.extend(address.octets()),
            IpAddr::V6(address) => block.extend(address.octets()),
        }
    }
    block.extend(source.port().to_be_bytes());
    block.extend(destination.port().to_be_bytes());
    block.extend(vectors);
    binary(PROXY, if source.is_ipv4() { TCP4 } else { TCP6 }, &block)
}

/// A header of version 2 of any kind.
pub(crate) fn binary(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let length = u16::try_from(block.len()).unwrap().to_be_bytes();
    [SIGNATURE, &[command, family], &length, block].concat()
}

/// A vector: section 2.2.
pub(crate) fn vector(kind: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    [&[kind], &length[..], value].concat()
}

/// A header of version 2 with vectors, and a checksum behind them: section 2.2.3.
pub(crate) fn v2_checked(source: &str, destination: &str, vectors: &[u8]) -> Vec<u8> {
    let mut header = v2_with(source, destination, &[vectors, &vector(3, &[0; 4])].concat());
    let checksum = crc32c(&header).to_be_bytes();
    let place = header.len() - 4;
    header[place..].copy_from_slice(&checksum);
    header
}

/// Bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |rest: u32, byte: &u8| {
        (0..8).fold(rest ^ u32::from(*byte), |rest, _| (rest >> 1) ^ (0x82f6_3b78 * (rest & 1)))
    };
    !bytes.iter().fold(u32::MAX, step)
}

fn ends(source: &str, destination: &str) -> (SocketAddr, SocketAddr) {
    (source.parse().unwrap(), destination.parse().unwrap())
}

/// What a header says that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// From where, and to where.
    Ends(SocketAddr, SocketAddr),
    /// The sender speaks for itself.
    Own,
}

/// Reads a line of version 1.
pub(crate) fn read_v1(connection: &mut Connection) -> Result<Said, Broken> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.extend(connection.exactly(1)?);
        assert!(line.len() <= 107, "a line is too long: {line:?}");
    }
    let line = String::from_utf8(line).unwrap();
    if line == "PROXY UNKNOWN\r\n" {
        return Ok(Said::Own);
    }
    let words: Vec<&str> = line.trim_end_matches("\r\n").split(' ').collect();
    let [_, family, from, to, from_port, to_port] = words[..] else { panic!("{line:?}") };
    let is_right = |address: IpAddr| address.is_ipv4() == (family == "TCP4");
    let (from, to): (IpAddr, IpAddr) = (from.parse().unwrap(), to.parse().unwrap());
    assert!(line.starts_with("PROXY TCP") && is_right(from) && is_right(to), "{line:?}");
    let end = |address: IpAddr, port: &str| SocketAddr::new(address, port.parse().unwrap());
    Ok(Said::Ends(end(from, from_port), end(to, to_port)))
}

/// Reads a header of version 2.
pub(crate) fn read_v2(connection: &mut Connection) -> Result<Said, Broken> {
    let head = connection.exactly(16)?;
    assert_eq!(&head[..12], SIGNATURE);
    let block = connection.exactly(u16::from_be_bytes([head[14], head[15]]).into())?;
    let port = |at: usize| u16::from_be_bytes([block[at], block[at + 1]]);
    match (head[12], head[13]) {
        (LOCAL, _) => Ok(Said::Own),
        (PROXY, TCP4) => {
            let address = |at: usize| Ipv4Addr::from(<[u8; 4]>::try_from(&block[at..at + 4]).unwrap());
            Ok(Said::Ends((address(0), port(8)).into(), (address(4), port(10)).into()))
        }
        (PROXY, TCP6) => {
            let address = |at: usize| Ipv6Addr::from(<[u8; 16]>::try_from(&block[at..at + 16]).unwrap());
            Ok(Said::Ends((address(0), port(32)).into(), (address(16), port(34)).into()))
        }
        other => panic!("{other:?}"),
    }
}
