//! The backend's side of an exchange whose backend speaks HTTP/2: one stream.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::Reason as Code;
use h2::client::ResponseFuture;
use http::HeaderMap;
use http1::framing::{self, BodyLength};
use http1::{Limits, Method, ResponseHead, Rule};

use super::fields;
use super::inbox::Inbox;
use super::lines::Ticket;
use super::outbox::Outbox;
use super::request::{self, Upgrade};
use crate::channel::{Broken, Channel, Fill};
use crate::reason::Reason;

/// What a backend has done with a request whose stream broke before it was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nobody knows.
    #[default]
    Unknown,
    /// Nothing: it went away before. RFC 9113 section 6.8.
    Unseen,
    /// Nothing: it refused the stream. RFC 9113 section 8.7.
    Refused,
}

/// A stream to a backend.
pub(crate) struct BackendStream {
    response: Option<ResponseFuture>,
    inbox: Inbox,
    outbox: Outbox,
    /// The text of the head that came last.
    head: Vec<u8>,
    upgrade: Option<Upgrade>,
    fate: Fate,
    /// How many heads had come on the connection that may be interim answers.
    doubtful: u32,
    /// Behind everything that holds the stream.
    ticket: Ticket,
}

impl BackendStream {
    /// True where the connection is over.
    pub(crate) fn is_over(&self) -> bool {
        self.ticket.line().is_over()
    }

    /// Sends a head, written as for HTTP/1.1, on the connection of `ticket`; nothing follows it where `is_over`.
    ///
    /// # Errors
    /// The connection takes no more streams, in which case the backend has seen nothing; or the head is none that
    /// HTTP/2 could carry.
    pub(crate) fn begin(ticket: Ticket, head: Vec<u8>, is_over: bool) -> Result<Self, (Reason, Fate)> {
        let head = Bytes::from(head);
        let line = ticket.line();
        let read = request::read(&head, line.is_secure);
        let request::Head { request, upgrade } =
            read.map_err(|rule| (Reason::BadRequest(rule), Fate::Unknown))?;
        if upgrade.is_some() && !line.takes_protocols() {
            // RFC 8441 section 3: it may not even be tried.
            return Err((Reason::BadResponse(Rule::Upgrade), Fate::Unknown));
        }
        let is_over = is_over && upgrade.is_none();
        let doubtful = line.io().doubtful_heads();
        let (response, stream) = line.send(request, is_over).ok_or((Reason::UpstreamReset, Fate::Unseen))?;
        let mut outbox = Outbox::default();
        outbox.begin(stream, is_over);
        Ok(Self {
            response: Some(response),
            inbox: Inbox::default(),
            outbox,
            head: Vec::new(),
            upgrade,
            fate: Fate::Unknown,
            doubtful,
            ticket,
        })
    }

    /// Ready once a head has come, an interim one or the final one.
    pub(crate) fn poll_head(
        &mut self,
        response: &mut ResponseHead,
        limits: &Limits,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Reason>> {
        let Some(future) = &mut self.response else { return Poll::Ready(Err(Reason::UpstreamReset)) };
        // Asking for interim answers costs more than all else here: it is done where one may have come.
        if self.doubtful != self.ticket.line().io().doubtful_heads()
            && let Poll::Ready(Some(Ok(interim))) = future.poll_informational(cx)
        {
            let (parts, ()) = interim.into_parts();
            return Poll::Ready(self.read(parts.status.as_u16(), &parts.headers, response, limits));
        }
        let (parts, body) = match ready!(std::pin::Pin::new(future).poll(cx)) {
            Ok(answer) => answer.into_parts(),
            Err(error) => return Poll::Ready(Err(self.failed(&error))),
        };
        self.response = None;
        self.inbox = Inbox::of(body);
        let status = parts.status.as_u16();
        let has_switched = self.upgrade.is_some() && (200..=299).contains(&status);
        let status = if has_switched { 101 } else { status };
        let read = self.read(status, &parts.headers, response, limits);
        Poll::Ready(read.and_then(|()| if has_switched { self.write_switch(response) } else { Ok(()) }))
    }

    fn read(
        &mut self,
        status: u16,
        map: &HeaderMap,
        response: &mut ResponseHead,
        limits: &Limits,
    ) -> Result<(), Reason> {
        self.head.clear();
        response.begin(status);
        fields::push(map, limits.fields, response.lines_mut(), &mut self.head)
            .map(|_| ())
            .map_err(Reason::BadResponse)
    }

    /// What HTTP/1.1 would have said. RFC 8441 section 5.
    fn write_switch(&mut self, response: &mut ResponseHead) -> Result<(), Reason> {
        let Some(Upgrade { protocol, accept }) = &self.upgrade else { return Ok(()) };
        let (lines, head) = (response.lines_mut(), &mut self.head);
        lines.push(head, b"upgrade", protocol).map_err(Reason::BadResponse)?;
        if let Some(accept) = accept {
            lines.drop_named(b"sec-websocket-accept", head);
            lines.push(head, b"sec-websocket-accept", accept).map_err(Reason::BadResponse)?;
        }
        Ok(())
    }

    /// The text of the head that came last.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// How long the body behind `response` is.
    ///
    /// # Errors
    /// The rule that the answer breaks.
    pub(crate) fn body_length(&self, response: &ResponseHead, method: Method) -> Result<BodyLength, Rule> {
        let length = framing::of_response(response, method, &self.head)?;
        match length {
            // Its end is told by the stream.
            BodyLength::UntilClose if self.inbox.is_ended() => Ok(BodyLength::Bytes(0)),
            BodyLength::UntilClose => Ok(BodyLength::Chunked),
            BodyLength::Bytes(1..) if self.inbox.is_ended() => Err(Rule::Incomplete),
            length => Ok(length),
        }
    }

    /// Says what body is to come. `h2` holds the others to their length; one that cannot be is held to none here, since
    /// its bytes would be read as the next answer. RFC 9110 section 6.4.1.
    pub(crate) const fn expect(&mut self, length: BodyLength) {
        if length.is_empty() {
            self.inbox.allow(0);
        }
    }

    /// True where the backend has not ended its stream.
    pub(crate) const fn goes_on(&self) -> bool {
        !self.inbox.is_ended()
    }

    /// True where part of the answer has come.
    pub(crate) const fn has_begun(&self) -> bool {
        self.response.is_none() || !self.head.is_empty()
    }

    /// What the backend has done with the request.
    pub(crate) const fn fate(&self) -> Fate {
        self.fate
    }

    fn failed(&mut self, error: &h2::Error) -> Reason {
        if error.is_remote() {
            if error.is_go_away() {
                self.fate = Fate::Unseen;
            } else if error.reason() == Some(Code::REFUSED_STREAM) {
                self.fate = Fate::Refused;
            }
        }
        if error.is_library() { Reason::BadResponse(Rule::Frames) } else { Reason::UpstreamReset }
    }
}

/// A stream that has not come to its end is reset by this.
impl Drop for BackendStream {
    fn drop(&mut self) {
        let is_complete = self.response.is_none() && self.inbox.is_ended() && self.outbox.is_ended();
        self.ticket.line().ended(is_complete);
    }
}

impl Channel for BackendStream {
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, Broken>> {
        self.inbox.poll_fill(cx)
    }

    fn data(&self) -> &[u8] {
        self.inbox.data()
    }

    fn consume(&mut self, count: usize) {
        self.inbox.consume(count);
    }

    fn trailers(&self) -> &[u8] {
        self.inbox.trailers()
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize, Broken>> {
        self.outbox.poll_send(cx, data, self.ticket.line().io())
    }

    fn finish(&mut self, trailers: &[u8]) {
        self.outbox.finish(trailers);
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        self.outbox.poll_flush(cx, self.ticket.line().io())
    }

    fn has_unsent(&self) -> bool {
        self.outbox.has_unsent()
    }
}
