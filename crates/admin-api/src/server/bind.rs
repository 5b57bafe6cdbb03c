//! Listeners.

use std::io;
use std::net::TcpListener as StdTcpListener;
use std::os::unix::net::UnixListener as StdUnixListener;

use tokio::net::{TcpListener, UnixListener};

use super::settings::AdminAddress;
use super::unix::{self, SocketFile};

/// Why there is no listener.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Somebody listens there already.
    #[error("the control plane's address {address} is in use")]
    InUse {
        /// The address.
        address: AdminAddress,
    },
    /// Strangers could reach it, and would have nothing to show.
    #[error(
        "the control plane's address {address} is not loopback: it needs tokens, or clients with certificates"
    )]
    Unprotected {
        /// The address.
        address: AdminAddress,
    },
    /// One of `hosts` is none.
    #[error("{host:?} is no host: a name or an address is wanted, with or without a port")]
    Host {
        /// What it says.
        host: String,
    },
    /// What the system says.
    #[error("the control plane cannot listen at {address}")]
    Io {
        /// The address.
        address: AdminAddress,
        /// What the system says.
        source: io::Error,
    },
}

/// A socket that listens, of no runtime yet.
#[derive(Debug)]
pub(super) enum Bound {
    Tcp(StdTcpListener, AdminAddress),
    Unix(StdUnixListener, SocketFile),
}

/// A socket that listens, on a runtime.
#[derive(Debug)]
pub(super) enum Door {
    Tcp(TcpListener),
    /// The file goes with it.
    Unix(UnixListener, #[expect(dead_code, reason = "what it does is to end")] SocketFile),
}

impl Bound {
    pub(super) fn bind(address: &AdminAddress) -> Result<Self, BindError> {
        let result = match address {
            AdminAddress::Tcp(tcp) => StdTcpListener::bind(tcp).and_then(|listener| {
                listener.set_nonblocking(true)?;
                let address = AdminAddress::Tcp(listener.local_addr()?);
                Ok(Self::Tcp(listener, address))
            }),
            AdminAddress::Unix(path) => unix::bind(path).map(|(listener, file)| Self::Unix(listener, file)),
        };
        result.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => BindError::InUse { address: address.clone() },
            _ => BindError::Io { address: address.clone(), source },
        })
    }

    pub(super) fn address(&self) -> AdminAddress {
        match self {
            Self::Tcp(_, address) => address.clone(),
            Self::Unix(_, file) => AdminAddress::Unix(file.path().to_owned()),
        }
    }

    pub(super) fn listen(self) -> io::Result<Door> {
        Ok(match self {
            Self::Tcp(listener, _) => Door::Tcp(TcpListener::from_std(listener)?),
            Self::Unix(listener, file) => Door::Unix(UnixListener::from_std(listener)?, file),
        })
    }
}
