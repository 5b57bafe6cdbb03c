//! The driver of active checks: probes what is watched, again and again, and tells each result.

mod outcome;
mod table;

#[cfg(test)]
mod tests;

use crate::{CheckSettings, Key, Probe, ProbeError, State, in_flight::InFlight};
pub use outcome::Outcome;
use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use table::{Next, Table, Ticket};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};

type OnResult<K> = Box<dyn Fn(&K, Outcome) + Send + Sync>;

/// Probes backends round and round, whether or not they get requests, and tells what came of each probe.
///
/// What is to be checked is said through [`Watch`]es; [`Checks::run`] does the probing. Beside a
/// [`Monitor`](crate::Monitor), which probes only what failed.
///
/// # Defaults
///
/// 64 probes at once.
///
/// ```
/// use health::{CheckSettings, Checks, Probe, ProbeError, ProbeFuture};
/// use std::{net::SocketAddr, sync::Arc, time::Duration};
///
/// struct TcpConnect;
///
/// impl Probe<SocketAddr> for TcpConnect {
///     fn probe<'a>(&'a self, key: &'a SocketAddr) -> ProbeFuture<'a> {
///         Box::pin(async move {
///             tokio::net::TcpStream::connect(key).await.map(drop).map_err(ProbeError::failed)
///         })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let checks = Checks::new(|backend, outcome| println!("{backend}: {:?}", outcome.transition));
/// let watch = checks.watch();
///
/// let settings = CheckSettings { interval: Duration::from_secs(1), ..CheckSettings::default() };
/// watch.watch("127.0.0.1:3000".parse().expect("an address"), settings, Arc::new(TcpConnect));
///
/// # let shutdown = async {};
/// checks.run(shutdown).await;
/// # }
/// ```
pub struct Checks<K> {
    shared: Arc<Shared<K>>,
    on_result: OnResult<K>,
    concurrent: usize,
}

impl<K: Key> Checks<K> {
    /// Checks of nothing yet. `on_result` is called in `run` with each probe that ended, in that order and
    /// with no lock held, so that it may watch and forget; it should be quick.
    pub fn new(on_result: impl Fn(&K, Outcome) + Send + Sync + 'static) -> Self {
        let shared = Shared { epoch: Instant::now(), table: Mutex::new(Table::new()), wake: Notify::new() };
        Self { shared: Arc::new(shared), on_result: Box::new(on_result), concurrent: 64 }
    }

    /// The same with this many probes at once, at most; 0 counts as 1.
    #[must_use]
    pub fn with_concurrent_probes(mut self, probes: usize) -> Self {
        self.concurrent = probes.max(1);
        self
    }

    /// A handle that says what is checked.
    #[must_use]
    pub fn watch(&self) -> Watch<K> {
        Watch { shared: Arc::clone(&self.shared) }
    }

    /// Probes what is watched until `shutdown` is ready; has no timer while nothing is watched.
    ///
    /// # Panics
    ///
    /// If `on_result` does. A probe that panics counts as failed.
    ///
    /// # Tasks
    ///
    /// None are spawned: all probes run inside this future.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future is the same as a shutdown: running probes are dropped, everything that was
    /// watched is forgotten, and nothing can be watched from then on.
    pub async fn run(self, shutdown: impl Future) {
        let Self { shared, on_result, concurrent } = self;
        let _closing = Closing(&shared);
        let mut shutdown = pin!(shutdown);
        let mut in_flight = InFlight::new();
        loop {
            let next = shared.start_due(concurrent, &mut in_flight);
            tokio::select! {
                biased;
                _ = &mut shutdown => return,
                (ticket, result) = in_flight.next() => {
                    if let Some(outcome) = shared.finish(&ticket, result) {
                        on_result(ticket.key(), outcome);
                    }
                }
                // Something was watched or forgotten. What is no longer wanted gives its place to others.
                () = shared.wake.notified() => in_flight.retain(|ticket| shared.table().is_current(ticket)),
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
            }
        }
    }
}

/// Says what [`Checks`] probe. Cheap to clone; no call waits for anything but a short lock.
pub struct Watch<K> {
    shared: Arc<Shared<K>>,
}

impl<K> Clone for Watch<K> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<K: Key> Watch<K> {
    /// Has a backend checked from now on, the first time at random within an interval.
    ///
    /// One that is watched already stays as dead or alive as it is. With the same settings its schedule and
    /// the results in a row stay as well, and only the probe is replaced from the next one on; with others,
    /// these count from nought, and a probe under way is dropped.
    pub fn watch(&self, key: K, settings: CheckSettings, probe: Arc<dyn Probe<K>>) {
        let former = self.shared.table().watch(key, settings, probe, self.shared.now());
        // Outside the lock: dropping it is a stranger's code.
        drop(former);
        self.shared.wake.notify_one();
    }

    /// Ends the checks of a backend; a probe under way is dropped, and nothing is told of it.
    pub fn forget(&self, key: &K) {
        let former = self.shared.table().forget(key);
        drop(former);
        self.shared.wake.notify_one();
    }

    /// The present state of a backend; alive if it is not watched.
    #[must_use]
    pub fn state(&self, key: &K) -> State {
        self.shared.table().state(key)
    }
}

/// What checks and their watches have in common.
struct Shared<K> {
    epoch: Instant,
    table: Mutex<Table<K>>,
    /// Tells `run` that something was watched or forgotten.
    wake: Notify,
}

impl<K: Key> Shared<K> {
    /// Starts probes that are due, as many as may run. Returns when to look again, if not only after one of
    /// them ended.
    fn start_due(&self, concurrent: usize, in_flight: &mut InFlight<'_, Ticket<K>>) -> Option<Instant> {
        while in_flight.len() < concurrent {
            let next = self.table().next_due(self.now());
            match next {
                Next::Probe(ticket, probe, limit) => {
                    let key = ticket.key().clone();
                    in_flight.push(ticket, async move {
                        timeout(limit, probe.probe(&key)).await.unwrap_or(Err(ProbeError::TimedOut))
                    });
                }
                Next::At(due) => return self.epoch.checked_add(due),
                Next::Nothing => return None,
            }
        }
        None
    }

    /// What came of a probe; `None` if it is of no interest any more.
    fn finish(&self, ticket: &Ticket<K>, result: Result<(), ProbeError>) -> Option<Outcome> {
        let now = self.now();
        if matches!(result, Err(ProbeError::Gone)) {
            let former = self.table().drop_entry(ticket);
            drop(former);
            return None;
        }
        let transition = self.table().finish(ticket, result.is_ok(), now)?;
        Some(Outcome::new(result, transition, now.saturating_sub(ticket.began())))
    }

    fn now(&self) -> Duration {
        Instant::now().saturating_duration_since(self.epoch)
    }
}

impl<K> Shared<K> {
    fn table(&self) -> MutexGuard<'_, Table<K>> {
        // Nothing can panic half-way through a change of the table, so a poisoned lock guards a whole one.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes the table however `run` ends.
struct Closing<'a, K>(&'a Shared<K>);

impl<K> Drop for Closing<'_, K> {
    fn drop(&mut self) {
        let former = self.0.table().close();
        drop(former);
    }
}
