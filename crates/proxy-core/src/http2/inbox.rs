//! What comes from the other end of a stream: the body of a message, and its trailers.

use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use h2::RecvStream;
use http1::Rule;

use super::fields;
use crate::channel::{Broken, Fill};

/// The receiving half of a stream.
#[derive(Default)]
pub(super) struct Inbox {
    /// None before it is there, and behind its end.
    body: Option<RecvStream>,
    data: Bytes,
    trailers: Vec<u8>,
    has_trailers: bool,
    is_ended: bool,
    /// Bytes that may still come.
    allowed: u64,
}

impl Inbox {
    /// The body that follows a head.
    pub(super) fn of(body: RecvStream) -> Self {
        let is_ended = body.is_end_stream();
        Self { body: Some(body), is_ended, allowed: u64::MAX, ..Self::default() }
    }

    /// True where no more comes.
    pub(super) const fn is_ended(&self) -> bool {
        self.is_ended && self.data.is_empty()
    }

    /// True once trailers came, be it without any that are passed on.
    pub(super) const fn has_trailers(&self) -> bool {
        self.has_trailers
    }

    /// How large the body may be.
    pub(super) const fn allow(&mut self, allowed: u64) {
        self.allowed = allowed;
    }

    /// Waits until there is data, or the end.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<Fill, Broken>> {
        loop {
            if !self.data.is_empty() {
                return Poll::Ready(Ok(Fill::Data));
            }
            if self.is_ended {
                return Poll::Ready(Ok(Fill::End));
            }
            let body = self.body.as_mut().ok_or(Broken::Gone)?;
            match ready!(body.poll_data(cx)) {
                Some(Ok(data)) => {
                    self.allowed = self.allowed.checked_sub(data.len() as u64).ok_or(Broken::TooLarge)?;
                    self.data = data;
                }
                Some(Err(error)) => return Poll::Ready(Err(broken(&error))),
                None => match ready!(body.poll_trailers(cx)) {
                    Ok(trailers) => {
                        if let Some(trailers) = trailers {
                            self.has_trailers = true;
                            fields::lines_of_trailers(&trailers, &mut self.trailers);
                        }
                        self.is_ended = true;
                    }
                    Err(error) => return Poll::Ready(Err(broken(&error))),
                },
            }
        }
    }

    /// The data that came.
    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    /// The first `count` bytes were passed on: the other end may send as many again.
    pub(super) fn consume(&mut self, count: usize) {
        let count = count.min(self.data.len());
        self.data.advance(count);
        if let Some(body) = &mut self.body {
            // It fails only where the stream is over, where nobody waits for room.
            let _ = body.flow_control().release_capacity(count);
        }
    }

    /// The trailers, each line `name: value CRLF`.
    pub(super) fn trailers(&self) -> &[u8] {
        &self.trailers
    }
}

/// A rule that `h2` saw broken is not the same as an end that has gone.
fn broken(error: &h2::Error) -> Broken {
    if error.is_library() { Broken::Rule(Rule::Frames) } else { Broken::Gone }
}
