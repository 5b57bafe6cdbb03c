//! What is due when.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

/// At most one time for each name.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    by_time: BTreeSet<(SystemTime, Arc<str>)>,
    by_name: HashMap<Arc<str>, SystemTime>,
}

impl Agenda {
    /// Has a name come up at this time, in place of any other; `None`: never.
    pub(super) fn put(&mut self, name: &Arc<str>, at: Option<SystemTime>) {
        if let Some(former) = self.by_name.remove(name) {
            self.by_time.remove(&(former, Arc::clone(name)));
        }
        if let Some(at) = at {
            self.by_time.insert((at, Arc::clone(name)));
            self.by_name.insert(Arc::clone(name), at);
        }
    }

    /// When the name comes up.
    pub(super) fn time(&self, name: &str) -> Option<SystemTime> {
        self.by_name.get(name).copied()
    }

    /// The first that is due by now, which does not come up again.
    pub(super) fn take(&mut self, now: SystemTime) -> Option<Arc<str>> {
        let (at, name) = self.by_time.first().filter(|(at, _)| *at <= now)?.clone();
        self.by_time.remove(&(at, Arc::clone(&name)));
        self.by_name.remove(&name);
        Some(name)
    }

    /// When the first one is due.
    pub(super) fn first(&self) -> Option<SystemTime> {
        self.by_time.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests;
