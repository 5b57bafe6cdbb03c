//! A network of IP addresses.

use crate::address::without_mapping;
use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};
use thiserror::Error;

#[cfg(test)]
mod tests;

/// All addresses with a common prefix: `10.0.0.0/8`, `fd00::/8`, or one address.
///
/// A network within `::ffff:0:0/96` is kept as the IPv4 network that it stands for, and bits behind the
/// prefix are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    first: IpAddr,
    prefix: u8,
}

impl Network {
    /// The network of this address and length of prefix in bits, or `None` if the address has fewer bits.
    #[must_use]
    pub const fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        let (address, prefix) = match (address, without_mapping(address)) {
            (IpAddr::V6(_), plain @ IpAddr::V4(_)) if prefix >= 96 && prefix <= 128 => (plain, prefix - 96),
            _ => (address, prefix),
        };
        let first = match address {
            IpAddr::V4(v4) if prefix <= 32 => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask_v4(prefix))),
            IpAddr::V6(v6) if prefix <= 128 => {
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask_v6(prefix)))
            }
            _ => return None,
        };
        Some(Self { first, prefix })
    }

    /// The network of one address.
    #[must_use]
    pub const fn host(address: IpAddr) -> Self {
        let address = without_mapping(address);
        Self { first: address, prefix: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// Whether the address lies in the network. An address of the other family never does, whatever it stands
    /// for.
    #[must_use]
    pub const fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(v4)) => v4.to_bits() & mask_v4(self.prefix) == first.to_bits(),
            (IpAddr::V6(first), IpAddr::V6(v6)) => v6.to_bits() & mask_v6(self.prefix) == first.to_bits(),
            _ => false,
        }
    }
}

const fn mask_v4(prefix: u8) -> u32 {
    match u32::MAX.checked_shl(32 - prefix as u32) {
        Some(mask) => mask,
        None => 0,
    }
}

const fn mask_v6(prefix: u8) -> u128 {
    match u128::MAX.checked_shl(128 - prefix as u32) {
        Some(mask) => mask,
        None => 0,
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let refuse = || NetworkError { text: text.to_owned() };
        match text.split_once('/') {
            None => text.parse().map(Self::host).map_err(|_| refuse()),
            Some((address, prefix)) => {
                // `u8::from_str` reads "+8" too.
                let is_number = prefix.bytes().all(|byte| byte.is_ascii_digit());
                let prefix = prefix.parse().ok().filter(|_| is_number).ok_or_else(refuse)?;
                let address = address.parse().map_err(|_| refuse())?;
                Self::new(address, prefix).ok_or_else(refuse)
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

/// A text that is not a network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is neither an address nor a network such as 10.0.0.0/8")]
pub struct NetworkError {
    text: String,
}
