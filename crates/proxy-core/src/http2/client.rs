//! The client's side of an exchange whose client speaks HTTP/2: one stream.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{HeaderMap, Response, StatusCode};
use http1::framing::BodyLength;
use http1::{Name, NameSet};

use super::fields;
use super::inbox::Inbox;
use super::outbox::Outbox;
use super::watched::Io;
use crate::channel::{Broken, Channel, Fill};
use crate::client::{Client, Outgoing};
use crate::replay::{self, Replay, again};

/// Fields that tell of a switch of protocols, which is none in HTTP/2. RFC 8441 section 5.
const OF_SWITCH: NameSet = NameSet::of(&[Name::Connection, Name::Upgrade, Name::SecWebSocketAccept]);

/// A client that speaks HTTP/2.
pub(super) struct Http2Client {
    respond: SendResponse<Bytes>,
    inbox: Inbox,
    outbox: Outbox,
    /// It asked for another protocol: extended CONNECT.
    is_extended: bool,
    /// The head of the final answer was sent.
    has_begun: bool,
    has_switched: bool,
    replay: Option<Box<Replay>>,
    io: Arc<Io>,
}

impl Http2Client {
    pub(super) fn new(
        respond: SendResponse<Bytes>,
        body: RecvStream,
        is_extended: bool,
        io: &Arc<Io>,
    ) -> Self {
        Self {
            respond,
            inbox: Inbox::of(body),
            outbox: Outbox::default(),
            is_extended,
            has_begun: false,
            has_switched: false,
            replay: None,
            io: Arc::clone(io),
        }
    }

    /// The stream's number.
    pub(super) fn id(&self) -> u32 {
        self.respond.stream_id().as_u32()
    }

    /// True where protocols were switched.
    pub(super) const fn is_tunnel(&self) -> bool {
        self.has_switched
    }

    /// Breaks the stream off.
    pub(super) fn reset(&mut self, reason: Reason) {
        if self.has_begun {
            self.outbox.reset(reason);
        } else {
            self.respond.send_reset(reason);
        }
    }

    fn send_head(&mut self, status: u16, fields: HeaderMap, is_over: bool) {
        self.has_begun = true;
        // It fails where the client has reset the stream: what follows finds that out.
        if let Ok(stream) = self.respond.send_response(response(status, fields), is_over) {
            self.outbox.begin(stream, is_over);
        }
    }
}

impl Client for Http2Client {
    fn begin(&mut self, outgoing: &Outgoing<'_>) {
        let is_over = outgoing.body.is_empty() && !outgoing.goes_on;
        self.send_head(outgoing.status, map_of(outgoing, NameSet::EMPTY), is_over);
    }

    fn interim(&mut self, outgoing: &Outgoing<'_>) {
        let _ = self.respond.send_informational(response(outgoing.status, map_of(outgoing, NameSet::EMPTY)));
    }

    fn takes_interim(&self) -> bool {
        true
    }

    fn switch(&mut self, outgoing: &Outgoing<'_>) {
        self.inbox.allow(u64::MAX);
        self.has_switched = true;
        self.send_head(200, map_of(outgoing, OF_SWITCH), false);
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_reset(cx)
    }

    fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_begun { self.outbox.poll_reset(cx) } else { self.respond.poll_reset(cx).map(|_| ()) }
    }

    fn is_leaving(&self) -> bool {
        false
    }

    fn expect(&mut self, _: BodyLength, allowed: u64) {
        self.inbox.allow(allowed);
    }

    fn replay(&mut self) -> Option<&mut Option<Box<Replay>>> {
        Some(&mut self.replay)
    }

    /// Nobody has to wait for what is still to come: other streams do not stand behind it.
    fn left_to_come(&self) -> Option<u64> {
        self.inbox.is_ended().then_some(0)
    }

    fn close_after(&mut self) {}

    fn can_switch(&self) -> bool {
        self.is_extended
    }

    fn must_switch(&self) -> bool {
        self.is_extended
    }
}

fn map_of(outgoing: &Outgoing<'_>, skip: NameSet) -> HeaderMap {
    fields::map_of((outgoing.fields, outgoing.skip.union(skip)), (outgoing.extra, skip))
}

fn response(status: u16, fields: HeaderMap) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    *response.headers_mut() = fields;
    response
}

impl Channel for Http2Client {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, Broken>> {
        if !again(&self.replay).is_empty() {
            return Poll::Ready(Ok(Fill::Data));
        }
        let filled = ready!(self.inbox.poll_fill(cx));
        if self.inbox.has_trailers() && self.io.has_malformed_trailers(self.id()) {
            // RFC 9113 section 8.1.1.
            self.reset(Reason::PROTOCOL_ERROR);
            return Poll::Ready(Err(Broken::Gone));
        }
        Poll::Ready(filled)
    }

    fn data(&self) -> &[u8] {
        match again(&self.replay) {
            [] => self.inbox.data(),
            again => again,
        }
    }

    fn consume(&mut self, count: usize) {
        if !replay::advance(&mut self.replay, self.inbox.data(), count) {
            self.inbox.consume(count);
        }
    }

    fn trailers(&self) -> &[u8] {
        self.inbox.trailers()
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize, Broken>> {
        self.outbox.poll_send(cx, data, &self.io)
    }

    fn finish(&mut self, trailers: &[u8]) {
        self.outbox.finish(trailers);
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        // Interim answers, which `h2` has already.
        if self.has_begun { self.outbox.poll_flush(cx, &self.io) } else { Poll::Ready(Ok(())) }
    }

    fn has_unsent(&self) -> bool {
        self.outbox.has_unsent()
    }
}
