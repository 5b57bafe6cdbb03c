//! The dialler.

#[cfg(test)]
mod tests;

use crate::{
    Denial, Destination, EgressError, Named, Own, Policy, Resolve, Socket, SystemResolver, Timeouts,
    cache::Cache,
    dial::{dial_tcp, dial_unix, interleave},
    host::Host,
    own,
};
use std::{
    fmt,
    net::SocketAddr,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

/// Makes connections, and refuses to make those that the [`Policy`] forbids.
///
/// Cheap to clone; all clones share the policy and the names that were resolved. Works on any tokio runtime
/// with time and I/O enabled, and several runtimes can use one `Egress`.
///
/// Names are remembered for 30 s. After that the former answer is used while a new one is fetched off the
/// caller's path, and it is kept for as long as no new one is to be had. Callers who ask for one name at the
/// same time share one look-up. 10,000 names are kept; the one not used for longest goes first.
#[derive(Clone)]
pub struct Egress {
    policy: Arc<RwLock<Arc<Policy>>>,
    /// Never dialled, whatever the policy.
    own: Arc<RwLock<Arc<[Own]>>>,
    cache: Arc<Cache>,
}

impl Egress {
    /// A dialler that resolves names as the operating system does.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self::with_resolver(policy, SystemResolver)
    }

    /// A dialler with a resolver of one's own.
    #[must_use]
    pub fn with_resolver(policy: Policy, resolver: impl Resolve) -> Self {
        Self {
            policy: Arc::new(RwLock::new(Arc::new(policy))),
            own: Arc::new(RwLock::new(Arc::new([]))),
            cache: Arc::new(Cache::new(Box::new(resolver))),
        }
    }

    /// The policy of connections that are made from now on. Connections that exist stay.
    pub fn replace_policy(&self, policy: Policy) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
    }

    /// Never connects to these addresses of the program's own from now on, in place of those that were given before. No
    /// policy makes an exception, whoever names the destination, and another policy changes nothing about it.
    ///
    /// What an address tells is refused before it is dialled: the same address and port in any spelling, and where it is a
    /// loopback address or every address, any loopback address and `0.0.0.0` and `::`, with its port. Where the program
    /// listens at every address, those of this machine are known once they are connected to: such a connection is closed
    /// before anything is sent. A Unix socket is known by its path, by its file, and by where it was bound.
    ///
    /// What other machines pass on to this one is not known: an address of a router that forwards the port, for instance.
    pub fn never_dial(&self, own: impl IntoIterator<Item = Own>) {
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = own.into_iter().collect();
    }

    /// The present policy.
    #[must_use]
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Connects to the destination.
    ///
    /// Each address is checked against the policy, and exactly the checked one is dialled: what the name says
    /// a moment later does not count. Of several allowed addresses up to eight are tried in the resolver's
    /// order, with IPv6 and IPv4 taking turns; each gets an equal share of the time that is left.
    ///
    /// # Errors
    ///
    /// [`EgressError::Denied`] if the destination, or each of its addresses, is not allowed;
    /// [`EgressError::Dns`] and [`EgressError::DnsTimeout`] if its name was not resolved; otherwise what the
    /// last address that was tried came to.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the connection that is being made. A look-up goes on and is remembered.
    ///
    /// # Tasks
    ///
    /// A look-up runs as a task of its own on the calling runtime, for at most 30 s. If that runtime ends
    /// before the look-up does, others who wait for it start it again on theirs.
    pub async fn connect(
        &self,
        to: &Destination,
        named: Named,
        timeouts: Timeouts,
    ) -> Result<Socket, EgressError> {
        match to {
            Destination::Host { host, port } => {
                self.connect_tcp(host, *port, named, timeouts).await.map(Socket::Tcp)
            }
            Destination::Unix(path) => {
                self.connect_unix(path, named, timeouts.connect).await.map(Socket::Unix)
            }
        }
    }

    /// The addresses of a host that may be dialled, in the order in which they would be tried.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect); `limit` bounds the time for a name.
    pub async fn resolve_checked(
        &self,
        host: &str,
        port: u16,
        named: Named,
        limit: Duration,
    ) -> Result<Vec<SocketAddr>, EgressError> {
        self.resolve(host, port, named, async |name| self.cache.addresses(name, limit).await).await
    }

    /// The addresses that a host has now, looked up whatever is remembered: those that may be dialled. A look-up that
    /// fails takes nothing from what is remembered.
    ///
    /// # Errors
    ///
    /// As [`resolve_checked`](Self::resolve_checked).
    pub async fn look_up(
        &self,
        host: &str,
        port: u16,
        named: Named,
        limit: Duration,
    ) -> Result<Vec<SocketAddr>, EgressError> {
        self.resolve(host, port, named, async |name| self.cache.addresses_anew(name, limit).await).await
    }

    async fn resolve(
        &self,
        host: &str,
        port: u16,
        named: Named,
        look_up: impl AsyncFnOnce(&str) -> Result<Arc<[SocketAddr]>, EgressError>,
    ) -> Result<Vec<SocketAddr>, EgressError> {
        match self.admit(host, named)? {
            Host::Address(mut address) => {
                address.set_port(port);
                own::check_address(&self.own(), address).map_err(|denial| denied(host, denial))?;
                Ok(vec![address])
            }
            Host::Name(name) => self.checked(name, port, &look_up(name).await?),
        }
    }

    /// Connects to one of the addresses that a host was found to have. Host and address are checked as they are now.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect), but for the name: it is not looked up.
    ///
    /// # Cancel safety
    ///
    /// As [`connect`](Self::connect).
    pub async fn connect_to(
        &self,
        host: &str,
        address: SocketAddr,
        named: Named,
        limit: Duration,
    ) -> Result<Socket, EgressError> {
        self.admit(host, named)?;
        self.policy().check_address(address.ip()).map_err(|denial| denied(host, denial))?;
        self.dial(host, &[address], limit).await.map(Socket::Tcp)
    }

    async fn connect_tcp(
        &self,
        host: &str,
        port: u16,
        named: Named,
        timeouts: Timeouts,
    ) -> Result<tokio::net::TcpStream, EgressError> {
        match self.admit(host, named)? {
            Host::Address(mut address) => {
                address.set_port(port);
                self.dial(host, &[address], timeouts.connect).await
            }
            Host::Name(name) => {
                let known = self.cache.addresses(name, timeouts.dns).await?;
                self.dial(host, &self.checked(name, port, &known)?, timeouts.connect).await
            }
        }
    }

    /// Dials addresses that the policy allows.
    async fn dial(
        &self,
        host: &str,
        addresses: &[SocketAddr],
        limit: Duration,
    ) -> Result<tokio::net::TcpStream, EgressError> {
        let own = self.own();
        for address in addresses {
            own::check_address(&own, *address).map_err(|denial| denied(host, denial))?;
        }
        let permit = |stream: &_| own::check_connected(&own, stream).map_err(|denial| denied(host, denial));
        dial_tcp(addresses, limit, permit).await
    }

    async fn connect_unix(
        &self,
        path: &Path,
        named: Named,
        limit: Duration,
    ) -> Result<tokio::net::UnixStream, EgressError> {
        let refused = |denial| denied(&path.to_string_lossy(), denial);
        self.policy().check_socket(path, named).map_err(refused)?;
        let own = self.own();
        own::check_path(&own, path).map_err(refused)?;
        let stream = dial_unix(path, limit).await?;
        own::check_connected_unix(&own, &stream).map_err(refused)?;
        Ok(stream)
    }

    fn own(&self) -> Arc<[Own]> {
        Arc::clone(&self.own.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the host and checks all that can be checked before it is resolved.
    fn admit<'a>(&self, host: &'a str, named: Named) -> Result<Host<'a>, EgressError> {
        self.policy().admit(host, named).map_err(|denial| denied(host, denial))
    }

    /// Those of a name's addresses that may be dialled.
    fn checked(&self, name: &str, port: u16, known: &[SocketAddr]) -> Result<Vec<SocketAddr>, EgressError> {
        let (policy, own) = (self.policy(), self.own());
        let mut last_denial = None;
        let at_port = known.iter().map(|address| with_port(*address, port));
        let allowed = at_port.filter(|address| {
            let checked =
                policy.check_address(address.ip()).and_then(|()| own::check_address(&own, *address));
            checked.map_err(|denial| last_denial = Some(denial)).is_ok()
        });
        let allowed = interleave(&allowed.collect::<Vec<_>>());
        match last_denial {
            Some(denial) if allowed.is_empty() => Err(denied(name, denial)),
            _ => Ok(allowed),
        }
    }
}

fn with_port(mut address: SocketAddr, port: u16) -> SocketAddr {
    address.set_port(port);
    address
}

fn denied(host: &str, denial: Denial) -> EgressError {
    EgressError::Denied { host: host.to_owned(), denial }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").field("policy", &self.policy()).finish_non_exhaustive()
    }
}
