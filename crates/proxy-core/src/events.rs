//! The bus of typed events: what has just happened, for whoever wants to know.
//!
//! Whoever wants to know [subscribes](Events::subscribe) to some [`Kind`]s, and gets them in a bounded queue of its own. Who is
//! too slow loses the newest, and [knows how many](Subscription::lost); who emits never waits, takes no lock, and never
//! learns of it. An event that nobody wants costs its emitter one read of a word that nobody writes, and is not even made.
//!
//! Events of requests are as many as there are requests: figures are better made from the counters of
//! [`Handle`](crate::Handle), which lose nothing. The rest are rare.
//!
//! ```
//! use proxy_core::Proxy;
//! use proxy_core::events::{Event, Interest, Kind};
//! use proxy_core::spec::{BackendSpec, RouteSpec, UpstreamSpec};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let proxy = Proxy::builder()
//!     .upstream(UpstreamSpec::new("app").backend(BackendSpec::new("a", "127.0.0.1", 3000)))
//!     .route(RouteSpec::to("everything", "app"))
//!     .build()?;
//! let handle = proxy.handle();
//!
//! let interest = Interest::from(Kind::BackendSet).and(Interest::named("circuit").ok_or("no such kind")?);
//! let mut subscription = handle.events().subscribe(interest, 1024)?;
//!
//! handle.set_backend("app", "a", health::Manual::Dead)?;
//! let event = subscription.recv().await;
//! assert_eq!(event.kind().name(), "backend.set");
//! if let Event::BackendSet(set) = &event {
//!     assert_eq!((&*set.upstream, &*set.backend), ("app", "a"));
//! }
//! // Or without knowing what kind it is:
//! event.fields(&mut |name, value| println!("{name}={value}"));
//! assert_eq!(subscription.lost(), 0);
//! # Ok(())
//! # }
//! ```

mod event;
mod interest;
mod kind;
mod subscription;
mod value;

mod backends;
mod control;
mod requests;

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::mpsc;

use crate::registry::Padded;
pub use backends::{
    BackendMarked, BackendSet, BackendState, Cause, CircuitState, CircuitTurned, UpstreamResolved,
};
pub use control::{
    CertificateExpiring, CertificateFailed, CertificateReplaced, ListenerExhausted, ReloadFailed,
    RevisionTurn, RevisionTurned, WorkerReplaced,
};
pub use event::Event;
pub use interest::Interest;
pub use kind::Kind;
pub use requests::RequestCompleted;
pub use subscription::Subscription;
use subscription::{Listener, ListenerId};
pub use value::Value;

/// So many may be subscribed at the same time.
const MOST_SUBSCRIPTIONS: usize = 64;
/// So many events may wait for one subscriber.
const LARGEST_CAPACITY: usize = 65_536;

/// As many are subscribed as may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{MOST_SUBSCRIPTIONS} are subscribed to events already")]
#[non_exhaustive]
pub struct TooManySubscriptions;

/// The bus. Cheap to clone; all clones are the same bus.
#[derive(Clone, Default)]
pub struct Events {
    bus: Arc<Bus>,
}

#[derive(Default)]
struct Bus {
    /// The kinds that somebody wants. Read for each request, and written when somebody subscribes or leaves.
    wanted: Padded<AtomicU64>,
    listeners: ArcSwap<Vec<Arc<Listener>>>,
    /// Locked while somebody subscribes or leaves.
    changes: Mutex<ListenerId>,
}

impl Events {
    /// A bus that nobody listens to yet. A proxy has one of its own, unless it is [given one](crate::Builder::events).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Has events of these kinds, from now on, wait for the caller: at most `capacity` of them, which is held to between
    /// 1 and 65,536. Those that find no room are lost. It ends when the subscription is dropped.
    ///
    /// # Errors
    /// 64 are subscribed already.
    pub fn subscribe(
        &self,
        interest: Interest,
        capacity: usize,
    ) -> Result<Subscription, TooManySubscriptions> {
        let (sender, receiver) = mpsc::channel(capacity.clamp(1, LARGEST_CAPACITY));
        let mut last_id = self.changes();
        let mut listeners = self.bus.listeners.load().to_vec();
        if listeners.len() >= MOST_SUBSCRIPTIONS {
            return Err(TooManySubscriptions);
        }
        let listener = Arc::new(Listener::new(last_id.next(), interest, sender));
        listeners.push(Arc::clone(&listener));
        self.replace(listeners);
        drop(last_id);
        Ok(Subscription::new(self.clone(), listener, receiver))
    }

    /// Whether somebody wants events of this kind: one relaxed read.
    #[inline]
    #[must_use]
    pub fn wants(&self, kind: Kind) -> bool {
        self.bus.wanted.0.load(Relaxed) & kind.bit() != 0
    }

    /// Tells those who want to know. Never waits.
    pub fn emit(&self, event: impl Into<Event>) {
        let event = event.into();
        if self.wants(event.kind()) {
            self.deliver(&event);
        }
    }

    /// The same for an event that is made only where somebody wants its kind, which is the caller's to name.
    #[inline]
    pub fn emit_with<E: Into<Event>>(&self, kind: Kind, make: impl FnOnce() -> E) {
        if self.wants(kind) {
            self.made(make);
        }
    }

    #[cold]
    #[inline(never)]
    fn made<E: Into<Event>>(&self, make: impl FnOnce() -> E) {
        self.deliver(&make().into());
    }

    #[cold]
    fn deliver(&self, event: &Event) {
        let kind = event.kind();
        for listener in self.bus.listeners.load().iter().filter(|listener| listener.interest.has(kind)) {
            listener.offer(event.clone());
        }
    }

    fn unsubscribe(&self, id: ListenerId) {
        let _changes = self.changes();
        let mut listeners = self.bus.listeners.load().to_vec();
        listeners.retain(|listener| listener.id != id);
        self.replace(listeners);
    }

    fn replace(&self, listeners: Vec<Arc<Listener>>) {
        let wanted = listeners.iter().fold(Interest::NONE, |all, listener| all.and(listener.interest));
        self.bus.listeners.store(Arc::new(listeners));
        self.bus.wanted.0.store(wanted.bits(), Relaxed);
    }

    fn changes(&self) -> MutexGuard<'_, ListenerId> {
        self.bus.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = Interest::of(self.bus.wanted.0.load(Relaxed));
        f.debug_struct("Events").field("wanted", &wanted).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
