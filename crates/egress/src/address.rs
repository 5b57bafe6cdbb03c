//! The addresses that an address stands for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[cfg(test)]
mod tests;

/// The address itself, and each IPv4 address that a packet to it may end at: translators and tunnels, here or
/// on the way, unwrap what is embedded.
///
/// | form | where the IPv4 address is | source |
/// |---|---|---|
/// | IPv4-mapped `::ffff:0:0/96` | last 32 bits | RFC 4291 section 2.5.5.2 |
/// | IPv4-compatible `::/96` | last 32 bits | RFC 4291 section 2.5.5.1 |
/// | IPv4-translated `::ffff:0:0:0/96` | last 32 bits | RFC 2765 section 2.1 |
/// | NAT64 `64:ff9b::/96` | last 32 bits | RFC 6052 section 2.1 |
/// | NAT64, local `64:ff9b:1::/48` | by prefix of 48, 56, 64 or 96 bits | RFC 8215, RFC 6052 section 2.2 |
/// | 6to4 `2002::/16` | bits 16 to 47 | RFC 3056 section 2 |
/// | Teredo `2001::/32` | relay in bits 32 to 63, client inverted in the last 32 | RFC 4380 section 4 |
/// | ISATAP `*:[02]00:5efe:*` | last 32 bits | RFC 5214 section 6.1 |
pub(crate) fn meanings(address: IpAddr) -> impl Iterator<Item = IpAddr> {
    let embedded = match address {
        IpAddr::V4(_) => [None; 4],
        IpAddr::V6(v6) => embedded(v6),
    };
    std::iter::once(address).chain(embedded.into_iter().flatten().map(IpAddr::V4))
}

/// The IPv4 address of an IPv4-mapped one, any other as it is: the kernel dials both alike.
pub(crate) const fn without_mapping(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => IpAddr::V4(v4),
            None => address,
        },
    }
}

fn embedded(v6: Ipv6Addr) -> [Option<Ipv4Addr>; 4] {
    let bits = v6.to_bits();
    let last = Some(Ipv4Addr::from_bits(bits as u32));
    match v6.segments() {
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => [None; 4],
        [0, 0, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0, 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => {
            [last, None, None, None]
        }
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => [last, None, None, None],
        // Which prefix a local translator was given cannot be seen. Bits 64 to 71 are skipped in all of these
        // forms.
        [0x64, 0xff9b, 1, ..] => [
            Some(Ipv4Addr::from_bits(((bits >> 48) as u32 & 0xffff_0000) | ((bits >> 40) as u32 & 0xffff))),
            Some(Ipv4Addr::from_bits(
                ((bits >> 40) as u32 & 0xff00_0000) | ((bits >> 32) as u32 & 0x00ff_ffff),
            )),
            Some(Ipv4Addr::from_bits((bits >> 24) as u32)),
            last,
        ],
        [0x2002, ..] => [Some(Ipv4Addr::from_bits((bits >> 80) as u32)), None, None, None],
        [0x2001, 0, ..] => [
            Some(Ipv4Addr::from_bits((bits >> 64) as u32)),
            Some(Ipv4Addr::from_bits(!bits as u32)),
            None,
            None,
        ],
        [_, _, _, _, 0 | 0x0200, 0x5efe, ..] => [last, None, None, None],
        _ => [None; 4],
    }
}
