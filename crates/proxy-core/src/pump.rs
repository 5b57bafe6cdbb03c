//! Moves one body from one side to the other, with back-pressure and constant memory.

use std::task::{Context, Poll, ready};

use crate::channel::{Broken, Channel, ENDLESS, Fill};
use crate::splice::{Splice, WORTH_IT};

/// Which side of a pump broke, or is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The side that the body comes from.
    From,
    /// The side that it goes to.
    To,
}

/// One direction of an exchange.
#[derive(Debug)]
pub(crate) struct Pump {
    /// Bytes of the body that were passed on.
    pub(crate) bytes: u64,
    /// Bytes that have gone on to the other side: in a pipe they are half-way only.
    pub(crate) moved: u64,
    /// What the last call waited for.
    pub(crate) waits_for: End,
    stage: Stage,
    splice: Option<Splice>,
    may_splice: bool,
    /// What [`Pump::bytes`] was when the other side was last waited for.
    bytes_before: u64,
    /// Much came between the two times before that.
    was_flowing: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Moving,
    Ending,
    Done,
}

impl Pump {
    /// A pump for a body. It is spliced where `may_splice`, and where both sides are plain sockets.
    pub(crate) const fn new(may_splice: bool) -> Self {
        Self {
            bytes: 0,
            moved: 0,
            waits_for: End::From,
            stage: Stage::Moving,
            splice: None,
            may_splice,
            bytes_before: 0,
            was_flowing: false,
        }
    }

    /// A pump with nothing to do.
    pub(crate) const fn done() -> Self {
        let mut pump = Self::new(false);
        pump.stage = Stage::Done;
        pump
    }

    /// True where the whole body was passed on and sent.
    pub(crate) fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Moves what can be moved. Ready once the whole body was sent.
    #[inline]
    pub(crate) fn poll<F: Channel, T: Channel>(
        &mut self,
        from: &mut F,
        to: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), (End, Broken)>> {
        while self.stage == Stage::Moving {
            if self.splice.is_some() || (self.may_splice && self.is_worth_splicing(from, to)) {
                ready!(self.poll_splice(from, to, cx))?;
                continue;
            }
            match from.poll_fill(cx) {
                Poll::Ready(Ok(Fill::Data)) => {
                    self.waits_for = End::To;
                    let Poll::Ready(sent) = to.poll_send(cx, from.data()) else {
                        from.hold_back();
                        return Poll::Pending;
                    };
                    let sent = sent.map_err(|broken| (End::To, broken))?;
                    from.consume(sent);
                    self.bytes += sent as u64;
                    self.moved += sent as u64;
                }
                Poll::Ready(Ok(Fill::End)) => {
                    to.finish(from.trailers());
                    self.stage = Stage::Ending;
                }
                Poll::Ready(Err(broken)) => return Poll::Ready(Err((End::From, broken))),
                Poll::Pending => {
                    self.wait_for_more();
                    return self.poll_rest(to, cx);
                }
            }
        }
        if self.stage == Stage::Ending {
            self.waits_for = End::To;
            ready!(to.poll_flush(cx)).map_err(|broken| (End::To, broken))?;
            self.stage = Stage::Done;
        }
        Poll::Ready(Ok(()))
    }

    /// Nothing more has come: what was taken over goes out now.
    fn poll_rest<T: Channel>(&mut self, to: &mut T, cx: &mut Context<'_>) -> Poll<Result<(), (End, Broken)>> {
        if to.has_unsent() {
            match to.poll_flush(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(broken)) => return Poll::Ready(Err((End::To, broken))),
                Poll::Pending => self.waits_for = End::To,
            }
        }
        Poll::Pending
    }

    fn poll_splice<F: Channel, T: Channel>(
        &mut self,
        from: &mut F,
        to: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), (End, Broken)>> {
        self.waits_for = End::To;
        ready!(to.poll_flush(cx)).map_err(|broken| (End::To, broken))?;
        if self.splice.is_none() {
            self.splice = Splice::new();
        }
        let (Some(splice), Some((from_socket, left)), Some((to_socket, _))) =
            (&mut self.splice, from.spliceable(), to.spliceable())
        else {
            self.may_splice = false;
            return Poll::Ready(Ok(()));
        };
        if splice.has_bytes() {
            let before = splice.filled();
            let drained = splice.poll_drain(to_socket, cx);
            self.moved += before.saturating_sub(splice.filled()) as u64;
            ready!(drained).map_err(|broken| (End::To, broken))?;
        } else if left > 0 {
            self.waits_for = End::From;
            let Poll::Ready(moved) = splice.poll_fill(from_socket, left, cx) else {
                // The pipe is for others while nothing stands in it.
                self.splice = None;
                self.wait_for_more();
                return Poll::Pending;
            };
            let moved = moved.map_err(|broken| (End::From, broken))?;
            if moved == 0 && left != ENDLESS {
                return Poll::Ready(Err((End::From, Broken::Rule(http1::Rule::Incomplete))));
            }
            from.spliced(moved as u64);
            self.bytes += moved as u64;
        } else {
            // All of it went through: the rest is the ordinary end of a body.
            self.splice = None;
            self.may_splice = false;
        }
        Poll::Ready(Ok(()))
    }

    /// Nothing more has come.
    #[inline]
    fn wait_for_more(&mut self) {
        self.waits_for = End::From;
        self.was_flowing = self.has_much_come();
        self.bytes_before = self.bytes;
    }

    #[inline]
    fn has_much_come(&self) -> bool {
        self.bytes - self.bytes_before >= WORTH_IT
    }

    /// Of a body whose length nobody knows, what came last tells: a conversation is not worth a pipe.
    #[inline]
    fn is_worth_splicing<F: Channel, T: Channel>(&self, from: &F, to: &T) -> bool {
        from.data().is_empty()
            && from.spliceable().is_some_and(|(_, left)| match left {
                ENDLESS => self.was_flowing || self.has_much_come(),
                _ => left >= WORTH_IT,
            })
            && to.spliceable().is_some()
    }
}

#[cfg(test)]
mod tests;
