//! What is known of each backend that failed, and when to look at it again.

use super::Key;
use crate::{Mark, State, Transition};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Duration,
};

/// How long a backend that came back is remembered. Attempts that began before it came back end within this
/// time, and are known as old news by then.
const AFTERMATH: Duration = Duration::from_secs(60);

/// The marks of all backends that are dead or were so lately.
pub(super) struct Table<K> {
    entries: HashMap<K, Entry>,
    /// When each entry is looked at next: a dead one to be probed, a living one to be dropped. One whose
    /// probe is running is not among them.
    agenda: BTreeMap<(Duration, u64), K>,
    /// Backends with a change that was not told yet.
    untold: VecDeque<K>,
    is_telling: bool,
    is_closed: bool,
    next_id: u64,
}

struct Entry {
    /// Differs from that of every earlier entry of the same key.
    id: u64,
    mark: Mark,
    told: State,
    is_probing: bool,
    due: Option<Duration>,
}

/// A probe that was started for an entry; void once that entry is gone.
pub(super) struct Ticket<K> {
    pub(super) key: K,
    id: u64,
}

/// What to do next.
pub(super) enum Next<K> {
    /// Start a probe, now.
    Probe(Ticket<K>),
    /// Look again at this time.
    At(Duration),
    /// Wait for a report.
    Nothing,
}

impl<K: Key> Table<K> {
    pub(super) fn new() -> Self {
        Self {
            entries: HashMap::new(),
            agenda: BTreeMap::new(),
            untold: VecDeque::new(),
            is_telling: false,
            is_closed: false,
            next_id: 0,
        }
    }

    pub(super) fn state(&self, key: &K) -> State {
        self.entries.get(key).map_or(State::Alive, |entry| entry.mark.state())
    }

    /// Applies an event to a backend's mark.
    pub(super) fn change(&mut self, key: &K, event: impl FnOnce(&mut Mark) -> Transition) -> Transition {
        if self.is_closed {
            return Transition::Unchanged;
        }
        if let Some(entry) = self.entries.get_mut(key) {
            let transition = event(&mut entry.mark);
            self.settle(key, transition);
            return transition;
        }
        let mut mark = Mark::new();
        let transition = event(&mut mark);
        if transition != Transition::Unchanged {
            self.next_id += 1;
            let entry = Entry { id: self.next_id, mark, told: State::Alive, is_probing: false, due: None };
            self.entries.insert(key.clone(), entry);
            self.settle(key, transition);
        }
        transition
    }

    /// Applies the end of a probe, unless its entry is gone.
    pub(super) fn finish(
        &mut self,
        ticket: &Ticket<K>,
        event: impl FnOnce(&mut Mark) -> Transition,
    ) -> Transition {
        let Some(entry) = self.entries.get_mut(&ticket.key).filter(|entry| entry.id == ticket.id) else {
            return Transition::Unchanged;
        };
        entry.is_probing = false;
        let transition = event(&mut entry.mark);
        self.settle(&ticket.key, transition);
        transition
    }

    /// Drops the entry of this ticket, unless it is another's by now.
    pub(super) fn drop_entry(&mut self, ticket: &Ticket<K>) {
        if self.entries.get(&ticket.key).is_some_and(|entry| entry.id == ticket.id) {
            self.forget(&ticket.key);
        }
    }

    pub(super) fn forget(&mut self, key: &K) {
        if let Some(entry) = self.entries.remove(key) {
            entry.due.map(|due| self.agenda.remove(&(due, entry.id)));
            self.untold.retain(|untold| untold != key);
        }
    }

    /// The next thing to do, which is taken off the agenda if it is a probe. Living entries whose time has
    /// come are dropped on the way.
    pub(super) fn next_due(&mut self, now: Duration) -> Next<K> {
        while let Some(first) = self.agenda.first_entry() {
            let (due, id) = *first.key();
            if due > now {
                return Next::At(due);
            }
            let key = first.remove();
            let Some(entry) = self.entries.get_mut(&key) else { continue };
            entry.due = None;
            if entry.mark.state() == State::Dead {
                entry.is_probing = true;
                return Next::Probe(Ticket { key, id });
            }
            self.forget(&key);
        }
        Next::Nothing
    }

    /// Brings agenda and news in line with a mark.
    fn settle(&mut self, key: &K, transition: Transition) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let due = match entry.mark.next_probe() {
            Some(_) if entry.is_probing => None,
            Some(probe) => Some(probe),
            None => Some(entry.mark.changed().unwrap_or_default().saturating_add(AFTERMATH)),
        };
        if entry.due != due {
            if let Some(former) = entry.due {
                self.agenda.remove(&(former, entry.id));
            }
            if let Some(due) = due {
                self.agenda.insert((due, entry.id), key.clone());
            }
            entry.due = due;
        }
        if transition != Transition::Unchanged {
            self.untold.push_back(key.clone());
        }
    }
}

impl<K> Table<K> {
    /// Marks, entries of the agenda, and news that were not told.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, usize, usize) {
        (self.entries.len(), self.agenda.len(), self.untold.len())
    }

    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Whether the caller is to tell the news; nobody else is until it stops.
    pub(super) fn start_telling(&mut self) -> bool {
        !std::mem::replace(&mut self.is_telling, true)
    }

    pub(super) fn stop_telling(&mut self) {
        self.is_telling = false;
    }
}

impl<K: Key> Table<K> {
    /// The next change to tell. With `None` the telling has stopped: a later change finds nobody at it.
    pub(super) fn next_untold(&mut self) -> Option<(K, State)> {
        while let Some(key) = self.untold.pop_front() {
            let Some(entry) = self.entries.get_mut(&key) else { continue };
            let state = entry.mark.state();
            if std::mem::replace(&mut entry.told, state) != state {
                return Some((key, state));
            }
        }
        self.stop_telling();
        None
    }
}
