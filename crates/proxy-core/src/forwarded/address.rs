//! Addresses as text, several times quicker than through `std::fmt`, and IPv4 addresses from text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Appends the canonical text of `ip` to `out`, which for IPv6 is that of RFC 5952.
pub(crate) fn push_ip(out: &mut Vec<u8>, ip: IpAddr) {
    let mut text = Text { bytes: [0; Text::ROOM], length: 0 };
    match ip {
        IpAddr::V4(ip) => text.v4(ip),
        IpAddr::V6(ip) => text.v6(ip),
    }
    out.extend_from_slice(text.bytes.get(..text.length).unwrap_or_default());
}

/// Four octets in decimal digits without leading zeros, as `Ipv4Addr` reads them, at a fraction of the cost.
pub(super) fn parse_v4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut texts = text.split(|&byte| byte == b'.');
    for octet in &mut octets {
        *octet = match *texts.next()? {
            [a] => digit(a)?,
            [a @ b'1'..=b'9', b] => digit(a)? * 10 + digit(b)?,
            [a @ b'1'..=b'9', b, c] => {
                (digit(a)? * 10 + digit(b)?).checked_mul(10)?.checked_add(digit(c)?)?
            }
            _ => return None,
        };
    }
    texts.next().is_none().then(|| Ipv4Addr::from(octets))
}

fn digit(byte: u8) -> Option<u8> {
    let value = byte.wrapping_sub(b'0');
    (value < 10).then_some(value)
}

/// Room for one address, so that its bytes enter the buffer at once. They are put down in words of four, of which
/// the end is overwritten by the next word or left over.
struct Text {
    bytes: [u8; Self::ROOM],
    length: usize,
}

/// Each octet with a dot behind it.
static OCTETS: [[u8; 4]; 256] = octets();

const fn octets() -> [[u8; 4]; 256] {
    let mut table = [[0; 4]; 256];
    let mut octet = 0;
    while octet < table.len() {
        let digits = [b'0' + (octet / 100) as u8, b'0' + (octet / 10 % 10) as u8, b'0' + (octet % 10) as u8];
        table[octet] = match octet {
            0..10 => [digits[2], b'.', 0, 0],
            10..100 => [digits[1], digits[2], b'.', 0],
            _ => [digits[0], digits[1], digits[2], b'.'],
        };
        octet += 1;
    }
    table
}

impl Text {
    /// Eight segments of four digits, seven colons, and the rest of a word.
    const ROOM: usize = 44;

    #[inline]
    fn push(&mut self, word: [u8; 4], length: usize) {
        if let Some(place) = self.bytes.get_mut(self.length..self.length + 4) {
            place.copy_from_slice(&word);
            self.length += length;
        }
    }

    fn v4(&mut self, ip: Ipv4Addr) {
        for octet in ip.octets() {
            let length = 2 + usize::from(octet >= 10) + usize::from(octet >= 100);
            self.push(OCTETS[usize::from(octet)], length);
        }
        // The dot behind the last octet.
        self.length -= 1;
    }

    fn v6(&mut self, ip: Ipv6Addr) {
        // RFC 5952 section 5.
        if let Some(ip) = ip.to_ipv4_mapped() {
            self.push(*b"::ff", 4);
            self.push(*b"ff:\0", 3);
            return self.v4(ip);
        }
        let segments = ip.segments();
        let zeros = longest_zeros(&segments);
        for (at, &segment) in segments.iter().enumerate() {
            if at == zeros.start {
                self.push(*b"::\0\0", 2);
            }
            if zeros.contains(&at) {
                continue;
            }
            if at != 0 && at != zeros.end {
                self.push(*b":\0\0\0", 1);
            }
            self.hexadecimal(segment);
        }
    }

    #[inline]
    fn hexadecimal(&mut self, value: u16) {
        let digit = |shift: u32| b"0123456789abcdef"[usize::from(value >> shift & 0xf)];
        let word = u32::from_be_bytes([digit(12), digit(8), digit(4), digit(0)]);
        // Leading zeros are shifted out, but for the last one.
        let zeros = (value | 1).leading_zeros() / 4;
        self.push((word << (8 * zeros)).to_be_bytes(), 4 - zeros as usize);
    }
}

/// The first of the longest runs of zeros, of two at least (RFC 5952 section 4.2); otherwise an empty range beyond
/// the end.
fn longest_zeros(segments: &[u16; 8]) -> std::ops::Range<usize> {
    let mut longest = usize::MAX..usize::MAX;
    let mut run = 0;
    for (at, &segment) in segments.iter().enumerate() {
        run = if segment == 0 { run + 1 } else { 0 };
        if run >= 2 && run > longest.len() {
            longest = at + 1 - run..at + 1;
        }
    }
    longest
}

#[cfg(test)]
mod tests;
