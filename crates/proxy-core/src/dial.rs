//! A connection to a backend, for whoever asks: a request, a copy of one, a shared connection, a client in TCP mode.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::clock;
use crate::connect::Address;
use crate::reason::Reason;
use crate::registry::Backend;
use crate::transport::Stream;
use crate::upstream::Member;
use crate::worker::Shared;

/// The backend that a connection is to lead to.
#[derive(Clone, Copy)]
pub(crate) struct Goal<'a> {
    pub(crate) backend: &'a Arc<Backend>,
    pub(crate) address: &'a Address,
    /// Connections to it, over all workers.
    pub(crate) most: Option<u32>,
}

impl<'a> From<&'a Member> for Goal<'a> {
    fn from(member: &'a Member) -> Self {
        Self { backend: &member.backend, address: &member.address, most: member.max_connections }
    }
}

impl Shared {
    /// Waits for a place among the backend's connections, where these are limited, and connects. What comes of it is noted of
    /// the backend. `origin` is who is asked for; HTTP/2 is negotiated only where that is wanted.
    ///
    /// # Errors
    /// Why there is no connection.
    ///
    /// # Cancel safety
    /// Dropping the future gives the place back, and says nothing of the backend.
    pub(crate) async fn dial(
        self: &Arc<Self>,
        to: Goal<'_>,
        origin: Option<(SocketAddr, SocketAddr)>,
        with_http2: bool,
    ) -> Result<Stream, Reason> {
        let place = match to.most {
            Some(most) => Some(self.place(to.backend, most).await),
            None => None,
        };
        // The time in which others held the place says nothing of the backend.
        let began = clock::now();
        match to.address.open_for(&*self.connect, origin, with_http2).await {
            Ok(mut stream) => {
                place.into_iter().for_each(|place| stream.hold(place));
                stream.bound_unsent();
                self.connect_succeeded(to.backend, began);
                Ok(stream)
            }
            Err(error) => {
                if error.is_of_backend() {
                    self.connect_failed(to.backend, began);
                }
                Err(error.reason())
            }
        }
    }
}
