//! What goes to the other end of a stream: the body of a message, gathered, within the windows.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use h2::{Reason, SendStream};
use http::HeaderMap;

use super::fields;
use super::limits::{GATHERED, SEND_BUFFER, SMALL, UNASKED};
use super::watched::Io;
use crate::channel::Broken;

/// The sending half of a stream.
#[derive(Default)]
pub(super) struct Outbox {
    /// There once the head was sent.
    stream: Option<SendStream<Bytes>>,
    /// Taken over and not yet given to `h2`.
    held: Vec<u8>,
    trailers: Option<HeaderMap>,
    ending: Ending,
    /// Bytes that were given to `h2` without asking for room.
    given: usize,
    /// It was asked for room, and there was none.
    is_blocked: bool,
}

/// How far the end of the body has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ending {
    #[default]
    Open,
    /// Nothing more comes.
    Told,
    /// The other end is told.
    Sent,
}

impl Outbox {
    /// The head was sent; `is_over` where nothing follows it.
    pub(super) fn begin(&mut self, stream: SendStream<Bytes>, is_over: bool) {
        self.stream = Some(stream);
        if is_over {
            self.ending = Ending::Sent;
        }
    }

    /// Sends some of `data`, or takes it over.
    pub(super) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        data: &[u8],
        io: &Io,
    ) -> Poll<Result<usize, Broken>> {
        // Who may not send does not hold anything either, but for what was taken over by then.
        if !self.is_blocked && data.len() <= SMALL && self.held.len() + data.len() <= GATHERED {
            if self.held.is_empty() {
                self.held = data.to_vec();
            } else {
                self.held.extend_from_slice(data);
            }
            return Poll::Ready(Ok(data.len()));
        }
        ready!(self.poll_held(cx, io))?;
        let room = ready!(self.poll_room(cx, data.len(), io))?;
        let part = data.get(..room).unwrap_or(data);
        self.give(Bytes::copy_from_slice(part), false, io)?;
        Poll::Ready(Ok(part.len()))
    }

    /// Nothing more comes but `trailers`, each line `name: value CRLF`.
    pub(super) fn finish(&mut self, trailers: &[u8]) {
        if self.ending == Ending::Open {
            self.ending = Ending::Told;
            self.trailers = (!trailers.is_empty()).then(|| fields::map_of_lines(trailers));
        }
    }

    /// Gives everything that was taken over to `h2`, as far as the windows allow, and the end behind it.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>, io: &Io) -> Poll<Result<(), Broken>> {
        ready!(self.poll_held(cx, io))?;
        if self.ending == Ending::Told {
            self.ending = Ending::Sent;
            match self.trailers.take() {
                Some(trailers) => {
                    let stream = self.stream.as_mut().ok_or(Broken::Gone)?;
                    stream.send_trailers(trailers).map_err(|_| Broken::Gone)?;
                }
                None => self.give(Bytes::new(), true, io)?,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// True where something was taken over that `h2` does not have yet.
    pub(super) fn has_unsent(&self) -> bool {
        !self.held.is_empty() || self.ending == Ending::Told
    }

    /// True where the end was given to `h2`.
    pub(super) fn is_ended(&self) -> bool {
        self.ending == Ending::Sent
    }

    /// Ready once the other end has reset the stream, or the connection is gone.
    pub(super) fn poll_reset(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.stream {
            Some(stream) => stream.poll_reset(cx).map(|_| ()),
            None => Poll::Pending,
        }
    }

    /// Breaks the stream off.
    pub(super) fn reset(&mut self, reason: Reason) {
        if let Some(stream) = &mut self.stream {
            stream.send_reset(reason);
        }
    }

    /// What is held goes out; with it the end, where nothing else follows.
    fn poll_held(&mut self, cx: &mut Context<'_>, io: &Io) -> Poll<Result<(), Broken>> {
        while !self.held.is_empty() {
            let len = self.held.len();
            let room = if self.given + len <= UNASKED {
                self.given += len;
                len
            } else {
                ready!(self.poll_room(cx, len, io))?
            };
            let rest = if room < self.held.len() { self.held.split_off(room) } else { Vec::new() };
            let part = std::mem::replace(&mut self.held, rest);
            let is_last = self.held.is_empty() && self.ending == Ending::Told && self.trailers.is_none();
            if is_last {
                self.ending = Ending::Sent;
            }
            self.give(part.into(), is_last, io)?;
        }
        Poll::Ready(Ok(()))
    }

    /// How many of `wanted` bytes the windows and the buffers let through now; at least one.
    fn poll_room(&mut self, cx: &mut Context<'_>, wanted: usize, io: &Io) -> Poll<Result<usize, Broken>> {
        let stream = self.stream.as_mut().ok_or(Broken::Gone)?;
        self.is_blocked = true;
        let wanted = wanted.min(SEND_BUFFER);
        stream.reserve_capacity(wanted);
        let mut room = stream.capacity();
        if room == 0 {
            room = match ready!(stream.poll_capacity(cx)) {
                Some(Ok(room)) => room,
                Some(Err(_)) | None => return Poll::Ready(Err(Broken::Gone)),
            };
        }
        ready!(io.poll_room(cx));
        self.is_blocked = false;
        Poll::Ready(Ok(room.min(wanted)))
    }

    fn give(&mut self, data: Bytes, is_last: bool, io: &Io) -> Result<(), Broken> {
        let stream = self.stream.as_mut().ok_or(Broken::Gone)?;
        io.given(data.len());
        stream.send_data(data, is_last).map_err(|_| Broken::Gone)
    }
}
