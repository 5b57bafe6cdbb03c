//! What is known of each name: a pure state machine over the time.

#[cfg(test)]
mod tests;

use std::{collections::HashMap, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// An answer younger than this is used as it is.
const FRESH: Duration = Duration::from_secs(30);
/// After a look-up failed, the next one for that name is started this much later at the earliest.
const FAILED: Duration = Duration::from_secs(1);
/// Names that are remembered, at most.
const MOST_NAMES: usize = 10_000;
/// Addresses of one name that are remembered, at most.
const MOST_ADDRESSES: usize = 64;

/// What a look-up came to; shared by all who waited for it.
pub(super) type Answer = Result<Arc<[SocketAddr]>, Arc<io::Error>>;

/// What a caller is told.
pub(super) enum Asked {
    /// These addresses, which may be a little old.
    Known(Arc<[SocketAddr]>),
    /// A look-up failed just now.
    Failed(Arc<io::Error>),
    /// A look-up is under way. The channel closes without an answer if it is abandoned.
    Pending(watch::Receiver<Option<Answer>>),
}

/// A look-up that the caller is to carry out, and then to settle or to abandon.
pub(super) struct Started {
    name: Arc<str>,
    number: u64,
    outcome: watch::Sender<Option<Answer>>,
}

impl Started {
    pub(super) const fn name(&self) -> &Arc<str> {
        &self.name
    }
}

/// All names.
pub(super) struct Names {
    entries: HashMap<Arc<str>, Entry>,
    /// A look-up that has been under way for longer is given up on: its runtime stands still.
    patience: Duration,
    /// Look-ups so far.
    lookups: u64,
    /// Questions so far.
    questions: u64,
}

#[derive(Default)]
struct Entry {
    /// The last good answer, and when it came.
    good: Option<(Arc<[SocketAddr]>, Instant)>,
    /// The failure of the last look-up, if it failed, and when.
    failure: Option<(Arc<io::Error>, Instant)>,
    lookup: Option<Pending>,
    /// The number of the last question for this name.
    asked: u64,
}

impl Entry {
    /// The last good answer, however old.
    fn known(&self) -> Option<Asked> {
        self.good.as_ref().map(|(addresses, _)| Asked::Known(Arc::clone(addresses)))
    }

    /// The look-up that is under way.
    fn under_way(&self, now: Instant, patience: Duration) -> Option<Asked> {
        let lookup = self.lookup.as_ref().filter(|lookup| now.duration_since(lookup.since) < patience)?;
        Some(Asked::Pending(lookup.outcome.clone()))
    }

    /// What is to be said without a new look-up; `None` if one is to be started.
    fn settled(&self, now: Instant, patience: Duration) -> Option<Asked> {
        let within = |at: Instant, time| now.duration_since(at) < time;
        if self.good.as_ref().is_some_and(|(_, at)| within(*at, FRESH)) {
            return self.known();
        }
        if let Some(lookup) = self.under_way(now, patience) {
            return Some(lookup);
        }
        let failure = self.failure.as_ref().filter(|(_, at)| within(*at, FAILED));
        failure.map(|(error, _)| Asked::Failed(Arc::clone(error)))
    }
}

struct Pending {
    number: u64,
    since: Instant,
    outcome: watch::Receiver<Option<Answer>>,
}

impl Names {
    pub(super) fn new(patience: Duration) -> Self {
        Self { entries: HashMap::new(), patience, lookups: 0, questions: 0 }
    }

    /// What is known of a name, and the look-up that is to be started because of the question, if any.
    pub(super) fn ask(&mut self, name: &str, now: Instant) -> (Asked, Option<Started>) {
        self.ask_for(name, now, false)
    }

    /// The same, where what is known already will not do.
    pub(super) fn ask_anew(&mut self, name: &str, now: Instant) -> (Asked, Option<Started>) {
        self.ask_for(name, now, true)
    }

    fn ask_for(&mut self, name: &str, now: Instant, is_anew: bool) -> (Asked, Option<Started>) {
        let known = self.entries.get_key_value(name).map(|(known, _)| Arc::clone(known));
        if known.is_none() && !self.make_room() {
            return (Asked::Failed(Arc::new(io::ErrorKind::QuotaExceeded.into())), None);
        }
        let name = known.unwrap_or_else(|| name.into());
        self.questions += 1;
        let entry = self.entries.entry(Arc::clone(&name)).or_default();
        entry.asked = self.questions;

        if is_anew {
            // The failure is of the look-up that comes, or of none.
            entry.failure = None;
            if let Some(lookup) = entry.under_way(now, self.patience) {
                return (lookup, None);
            }
        }
        let known = entry.known().filter(|_| !is_anew);
        if !is_anew && let Some(settled) = entry.settled(now, self.patience) {
            return (known.unwrap_or(settled), None);
        }
        self.lookups += 1;
        let (sender, receiver) = watch::channel(None);
        entry.lookup = Some(Pending { number: self.lookups, since: now, outcome: receiver.clone() });
        let started = Started { name, number: self.lookups, outcome: sender };
        (known.unwrap_or(Asked::Pending(receiver)), Some(started))
    }

    /// A look-up came to its end.
    pub(super) fn settle(&mut self, started: &Started, outcome: io::Result<Vec<SocketAddr>>, now: Instant) {
        let answer: Answer = match outcome {
            Ok(addresses) => Ok(distinct(addresses).into()),
            Err(error) => Err(Arc::new(error)),
        };
        if let Some(entry) = self.entry_of(started) {
            entry.lookup = None;
            match &answer {
                Ok(addresses) => (entry.good, entry.failure) = (Some((Arc::clone(addresses), now)), None),
                Err(error) => entry.failure = Some((Arc::clone(error), now)),
            }
        }
        started.outcome.send_replace(Some(answer));
    }

    /// A look-up was dropped before it came to its end.
    pub(super) fn abandon(&mut self, started: &Started) {
        if let Some(entry) = self.entry_of(started) {
            entry.lookup = None;
        }
    }

    /// The entry that waits for this very look-up: it may have been given up on, and started again.
    fn entry_of(&mut self, started: &Started) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(&started.name)?;
        let is_current = entry.lookup.as_ref().is_some_and(|lookup| lookup.number == started.number);
        is_current.then_some(entry)
    }

    /// Makes room for one more name, at the cost of the one not asked for longest. Fails if all of them are
    /// being looked up.
    fn make_room(&mut self) -> bool {
        if self.entries.len() < MOST_NAMES {
            return true;
        }
        let idle = self.entries.iter().filter(|(_, entry)| entry.lookup.is_none());
        let Some(oldest) = idle.min_by_key(|(_, entry)| entry.asked).map(|(name, _)| Arc::clone(name)) else {
            return false;
        };
        self.entries.remove(&oldest).is_some()
    }
}

/// Without duplicates, in the same order, and not too many.
fn distinct(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let mut distinct: Vec<SocketAddr> = Vec::new();
    for mut address in addresses {
        address.set_port(0);
        if distinct.len() < MOST_ADDRESSES && !distinct.contains(&address) {
            distinct.push(address);
        }
    }
    distinct
}
