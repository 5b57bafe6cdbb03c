//! The bytes of a connection as hyper sees them: with deadlines, and with answers of ours in the place of its own.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::bare;
use super::phase::Phase;
use super::request_id::RequestId;
use super::stall::Stream;
use crate::access::Peer;
use crate::audit::{Asked, Refusals};

/// How long, and for how many bytes, a client is listened to that was answered before it had sent everything.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

pub(super) struct Line {
    stream: Box<dyn Stream>,
    phase: Arc<Phase>,
    peer: Peer,
    refusals: Arc<Refusals>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// What is still to be written of an answer in the place of hyper's.
    pending: Bytes,
}

impl Line {
    pub(super) fn new(
        stream: Box<dyn Stream>,
        phase: Arc<Phase>,
        (peer, refusals): (Peer, Arc<Refusals>),
    ) -> Self {
        Self { stream, phase, peer, refusals, sleep: None, pending: Bytes::new() }
    }

    /// Closes it such that the client sees its answer: a socket that is closed with bytes unread takes back what it has sent.
    /// RFC 9112 section 9.6.
    pub(super) async fn close(mut self) {
        if !self.phase.has_unread() {
            return;
        }
        let linger = async {
            self.stream.shutdown().await?;
            let mut buffer = [0; 8 * 1024];
            let mut left = LINGER_BYTES;
            while left > 0 {
                match self.stream.read(&mut buffer).await? {
                    0 => break,
                    count => left = left.saturating_sub(count),
                }
            }
            io::Result::Ok(())
        };
        let _ = timeout(LINGER, linger).await;
    }

    /// Ready once the client has had its time.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(until) = self.phase.until() else { return Poll::Pending };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(until)));
        if sleep.deadline() != until {
            sleep.as_mut().reset(until);
        }
        sleep.as_mut().poll(cx)
    }

    fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &self.pending))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.pending.advance(count),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Makes the answer that takes the place of hyper's.
    fn refuse(&mut self, status: http::StatusCode) {
        let id = RequestId::new();
        let problem = bare::problem(status);
        let asked = Asked {
            actor: None,
            address: &self.peer.to_string(),
            method: "-",
            path: "-",
            request_id: id.as_str(),
            since: Instant::now(),
        };
        self.refusals.write(self.peer.key(), &asked, (problem.status(), problem.code()));
        self.pending = bare::answer(problem, &id).into();
        self.phase.leave_unread();
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let result = Pin::new(&mut this.stream).poll_read(cx, buf);
        if result.is_pending() {
            ready!(this.poll_deadline(cx));
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client sends nothing")));
        }
        if buf.filled().len() > before {
            this.phase.received();
        }
        result
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_pending(cx))?;
        let found = if this.phase.is_answering() { None } else { bare::find(buf) };
        match found {
            Some((0, status)) => {
                this.refuse(status);
                Poll::Ready(Ok(buf.len()))
            }
            Some((at, _)) => Pin::new(&mut this.stream).poll_write(cx, buf.get(..at).unwrap_or(buf)),
            None => Pin::new(&mut this.stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_pending(cx))?;
        ready!(Pin::new(&mut this.stream).poll_flush(cx))?;
        if this.phase.flushed() {
            // Nobody may read before there is something: the time between two requests begins here.
            let _ = this.poll_deadline(cx);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_pending(cx))?;
        Pin::new(&mut this.stream).poll_shutdown(cx)
    }
}
