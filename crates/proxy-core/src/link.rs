//! The backend's side of an exchange: a connection of its own, or a stream of a shared one.

use std::task::{Context, Poll, ready};

use http1::framing::{self, BodyLength};
use http1::{Limits, Method, Parsed, ResponseHead, Rule};
use tokio::net::TcpStream;

use crate::channel::{Broken, Channel, Fill};
use crate::connect::TlsFault;
use crate::http2::{BackendStream, Fate};
use crate::pool::Pooled;
use crate::reason::Reason;
use crate::wire::{Wire, Writer};

/// What a request is sent on.
pub(crate) enum Link {
    Http1 {
        wire: Wire,
        /// When the connection was made, in ticks.
        opened: u32,
        /// Bytes of the input that hold no end of a head.
        looked_at: u32,
        /// Bytes of the head that came last.
        head_len: u32,
    },
    Http2(Box<BackendStream>),
}

impl Link {
    /// A connection of its own.
    #[inline]
    pub(crate) fn http1(pooled: Pooled) -> Self {
        Self::Http1 { wire: Wire::new(pooled.stream), opened: pooled.opened, looked_at: 0, head_len: 0 }
    }

    /// Ready once the head of an answer has come, an interim one or the final one.
    #[inline]
    pub(crate) fn poll_head(
        &mut self,
        response: &mut ResponseHead,
        limits: &Limits,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Reason>> {
        let (wire, looked_at, head_len) = match self {
            Self::Http1 { wire, looked_at, head_len, .. } => (wire, looked_at, head_len),
            Self::Http2(stream) => return stream.poll_head(response, limits, cx),
        };
        loop {
            let bytes = wire.input.unread();
            if !bytes.is_empty() {
                let parsed =
                    response.parse_more(bytes, *looked_at as usize, limits).map_err(Reason::BadResponse)?;
                if let Parsed::Complete { len } = parsed {
                    (*looked_at, *head_len) = (0, len as u32);
                    return Poll::Ready(Ok(()));
                }
                *looked_at = bytes.len() as u32;
            }
            match ready!(wire.poll_read(cx)) {
                Ok(1..) => {}
                // RFC 9112 section 8: an answer whose head is cut short is no answer.
                Err(Broken::Tls(fault @ TlsFault::LateAlert)) => {
                    return Poll::Ready(Err(Reason::UpstreamTls(fault)));
                }
                // Whatever else breaks a secure channel behind a request says no more of that than a reset does.
                Ok(0) | Err(_) => return Poll::Ready(Err(Reason::UpstreamReset)),
            }
        }
    }

    /// The bytes that the head which came last is read in.
    #[inline]
    pub(crate) fn head(&self) -> &[u8] {
        match self {
            Self::Http1 { wire, .. } => wire.input.unread(),
            Self::Http2(stream) => stream.head(),
        }
    }

    /// The head that came last is not needed any more.
    #[inline]
    pub(crate) fn consume_head(&mut self) {
        if let Self::Http1 { wire, head_len, .. } = self {
            wire.input.consume(std::mem::take(head_len) as usize);
        }
    }

    /// How long the body behind `response` is.
    ///
    /// # Errors
    /// The rule that the answer breaks.
    #[inline]
    pub(crate) fn body_length(&self, response: &ResponseHead, method: Method) -> Result<BodyLength, Rule> {
        match self {
            Self::Http1 { wire, .. } => framing::of_response(response, method, wire.input.unread()),
            Self::Http2(stream) => stream.body_length(response, method),
        }
    }

    /// Says what body is to come.
    #[inline]
    pub(crate) fn expect(&mut self, length: BodyLength) {
        match self {
            Self::Http1 { wire, .. } => wire.expect(length, u64::MAX),
            Self::Http2(stream) => stream.expect(length),
        }
    }

    /// True where something may follow an answer without a body: trailers.
    pub(crate) fn goes_on(&self) -> bool {
        match self {
            Self::Http1 { .. } => false,
            Self::Http2(stream) => stream.goes_on(),
        }
    }

    /// Turns the rest of the exchange into a tunnel.
    pub(crate) fn tunnel(&mut self) {
        if let Self::Http1 { wire, .. } = self {
            wire.expect(BodyLength::UntilClose, u64::MAX);
            wire.frame(Writer::Tunnel);
        }
    }

    /// True where part of an answer has come that was not passed on.
    #[inline]
    pub(crate) fn has_begun(&self) -> bool {
        match self {
            Self::Http1 { wire, .. } => !wire.input.is_empty(),
            Self::Http2(stream) => stream.has_begun(),
        }
    }

    /// True where the connection itself is over, and not only this request on it.
    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Http1 { .. } => true,
            Self::Http2(stream) => stream.is_over(),
        }
    }

    /// What the backend has done with a request that it did not answer.
    pub(crate) fn fate(&self) -> Fate {
        match self {
            Self::Http1 { .. } => Fate::Unknown,
            Self::Http2(stream) => stream.fate(),
        }
    }
}

/// Calls one method of whichever it is.
macro_rules! either {
    ($self:expr, $side:ident => $call:expr) => {
        match $self {
            Self::Http1 { wire: $side, .. } => $call,
            Self::Http2($side) => $call,
        }
    };
}

impl Channel for Link {
    #[inline]
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, Broken>> {
        either!(self, side => side.poll_fill(cx))
    }

    #[inline]
    fn data(&self) -> &[u8] {
        either!(self, side => side.data())
    }

    #[inline]
    fn consume(&mut self, count: usize) {
        either!(self, side => side.consume(count));
    }

    fn hold_back(&mut self) {
        either!(self, side => side.hold_back());
    }

    fn trailers(&self) -> &[u8] {
        either!(self, side => side.trailers())
    }

    #[inline]
    fn poll_send(&mut self, cx: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize, Broken>> {
        either!(self, side => side.poll_send(cx, data))
    }

    #[inline]
    fn finish(&mut self, trailers: &[u8]) {
        either!(self, side => side.finish(trailers));
    }

    #[inline]
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        either!(self, side => side.poll_flush(cx))
    }

    #[inline]
    fn has_unsent(&self) -> bool {
        either!(self, side => side.has_unsent())
    }

    fn spliceable(&self) -> Option<(&TcpStream, u64)> {
        either!(self, side => side.spliceable())
    }

    fn spliced(&mut self, count: u64) {
        either!(self, side => side.spliced(count));
    }
}
