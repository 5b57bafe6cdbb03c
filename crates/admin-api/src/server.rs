//! The server: a listener, its connections, and what every request goes through before a handler sees it.
//!
//! A connection is a task with one HTTP/1.1 connection of hyper; `axum::serve` is not used, because it lets a client that says
//! nothing stay for ever. In the order of a request: `bind`, `accept`, `connections`, `connection` (with its `line`, `stall`
//! and `phase`), `exchange` (with its `gate` and `body`).

mod accept;
mod bare;
mod bind;
mod body;
mod connection;
mod connections;
mod exchange;
mod fallback;
mod gate;
mod line;
mod phase;
mod request_id;
mod settings;
mod stall;
mod unix;

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::Router;

pub use bind::BindError;
pub use fallback::{method_not_allowed, not_found, with_fallbacks};
pub use request_id::RequestId;
pub use settings::{AdminAddress, AdminSettings, ClientSettings, Deadlines, TokenSettings};

use accept::Acceptor;
use bind::Bound;
use connections::Connections;
use gate::Gate;

/// A listener of the control plane, bound and not yet served.
#[derive(Debug)]
pub struct AdminServer {
    bound: Bound,
    gate: Gate,
    tls: Option<tls_sni::Server>,
    max_connections: usize,
}

impl AdminServer {
    /// Binds the address. Clients may connect from now on, and are answered once [`run`](Self::run) is.
    ///
    /// The directory of a Unix socket is made (0700) where there is none; the socket is 0600 from the first moment. Beside it
    /// stays an empty `<path>.lock`, locked by whoever listens, so that of two processes that begin at once one is told.
    ///
    /// # Errors
    /// [`BindError`]: nothing listens then.
    pub fn bind(settings: AdminSettings) -> Result<Self, BindError> {
        let gate = Gate::new(&settings)?;
        let bound = Bound::bind(&settings.address)?;
        let is_tcp = matches!(settings.address, AdminAddress::Tcp(_));
        let tls = settings.tls.filter(|_| is_tcp);
        if let AdminAddress::Tcp(address) = &settings.address
            && !address.ip().is_loopback()
            && tls.is_none()
        {
            tracing::warn!(%address, "the control plane's tokens go over this address in clear text");
        }
        Ok(Self { bound, gate, tls, max_connections: settings.max_connections })
    }

    /// Where it listens, with the port that the system chose.
    pub fn local_address(&self) -> AdminAddress {
        self.bound.address()
    }

    /// Serves until `shutdown` is ready, and then for as long as requests in flight last, up to `deadlines.drain`. Event streams
    /// are ended at once. Nothing of it is left when it returns: no task, no socket, no file of one.
    ///
    /// Every request that reaches `router` has a [`Caller`](crate::Caller) of the right role and a [`RequestId`] among its
    /// extensions, a body that is there in whole, and a content type of JSON if it has one. A handler that changes something
    /// puts [`Audited`](crate::Audited) among its response's extensions.
    ///
    /// # Errors
    /// What the system says where the listener cannot be watched.
    ///
    /// # Tasks
    /// One for each connection, all of them ended when this returns. They belong on a runtime of their own, away from traffic:
    /// a current-thread one on a thread of its own will do.
    ///
    /// # Cancel safety
    /// Dropping the future closes everything at once.
    pub async fn run(self, router: Router, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let gate = Arc::new(self.gate);
        let connections = Arc::new(Connections::new(self.max_connections));
        Acceptor { gate, connections, router, tls: self.tls }.run(self.bound.listen()?, shutdown).await;
        Ok(())
    }
}
