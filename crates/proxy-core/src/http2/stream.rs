//! One request of a client's connection: the exchange, in a room that the thread uses again.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context as Poller, Poll};

use h2::Reason as Code;
use http1::Rule;

use super::client::Http2Client;
use super::watched::Io;
use crate::client::Facts;
use crate::exchange::{Context, Next, exchange, reject};
use crate::incoming::Leased;
use crate::reason::Reason;
use crate::room::{self, Room, Rooms};
use crate::worker::Tended;

thread_local! {
    static ROOMS: Rooms<()> = const { RefCell::new(Vec::new()) };
}

/// What the streams of a connection share.
pub(super) struct Shared {
    pub(super) io: Arc<Io>,
    pub(super) facts: Facts,
    pub(super) worker: Tended,
    /// Bytes of the heads of all requests that are being served.
    pub(super) heads: AtomicUsize,
}

/// A request that came.
pub(super) struct Request {
    pub(super) client: Http2Client,
    pub(super) incoming: Leased,
    /// What its head was found to be.
    pub(super) judged: Result<(), Rule>,
    /// Bytes that its head counts for.
    pub(super) size: usize,
}

/// A request that is being served.
pub(super) struct Serving(Option<Room<()>>);

impl Serving {
    pub(super) fn begin(shared: &Arc<Shared>, request: Request) -> Self {
        Self(Some(room::lease(&ROOMS, serve(Arc::clone(shared), request))))
    }
}

impl Future for Serving {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Poller<'_>) -> Poll<()> {
        let Some(room) = &mut self.0 else { return Poll::Ready(()) };
        if room.poll(cx).is_pending() {
            return Poll::Pending;
        }
        if let Some(room) = self.0.take() {
            room::give_back(&ROOMS, room);
        }
        Poll::Ready(())
    }
}

/// The place of a head among those that a connection may hold.
struct Held<'a>(&'a Shared, usize);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.heads.fetch_sub(self.1, Relaxed);
    }
}

async fn serve(shared: Arc<Shared>, request: Request) {
    let Request { mut client, mut incoming, judged, size } = request;
    let _held = Held(&shared, size);
    let worker = &*shared.worker;
    let slot = worker.deadlines.slot();
    poll_fn(|cx| {
        slot.register(cx.waker());
        Poll::Ready(())
    })
    .await;
    let pinned = worker.snapshot();
    let context = Context::new(worker, &shared.facts, &slot, &pinned);
    let next = match judged {
        Ok(()) => exchange(&mut client, &mut incoming, &context).await,
        Err(rule) => reject(&mut client, &mut incoming, Reason::BadRequest(rule), &context).await,
    };
    if next == Next::Abort {
        // RFC 9113 section 8.1.1: whoever does not get the whole must be able to tell.
        // In a tunnel it stands for a TCP connection's reset. RFC 8441 section 5.
        let is_cancelled = slot.is_expired() || client.is_tunnel();
        client.reset(if is_cancelled { Code::CANCEL } else { Code::INTERNAL_ERROR });
    }
    shared.io.ended(client.id(), next != Next::Abort);
}
