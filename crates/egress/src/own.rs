//! Addresses of the program's own that are never dialled, whatever the policy says.

#[cfg(test)]
mod tests;

use crate::{
    Denial,
    address::{meanings, without_mapping},
};
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};
use tokio::net::{TcpStream, UnixStream};

/// An address at which this program listens, and which is not for those whose requests it passes on: that of an
/// administrative interface, for instance.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Own {
    /// TCP. With an unspecified address (`0.0.0.0`, `::`) it is every address of this machine, of either family.
    Tcp(SocketAddr),
    /// The Unix socket that is, or will be, bound at this path.
    Unix(PathBuf),
}

impl From<SocketAddr> for Own {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

/// Refuses an address that tells by itself that it is one of these.
pub(crate) fn check_address(own: &[Own], address: SocketAddr) -> Result<(), Denial> {
    let is_own = |own: SocketAddr| {
        own.port() == address.port() && meanings(address.ip()).any(|meaning| leads_to(own.ip(), meaning))
    };
    refuse_if(tcp(own).any(is_own))
}

/// Refuses a connection that turns out to have led to one of these.
pub(crate) fn check_connected(own: &[Own], stream: &TcpStream) -> Result<(), Denial> {
    if tcp(own).next().is_none() {
        return Ok(());
    }
    // A connection that has no end any more has led to nobody.
    let (Ok(peer), Ok(local)) = (stream.peer_addr(), stream.local_addr()) else { return Ok(()) };
    check_address(own, peer)?;
    let listens_everywhere =
        tcp(own).any(|own| own.port() == peer.port() && without_mapping(own.ip()).is_unspecified());
    refuse_if(listens_everywhere && is_of_this_machine(peer, local))
}

/// Refuses a path that leads to one of these, by whatever links.
pub(crate) fn check_path(own: &[Own], path: &Path) -> Result<(), Denial> {
    refuse_if(unix(own).any(|own| is_same_file(own, path)))
}

/// Refuses a connection that turns out to have led to one of these: what was at the path may have been exchanged
/// meanwhile, or what was at the other may have been moved. A listener's address is the path at which it was bound.
pub(crate) fn check_connected_unix(own: &[Own], stream: &UnixStream) -> Result<(), Denial> {
    if unix(own).next().is_none() {
        return Ok(());
    }
    match stream.peer_addr() {
        Ok(peer) => peer.as_pathname().map_or(Ok(()), |bound| check_path(own, bound)),
        Err(_) => Ok(()),
    }
}

const fn refuse_if(is_own: bool) -> Result<(), Denial> {
    if is_own { Err(Denial::Own) } else { Ok(()) }
}

fn tcp(own: &[Own]) -> impl Iterator<Item = SocketAddr> {
    own.iter().filter_map(|own| match own {
        Own::Tcp(address) => Some(*address),
        Own::Unix(_) => None,
    })
}

fn unix(own: &[Own]) -> impl Iterator<Item = &Path> {
    own.iter().filter_map(|own| match own {
        Own::Unix(path) => Some(&**path),
        Own::Tcp(_) => None,
    })
}

/// Whether a connect to `address` leads to who listens at `own`, as far as the two tell. Every loopback address counts as
/// the same, and so does the unspecified one: Linux connects from there to the loopback address.
fn leads_to(own: IpAddr, address: IpAddr) -> bool {
    let (own, address) = (without_mapping(own), without_mapping(address));
    let is_here = |ip: IpAddr| ip.is_loopback() || ip.is_unspecified();
    own == address || (is_here(own) && is_here(address))
}

/// Whether an address that was connected to is one of this machine's: our end has the same one, or a socket can be bound
/// to it. A machine with several addresses may choose another one of them for our end.
fn is_of_this_machine(peer: SocketAddr, local: SocketAddr) -> bool {
    let (peer, local) = (without_mapping(peer.ip()), without_mapping(local.ip()));
    if peer == local {
        return true;
    }
    match bind(peer) {
        // Where everything can be bound (`net.ipv4.ip_nonlocal_bind`), that this one can says nothing.
        Ok(_) => of_nobody(peer).iter().any(|address| bind(*address).is_err()),
        Err(error) => error.kind() != io::ErrorKind::AddrNotAvailable,
    }
}

fn bind(address: IpAddr) -> io::Result<UdpSocket> {
    UdpSocket::bind(SocketAddr::new(address, 0))
}

/// Addresses of that family which hardly a machine has, and none has all of: for documents (RFC 5737, RFC 3849), for
/// benchmarks (RFC 2544, RFC 5180), reserved, and to be discarded (RFC 6666).
const fn of_nobody(family: IpAddr) -> [IpAddr; 3] {
    const fn v4(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    }
    const fn v6(a: u16, b: u16) -> IpAddr {
        IpAddr::V6(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 1))
    }
    match family {
        IpAddr::V4(_) => [v4(203, 0, 113, 1), v4(198, 18, 0, 1), v4(240, 0, 0, 1)],
        IpAddr::V6(_) => [v6(0x2001, 0xdb8), v6(0x2001, 0x2), v6(0x100, 0)],
    }
}

fn is_same_file(own: &Path, path: &Path) -> bool {
    if own.as_os_str() == path.as_os_str() {
        return true;
    }
    let identity = |path: &Path| path.metadata().map(|file| (file.dev(), file.ino())).ok();
    let place = |path: &Path| path.canonicalize().ok();
    let is_same = |one: Option<_>, other: Option<_>| one.is_some() && one == other;
    is_same(identity(own), identity(path)) || (place(own).is_some() && place(own) == place(path))
}
