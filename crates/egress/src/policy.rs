//! Where connections may lead.

mod pattern;

#[cfg(test)]
mod tests;

pub use pattern::{HostPattern, HostPatternError};

use crate::{Denial, Named, Network, address::meanings, host::Host};
use std::{
    collections::HashSet,
    net::IpAddr,
    path::{Path, PathBuf},
};

/// Which addresses are blocked, and which hosts may be named dynamically.
///
/// Blocked networks hold for everybody, whoever named the destination, and for each address that is dialled.
/// An IPv6 address is also judged by the IPv4 addresses that it stands for (mapped, compatible, translated,
/// NAT64, 6to4, Teredo, ISATAP).
///
/// Allowed hosts hold for destinations that were [named dynamically](Named::Dynamically); without any, every
/// host may be named. Unix sockets may be named dynamically only if they are listed.
///
/// # Defaults
///
/// Blocked are what no backend has as its address (unspecified, multicast and broadcast addresses), and the
/// addresses at which clouds hand credentials to whoever asks: `0.0.0.0/8`, `::/128`, `224.0.0.0/4`,
/// `ff00::/8`, `255.255.255.255/32`; `169.254.169.254/32`, `169.254.170.2/32`, `169.254.170.23/32`,
/// `100.100.100.200/32`, `168.63.129.16/32`, `fd00:ec2::254/128`, `fd00:ec2::23/128`, `fd20:ce::254/128`.
///
/// ```
/// use egress::Policy;
///
/// let policy = Policy::default().block("10.0.0.0/8".parse()?).allow_host("*.example.com".parse()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    blocked: Vec<Network>,
    allowed: Vec<HostPattern>,
    allowed_sockets: Vec<PathBuf>,
}

impl Default for Policy {
    fn default() -> Self {
        DEFAULT_BLOCKS
            .iter()
            .filter_map(|&(address, prefix)| Network::new(address, prefix))
            .fold(Self::unrestricted(), Self::block)
    }
}

impl Policy {
    /// A policy that blocks nothing.
    #[must_use]
    pub const fn unrestricted() -> Self {
        Self { blocked: Vec::new(), allowed: Vec::new(), allowed_sockets: Vec::new() }
    }

    /// The same with one more blocked network.
    #[must_use]
    pub fn block(self, network: Network) -> Self {
        self.block_all([network])
    }

    /// The same with more blocked networks, in time that grows with their number alone.
    #[must_use]
    pub fn block_all(mut self, networks: impl IntoIterator<Item = Network>) -> Self {
        let mut seen: HashSet<_> = self.blocked.iter().copied().collect();
        self.blocked.extend(networks.into_iter().filter(|network| seen.insert(*network)));
        self
    }

    /// The same with everything blocked that is not reachable over the public Internet: loopback, private,
    /// shared, link-local, documentation, benchmarking and reserved networks (IANA's special-purpose
    /// registries, RFC 6890).
    #[must_use]
    pub fn block_internal(self) -> Self {
        INTERNAL.iter().filter_map(|&(address, prefix)| Network::new(address, prefix)).fold(self, Self::block)
    }

    /// The same with these hosts allowed. The first pattern turns "every host" into "only those".
    #[must_use]
    pub fn allow_host(mut self, pattern: HostPattern) -> Self {
        self.allowed.push(pattern);
        self
    }

    /// The same with this Unix socket allowed to be named dynamically. Paths are compared as they are
    /// written.
    #[must_use]
    pub fn allow_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.allowed_sockets.push(path.into());
        self
    }

    /// Whether this address may be dialled.
    ///
    /// # Errors
    ///
    /// [`Denial::Address`] with the blocked network.
    pub fn check_address(&self, address: IpAddr) -> Result<(), Denial> {
        let blocking = |meaning| self.blocked.iter().find(|network| network.contains(meaning));
        match meanings(address).find_map(blocking) {
            Some(&network) => Err(Denial::Address { address, network }),
            None => Ok(()),
        }
    }

    /// Whether this host may be named by whom it was named. Says nothing of the addresses of a name; those of
    /// an address are checked.
    ///
    /// # Errors
    ///
    /// [`Denial::Malformed`], [`Denial::Host`] or [`Denial::Address`].
    pub fn check_host(&self, host: &str, named: Named) -> Result<(), Denial> {
        self.admit(host, named).map(drop)
    }

    /// Whether this Unix socket may be named by whom it was named.
    ///
    /// # Errors
    ///
    /// [`Denial::Unix`].
    pub fn check_socket(&self, path: &Path, named: Named) -> Result<(), Denial> {
        let is_listed = || self.allowed_sockets.iter().any(|allowed| allowed.as_os_str() == path.as_os_str());
        if named == Named::ByOperator || is_listed() {
            Ok(())
        } else {
            Err(Denial::Unix { path: path.to_owned() })
        }
    }

    /// The same, with what the host turned out to be.
    pub(crate) fn admit<'a>(&self, host: &'a str, named: Named) -> Result<Host<'a>, Denial> {
        let host = Host::parse(host).ok_or(Denial::Malformed)?;
        let is_free = named == Named::ByOperator || self.allowed.is_empty();
        if !is_free && !self.allowed.iter().any(|pattern| pattern.matches(&host)) {
            return Err(Denial::Host);
        }
        if let Host::Address(address) = host {
            self.check_address(address.ip())?;
        }
        Ok(host)
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    IpAddr::V4(std::net::Ipv4Addr::new(a, b, c, d))
}

const fn v6(bits: u128) -> IpAddr {
    IpAddr::V6(std::net::Ipv6Addr::from_bits(bits))
}

const DEFAULT_BLOCKS: [(IpAddr, u8); 13] = [
    // RFC 1122 section 3.2.1.3: this network. Linux takes 0.0.0.0 for itself.
    (v4(0, 0, 0, 0), 8),
    (v6(0), 128),
    (v4(224, 0, 0, 0), 4),
    (v6(0xff00 << 112), 8),
    (v4(255, 255, 255, 255), 32),
    // AWS, Azure, Google Cloud and most others: instance metadata.
    (v4(169, 254, 169, 254), 32),
    (v6(0xfd00_0ec2 << 96 | 0x254), 128),
    (v6(0xfd20_00ce << 96 | 0x254), 128),
    // AWS: credentials of containers and of pods.
    (v4(169, 254, 170, 2), 32),
    (v4(169, 254, 170, 23), 32),
    (v6(0xfd00_0ec2 << 96 | 0x23), 128),
    // Alibaba Cloud: instance metadata.
    (v4(100, 100, 100, 200), 32),
    // Azure: the host's agent.
    (v4(168, 63, 129, 16), 32),
];

const INTERNAL: [(IpAddr, u8); 25] = [
    (v4(0, 0, 0, 0), 8),
    (v4(10, 0, 0, 0), 8),
    (v4(100, 64, 0, 0), 10),
    (v4(127, 0, 0, 0), 8),
    (v4(169, 254, 0, 0), 16),
    (v4(172, 16, 0, 0), 12),
    (v4(192, 0, 0, 0), 24),
    (v4(192, 0, 2, 0), 24),
    (v4(192, 88, 99, 0), 24),
    (v4(192, 168, 0, 0), 16),
    (v4(198, 18, 0, 0), 15),
    (v4(198, 51, 100, 0), 24),
    (v4(203, 0, 113, 0), 24),
    // Multicast, reserved and broadcast.
    (v4(224, 0, 0, 0), 3),
    (v6(0), 128),
    (v6(1), 128),
    (v6(0x0100 << 112), 64),
    (v6(0x2001_0db8 << 96), 32),
    (v6(0x3fff << 112), 20),
    (v6(0x5f00 << 112), 16),
    (v6(0xfc00 << 112), 7),
    (v6(0xfe80 << 112), 10),
    (v6(0xfec0 << 112), 10),
    (v6(0xff00 << 112), 8),
    // What a local translator makes of it is its own business (RFC 8215).
    (v6(0x0064_ff9b_0001 << 80), 48),
];
