//! The driver: keeps the marks, probes the dead ones, tells of changes.

mod shared;
mod table;

#[cfg(test)]
mod tests;

use crate::{PassiveSettings, Probe, Settings, State, in_flight::InFlight};
use shared::Shared;
use std::{future::Future, hash::Hash, pin::pin, sync::Arc};
use tokio::time::{Instant, sleep_until};

/// A key of a [`Monitor`]: cheap to clone, for instance a number or an `Arc`. Implemented for every type that
/// can be one.
pub trait Key: Clone + Eq + Hash + Send + Sync + 'static {}

impl<K: Clone + Eq + Hash + Send + Sync + 'static> Key for K {}

/// Marks backends dead when connects to them fail, probes the dead ones, and tells of every change.
///
/// Reports come in through [`Reporter`]s and take effect at once, on the thread that reports;
/// [`Monitor::run`] does the probing.
///
/// Changes are told in the order in which they happened, one at a time, on the thread that reported or in
/// `run`. A state that was left again before it could be told is passed over. No lock is held meanwhile, so
/// the callback may report again.
pub struct Monitor<K> {
    shared: Arc<Shared<K>>,
    probe: Box<dyn Probe<K>>,
}

impl<K: Key> Monitor<K> {
    /// A monitor that knows nothing bad of any backend. `on_change` is called with each backend that dies or
    /// comes back; it should be quick.
    pub fn new(
        settings: Settings,
        probe: impl Probe<K>,
        on_change: impl Fn(&K, State) + Send + Sync + 'static,
    ) -> Self {
        let shared = Shared::new(settings, Box::new(on_change));
        Self { shared: Arc::new(shared), probe: Box::new(probe) }
    }

    /// A handle for reports.
    #[must_use]
    pub fn reporter(&self) -> Reporter<K> {
        Reporter { shared: Arc::clone(&self.shared) }
    }

    /// Probes what is dead until `shutdown` is ready; does nothing at all while nothing is dead.
    ///
    /// # Tasks
    ///
    /// None are spawned: all probes run inside this future. A probe that panics counts as failed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future is the same as a shutdown: running probes are dropped, and reports have no effect
    /// from then on. (Without anybody to probe, a backend that was marked dead would stay so for ever.)
    pub async fn run(self, shutdown: impl Future) {
        let Self { shared, probe } = self;
        let _closing = Closing(&shared);
        let mut shutdown = pin!(shutdown);
        let mut in_flight = InFlight::new();
        loop {
            let next = shared.start_due(&*probe, &mut in_flight);
            tokio::select! {
                biased;
                _ = &mut shutdown => return,
                (ticket, outcome) = in_flight.next() => shared.finish(&ticket, &outcome),
                () = shared.wake.notified() => {}
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
            }
        }
    }
}

/// Reports to a [`Monitor`] what became of connects. Cheap to clone; no call waits for anything but a short
/// lock.
///
/// Each backend is kept once however often it is reported, and not at all once it has been alive again for a
/// while.
pub struct Reporter<K> {
    shared: Arc<Shared<K>>,
}

impl<K> Clone for Reporter<K> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<K: Key> Reporter<K> {
    /// A connect to the backend was refused or timed out just now.
    pub fn connect_failed(&self, key: &K) {
        self.shared.connect_failed(key, self.shared.now(), None);
    }

    /// A connect that began at this time was refused or timed out. It has no effect if the backend came back
    /// in between.
    ///
    /// # Defaults
    ///
    /// The first failure kills, and probes wait as the monitor's [`Settings`] say.
    pub fn connect_failed_since(&self, key: &K, began: std::time::Instant) {
        self.shared.connect_failed(key, self.shared.since_epoch(began), None);
    }

    /// The same for a backend with settings of its own. It dies when as many connects in a row have failed
    /// as they say, and is probed after the waits that they say. They are kept until the next failure is
    /// reported.
    ///
    /// While the backend [has failures](Self::has_failures), connects that succeed must be reported too.
    pub fn connect_failed_with(&self, key: &K, began: std::time::Instant, settings: &PassiveSettings) {
        self.shared.connect_failed(key, self.shared.since_epoch(began), Some(*settings));
    }

    /// A connect that began at this time succeeded, which brings a dead backend back if it died before
    /// that, and ends the row of failures of a living one. Worth reporting only for a backend that has
    /// failures.
    pub fn connect_succeeded_since(&self, key: &K, began: std::time::Instant) {
        self.shared.connect_succeeded(key, self.shared.since_epoch(began));
    }

    /// Whether a success of the backend is worth reporting: it is dead, or a connect to it failed within
    /// the last minute without a success since.
    ///
    /// Quick enough for every connect: one atomic load while no backend has failures, a short lock otherwise.
    #[must_use]
    pub fn has_failures(&self, key: &K) -> bool {
        self.shared.has_failures(key)
    }

    /// The backend is no longer of interest. What was known of it is dropped, and no change is told.
    pub fn forget(&self, key: &K) {
        self.shared.table().forget(key);
    }

    /// The present state of the backend; alive if nothing was ever reported.
    #[must_use]
    pub fn state(&self, key: &K) -> State {
        self.shared.table().state(key)
    }
}

/// Closes the table however `run` ends.
struct Closing<'a, K>(&'a Shared<K>);

impl<K> Drop for Closing<'_, K> {
    fn drop(&mut self) {
        self.0.table().close();
    }
}
