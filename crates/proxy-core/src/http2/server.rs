//! A client's connection: takes streams in, polls what serves them, and ends.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context as Poller, Poll};

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, Stream as _};
use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason as Code, RecvStream};

use super::client::Http2Client;
use super::heartbeat::{Beat, Heartbeat, NEVER};
use super::stream::{Request, Serving, Shared};
use super::watched::{Io, Seen, Watched};
use super::{head, limits};
use crate::buffer::Buffer;
use crate::client::Facts;
use crate::deadline::{Slot, Ticks};
use crate::incoming::Leased;
use crate::reason::Reason;
use crate::snapshot::Compiled;
use crate::transport::Stream;
use crate::worker::{Permit, Tended};

/// How long the other end may take to close once it was told that the connection ends.
const CLOSING: Ticks = Ticks(Ticks::seconds(2));

/// A client's connection as it is handed over once its preface was seen.
pub(crate) struct Handover {
    pub(crate) stream: Stream,
    /// What was read: the preface, and what came with it.
    pub(crate) input: Buffer,
    pub(crate) facts: Facts,
    pub(crate) slot: Slot,
    pub(crate) worker: Tended,
    pub(crate) permit: Permit,
}

/// Serves a connection until it ends. Boxed by the caller, so that a connection of HTTP/1.1 needs no room for it.
pub(crate) async fn serve(handover: Handover) {
    let Handover { stream, input, facts, slot, worker, permit } = handover;
    let settings = worker.snapshot();
    let settings = &settings.0.settings;
    let io = Io::of_client(stream, input, &worker.deadlines);
    let mut handshake = std::pin::pin!(builder(settings).handshake::<_, Bytes>(io.watched()));
    let shaken = poll_fn(|cx| {
        slot.register(cx.waker());
        if slot.is_expired() {
            return Poll::Ready(None);
        }
        let shaken = handshake.as_mut().poll(cx);
        let _ = io.poll_flush(cx);
        shaken.map(Result::ok)
    });
    let Some(mut h2) = shaken.await else {
        worker.count("connection", Reason::ClientGone);
        return;
    };
    let rest_ends = slot.now().saturating_add(settings.keep_alive_timeout.0);
    let mut server = Server {
        heartbeat: Heartbeat::new(h2.ping_pong(), settings.ping_interval, settings.ping_timeout),
        h2,
        serving: FuturesUnordered::new(),
        limits: settings.limits,
        head_timeout: settings.header_timeout,
        keep_alive: settings.keep_alive_timeout,
        shared: Arc::new(Shared { io, facts, worker, heads: AtomicUsize::new(0) }),
        head_ends: NEVER,
        amid: None,
        rest_ends,
        served_at: 0,
        stall_ends: NEVER,
        ends: NEVER,
        is_ending: false,
        is_closing: false,
        is_faulty: false,
        told_at: 0,
        took: false,
        patience: settings.body_idle_timeout,
        is_over: false,
        slot,
        _permit: permit,
    };
    server.slot.set_resting(true);
    poll_fn(|cx| server.poll(cx)).await;
}

fn builder(settings: &Compiled) -> Builder {
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(settings.http2.max_streams)
        .initial_window_size(settings.http2.stream_window)
        .initial_connection_window_size(settings.http2.connection_window)
        .max_header_list_size(u32::try_from(settings.limits.head).unwrap_or(u32::MAX))
        .header_table_size(limits::TABLE)
        .max_concurrent_reset_streams(limits::REMEMBERED_RESETS)
        .max_pending_accept_reset_streams(limits::RESETS_UNSEEN)
        .max_local_error_reset_streams(Some(limits::LOCAL_RESETS))
        .max_send_buffer_size(limits::SEND_BUFFER)
        .enable_connect_protocol();
    builder
}

struct Server {
    h2: Connection<Watched, Bytes>,
    heartbeat: Heartbeat,
    serving: FuturesUnordered<Serving>,
    shared: Arc<Shared>,
    slot: Slot,
    limits: http1::Limits,
    head_timeout: Ticks,
    keep_alive: Ticks,
    /// When the head that has begun to come must be whole, in ticks; each of these may be never.
    head_ends: u32,
    /// The number of that head.
    amid: Option<u32>,
    /// When a connection without requests ends.
    rest_ends: u32,
    /// When the last request was served, in ticks.
    served_at: u32,
    /// When a client that takes nothing of what was served is given up.
    stall_ends: u32,
    /// When a connection that was told to end is dropped.
    ends: u32,
    /// It takes no further requests but those that are on their way.
    is_ending: bool,
    /// It ends now, whatever is being served.
    is_closing: bool,
    /// It does so for a fault of the client's, which is not waited for.
    is_faulty: bool,
    /// When the client was told of the end, in ticks.
    told_at: u32,
    /// A request was taken in since this was looked at last.
    took: bool,
    /// How long a client may take nothing of what was served.
    patience: Ticks,
    /// `h2` has come to its end; streams may still have to learn of it.
    is_over: bool,
    _permit: Permit,
}

impl Server {
    /// Ready once the connection is over and nothing of it is being served any more.
    fn poll(&mut self, cx: &mut Poller<'_>) -> Poll<()> {
        let was_idle = self.serving.is_empty();
        if !self.is_over && self.poll_streams(cx).is_ready() {
            self.is_over = true;
        }
        while let Poll::Ready(Some(())) = Pin::new(&mut self.serving).poll_next(cx) {}
        if self.is_over {
            // What is being served learns of it from its stream.
            return if self.serving.is_empty() { Poll::Ready(()) } else { Poll::Pending };
        }
        let seen = self.shared.io.look();
        self.note_waits(was_idle, seen);
        self.poll_deadlines(cx, seen)
    }

    /// Takes in what comes and sends what is there. Ready once the connection has ended.
    fn poll_streams(&mut self, cx: &mut Poller<'_>) -> Poll<()> {
        let polled = loop {
            match self.h2.poll_accept(cx) {
                Poll::Ready(Some(Ok((request, respond)))) => self.take_in(request, respond),
                Poll::Ready(Some(Err(error))) => {
                    self.failed(&error);
                    break Poll::Ready(());
                }
                Poll::Ready(None) => break Poll::Ready(()),
                Poll::Pending if !self.is_closing && self.is_abused() => {}
                Poll::Pending => break Poll::Pending,
            }
        };
        if let Poll::Ready(Err(_)) = self.shared.io.poll_flush(cx) {
            // The next poll of `h2` finds the same, and tells the streams.
            cx.waker().wake_by_ref();
        }
        polled
    }

    /// True where the connection was closed for what the other end does.
    fn is_abused(&mut self) -> bool {
        let seen = self.shared.io.look();
        if seen.is_overdrawn {
            self.close(Code::ENHANCE_YOUR_CALM, Reason::TooManyFrames);
        } else if seen.has_begun_wrongly {
            self.close(Code::PROTOCOL_ERROR, Reason::BadRequest(http1::Rule::Frames));
        }
        seen.is_overdrawn || seen.has_begun_wrongly
    }

    fn take_in(&mut self, request: http::Request<RecvStream>, mut respond: SendResponse<Bytes>) {
        let (parts, body) = request.into_parts();
        let mut incoming = Leased::new();
        let judged = head::write(&parts, body.is_end_stream(), &self.limits, &mut incoming);
        let size = incoming.bytes.len();
        let heads = &self.shared.heads;
        if heads.load(Relaxed) + size > limits::HEADS {
            // RFC 9113 section 8.7: nothing of it was done, and it may be sent again.
            respond.send_reset(Code::REFUSED_STREAM);
            return;
        }
        heads.fetch_add(size, Relaxed);
        self.took = true;
        let is_extended = parts.extensions.get::<h2::ext::Protocol>().is_some();
        let client = Http2Client::new(respond, body, is_extended, &self.shared.io);
        self.serving.push(Serving::begin(&self.shared, Request { client, incoming, judged, size }));
    }

    fn failed(&self, error: &h2::Error) {
        let reason = match error.is_library() {
            true => Reason::BadRequest(http1::Rule::Frames),
            false if self.serving.is_empty() => return,
            false => Reason::ClientGone,
        };
        self.shared.worker.count("connection", reason);
    }

    /// Has the connection end at once. Whatever is being served learns of it from its stream.
    fn close(&mut self, code: Code, reason: Reason) {
        self.shared.worker.count("connection", reason);
        self.h2.abrupt_shutdown(code);
        self.ends = self.slot.now().saturating_add(CLOSING.0);
        self.is_ending = true;
        self.is_closing = true;
        self.is_faulty = true;
    }

    /// Has the connection end once what is being served has its end. RFC 9113 section 6.8.
    fn end(&mut self) {
        self.h2.graceful_shutdown();
        self.told_at = self.slot.now();
        self.is_ending = true;
    }

    /// Notes what is waited for from now on.
    fn note_waits(&mut self, was_idle: bool, seen: Seen) {
        let now = self.slot.now();
        let took = std::mem::take(&mut self.took);
        let is_idle = self.serving.is_empty();
        // What was served and not yet sent is with `h2` still.
        let is_done = is_idle && !self.h2.has_streams();
        if !is_idle {
            self.rest_ends = NEVER;
        } else if !was_idle || took {
            self.rest_ends = now.saturating_add(self.keep_alive.0);
            self.served_at = now;
        }
        self.stall_ends = match is_idle && !is_done {
            true => seen.wrote.max(self.served_at).saturating_add(self.patience.0),
            false => NEVER,
        };
        if self.is_ending {
            self.rest_ends = NEVER;
        }
        if self.is_ending && is_done && !self.is_closing {
            self.ends = self.parted(seen);
        } else if !self.is_closing {
            // A request that was on its way when the end was told has its time.
            self.ends = NEVER;
        }
        // Until the settings are there, all that comes is one beginning.
        let amid = if seen.has_settings { seen.amid } else { Some(0) };
        if amid != self.amid {
            self.amid = amid;
            self.head_ends = amid.map_or(NEVER, |_| now.saturating_add(self.head_timeout.0));
        }
        if seen.is_closing && !self.is_faulty {
            if !std::mem::replace(&mut self.is_closing, true) {
                self.told_at = now;
            }
            self.ends = self.parted(seen);
        }
        self.slot.set_resting(is_done && !self.is_ending);
    }

    /// When a client that was told of the end is not waited for any longer. One that still takes what the system has for it
    /// is heard of, and would lose the rest to a reset; that has an end, too.
    fn parted(&self, seen: Seen) -> u32 {
        let told = self.told_at.max(self.served_at);
        let parted = seen.heard.max(seen.wrote).max(told).saturating_add(CLOSING.0);
        parted.min(told.saturating_add(self.patience.0.max(CLOSING.0)))
    }

    /// Acts on deadlines that have passed. Ready where the connection is to be dropped.
    fn poll_deadlines(&mut self, cx: &mut Poller<'_>, seen: Seen) -> Poll<()> {
        let now = self.slot.now();
        // Who was told to make room has a deadline that none of ours explains.
        let is_evicted = self.slot.at() == 0 && self.serving.is_empty() && !self.h2.has_streams();
        let is_carrying = !self.serving.is_empty();
        let beat = self.heartbeat.poll(cx, now, seen.heard, is_carrying);
        if self.ends <= now {
            return Poll::Ready(());
        }
        let before = (self.is_ending, self.ends);
        if self.is_closing {
            // Nothing but the end is waited for.
        } else if beat == Beat::Dead {
            self.close(Code::NO_ERROR, Reason::ClientGone);
        } else if self.stall_ends <= now {
            self.close(Code::NO_ERROR, Reason::BodyTimeout);
        } else if self.head_ends <= now {
            self.head_ends = NEVER;
            self.close(Code::PROTOCOL_ERROR, Reason::HeaderTimeout);
        } else if is_evicted {
            self.close(Code::NO_ERROR, Reason::KeepAliveTimeout);
            // Somebody waits for its place: it is told, and not waited for.
            let _ = self.h2.poll_closed(cx);
            let _ = self.shared.io.poll_flush(cx);
            return Poll::Ready(());
        } else if self.rest_ends <= now && !self.is_ending {
            self.shared.worker.count("connection", Reason::KeepAliveTimeout);
            self.end();
        } else if self.shared.worker.is_draining() && !self.is_ending {
            self.end();
        }
        if before != (self.is_ending, self.ends) {
            // There is something to be sent.
            cx.waker().wake_by_ref();
        }
        let ends = if self.is_closing {
            self.ends
        } else {
            let served = self.rest_ends.min(self.stall_ends).min(self.ends);
            served.min(self.head_ends).min(self.heartbeat.at())
        };
        self.slot.set_at(ends);
        Poll::Pending
    }
}
