//! Version 1: a line of text.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Ends, Header, Malformed, Pair, Parsed, may_begin};

pub(super) const SIGNATURE: &[u8] = b"PROXY ";
/// With CRLF. Section 2.1: the worst case.
const LONGEST: usize = 107;
/// What may follow the signature.
const FAMILIES: [&[u8]; 3] = [b"TCP4 ", b"TCP6 ", b"UNKNOWN "];

/// Reads a line that begins with the signature, or may do so.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, Malformed> {
    let seen = bytes.get(..LONGEST).unwrap_or(bytes);
    let end = seen.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(seen.len());
    let (line, behind) = seen.split_at(end);
    let rest = line.get(SIGNATURE.len()..).unwrap_or_default();
    if !FAMILIES.iter().any(|family| may_begin(rest, family)) {
        return Err(Malformed::Line);
    }
    match behind {
        [b'\r', b'\n', ..] => {
            let source = if rest == b"UNKNOWN" || rest.starts_with(b"UNKNOWN ") {
                // Whatever else the line says is ignored.
                None
            } else {
                Some(ends(rest).ok_or(Malformed::Line)?)
            };
            Ok(Parsed::Complete { len: end + 2, header: Header { source } })
        }
        [] | [b'\r'] if seen.len() < LONGEST => Ok(Parsed::Partial),
        [] | [b'\r'] => Err(Malformed::TooLong),
        _ => Err(Malformed::Line),
    }
}

/// `TCP4 <source> <destination> <source port> <destination port>`, with exactly one space between.
fn ends(rest: &[u8]) -> Option<Ends> {
    let mut words = std::str::from_utf8(rest).ok()?.split(' ');
    let mut next = || words.next();
    // Both of Rust's parsers are strict: four decimal numbers without leading zeros, groups of at most four digits.
    let address: fn(&str) -> Option<IpAddr> = match next()? {
        "TCP4" => |word| Some(IpAddr::V4(word.parse::<Ipv4Addr>().ok()?)),
        "TCP6" => |word| Some(IpAddr::V6(word.parse::<Ipv6Addr>().ok()?)),
        _ => return None,
    };
    let (source, destination) = (address(next()?)?, address(next()?)?);
    let (source_port, destination_port) = (port(next()?)?, port(next()?)?);
    if next().is_some() {
        return None;
    }
    Some((SocketAddr::new(source, source_port), SocketAddr::new(destination, destination_port)))
}

/// A decimal number without leading zeros.
fn port(word: &str) -> Option<u16> {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
    if is_plain { word.parse().ok() } else { None }
}

/// Appends a line. A connection of our own has no words in it but `UNKNOWN`.
pub(super) fn write(ends: Option<Ends>, out: &mut Vec<u8>) {
    out.extend_from_slice(SIGNATURE);
    let Some(ends) = ends else {
        out.extend_from_slice(b"UNKNOWN\r\n");
        return;
    };
    let ports = (ends.0.port(), ends.1.port());
    // Writing to memory does not fail.
    let _ = match Pair::of(ends) {
        Pair::V4(source, destination) => {
            write!(out, "TCP4 {source} {destination} {} {}\r\n", ports.0, ports.1)
        }
        Pair::V6(source, destination) => {
            let (source, destination) = (hexadecimal(source), hexadecimal(destination));
            write!(out, "TCP6 {source} {destination} {} {}\r\n", ports.0, ports.1)
        }
    };
}

/// Section 2.1 knows hexadecimal digits only, also where an address of IPv4 is mapped.
fn hexadecimal(address: Ipv6Addr) -> String {
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] => format!("::ffff:{high:x}:{low:x}"),
        _ => address.to_string(),
    }
}
