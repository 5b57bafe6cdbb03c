//! One connection to a backend, shared by the requests of a worker, and the task that drives it.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::SendStream;
use h2::client::{Builder, Connection, ResponseFuture, SendRequest};
use http1::Rule;

use super::heartbeat::{Beat, Heartbeat, NEVER};
use super::limits;
use super::lines::Waiters;
use super::watched::{Io, Watched};
use crate::connect::TlsFault;
use crate::deadline::{Deadlines, Slot, Ticks};
use crate::reason::Reason;
use crate::snapshot::Compiled;
use crate::transport::Stream;

/// How long a backend may take to close a connection that was told to end for a fault.
const CLOSING: Ticks = Ticks(Ticks::seconds(2));
/// Streams that we may reset on a connection, saved up; each that ends well pays for one more.
const RESETS: u32 = 100;

/// A connection, as those who send requests on it see it.
pub(super) struct Line {
    send: Mutex<SendRequest<Bytes>>,
    /// What the backend allows, and we do.
    most: AtomicU32,
    io: Arc<Io>,
    /// Requests on it.
    active: AtomicU32,
    /// When it was made, in ticks.
    opened: u32,
    /// When its last request ended, in ticks.
    rested: AtomicU32,
    is_over: AtomicBool,
    /// No request has been on it.
    is_unused: AtomicBool,
    /// How many streams may still be reset.
    credit: AtomicU32,
    waiters: Arc<Waiters>,
    pub(super) is_secure: bool,
}

impl Line {
    /// True where it takes one more request, at an age below `most`.
    pub(super) fn has_room(&self, now: u32, most: Ticks) -> bool {
        !self.is_finished(now, most) && self.active.load(Relaxed) < self.most.load(Relaxed)
    }

    /// True where it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Relaxed)
    }

    /// True where it takes no further request, ever.
    pub(super) fn is_finished(&self, now: u32, most: Ticks) -> bool {
        self.is_over.load(Relaxed) || now >= self.opened.saturating_add(most.0)
    }

    /// True where the backend allows no request at all now.
    pub(super) fn allows_nothing(&self) -> bool {
        self.most.load(Relaxed) == 0
    }

    /// True where no request has been on it.
    pub(super) fn is_unused(&self) -> bool {
        self.is_unused.load(Relaxed)
    }

    /// True where nobody has used it for so long.
    pub(super) fn is_idle(&self, now: u32, most: Ticks) -> bool {
        self.active.load(Relaxed) == 0 && now >= self.rested.load(Relaxed).saturating_add(most.0)
    }

    pub(super) fn begin(&self) {
        self.active.fetch_add(1, Relaxed);
        self.is_unused.store(false, Relaxed);
    }

    pub(super) fn end(&self, now: u32) {
        self.rested.store(now, Relaxed);
        self.active.fetch_sub(1, Relaxed);
        self.waiters.tell();
    }

    /// Opens a stream with a head; nothing follows it where `is_over`. `None` where the connection takes no more.
    pub(super) fn send(
        &self,
        request: http::Request<()>,
        is_over: bool,
    ) -> Option<(ResponseFuture, SendStream<Bytes>)> {
        let mut sending = self.sending();
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let sent = match sending.poll_ready(&mut cx) {
            Poll::Ready(Ok(())) => sending.send_request(request, is_over),
            // A stream that has ended gives its place back when that was sent: the one before waits for it, and so does
            // this one, within `h2`.
            Poll::Pending => sending.clone().send_request(request, is_over),
            Poll::Ready(Err(error)) => Err(error),
        };
        drop(sending);
        if sent.is_err() {
            self.finish();
        }
        sent.ok()
    }

    /// A stream has ended; where it is not complete, by a reset of ours. A backend may take many resets for an attack,
    /// and end the connection with the streams of all others: it is left in good time.
    pub(super) fn ended(&self, is_complete: bool) {
        let credit = self.credit.load(Relaxed);
        if is_complete {
            self.credit.store((credit + 1).min(RESETS), Relaxed);
            return;
        }
        self.credit.store(credit.saturating_sub(1), Relaxed);
        if credit <= 1 {
            self.finish();
        }
    }

    /// It takes no further request.
    fn finish(&self) {
        self.is_over.store(true, Relaxed);
        self.waiters.tell();
    }

    /// True where the backend takes extended CONNECT. RFC 8441 section 3.
    pub(super) fn takes_protocols(&self) -> bool {
        self.sending().is_extended_connect_protocol_enabled()
    }

    /// What is known of the heads that have come.
    pub(super) fn io(&self) -> &Io {
        &self.io
    }

    fn sending(&self) -> MutexGuard<'_, SendRequest<Bytes>> {
        self.send.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what the backend allows now.
    fn note(&self, is_going: bool) {
        let allowed = u32::try_from(self.sending().current_max_send_streams()).unwrap_or(u32::MAX);
        self.most.store(allowed.min(limits::STREAMS_TO_BACKEND), Relaxed);
        if is_going {
            self.is_over.store(true, Relaxed);
        }
        self.waiters.tell();
    }
}

/// Drives a connection until it ends.
pub(super) struct Driver {
    h2: Connection<Watched, Bytes>,
    io: Arc<Io>,
    slot: Slot,
    heartbeat: Heartbeat,
    line: Weak<Line>,
    /// When a connection that is closing is dropped, in ticks.
    ends: u32,
    /// The number of the last frame that was acted upon.
    noted: u32,
}

/// Speaks HTTP/2 on a fresh connection: ready once the backend has sent its settings, which tell that it does, too.
///
/// # Errors
/// The backend speaks something else, or does so too late.
pub(super) async fn open(
    stream: Stream,
    settings: &Compiled,
    (patience, deadlines): (Ticks, &Arc<Deadlines>),
    waiters: Arc<Waiters>,
) -> Result<(Arc<Line>, Driver), Reason> {
    let is_secure = stream.is_secure();
    let io = Io::of_backend(stream, deadlines);
    let slot = deadlines.slot();
    slot.set(Some(patience));
    let (send, mut h2) = builder(settings).handshake(io.watched()).await.map_err(|_| unsent(io.fault()))?;
    poll_fn(|cx| {
        slot.register(cx.waker());
        let polled = Pin::new(&mut h2).poll(cx);
        let _ = io.poll_flush(cx);
        match polled {
            _ if io.look().has_begun_wrongly => Poll::Ready(Err(Reason::BadResponse(Rule::Frames))),
            _ if io.look().has_settings => Poll::Ready(Ok(())),
            Poll::Ready(Err(error)) if error.is_library() => {
                Poll::Ready(Err(Reason::BadResponse(Rule::Frames)))
            }
            Poll::Ready(_) => Poll::Ready(Err(unsent(io.fault()))),
            Poll::Pending if slot.is_expired() => Poll::Ready(Err(Reason::ConnectTimeout)),
            Poll::Pending => Poll::Pending,
        }
    })
    .await?;
    let pings = h2.ping_pong();
    let now = slot.now();
    let line = Arc::new(Line {
        send: Mutex::new(send),
        most: AtomicU32::new(0),
        io: Arc::clone(&io),
        active: AtomicU32::new(0),
        opened: now,
        rested: AtomicU32::new(now),
        is_over: AtomicBool::new(false),
        is_unused: AtomicBool::new(true),
        credit: AtomicU32::new(RESETS),
        waiters,
        is_secure,
    });
    line.note(false);
    let heartbeat = Heartbeat::new(pings, settings.ping_interval, settings.ping_timeout);
    let driver = Driver { h2, io, slot, heartbeat, line: Arc::downgrade(&line), ends: NEVER, noted: 0 };
    Ok((line, driver))
}

/// Why a fresh connection has ended. An alert that comes late has come in time here: no request was on its way.
fn unsent(fault: Option<TlsFault>) -> Reason {
    match fault {
        None => Reason::UpstreamReset,
        Some(TlsFault::LateAlert) => Reason::UpstreamTls(TlsFault::Alert),
        Some(fault) => Reason::UpstreamTls(fault),
    }
}

fn builder(settings: &Compiled) -> Builder {
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .initial_window_size(settings.http2.stream_window)
        .initial_connection_window_size(connection_window(settings))
        .max_header_list_size(u32::try_from(settings.limits.head).unwrap_or(u32::MAX))
        .header_table_size(limits::TABLE)
        .max_concurrent_reset_streams(limits::REMEMBERED_RESETS)
        .max_local_error_reset_streams(Some(limits::LOCAL_RESETS))
        .max_send_buffer_size(limits::SEND_BUFFER);
    builder
}

/// Enough for every stream at once: a client that takes nothing must not hold up those whose streams share the
/// connection with its own. RFC 9113 section 5.2.2.
fn connection_window(settings: &Compiled) -> u32 {
    const MOST: u32 = u32::MAX >> 1;
    let of_all = settings.http2.stream_window.saturating_mul(limits::STREAMS_TO_BACKEND);
    settings.http2.connection_window.max(of_all).min(MOST)
}

impl Driver {
    /// Ready once the connection is over.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let polled = Pin::new(&mut self.h2).poll(cx);
        let flushed = self.io.poll_flush(cx);
        let is_broken = matches!(flushed, Poll::Ready(Err(_)));
        let seen = self.io.look();
        if polled.is_ready() || is_broken || seen.is_overdrawn {
            return Poll::Ready(());
        }
        let now = self.slot.now();
        // Without anybody who has a use for it, all that is left to say was GOAWAY.
        let Some(line) = self.line.upgrade() else {
            return if flushed.is_ready() { Poll::Ready(()) } else { Poll::Pending };
        };
        if seen.notice > self.noted {
            self.noted = seen.notice;
            line.note(seen.is_going);
        }
        if seen.is_closing {
            // For a fault of the backend's. What is on it learns of that from its stream.
            line.finish();
            self.ends = self.ends.min(now.saturating_add(CLOSING.0));
        }
        let is_carrying = line.active.load(Relaxed) > 0;
        let beat = self.heartbeat.poll(cx, now, seen.heard, is_carrying);
        if beat == Beat::Dead || now >= self.ends {
            return Poll::Ready(());
        }
        self.slot.set_at(self.ends.min(self.heartbeat.at()));
        Poll::Pending
    }
}

/// Whoever has a request on it learns from its stream that the connection is gone.
impl Drop for Driver {
    fn drop(&mut self) {
        self.io.close();
        if let Some(line) = self.line.upgrade() {
            line.finish();
        }
    }
}
