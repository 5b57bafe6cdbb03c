//! One who listens, and its queue.
//!
//! The queue is tokio's bounded channel: whoever sends takes no lock and never waits, its order is that of each sender, and
//! the reader is woken only where it waits.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender};

use super::{Event, Events, Interest};

/// Tells listeners apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ListenerId(u64);

impl ListenerId {
    /// One that was not used before.
    pub(super) const fn next(&mut self) -> Self {
        self.0 += 1;
        *self
    }
}

/// One who listens, as those see it who emit.
pub(super) struct Listener {
    pub(super) id: ListenerId,
    pub(super) interest: Interest,
    queue: Sender<Event>,
    lost: AtomicU64,
}

impl Listener {
    pub(super) const fn new(id: ListenerId, interest: Interest, queue: Sender<Event>) -> Self {
        Self { id, interest, queue, lost: AtomicU64::new(0) }
    }

    pub(super) fn offer(&self, event: Event) {
        // One that leaves at this moment has lost nothing.
        if let Err(TrySendError::Full(_)) = self.queue.try_send(event) {
            self.lost.fetch_add(1, Relaxed);
        }
    }
}

/// The events of one who listens, in the order in which each thread emitted its own. Dropped, it is over.
pub struct Subscription {
    events: Events,
    listener: Arc<Listener>,
    queue: Receiver<Event>,
}

impl Subscription {
    pub(super) const fn new(events: Events, listener: Arc<Listener>, queue: Receiver<Event>) -> Self {
        Self { events, listener, queue }
    }

    /// The next event, as soon as there is one. There may always be another: it ends with the subscription alone.
    ///
    /// # Cancel safety
    /// An event is not lost where the future is dropped.
    pub async fn recv(&mut self) -> Event {
        match self.queue.recv().await {
            Some(event) => event,
            // Never: the listener, which is held here, holds a sender.
            None => std::future::pending().await,
        }
    }

    /// The next event, where there is one already.
    pub fn try_recv(&mut self) -> Option<Event> {
        self.queue.try_recv().ok()
    }

    /// How many events were lost since the beginning, as there was no room for them. Each that was emitted since then is
    /// either lost or received in time.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.listener.lost.load(Relaxed)
    }

    /// The kinds that it gets.
    #[must_use]
    pub fn interest(&self) -> Interest {
        self.listener.interest
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.events.unsubscribe(self.listener.id);
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("interest", &self.interest())
            .field("waiting", &self.queue.len())
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}
