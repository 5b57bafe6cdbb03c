//! A connection as `h2` reads and writes it, and what its owner sees of that from outside.
//!
//! Frames are gathered here and sent when the owner says so: `h2` itself would ask the socket once for each frame of
//! data.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::PREFACE;
use super::allowance::Allowance;
use super::frames::{ACK, Frame, Frames, GOAWAY, Interest, SETTINGS};
use super::limits::UNSENT;
use crate::buffer::Buffer;
use crate::connect::TlsFault;
use crate::deadline::Deadlines;
use crate::transport::Stream;

/// So much is gathered before the socket is asked.
const GATHERED: usize = 32 * 1024;
/// Data from this size on is not copied behind what was gathered, but sent along with it.
const COPIED: usize = 4 * 1024;
/// So many pieces are sent in one call.
const VECTORS: usize = 8;
/// So much is read from a connection that is being closed, so that the other end learns why.
const LINGERED: usize = 256 * 1024;

/// A connection, shared by `h2` and its owner; both belong to one task.
#[derive(Debug)]
pub(super) struct Io {
    deadlines: Arc<Deadlines>,
    /// Bytes of bodies that `h2` was given and that may not have been sent yet.
    unsent: AtomicUsize,
    /// Who waits for that to become less.
    waiting: Mutex<Vec<Waker>>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// None once it was closed.
    stream: Option<Stream>,
    /// What was read before `h2` took over.
    input: Buffer,
    /// What is to be sent.
    output: Buffer,
    incoming: Frames,
    outgoing: Frames,
    allowance: Allowance,
    /// When something came last, in ticks.
    heard: u32,
    /// When something was sent last, in ticks.
    wrote: u32,
    /// The number of the frame in which the other end has told its settings first.
    settings: Option<u32>,
    /// Something else came first. RFC 9113 section 3.4.
    has_begun_wrongly: bool,
    is_going: bool,
    /// The number of the last SETTINGS or GOAWAY.
    notice: u32,
    /// `h2` has said all that it had to say.
    is_closing: bool,
    is_shut: bool,
    /// The socket did not take all of what `h2` wrote last.
    is_blocked: bool,
    lingered: usize,
    /// How the secure channel has failed; `h2` forgets that.
    fault: Option<TlsFault>,
}

/// What is to be seen of the other end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// More idle frames came than any use of the protocol explains. Nothing is read any more.
    pub(super) is_overdrawn: bool,
    /// It has not begun with its settings, as RFC 9113 section 3.4 demands.
    pub(super) has_begun_wrongly: bool,
    /// It has sent its settings.
    pub(super) has_settings: bool,
    /// The number of a frame or a head that has begun to come and is not whole.
    pub(super) amid: Option<u32>,
    /// It has said that it takes no further streams.
    pub(super) is_going: bool,
    /// The number of the frame in which it has said last what it allows; 0 where that is not whole.
    pub(super) notice: u32,
    /// All has been said on our side.
    pub(super) is_closing: bool,
    /// When something came last, in ticks.
    pub(super) heard: u32,
    /// When something was sent last, in ticks.
    pub(super) wrote: u32,
}

/// The end of it that `h2` has.
#[derive(Debug)]
pub(super) struct Watched(Arc<Io>);

impl Io {
    /// A client's connection, whose first bytes stand in `input`.
    pub(super) fn of_client(stream: Stream, input: Buffer, deadlines: &Arc<Deadlines>) -> Arc<Self> {
        let incoming = Frames::behind(PREFACE.len(), Interest::Requests);
        let allowance = Allowance::of_client(deadlines.now());
        Self::new(stream, input, (incoming, Frames::default()), (allowance, deadlines))
    }

    /// A connection to a backend.
    pub(super) fn of_backend(stream: Stream, deadlines: &Arc<Deadlines>) -> Arc<Self> {
        let outgoing = Frames::behind(PREFACE.len(), Interest::Nothing);
        let frames = (Frames::behind(0, Interest::Answers), outgoing);
        let allowance = Allowance::of_backend(deadlines.now());
        Self::new(stream, Buffer::default(), frames, (allowance, deadlines))
    }

    fn new(
        stream: Stream,
        input: Buffer,
        (incoming, outgoing): (Frames, Frames),
        (allowance, deadlines): (Allowance, &Arc<Deadlines>),
    ) -> Arc<Self> {
        let heard = deadlines.now();
        let inner = Inner {
            stream: Some(stream),
            input,
            output: Buffer::default(),
            incoming,
            outgoing,
            allowance,
            heard,
            wrote: heard,
            settings: None,
            has_begun_wrongly: false,
            is_going: false,
            notice: 0,
            is_closing: false,
            is_shut: false,
            is_blocked: false,
            lingered: 0,
            fault: None,
        };
        Arc::new(Self {
            deadlines: Arc::clone(deadlines),
            unsent: AtomicUsize::new(0),
            waiting: Mutex::default(),
            inner: Mutex::new(inner),
        })
    }

    /// What `h2` is given.
    pub(super) fn watched(self: &Arc<Self>) -> Watched {
        Watched(Arc::clone(self))
    }

    /// Sends what was gathered. Nothing leaves without this; it is called behind each poll of `h2`.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_drained = {
            let mut inner = self.inner();
            let before = inner.output.len();
            let flushed = inner.poll_flush(cx);
            if inner.output.len() < before {
                inner.wrote = self.deadlines.now();
            }
            ready!(flushed).map_err(|error| inner.noting(error))?;
            !inner.is_blocked
        };
        // What `h2` still has then waits for a window, which it was not given for.
        if is_drained && self.unsent.swap(0, Relaxed) >= UNSENT {
            let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            waiting.into_iter().for_each(Waker::wake);
        }
        Poll::Ready(Ok(()))
    }

    /// Ready where a stream may give `h2` more of a body: not too much waits for the socket.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        if self.unsent.load(Relaxed) < UNSENT {
            return Poll::Ready(());
        }
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// So many bytes of a body were given to `h2`.
    pub(super) fn given(&self, count: usize) {
        self.unsent.fetch_add(count, Relaxed);
    }

    /// What is to be seen of the other end.
    pub(super) fn look(&self) -> Seen {
        let inner = self.inner();
        let (_, whole) = inner.incoming.counts();
        Seen {
            is_overdrawn: inner.allowance.is_overdrawn(),
            has_begun_wrongly: inner.has_begun_wrongly,
            has_settings: inner.settings.is_some_and(|number| number <= whole),
            amid: inner.incoming.amid(),
            is_going: inner.is_going,
            notice: if inner.notice <= whole { inner.notice } else { 0 },
            is_closing: inner.is_closing,
            heard: inner.heard,
            wrote: inner.wrote,
        }
    }

    /// True where the trailers of that stream hold what no trailers may.
    pub(super) fn has_malformed_trailers(&self, stream: u32) -> bool {
        self.inner().incoming.has_malformed(stream)
    }

    /// A stream is over; it was served to its end where `is_complete`.
    pub(super) fn ended(&self, stream: u32, is_complete: bool) {
        let mut inner = self.inner();
        inner.incoming.forget(stream);
        if is_complete {
            inner.allowance.completed();
        }
    }

    /// Closes the connection, whoever else still knows of it.
    pub(super) fn close(&self) {
        self.inner().stream = None;
    }

    /// How the secure channel has failed, where it has.
    pub(super) fn fault(&self) -> Option<TlsFault> {
        self.inner().fault
    }

    /// How many heads have come that may be interim answers.
    pub(super) fn doubtful_heads(&self) -> u32 {
        self.inner().incoming.doubtful()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn received(&mut self, bytes: &[u8], now: u32) {
        self.heard = now;
        let Self { incoming, allowance, settings, has_begun_wrongly, is_going, notice, .. } = self;
        incoming.pass(bytes, |number, frame: Frame| {
            if frame.kind == SETTINGS && !frame.has(ACK) {
                settings.get_or_insert(number);
            }
            *has_begun_wrongly |= settings.is_none();
            *is_going |= frame.kind == GOAWAY;
            if matches!(frame.kind, SETTINGS | GOAWAY) {
                *notice = number;
            }
            allowance.received(frame, now);
        });
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>, now: u32) -> Poll<io::Result<()>> {
        if self.allowance.is_overdrawn() {
            return Poll::Pending;
        }
        let before = into.filled().len();
        if self.input.is_empty() {
            let read = ready!(Pin::new(open(&mut self.stream)?).poll_read(cx, into));
            read.map_err(|error| self.noting(error))?;
        } else {
            let count = self.input.len().min(into.remaining());
            into.put_slice(self.input.unread().get(..count).unwrap_or_default());
            self.input.consume(count);
            self.input.release();
        }
        self.received(into.filled().get(before..).unwrap_or_default(), now);
        Poll::Ready(Ok(()))
    }

    fn noting(&mut self, error: io::Error) -> io::Error {
        self.fault = self.fault.or_else(|| TlsFault::of(&error));
        error
    }

    fn sent(&mut self, bytes: &[u8]) {
        let allowance = &mut self.allowance;
        self.outgoing.pass(bytes, |_, frame| allowance.sent(frame));
    }

    /// Takes some of `slices`, copied where that saves a call.
    fn poll_write(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let len: usize = slices.iter().map(|slice| slice.len()).sum();
        self.is_blocked = true;
        if self.output.len() + len > GATHERED && !self.output.is_empty() {
            ready!(self.poll_flush(cx))?;
        }
        if len > COPIED {
            let written = ready!(self.poll_write_behind(cx, slices))?;
            self.is_blocked = false;
            self.note(slices, written);
            return Poll::Ready(Ok(written));
        }
        self.is_blocked = false;
        for slice in slices {
            self.output.appender().extend_from_slice(slice);
        }
        self.note(slices, len);
        Poll::Ready(Ok(len))
    }

    /// Sends what was gathered, and `slices` behind it. Returns how much of `slices`.
    fn poll_write_behind(&mut self, cx: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            let ahead = self.output.len();
            let mut all = [IoSlice::new(&[]); VECTORS];
            let gathered = [IoSlice::new(self.output.unread())];
            let parts = gathered.iter().filter(|_| ahead > 0).chain(slices);
            let count = all.iter_mut().zip(parts).map(|(place, part)| *place = *part).count();
            let all = all.get(..count).unwrap_or_default();
            let sent = ready!(Pin::new(open(&mut self.stream)?).poll_write_vectored(cx, all))?;
            self.output.consume(sent.min(ahead));
            if sent == 0 || sent > ahead {
                return Poll::Ready(Ok(sent.saturating_sub(ahead)));
            }
        }
    }

    fn note(&mut self, slices: &[IoSlice<'_>], mut written: usize) {
        for slice in slices {
            let part = slice.get(..written).unwrap_or(slice);
            self.sent(part);
            written -= part.len();
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.output.is_empty() {
            let sent = ready!(Pin::new(open(&mut self.stream)?).poll_write(cx, self.output.unread()))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.output.consume(sent);
        }
        self.output.release();
        let stream = open(&mut self.stream)?;
        if stream.as_tcp().is_none() {
            ready!(Pin::new(stream).poll_flush(cx))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Shuts the connection, and reads on: a close with unread input would be a reset, which can overtake what was
    /// sent last. RFC 9112 section 9.6 describes the same for HTTP/1.1.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>, now: u32) -> Poll<io::Result<()>> {
        self.is_closing = true;
        if !self.is_shut {
            ready!(self.poll_flush(cx))?;
            ready!(Pin::new(open(&mut self.stream)?).poll_shutdown(cx))?;
            self.is_shut = true;
        }
        let mut room = [0; 4096];
        loop {
            let mut room = ReadBuf::new(&mut room);
            ready!(Pin::new(open(&mut self.stream)?).poll_read(cx, &mut room))?;
            self.lingered += room.filled().len();
            self.heard = now;
            if room.filled().is_empty() || self.lingered >= LINGERED {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

fn open(stream: &mut Option<Stream>) -> io::Result<&mut Stream> {
    stream.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
}

impl AsyncRead for Watched {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let now = self.0.deadlines.now();
        self.0.inner().poll_read(cx, into, now)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.0.inner();
        let written = inner.poll_write(cx, slices);
        if written.is_ready() {
            inner.wrote = self.0.deadlines.now();
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// The owner does.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let now = self.0.deadlines.now();
        self.0.inner().poll_shutdown(cx, now)
    }
}
