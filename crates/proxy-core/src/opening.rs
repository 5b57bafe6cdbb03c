//! How a connection begins: the PROXY header of a load balancer, the server name of a passage, the secure channel.
//!
//! All of it must be over within one time, and only so many handshakes are under way at once: one more makes the one end
//! that began first. A client that shakes hands takes a few round trips, so it is never the first; one that is silent is.

mod ahead;
mod handshakes;

use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::client::Facts;
use crate::client_hello::{self, Peeked};
use crate::connection;
use crate::deadline::{Slot, Ticks};
use crate::proxy_protocol::{self, Malformed, Parsed};
use crate::reason::Reason;
use crate::secure::NotTerminated;
use crate::spec::{ListenerMode, ListenerSpec};
use crate::tcp;
use crate::transport::Stream;
use crate::worker::{Permit, Worker};
use ahead::Ahead;
pub(crate) use handshakes::Handshakes;

/// So much is read at a time.
const PART: usize = 4096;
/// A fatal alert that says that the name is not known here. RFC 6066 section 3.
const UNRECOGNIZED_NAME: &[u8] = &[21, 3, 3, 0, 2, 2, 112];

/// A connection that has not begun to carry requests.
pub(crate) struct Opening {
    pub(crate) facts: Facts,
    pub(crate) listener: Arc<ListenerSpec>,
    pub(crate) worker: Arc<Worker>,
    pub(crate) permit: Permit,
    /// Whether a load balancer that is believed has made it.
    pub(crate) is_announced: bool,
}

/// What a connection turns out to be for.
enum Purpose {
    Http(Stream),
    /// To be passed on to this upstream.
    Tcp(Stream, String),
}

/// A connection that can be served.
struct Opened {
    purpose: Purpose,
    /// What comes before what the stream gives.
    read: Vec<u8>,
    facts: Facts,
    worker: Arc<Worker>,
    permit: Permit,
    slot: Slot,
}

/// Brings a connection to where requests can come, and serves it.
pub(crate) async fn serve(stream: Stream, opening: Opening) {
    // Boxed, so that a connection that is served needs no room for it.
    let Some(opened) = Box::pin(opening.open(stream)).await else { return };
    let Opened { purpose, read, facts, worker, permit, slot } = opened;
    match purpose {
        Purpose::Http(stream) => {
            let serving = connection::serve_from(stream, &read, facts, worker, permit);
            drop((slot, read));
            serving.await;
        }
        Purpose::Tcp(stream, upstream) => {
            Box::pin(tcp::serve(stream, read, &upstream, (facts, slot), (worker, permit))).await;
        }
    }
}

impl Opening {
    async fn open(mut self, stream: Stream) -> Option<Opened> {
        let slot = self.worker.deadlines.slot();
        slot.set(Some(Ticks::of(self.listener.handshake_timeout)));
        poll_fn(|cx| {
            slot.register(cx.waker());
            Poll::Ready(())
        })
        .await;
        // One that has not begun goes before one that rests between requests, where there must be room for others.
        slot.set_resting(true);
        let mut read = Vec::new();
        let outcome = self.run_in_turn(stream, &slot, &mut read).await;
        slot.set_resting(false);
        let Self { facts, worker, permit, .. } = self;
        match outcome {
            Ok(purpose) => Some(Opened { purpose, read, facts, worker, permit, slot }),
            Err(reason) => {
                if let Some(reason) = reason {
                    worker.count("connection", reason);
                }
                None
            }
        }
    }

    /// Until it is given up for later ones, or has taken too long.
    async fn run_in_turn(
        &mut self,
        stream: Stream,
        slot: &Slot,
        read: &mut Vec<u8>,
    ) -> Result<Purpose, Option<Reason>> {
        let worker = Arc::clone(&self.worker);
        let place = worker.handshakes.begin(worker.most_handshakes());
        let mut running = pin!(self.run(stream, read));
        poll_fn(|cx| {
            if let Poll::Ready(outcome) = running.as_mut().poll(cx) {
                return Poll::Ready(outcome);
            }
            if place.is_given_up(cx) {
                return Poll::Ready(Err(Some(Reason::HandshakeLimit)));
            }
            if slot.is_expired() {
                return Poll::Ready(Err(Some(Reason::HandshakeTimeout)));
            }
            if worker.is_draining() {
                // Nobody has asked for anything yet: that need not be waited for long.
                slot.hurry(connection::LAST_CHANCE);
            }
            Poll::Pending
        })
        .await
    }

    /// What is left in `read` comes before what the stream of the result gives. An error without a reason is no failure.
    async fn run(&mut self, mut stream: Stream, read: &mut Vec<u8>) -> Result<Purpose, Option<Reason>> {
        if self.is_announced {
            self.read_header(&mut stream, read).await.map_err(Some)?;
        }
        if let Some(upstream) = self.passage(&mut stream, read).await? {
            return Ok(Purpose::Tcp(stream, upstream));
        }
        if self.listener.secure.is_some() {
            stream = self.shake_hands(stream, read).await?;
            self.facts.is_secure = true;
            self.facts.secured = stream.secured();
        }
        Ok(match &self.listener.mode {
            ListenerMode::Tcp { upstream } => Purpose::Tcp(stream, upstream.clone()),
            _ => Purpose::Http(stream),
        })
    }

    /// Reads whose connection it is.
    async fn read_header(&mut self, stream: &mut Stream, read: &mut Vec<u8>) -> Result<(), Reason> {
        let required = self.listener.proxy_protocol.as_ref().is_some_and(|protocol| protocol.required);
        loop {
            match proxy_protocol::parse(read) {
                Ok(Parsed::Complete { len, header }) => {
                    read.drain(..len);
                    if let Some((source, destination)) = header.source {
                        self.believe(source, destination)?;
                    }
                    return Ok(());
                }
                Ok(Parsed::Partial) => read_more(stream, read).await?,
                Err(Malformed::Absent) if !required => return Ok(()),
                Err(_) => return Err(Reason::BadProxyHeader),
            }
        }
    }

    fn believe(&mut self, source: SocketAddr, destination: SocketAddr) -> Result<(), Reason> {
        let client = source.ip().to_canonical();
        self.permit.take_for(client)?;
        self.facts.peer = client;
        self.facts.peer_port = source.port();
        self.facts.local_port = destination.port();
        self.facts.local = Some(destination.ip().to_canonical());
        Ok(())
    }

    /// The upstream that the connection is passed on to as it is; `None` where it is served here.
    async fn passage(
        &self,
        stream: &mut Stream,
        read: &mut Vec<u8>,
    ) -> Result<Option<String>, Option<Reason>> {
        let is_only = self.listener.mode == ListenerMode::Passages;
        let pinned = self.worker.snapshot();
        if !is_only && (self.listener.secure.is_none() || pinned.0.passages.is_empty()) {
            return Ok(None);
        }
        let name = loop {
            match client_hello::peek(read) {
                Ok(Peeked::Complete { server_name, .. }) => break server_name,
                Ok(Peeked::Partial) => read_more(stream, read).await.map_err(Some)?,
                Err(_) if is_only => return Err(Some(Reason::HandshakeFailed("not_tls"))),
                // Whoever ends TLS here has something to say to that.
                Err(_) => return Ok(None),
            }
        };
        let found = name.and_then(|name| pinned.0.passages.find(&name).cloned());
        if found.is_none() && is_only {
            let _ = stream.write_all(UNRECOGNIZED_NAME).await;
            let _ = stream.shutdown().await;
            return Err(Some(Reason::HandshakeFailed("unknown_name")));
        }
        Ok(found)
    }

    async fn shake_hands(&self, stream: Stream, read: &mut Vec<u8>) -> Result<Stream, Option<Reason>> {
        let Some(secure) = &self.listener.secure else { return Ok(stream) };
        let ahead = std::mem::take(read);
        let stream = if ahead.is_empty() { stream } else { Stream::new(Ahead::new(ahead, stream)) };
        match secure.terminate(stream).await {
            Ok(stream) => Ok(stream),
            Err(NotTerminated::Failed(code)) => Err(Some(Reason::HandshakeFailed(code))),
            Err(NotTerminated::Answered) => Err(None),
        }
    }
}

/// Reads behind what was read. A connection that ends before it has begun is gone.
async fn read_more(stream: &mut Stream, read: &mut Vec<u8>) -> Result<(), Reason> {
    read.reserve(PART);
    match stream.read_buf(read).await {
        Ok(1..) => Ok(()),
        Ok(0) | Err(_) => Err(Reason::ClientGone),
    }
}
