//! What is known of each backend that failed, and when to look at it again.

use super::Key;
use crate::{Mark, Moment, PassiveSettings, State, Transition, streak::Streak};
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

#[cfg(test)]
mod tests;

/// How long a backend that came back is remembered. Attempts that began before it came back end within this
/// time, and are known as old news by then.
const AFTERMATH: Duration = Duration::from_secs(60);

/// The marks of all backends that are dead or were so lately, or that fail.
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
    /// How many entries have failures, for those who do not hold the lock.
    failing: Arc<AtomicUsize>,
}

struct Entry {
    /// Differs from that of every earlier entry of the same key.
    id: u64,
    mark: Mark,
    /// Failures of a living backend that did not kill it yet.
    streak: Streak,
    settings: PassiveSettings,
    told: State,
    is_probing: bool,
    due: Option<Duration>,
}

/// A connect that ended.
#[derive(Clone, Copy)]
pub(super) enum Event {
    Failed { settings: PassiveSettings, entropy: u64 },
    Succeeded,
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
    pub(super) fn new(failing: Arc<AtomicUsize>) -> Self {
        Self {
            entries: HashMap::new(),
            agenda: BTreeMap::new(),
            untold: VecDeque::new(),
            is_telling: false,
            is_closed: false,
            next_id: 0,
            failing,
        }
    }

    pub(super) fn state(&self, key: &K) -> State {
        self.entries.get(key).map_or(State::Alive, |entry| entry.mark.state())
    }

    pub(super) fn has_failures(&self, key: &K, now: Duration) -> bool {
        self.entries
            .get(key)
            .is_some_and(|entry| entry.mark.state() == State::Dead || entry.streak.is_running(now))
    }

    /// Applies the end of a connect that began at `began`. Also says whether something became due sooner
    /// than it was.
    pub(super) fn change(
        &mut self,
        key: &K,
        event: Event,
        began: Duration,
        now: Duration,
    ) -> (Transition, bool) {
        if self.is_closed {
            return (Transition::Unchanged, false);
        }
        if let Event::Failed { settings, .. } = &event
            && !self.entries.contains_key(key)
        {
            self.next_id += 1;
            self.entries.insert(key.clone(), Entry::new(self.next_id, *settings));
        }
        let Some(entry) = self.entries.get_mut(key) else { return (Transition::Unchanged, false) };
        let (failed_before, due_before) = (entry.has_failures(), entry.due);
        let transition = entry.apply(event, began, now);
        let has_failures = entry.has_failures();
        self.count_failing(failed_before, has_failures);
        self.settle(key, transition);
        let due = self.entries.get(key).and_then(|entry| entry.due);
        (transition, due.is_some_and(|due| due_before.is_none_or(|before| due < before)))
    }

    /// Applies the end of a probe, unless its entry is gone.
    pub(super) fn finish(
        &mut self,
        ticket: &Ticket<K>,
        succeeded: bool,
        now: Duration,
        entropy: u64,
    ) -> Transition {
        let Some(entry) = self.entries.get_mut(&ticket.key).filter(|entry| entry.id == ticket.id) else {
            return Transition::Unchanged;
        };
        let failed_before = entry.has_failures();
        entry.is_probing = false;
        let backoff = entry.settings.backoff;
        let transition = entry.mark.probed(succeeded, Moment { now, entropy, backoff: &backoff });
        let has_failures = entry.has_failures();
        self.count_failing(failed_before, has_failures);
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
            self.count_failing(entry.has_failures(), false);
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
            None => match entry.kept_until() {
                Some(until) => Some(until),
                // A success has ended the row of failures, and nothing else is known.
                None => return self.forget(key),
            },
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

impl Entry {
    const fn new(id: u64, settings: PassiveSettings) -> Self {
        Self {
            id,
            mark: Mark::new(),
            streak: Streak::new(),
            settings,
            told: State::Alive,
            is_probing: false,
            due: None,
        }
    }

    fn apply(&mut self, event: Event, began: Duration, now: Duration) -> Transition {
        match event {
            Event::Failed { settings, entropy } => {
                self.settings = settings;
                let counts = self.mark.state() == State::Alive && self.mark.is_news(began);
                if !counts || !self.streak.failed(settings.failures, now) {
                    return Transition::Unchanged;
                }
                self.mark.connect_failed(began, Moment { now, entropy, backoff: &settings.backoff })
            }
            Event::Succeeded => {
                // In the order in which they are reported: a success is one, whenever it began.
                self.streak.clear();
                self.mark.connect_succeeded(began, now)
            }
        }
    }

    /// Whether a success would change something.
    fn has_failures(&self) -> bool {
        self.mark.state() == State::Dead || self.streak.over_at().is_some()
    }

    /// Until when a living backend is remembered; `None` if there is nothing to remember.
    fn kept_until(&self) -> Option<Duration> {
        let aftermath = self.mark.changed().map(|changed| changed.saturating_add(AFTERMATH));
        aftermath.max(self.streak.over_at())
    }
}

impl<K> Table<K> {
    fn count_failing(&self, before: bool, after: bool) {
        match (before, after) {
            (false, true) => self.failing.fetch_add(1, Ordering::Relaxed),
            (true, false) => self.failing.fetch_sub(1, Ordering::Relaxed),
            _ => return,
        };
    }

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
