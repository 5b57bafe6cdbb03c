//! Why there is no connection.

#[cfg(test)]
mod tests;

use crate::Network;
use std::{io, net::IpAddr, path::PathBuf, sync::Arc};
use thiserror::Error;

/// Why a destination could not be connected to.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EgressError {
    /// The policy forbids it, or it is the program's own. Nothing was sent to anybody.
    #[error("{host:?} is not allowed")]
    Denied {
        /// The host or path as it was named.
        host: String,
        /// What it failed.
        #[source]
        denial: Denial,
    },
    /// The name has no address, or could not be resolved.
    #[error("{name:?} could not be resolved")]
    Dns {
        /// The name as it was asked for.
        name: String,
        /// What the resolver said. Shared, since all who wait for one look-up get its answer.
        #[source]
        source: Arc<io::Error>,
    },
    /// No answer from the resolver in time.
    #[error("no answer from the resolver in time")]
    DnsTimeout,
    /// The connection was refused.
    #[error("connection refused")]
    Refused,
    /// The connection was not made in time.
    #[error("connection not made in time")]
    Timeout,
    /// The connection was reset while it was made.
    #[error("connection reset")]
    Reset,
    /// Any other failure of the operating system.
    #[error("connection failed")]
    Io(#[source] io::Error),
}

impl EgressError {
    /// Whether the policy forbids the destination.
    #[must_use]
    pub const fn is_denial(&self) -> bool {
        matches!(self, Self::Denied { .. })
    }

    /// Whether the backend refused the connection: its machine answered, and nobody listens.
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused)
    }

    /// Whether a time limit was reached.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::DnsTimeout | Self::Timeout)
    }

    /// Whether the failure tells something about the backend, rather than about the policy, the resolver or
    /// this machine (no descriptors or ports left).
    #[must_use]
    pub fn is_backend_failure(&self) -> bool {
        match self {
            Self::Refused | Self::Timeout | Self::Reset => true,
            Self::Io(error) => matches!(
                error.kind(),
                io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::NotFound
            ),
            Self::Denied { .. } | Self::Dns { .. } | Self::DnsTimeout => false,
        }
    }

    pub(crate) fn from_connect(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::ConnectionReset => Self::Reset,
            io::ErrorKind::TimedOut => Self::Timeout,
            _ => Self::Io(error),
        }
    }
}

/// What a destination failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Denial {
    /// Its address, or the last one of several, lies in a blocked network.
    #[error("{address} is blocked by {network}")]
    Address {
        /// The address that would have been dialled.
        address: IpAddr,
        /// The network of the policy.
        network: Network,
    },
    /// It was named dynamically, and no pattern allows it.
    #[error("the host is not among the allowed ones")]
    Host,
    /// A Unix socket was named dynamically, and the policy does not list it.
    #[error("the socket {} is not among the allowed ones", path.display())]
    Unix {
        /// The path as it was named.
        path: PathBuf,
    },
    /// It is an address of the program's own, which is never dialled: [`Egress::never_dial`](crate::Egress::never_dial).
    #[error("it is an address of the program's own")]
    Own,
    /// It is neither an address nor a name: an empty label, a character that names do not have, or an address
    /// in a form that resolvers read differently (`0x7f.1`, `2130706433`, `0177.0.0.1`).
    #[error("neither an address in its usual form nor a host name")]
    Malformed,
}
