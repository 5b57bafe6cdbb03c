//! What is watched, and when it is probed next.

use crate::{CheckSettings, Judge, Key, Probe, State, Transition};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

#[cfg(test)]
mod tests;

pub(super) struct Table<K> {
    entries: HashMap<K, Entry<K>>,
    /// When each entry is probed next. One whose probe is running is not among them.
    agenda: BTreeMap<(Duration, u64), K>,
    is_closed: bool,
    next_id: u64,
}

pub(super) struct Entry<K> {
    /// Differs from that of every earlier entry of the same key.
    id: u64,
    judge: Judge,
    probe: Arc<dyn Probe<K>>,
    due: Option<Duration>,
}

/// What an entry was made of that is to be dropped without the lock.
pub(super) type Former<K> = Option<Arc<dyn Probe<K>>>;

/// A probe that was started for an entry; void once that entry is gone.
pub(super) struct Ticket<K> {
    key: K,
    id: u64,
    began: Duration,
}

impl<K> Ticket<K> {
    pub(super) const fn key(&self) -> &K {
        &self.key
    }

    pub(super) const fn began(&self) -> Duration {
        self.began
    }
}

/// What to do next.
pub(super) enum Next<K> {
    /// Start this probe, now, with this limit.
    Probe(Ticket<K>, Arc<dyn Probe<K>>, Duration),
    /// Look again at this time.
    At(Duration),
    /// Wait for somebody to watch something.
    Nothing,
}

impl<K> Table<K> {
    pub(super) fn new() -> Self {
        Self { entries: HashMap::new(), agenda: BTreeMap::new(), is_closed: false, next_id: 0 }
    }

    /// Forgets everything, for good.
    pub(super) fn close(&mut self) -> HashMap<K, Entry<K>> {
        self.is_closed = true;
        self.agenda.clear();
        std::mem::take(&mut self.entries)
    }

    /// Entries, and entries of the agenda.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.agenda.len())
    }
}

impl<K: Key> Table<K> {
    pub(super) fn state(&self, key: &K) -> State {
        self.entries.get(key).map_or(State::Alive, |entry| entry.judge.state())
    }

    pub(super) fn watch(
        &mut self,
        key: K,
        settings: CheckSettings,
        probe: Arc<dyn Probe<K>>,
        now: Duration,
    ) -> Former<K> {
        if self.is_closed {
            return Some(probe);
        }
        let entropy = fastrand::u64(..);
        let Some(entry) = self.entries.get_mut(&key) else {
            let judge = Judge::new(settings, now, entropy);
            self.next_id += 1;
            let (id, due) = (self.next_id, judge.next_probe());
            self.agenda.insert((due, id), key.clone());
            self.entries.insert(key, Entry { id, judge, probe, due: Some(due) });
            return None;
        };
        let former = std::mem::replace(&mut entry.probe, probe);
        if *entry.judge.settings() != settings {
            entry.judge.configure(settings, now, entropy);
            if let Some(due) = entry.due.take() {
                self.agenda.remove(&(due, entry.id));
            }
            self.next_id += 1;
            entry.id = self.next_id;
            self.schedule(&key);
        }
        Some(former)
    }

    pub(super) fn forget(&mut self, key: &K) -> Former<K> {
        let entry = self.entries.remove(key)?;
        entry.due.map(|due| self.agenda.remove(&(due, entry.id)));
        Some(entry.probe)
    }

    /// Drops the entry of this ticket, unless it is another's by now.
    pub(super) fn drop_entry(&mut self, ticket: &Ticket<K>) -> Former<K> {
        if self.is_current(ticket) { self.forget(&ticket.key) } else { None }
    }

    pub(super) fn is_current(&self, ticket: &Ticket<K>) -> bool {
        self.entries.get(&ticket.key).is_some_and(|entry| entry.id == ticket.id)
    }

    /// The next thing to do, which is taken off the agenda if it is a probe.
    pub(super) fn next_due(&mut self, now: Duration) -> Next<K> {
        while let Some(first) = self.agenda.first_entry() {
            let (due, id) = *first.key();
            if due > now {
                return Next::At(due);
            }
            let key = first.remove();
            let Some(entry) = self.entries.get_mut(&key) else { continue };
            entry.due = None;
            let (probe, limit) = (Arc::clone(&entry.probe), entry.judge.settings().timeout);
            return Next::Probe(Ticket { key, id, began: now }, probe, limit);
        }
        Next::Nothing
    }

    /// Applies the end of a probe; `None` if its entry is gone.
    pub(super) fn finish(
        &mut self,
        ticket: &Ticket<K>,
        succeeded: bool,
        now: Duration,
    ) -> Option<Transition> {
        let entry = self.entries.get_mut(&ticket.key).filter(|entry| entry.id == ticket.id)?;
        let transition = entry.judge.probed(succeeded, now, fastrand::u64(..));
        self.schedule(&ticket.key);
        Some(transition)
    }

    fn schedule(&mut self, key: &K) {
        if let Some(entry) = self.entries.get_mut(key) {
            let due = entry.judge.next_probe();
            entry.due = Some(due);
            self.agenda.insert((due, entry.id), key.clone());
        }
    }
}
