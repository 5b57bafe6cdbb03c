//! Addresses as text, several times quicker than through `std::fmt`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Appends the canonical text of `ip` to `out`, which for IPv6 is that of RFC 5952.
pub fn push_ip(out: &mut Vec<u8>, ip: IpAddr) {
    match ip {
        IpAddr::V4(ip) => push_v4(out, ip),
        IpAddr::V6(ip) => push_v6(out, ip),
    }
}

/// What no address is longer than, `::ffff:255.255.255.255` included.
const LONGEST: usize = 39;

fn push_v4(out: &mut Vec<u8>, ip: Ipv4Addr) {
    let mut text = Text::new();
    text.v4(ip);
    out.extend_from_slice(text.as_bytes());
}

fn push_v6(out: &mut Vec<u8>, ip: Ipv6Addr) {
    let mut text = Text::new();
    if let Some(ip) = ip.to_ipv4_mapped() {
        // RFC 5952 section 5.
        b"::ffff:".iter().for_each(|&byte| text.push(byte));
        text.v4(ip);
    } else {
        text.v6(ip.segments());
    }
    out.extend_from_slice(text.as_bytes());
}

/// Room for one address, so that its bytes enter the buffer at once.
struct Text {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Text {
    fn new() -> Self {
        Self { bytes: [0; LONGEST], length: 0 }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte;
            self.length += 1;
        }
    }

    fn v4(&mut self, ip: Ipv4Addr) {
        let [first, rest @ ..] = ip.octets();
        self.decimal(first);
        for octet in rest {
            self.push(b'.');
            self.decimal(octet);
        }
    }

    #[inline]
    fn decimal(&mut self, value: u8) {
        if value >= 100 {
            self.push(b'0' + value / 100);
        }
        if value >= 10 {
            self.push(b'0' + value / 10 % 10);
        }
        self.push(b'0' + value % 10);
    }

    fn v6(&mut self, segments: [u16; 8]) {
        let zeros = longest_zeros(&segments);
        for (at, &segment) in segments.iter().enumerate() {
            if zeros.contains(&at) {
                if at == zeros.start {
                    self.push(b':');
                    self.push(b':');
                }
                continue;
            }
            if at != 0 && at != zeros.end {
                self.push(b':');
            }
            self.hexadecimal(segment);
        }
    }

    #[inline]
    fn hexadecimal(&mut self, value: u16) {
        let digits = (16 - value.leading_zeros()).div_ceil(4).max(1);
        for digit in (0..digits).rev() {
            let value = (value >> (digit * 4) & 0xf) as u8;
            self.push(if value < 10 { b'0' + value } else { b'a' + value - 10 });
        }
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
