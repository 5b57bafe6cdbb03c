//! A host as it is named: an address or a name, and nothing between.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

#[cfg(test)]
mod tests;

/// What the text of a host says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Host<'a> {
    /// An address, with port 0 and the scope if one was given.
    Address(SocketAddr),
    /// A name that a resolver may be asked for.
    Name(&'a str),
}

/// RFC 1035 section 2.3.4, without the root's dot.
const LONGEST_NAME: usize = 253;
/// RFC 1035 section 2.3.4.
const LONGEST_LABEL: usize = 63;

impl<'a> Host<'a> {
    /// Reads a host; `None` if it is neither an address in its usual form nor a name.
    ///
    /// The C library reads `0x7f.1`, `2130706433` and `0177.0.0.1` as addresses, others do not, and none of
    /// it is of use to anybody honest. As in the URL standard, a name whose last label is a number is an
    /// address or an error; here it is an error.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        if let Some(address) = parse_address(text) {
            return Some(Self::Address(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_name = name.len() <= LONGEST_NAME && name.split('.').all(is_label);
        let last = name.rsplit('.').next().unwrap_or_default();
        (is_name && !is_number(last)).then_some(Self::Name(text))
    }
}

fn parse_address(text: &str) -> Option<SocketAddr> {
    if let Some(inner) = text.strip_prefix('[') {
        return parse_v6(inner.strip_suffix(']')?);
    }
    match text.parse() {
        Ok(IpAddr::V4(v4)) => Some(SocketAddr::from((v4, 0))),
        _ => parse_v6(text),
    }
}

/// An IPv6 address, which may name its scope by number (`fe80::1%2`, RFC 4007 section 11).
fn parse_v6(text: &str) -> Option<SocketAddr> {
    let (address, scope) = match text.split_once('%') {
        Some((address, scope)) if scope.bytes().all(|byte| byte.is_ascii_digit()) => {
            (address, scope.parse().ok()?)
        }
        Some(_) => return None,
        None => (text, 0),
    };
    let address: Ipv6Addr = address.parse().ok()?;
    Some(SocketAddr::V6(SocketAddrV6::new(address, 0, 0, scope)))
}

/// Letters, digits, hyphens, and the underscore that many private names have.
fn is_label(label: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LONGEST_LABEL).contains(&label.len()) && label.bytes().all(is_letter)
}

fn is_number(label: &str) -> bool {
    let is_decimal = label.bytes().all(|byte| byte.is_ascii_digit());
    let hex = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    is_decimal || hex.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
