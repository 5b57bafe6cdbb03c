//! Version 2: binary, with vectors of what else is said.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use super::crc32c::crc32c;
use super::{Ends, Header, Malformed, Pair, Parsed};

pub(super) const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// All that comes before the addresses.
const HEAD: usize = 16;
/// The longest header with all that is understood of it. The text bounds it at 64 KiB, which nobody needs.
pub(super) const LONGEST: usize = 4096;

/// The version, in the upper half of its byte.
const VERSION: u8 = 0x20;
const LOCAL: u8 = 0;
const PROXY: u8 = 1;

/// TCP over IPv4, and over IPv6; a Unix stream.
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;
const UNIX: u8 = 0x31;

/// The vector that holds a checksum of the whole header. Section 2.2.3.
const CHECKSUM: u8 = 0x03;

/// Reads a header that begins with the signature, or may do so.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, Malformed> {
    let command = match bytes.get(SIGNATURE.len()) {
        None => return Ok(Parsed::Partial),
        Some(byte) if byte & 0xf0 != VERSION => return Err(Malformed::Version),
        Some(byte) => byte & 0x0f,
    };
    if command != LOCAL && command != PROXY {
        return Err(Malformed::Command);
    }
    let Some(family) = bytes.get(SIGNATURE.len() + 1) else { return Ok(Parsed::Partial) };
    // Section 2.2: of a connection of the sender's own, the family and all that follows is ignored.
    let addresses = if command == LOCAL { None } else { length_of_addresses(*family)? };
    let Some(&[high, low]) = bytes.get(HEAD - 2..HEAD) else { return Ok(Parsed::Partial) };
    let len = HEAD + usize::from(u16::from_be_bytes([high, low]));
    if len > LONGEST {
        return Err(Malformed::TooLong);
    }
    if addresses.is_some_and(|addresses| HEAD + addresses > len) {
        return Err(Malformed::Addresses);
    }
    let Some(header) = bytes.get(..len) else { return Ok(Parsed::Partial) };
    let mut source = None;
    if let Some(addresses) = addresses {
        check_vectors(header, HEAD + addresses)?;
        source = ends(*family, header.get(HEAD..).unwrap_or_default());
    }
    Ok(Parsed::Complete { len, header: Header { source } })
}

/// How long the addresses are; `None` where nobody knows, and nothing of what follows is looked at.
fn length_of_addresses(family: u8) -> Result<Option<usize>, Malformed> {
    match family {
        TCP4 => Ok(Some(12)),
        TCP6 => Ok(Some(36)),
        UNIX => Ok(Some(216)),
        // Unspecified: of the family, or of what is spoken over it. Datagrams are no streams.
        0x00 | 0x01 | 0x10 | 0x20 | 0x30 => Ok(None),
        _ => Err(Malformed::Family),
    }
}

/// Source and destination, where they are Internet addresses.
fn ends(family: u8, block: &[u8]) -> Option<Ends> {
    match family {
        TCP4 => {
            let (source, block) = block.split_first_chunk::<4>()?;
            let (destination, block) = block.split_first_chunk::<4>()?;
            let (source_port, destination_port) = ports(block)?;
            let end = |address: [u8; 4], port| SocketAddr::from((Ipv4Addr::from(address), port));
            Some((end(*source, source_port), end(*destination, destination_port)))
        }
        TCP6 => {
            let (source, block) = block.split_first_chunk::<16>()?;
            let (destination, block) = block.split_first_chunk::<16>()?;
            let (source_port, destination_port) = ports(block)?;
            let end = |address: [u8; 16], port| SocketAddr::from((Ipv6Addr::from(address), port));
            Some((end(*source, source_port), end(*destination, destination_port)))
        }
        _ => None,
    }
}

fn ports(block: &[u8]) -> Option<(u16, u16)> {
    let [source_high, source_low, high, low] = *block.first_chunk::<4>()?;
    Some((u16::from_be_bytes([source_high, source_low]), u16::from_be_bytes([high, low])))
}

/// The vectors from `at` to the end are well-formed, and where one of them is a checksum, it is right.
fn check_vectors(header: &[u8], mut at: usize) -> Result<(), Malformed> {
    let mut checksum = None;
    while at < header.len() {
        let Some(&[kind, high, low]) = header.get(at..at + 3) else { return Err(Malformed::Vector) };
        let value = at + 3;
        at = value + usize::from(u16::from_be_bytes([high, low]));
        let Some(bytes) = header.get(value..at) else { return Err(Malformed::Vector) };
        if kind == CHECKSUM {
            let said: [u8; 4] = bytes.try_into().map_err(|_| Malformed::Vector)?;
            if checksum.replace((value, u32::from_be_bytes(said))).is_some() {
                return Err(Malformed::Vector);
            }
        }
    }
    match checksum {
        Some((value, said)) if checksum_of(header, value) != said => Err(Malformed::Checksum),
        _ => Ok(()),
    }
}

/// The checksum of a header, the place of which counts as zeros.
fn checksum_of(header: &[u8], place: usize) -> u32 {
    let (before, behind) = header.split_at(place);
    crc32c(&[before, &[0; 4], behind.get(4..).unwrap_or_default()])
}

/// Appends a header.
pub(super) fn write(ends: Option<Ends>, out: &mut Vec<u8>) {
    out.extend_from_slice(SIGNATURE);
    let Some(ends) = ends else {
        out.extend_from_slice(&[VERSION | LOCAL, 0, 0, 0]);
        return;
    };
    match Pair::of(ends) {
        Pair::V4(source, destination) => {
            out.extend_from_slice(&[VERSION | PROXY, TCP4, 0, 12]);
            out.extend_from_slice(&source.octets());
            out.extend_from_slice(&destination.octets());
        }
        Pair::V6(source, destination) => {
            out.extend_from_slice(&[VERSION | PROXY, TCP6, 0, 36]);
            out.extend_from_slice(&source.octets());
            out.extend_from_slice(&destination.octets());
        }
    }
    out.extend_from_slice(&ends.0.port().to_be_bytes());
    out.extend_from_slice(&ends.1.port().to_be_bytes());
}
