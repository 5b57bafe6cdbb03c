//! One client connection: it waits for heads, and has each request served.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Poller, Poll};

use http1::Parsed;
use tokio::io::AsyncWrite;

use crate::client::{Facts, Http1Client};
use crate::deadline::{Slot, Ticks};
use crate::exchange::{Context, Next, exchange, reject};
use crate::http2::{self, Handover, PREFACE};
use crate::incoming::Leased;
use crate::reason::Reason;
use crate::room::{self, Rooms};
use crate::spec::Protocol;
use crate::transport::Stream;
use crate::wire::Wire;
use crate::worker::{Permit, Pinned, Tended, Worker};

/// So much is read from a client whose connection is being closed, so that it reads its answer.
const LINGERED: usize = 256 * 1024;
/// For so long.
const LINGERING: Ticks = Ticks(Ticks::seconds(2));
/// How long a connection that has not asked for anything yet may take to do so once the worker is told to end.
pub(crate) const LAST_CHANCE: Ticks = Ticks(Ticks::seconds(1));
thread_local! {
    /// Rooms for requests in flight. An idle connection has none, so that it stays small.
    static ROOMS: Rooms<(Box<Connection>, Next)> = const { RefCell::new(Vec::new()) };
}

/// A client's connection.
struct Connection {
    client: Http1Client,
    facts: Facts,
    slot: Slot,
    worker: Tended,
    /// Bytes of the input that hold no end of a head.
    looked_at: usize,
    /// No request has come on it yet.
    is_new: bool,
    permit: Permit,
}

/// What came in.
enum Arrival {
    /// The head of a request.
    Head(Leased, Arc<Pinned>),
    /// Something that is none, or that took too long.
    Refused(Reason, Arc<Pinned>),
    /// The preface of HTTP/2.
    Http2,
    /// Nothing more.
    Nothing(Option<Reason>),
}

/// Serves a connection until it ends. What the future holds is little: a room is leased for each request.
pub(crate) fn serve(
    stream: Stream,
    facts: Facts,
    worker: Arc<Worker>,
    permit: Permit,
) -> impl Future<Output = ()> + Send + use<> {
    serve_from(stream, &[], facts, worker, permit)
}

/// The same, where something was read from it already.
pub(crate) fn serve_from(
    stream: Stream,
    read: &[u8],
    facts: Facts,
    worker: Arc<Worker>,
    permit: Permit,
) -> impl Future<Output = ()> + Send + use<> {
    let slot = worker.deadlines.slot();
    // The first head must come as soon as any other, counted from the beginning.
    slot.set(Some(worker.snapshot().0.settings.header_timeout));
    slot.set_resting(true);
    let mut wire = Wire::new(stream);
    if !read.is_empty() {
        wire.input.appender().extend_from_slice(read);
    }
    let client = Http1Client::new(wire);
    Box::new(Connection { client, facts, slot, worker: Tended(worker), looked_at: 0, is_new: true, permit })
        .run()
}

/// Whether these first bytes of a connection are HTTP/2's; `None` where it takes more of them to tell.
fn speaks_http2(bytes: &[u8]) -> Option<bool> {
    let len = bytes.len().min(PREFACE.len());
    match bytes.get(..len) == PREFACE.get(..len) {
        false => Some(false),
        true if len == PREFACE.len() => Some(true),
        true => None,
    }
}

impl Connection {
    async fn run(mut self: Box<Self>) {
        // RFC 9113 section 3.2: what TLS has negotiated is what is spoken.
        if self.facts.secured.as_ref().and_then(|secured| secured.protocol()) == Some(Protocol::Http2) {
            return Box::pin(self.hand_over()).await;
        }
        poll_fn(|cx| {
            self.slot.register(cx.waker());
            Poll::Ready(())
        })
        .await;
        loop {
            let arrival = poll_fn(|cx| self.poll_arrival(cx)).await;
            match arrival {
                Arrival::Nothing(reason) => {
                    if let Some(reason) = reason {
                        self.worker.count("connection", reason);
                    }
                    self.say_goodbye().await;
                    return;
                }
                // Boxed, so that those which speak HTTP/1.1 need no room for it.
                Arrival::Http2 => return Box::pin(self.hand_over()).await,
                Arrival::Head(..) | Arrival::Refused(..) => {}
            }
            let mut serving = room::lease(&ROOMS, self.serve(arrival));
            let (back, next) = poll_fn(|cx| serving.poll(cx)).await;
            room::give_back(&ROOMS, serving);
            self = back;
            self.is_new = false;
            if next != Next::Go || self.client.closes {
                // Boxed, so that those which do not linger need no room for it.
                if self.must_linger(next) {
                    Box::pin(self.linger()).await;
                }
                return;
            }
            self.rest();
        }
    }

    async fn serve(mut self: Box<Self>, arrival: Arrival) -> (Box<Self>, Next) {
        let this = &mut *self;
        let next = match arrival {
            Arrival::Head(mut incoming, pinned) => {
                this.client.version = incoming.head.version();
                this.client.closes = this.client.version == http1::Version::Http10;
                let context = Context::new(&this.worker, &this.facts, &this.slot, &pinned);
                exchange(&mut this.client, &mut incoming, &context).await
            }
            Arrival::Refused(reason, pinned) => {
                let context = Context::new(&this.worker, &this.facts, &this.slot, &pinned);
                reject(&mut this.client, &mut Leased::new(), reason, &context).await
            }
            Arrival::Http2 | Arrival::Nothing(_) => Next::Close,
        };
        (self, next)
    }

    /// Serves what is left of the connection as HTTP/2.
    async fn hand_over(self: Box<Self>) {
        let Self { client, facts, slot, worker, permit, .. } = *self;
        let Wire { stream, input, .. } = client.wire;
        let facts = Facts { is_http2: true, ..facts };
        http2::serve(Handover { stream, input, facts, slot, worker, permit }).await;
    }

    /// Ready once the head of a request is whole, or none will come.
    fn poll_arrival(&mut self, cx: &mut Poller<'_>) -> Poll<Arrival> {
        loop {
            if !self.client.wire.input.is_empty()
                && let Some(arrival) = self.look()
            {
                return Poll::Ready(arrival);
            }
            let is_idle = self.client.wire.input.is_empty();
            if self.slot.is_expired() {
                return Poll::Ready(if is_idle {
                    Arrival::Nothing(Some(Reason::KeepAliveTimeout))
                } else {
                    Arrival::Refused(Reason::HeaderTimeout, self.worker.snapshot())
                });
            }
            if is_idle && self.client.is_half_closed {
                return Poll::Ready(Arrival::Nothing(None));
            }
            match self.client.wire.poll_read(cx) {
                Poll::Pending if is_idle && self.worker.is_draining() && !self.is_new => {
                    return Poll::Ready(Arrival::Nothing(None));
                }
                Poll::Pending => {
                    if is_idle && self.worker.is_draining() {
                        // The first request of a connection that was just made may be on its way.
                        self.slot.hurry(LAST_CHANCE);
                    }
                    return Poll::Pending;
                }
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0) | Err(_)) => {
                    return Poll::Ready(Arrival::Nothing((!is_idle).then_some(Reason::ClientGone)));
                }
            }
        }
    }

    /// Looks for a head in what was read.
    fn look(&mut self) -> Option<Arrival> {
        let pinned = self.worker.snapshot();
        let settings = &pinned.0.settings;
        let bytes = self.client.wire.input.unread();
        if self.looked_at == 0 {
            self.slot.set(Some(settings.header_timeout));
            self.slot.set_resting(false);
        }
        if self.is_new && bytes.first() == Some(&b'P') && settings.http2.enabled {
            match speaks_http2(bytes) {
                Some(true) => return Some(Arrival::Http2),
                Some(false) => {}
                None => {
                    self.looked_at = bytes.len();
                    return None;
                }
            }
        }
        let mut incoming = Leased::new();
        match incoming.head.parse_more(bytes, self.looked_at, &settings.limits) {
            Ok(Parsed::Complete { len }) => {
                self.looked_at = 0;
                let input = &mut self.client.wire.input;
                let rest = input.split_off(len);
                incoming.bytes = std::mem::replace(input, rest);
                Some(Arrival::Head(incoming, pinned))
            }
            Ok(Parsed::Partial) => {
                self.looked_at = bytes.len();
                None
            }
            Err(rule) => Some(Arrival::Refused(Reason::BadRequest(rule), pinned)),
        }
    }

    /// Waits for the next request with as little as possible.
    fn rest(&mut self) {
        self.client.wire.rest();
        if self.client.wire.input.is_empty() {
            let idle = self.worker.snapshot().0.settings.keep_alive_timeout;
            self.slot.set(Some(idle));
            self.slot.set_resting(true);
        }
    }

    /// RFC 8446 section 6.1: an end that was not announced could be anybody's work.
    async fn say_goodbye(&mut self) {
        if self.facts.secured.is_some() {
            let stream = &mut self.client.wire.stream;
            poll_fn(|cx| {
                // Whoever takes nothing any more is not waited for.
                let _ = Pin::new(&mut *stream).poll_shutdown(cx);
                Poll::Ready(())
            })
            .await;
        }
    }

    /// True where the connection cannot just be dropped: the answer would be lost to what is still unread.
    fn must_linger(&self, next: Next) -> bool {
        let wire = &self.client.wire;
        if next == Next::Abort {
            if self.client.ends_by_close {
                wire.stream.set_abort();
            }
            return false;
        }
        let is_clean = wire.is_body_done() && wire.input.is_empty() && next != Next::Linger;
        !is_clean || wire.stream.as_tcp().is_none()
    }

    /// Shuts the connection, and reads for a while what the client still sends.
    async fn linger(mut self: Box<Self>) {
        let this = &mut *self;
        let wire = &mut this.client.wire;
        this.slot.set(Some(LINGERING));
        let mut read = 0;
        let mut is_shut = false;
        poll_fn(|cx| {
            if !is_shut {
                match Pin::new(&mut wire.stream).poll_shutdown(cx) {
                    Poll::Ready(Ok(())) => is_shut = true,
                    Poll::Ready(Err(_)) => return Poll::Ready(()),
                    Poll::Pending => {}
                }
            }
            loop {
                wire.input.consume(usize::MAX);
                match wire.poll_read(cx) {
                    Poll::Ready(Ok(count @ 1..)) if read < LINGERED => read += count,
                    Poll::Ready(_) => return Poll::Ready(()),
                    Poll::Pending if this.slot.is_expired() => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
    }
}
