//! The client while a backend is looked for.

use std::task::{Context, Poll};

use http1::framing::BodyLength;

use crate::transport::Stream;
use crate::waiting::Waits;
use crate::wire::{Wire, Writer};

/// So much of what the client sends is taken in meanwhile.
const READ_AHEAD: usize = 8 * 1024;

/// A client that waits for its backend.
#[derive(Debug)]
pub(super) struct Caller {
    wire: Wire,
    /// All that it sends has come.
    has_ended: bool,
}

impl Caller {
    pub(super) fn new(stream: Stream, sent_ahead: &[u8]) -> Self {
        let mut wire = Wire::new(stream);
        if !sent_ahead.is_empty() {
            wire.input.appender().extend_from_slice(sent_ahead);
        }
        Self { wire, has_ended: false }
    }

    /// Its connection as one half of a tunnel. What has come already comes first.
    pub(super) fn into_tunnel(self) -> Wire {
        let Self { mut wire, has_ended } = self;
        let came = wire.input.len() as u64;
        wire.expect(if has_ended { BodyLength::Bytes(came) } else { BodyLength::UntilClose }, u64::MAX);
        wire.frame(Writer::Tunnel);
        wire
    }
}

impl Waits for Caller {
    /// Ready once the connection has broken. Who has said all that it has to say still waits for the answer: that is how
    /// many protocols without messages mark the end of one.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // What the client sends is read, so that a break can be seen behind it; only so much.
        while !self.has_ended && self.wire.input.len() < READ_AHEAD {
            match self.wire.poll_read(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0)) => self.has_ended = true,
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => return Poll::Ready(()),
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests;
