//! What a monitor and its reporters have in common.

use super::{
    Key,
    table::{Event, Next, Table, Ticket},
};
use crate::{PassiveSettings, Probe, ProbeError, Settings, State, Transition, in_flight::InFlight};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};

pub(super) type OnChange<K> = Box<dyn Fn(&K, State) + Send + Sync>;

pub(super) struct Shared<K> {
    settings: Settings,
    epoch: Instant,
    table: Mutex<Table<K>>,
    /// How many backends have failures.
    failing: Arc<AtomicUsize>,
    /// Tells `run` that the agenda changed.
    pub(super) wake: Notify,
    on_change: OnChange<K>,
}

impl<K: Key> Shared<K> {
    pub(super) fn new(settings: Settings, on_change: OnChange<K>) -> Self {
        let failing = Arc::new(AtomicUsize::new(0));
        let (table, wake) = (Mutex::new(Table::new(Arc::clone(&failing))), Notify::new());
        Self { settings, epoch: Instant::now(), table, failing, wake, on_change }
    }

    pub(super) fn connect_failed(&self, key: &K, began: Duration, settings: Option<PassiveSettings>) {
        let settings = settings.unwrap_or_else(|| PassiveSettings::from(&self.settings));
        self.change(key, began, Event::Failed { settings, entropy: fastrand::u64(..) });
    }

    pub(super) fn connect_succeeded(&self, key: &K, began: Duration) {
        self.change(key, began, Event::Succeeded);
    }

    fn change(&self, key: &K, began: Duration, event: Event) {
        // Bound first, so that the lock is not held while the callback runs.
        let (transition, is_sooner) = self.table().change(key, event, began, self.now());
        if is_sooner {
            self.wake.notify_one();
        }
        self.after(transition);
    }

    pub(super) fn has_failures(&self, key: &K) -> bool {
        // Only what this thread reported itself must be seen, and that it does.
        self.failing.load(Ordering::Relaxed) > 0 && self.table().has_failures(key, self.now())
    }

    #[cfg(test)]
    pub(super) fn failing(&self) -> usize {
        self.failing.load(Ordering::Relaxed)
    }

    /// Starts probes that are due, as many as may run. Returns when to look again, if not only after one of
    /// them ended.
    pub(super) fn start_due<'a>(
        &self,
        probe: &'a dyn Probe<K>,
        in_flight: &mut InFlight<'a, Ticket<K>>,
    ) -> Option<Instant> {
        let limit = self.settings.probe_timeout;
        while in_flight.len() < self.settings.concurrent_probes.max(1) {
            let next = self.table().next_due(self.now());
            match next {
                Next::Probe(ticket) => {
                    let key = ticket.key.clone();
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

    pub(super) fn finish(&self, ticket: &Ticket<K>, outcome: &Result<(), ProbeError>) {
        if matches!(outcome, Err(ProbeError::Gone)) {
            self.table().drop_entry(ticket);
            return;
        }
        let (now, entropy) = (self.now(), fastrand::u64(..));
        let transition = self.table().finish(ticket, outcome.is_ok(), now, entropy);
        self.after(transition);
    }

    fn after(&self, transition: Transition) {
        if transition != Transition::Unchanged {
            self.wake.notify_one();
            self.tell();
        }
    }

    /// Tells of every change not yet told, unless somebody is at it: then that one goes on to the new ones.
    fn tell(&self) {
        if !self.table().start_telling() {
            return;
        }
        let telling = Telling(self);
        loop {
            // Bound first, so that the lock is not held while the callback runs.
            let news = self.table().next_untold();
            match news {
                Some((key, state)) => (self.on_change)(&key, state),
                None => break,
            }
        }
        std::mem::forget(telling);
    }

    pub(super) fn now(&self) -> Duration {
        Instant::now().saturating_duration_since(self.epoch)
    }

    pub(super) fn since_epoch(&self, instant: std::time::Instant) -> Duration {
        Instant::from_std(instant).saturating_duration_since(self.epoch)
    }
}

impl<K> Shared<K> {
    pub(super) fn table(&self) -> MutexGuard<'_, Table<K>> {
        // Nothing can panic half-way through a change of the table, so a poisoned lock guards a whole one.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the telling when the callback panics, so that later changes are told by others.
struct Telling<'a, K>(&'a Shared<K>);

impl<K> Drop for Telling<'_, K> {
    fn drop(&mut self) {
        self.0.table().stop_telling();
    }
}
