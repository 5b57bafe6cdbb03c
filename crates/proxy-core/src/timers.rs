//! What is to happen to backends by itself: their ejection ends, their circuit is tried again, they get more to do.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::clock;
use crate::registry::Backend;

/// What is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Its ejection may be over.
    Return,
    /// Its circuit is to be tried.
    HalfOpen,
    /// Its share is to grow.
    Warm,
}

/// Things to come, by the time since the registry's epoch.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    agenda: Mutex<Agenda>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Agenda {
    entries: BTreeMap<(Duration, u64), (Due, Weak<Backend>)>,
    last: u64,
}

impl Timers {
    /// Has something happen to a backend at that time, unless it is gone by then.
    pub(crate) fn add(&self, at: Duration, due: Due, backend: Weak<Backend>) {
        let mut agenda = self.agenda();
        agenda.last += 1;
        let key = (at, agenda.last);
        agenda.entries.insert(key, (due, backend));
        drop(agenda);
        self.changed.notify_one();
    }

    /// Does with `act` whatever is due, for ever. Nothing is polled while nothing is to come.
    pub(crate) async fn run(&self, epoch: Instant, act: impl Fn(&std::sync::Arc<Backend>, Due)) {
        loop {
            let next = self.take_due(clock::since(epoch), &act);
            let at = next.map(|next| tokio::time::Instant::from_std(epoch + next));
            tokio::select! {
                biased;
                () = self.changed.notified() => {}
                () = tokio::time::sleep_until(at.unwrap_or_else(tokio::time::Instant::now)), if at.is_some() => {}
            }
        }
    }

    /// Does what is due, and says when there is more.
    fn take_due(&self, now: Duration, act: impl Fn(&std::sync::Arc<Backend>, Due)) -> Option<Duration> {
        loop {
            let mut agenda = self.agenda();
            let first = agenda.entries.first_entry()?;
            let at = first.key().0;
            if at > now {
                return Some(at);
            }
            let (due, backend) = first.remove();
            drop(agenda);
            if let Some(backend) = backend.upgrade() {
                act(&backend, due);
            }
        }
    }

    fn agenda(&self) -> MutexGuard<'_, Agenda> {
        self.agenda.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
