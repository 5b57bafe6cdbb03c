//! The client's side of an exchange: the seam that HTTP/1.1 connections and the tower service implement.

use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use http1::framing::BodyLength;
use http1::{Fields, Name, NameSet, Version};

use crate::channel::{Broken, Channel, Fill};
use crate::replay::{self, Replay, again};
use crate::secure::Secured;
use crate::wire::{Wire, Writer};

/// So much of further requests is taken in while one is being served.
const READ_AHEAD: usize = 8 * 1024;

/// What is known of a client's connection.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// The address at the other end; the loopback address for a Unix socket.
    pub(crate) peer: IpAddr,
    /// The port at the other end; 0 where it is not known.
    pub(crate) peer_port: u16,
    /// The address that the connection was made to, where somebody may have to be told.
    pub(crate) local: Option<IpAddr>,
    /// The port that the connection was accepted at; 0 for a Unix socket.
    pub(crate) local_port: u16,
    /// The connection is encrypted.
    pub(crate) is_secure: bool,
    /// The client speaks HTTP/2.
    pub(crate) is_http2: bool,
    /// What was agreed with the client, where the connection is encrypted here.
    pub(crate) secured: Option<Arc<dyn Secured>>,
}

impl Facts {
    /// Who asks, and where the connection was made to; `None` where that is not known.
    pub(crate) fn origin(&self) -> Option<(SocketAddr, SocketAddr)> {
        let local = SocketAddr::new(self.local?, self.local_port);
        Some((SocketAddr::new(self.peer, self.peer_port), local))
    }

    /// The scheme of the connection.
    pub(crate) const fn scheme(&self) -> &'static str {
        if self.is_secure { "https" } else { "http" }
    }
}

/// The head of an answer, as it goes to a client.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outgoing<'a> {
    pub(crate) status: u16,
    /// Empty where the standard phrase will do.
    pub(crate) reason: &'a [u8],
    pub(crate) fields: Fields<'a>,
    /// Fields that are not passed on.
    pub(crate) skip: NameSet,
    /// Further lines, each `name: value CRLF`.
    pub(crate) extra: &'a [u8],
    pub(crate) body: BodyLength,
    /// Trailers may follow, even where there is no body.
    pub(crate) goes_on: bool,
}

/// The client's side.
pub(crate) trait Client: Channel {
    /// Takes over the head of the final answer. Its body follows.
    fn begin(&mut self, outgoing: &Outgoing<'_>);

    /// Takes over an interim answer.
    fn interim(&mut self, outgoing: &Outgoing<'_>);

    /// Whether interim answers reach this client.
    fn takes_interim(&self) -> bool;

    /// Ready once the client is known to be gone, while nothing is being read from it or written to it.
    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()>;

    /// Ready once the client has said that it wants no answer any more; nothing is read for that.
    fn poll_reset(&mut self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }

    /// True where the client has shut its sending side: it has gone, or it only waits for the answer.
    fn is_leaving(&self) -> bool;

    /// Says how large the body from the client is, and how large it may be.
    fn expect(&mut self, length: BodyLength, allowed: u64);

    /// Where what was passed on of the body is kept, so that it can be passed on again; `None` where it is not.
    fn replay(&mut self) -> Option<&mut Option<Box<Replay>>> {
        None
    }

    /// Keeps the first `most` bytes of the body that are passed on.
    fn keep_body(&mut self, most: usize) {
        if let Some(replay) = self.replay() {
            replay.get_or_insert_with(|| Box::new(Replay::of(most)));
        }
    }

    /// Begins the body anew. False where not all that was passed on was kept.
    fn rewind(&mut self) -> bool {
        self.replay().and_then(Option::as_mut).is_some_and(|replay| replay.rewind())
    }

    /// What was kept of the body is not needed any more, but for what is still to be passed on again.
    fn forget_body(&mut self) {
        if let Some(replay) = self.replay()
            && replay.as_ref().is_some_and(|replay| replay.again().is_empty())
        {
            *replay = None;
        }
    }

    /// How much of the body from the client is still to come, where that is known.
    fn left_to_come(&self) -> Option<u64>;

    /// Takes over the head of an answer that switches protocols, and turns the rest of the exchange into a tunnel.
    fn switch(&mut self, outgoing: &Outgoing<'_>);

    /// The answer will not be followed by another on this connection.
    fn close_after(&mut self);

    /// Whether protocols may be switched.
    fn can_switch(&self) -> bool;

    /// Whether success means to this client that protocols were switched: an answer that does not is none for it.
    fn must_switch(&self) -> bool {
        false
    }
}

/// A client that speaks HTTP/1.1.
#[derive(Debug)]
pub(crate) struct Http1Client {
    pub(crate) wire: Wire,
    /// What the client speaks in the request at hand.
    pub(crate) version: Version,
    /// The connection ends with the answer at hand.
    pub(crate) closes: bool,
    /// The answer at hand ends with the connection, so that only a reset tells that it is incomplete.
    pub(crate) ends_by_close: bool,
    /// The client has shut its sending side; since when, in ticks, is the caller's to know.
    pub(crate) is_half_closed: bool,
    replay: Option<Box<Replay>>,
}

impl Http1Client {
    pub(crate) fn new(wire: Wire) -> Self {
        Self {
            wire,
            version: Version::Http11,
            closes: false,
            ends_by_close: false,
            is_half_closed: false,
            replay: None,
        }
    }

    fn write_head(&mut self, outgoing: &Outgoing<'_>) {
        let out = self.wire.output.appender();
        push_status_line(out, outgoing.status, outgoing.reason);
        outgoing.fields.write_without(outgoing.skip, out);
        out.extend_from_slice(outgoing.extra);
    }
}

impl Client for Http1Client {
    fn begin(&mut self, outgoing: &Outgoing<'_>) {
        let is_unbounded = matches!(outgoing.body, BodyLength::Chunked | BodyLength::UntilClose);
        self.ends_by_close = is_unbounded && self.version == Version::Http10;
        // Requests that were sent ahead are answered, even where no more can follow.
        self.closes |= self.ends_by_close || (self.is_half_closed && self.wire.input.is_empty());
        self.write_head(outgoing);
        let out = self.wire.output.appender();
        if is_unbounded && !self.ends_by_close {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        }
        if self.closes {
            out.extend_from_slice(b"Connection: close\r\n");
        }
        out.extend_from_slice(b"\r\n");
        self.wire.frame(if is_unbounded && !self.ends_by_close { Writer::Chunked } else { Writer::Raw });
    }

    fn interim(&mut self, outgoing: &Outgoing<'_>) {
        self.write_head(outgoing);
        self.wire.output.appender().extend_from_slice(b"\r\n");
    }

    fn takes_interim(&self) -> bool {
        self.version == Version::Http11
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // What the client sends ahead is read, so that its end can be seen behind it; only so much.
        while !self.is_half_closed && self.wire.input.len() < READ_AHEAD {
            match self.wire.poll_read(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0)) => self.is_half_closed = true,
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }

    fn is_leaving(&self) -> bool {
        self.is_half_closed
    }

    fn expect(&mut self, length: BodyLength, allowed: u64) {
        self.replay = None;
        self.wire.expect(length, allowed);
    }

    fn replay(&mut self) -> Option<&mut Option<Box<Replay>>> {
        Some(&mut self.replay)
    }

    fn left_to_come(&self) -> Option<u64> {
        self.wire.left_to_come()
    }

    fn switch(&mut self, outgoing: &Outgoing<'_>) {
        self.interim(outgoing);
        self.wire.expect(BodyLength::UntilClose, u64::MAX);
        self.wire.frame(Writer::Tunnel);
        self.closes = true;
    }

    fn close_after(&mut self) {
        self.closes = true;
    }

    fn can_switch(&self) -> bool {
        self.version == Version::Http11
    }
}

/// Appends `HTTP/1.1 <status> <reason> CRLF`.
pub(crate) fn push_status_line(out: &mut Vec<u8>, status: u16, reason: &[u8]) {
    if status == 200 && (reason.is_empty() || reason == b"OK") {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        return;
    }
    out.extend_from_slice(b"HTTP/1.1 ");
    // RFC 9112 section 4: three digits.
    let _ = write!(out, "{status:03} ");
    if reason.is_empty() {
        let known = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        out.extend_from_slice(known.unwrap_or_default().as_bytes());
    } else {
        out.extend_from_slice(reason);
    }
    out.extend_from_slice(b"\r\n");
}

impl Channel for Http1Client {
    #[inline]
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, Broken>> {
        if !again(&self.replay).is_empty() {
            return Poll::Ready(Ok(Fill::Data));
        }
        self.wire.poll_fill(cx)
    }

    #[inline]
    fn data(&self) -> &[u8] {
        match again(&self.replay) {
            [] => self.wire.data(),
            again => again,
        }
    }

    #[inline]
    fn consume(&mut self, count: usize) {
        if !replay::advance(&mut self.replay, self.wire.data(), count) {
            self.wire.consume(count);
        }
    }

    fn hold_back(&mut self) {
        self.wire.hold_back();
    }

    fn trailers(&self) -> &[u8] {
        self.wire.trailers()
    }

    #[inline]
    fn poll_send(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize, Broken>> {
        self.wire.poll_send(cx, data)
    }

    #[inline]
    fn finish(&mut self, trailers: &[u8]) {
        self.wire.finish(trailers);
    }

    #[inline]
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.wire.poll_flush(cx)
    }

    #[inline]
    fn has_unsent(&self) -> bool {
        self.wire.has_unsent()
    }

    fn spliceable(&self) -> Option<(&tokio::net::TcpStream, u64)> {
        if self.replay.is_some() { None } else { self.wire.spliceable() }
    }

    fn spliced(&mut self, count: u64) {
        self.wire.spliced(count);
    }
}

/// Fields of an answer that the proxy writes itself, or that are for neighbours only.
pub(crate) const NOT_PASSED_ON: NameSet = NameSet::HOP_BY_HOP.with(Name::XRequestId);
