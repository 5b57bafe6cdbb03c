//! The connections that are open: how many there may be, and which one goes when there is no room.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::phase::Phase;

/// How many may be on their way out, beside those that stay.
const MAX_LEAVING: usize = 8;

/// The connections that are open.
#[derive(Debug)]
pub(super) struct Connections {
    max: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    last_id: u64,
    open: HashMap<u64, Open>,
}

#[derive(Debug)]
struct Open {
    phase: Arc<Phase>,
    go: CancellationToken,
}

impl Connections {
    /// At most so many; 0 counts as 1.
    pub(super) fn new(max: usize) -> Self {
        Self { max: max.max(1), table: Mutex::default() }
    }

    /// Makes room for a connection, at the cost of the one that has been idle for the longest time. `None` where every one is
    /// answering a request. The connection closes when `go` is cancelled, and gives its place back by dropping the slot.
    pub(super) fn admit(self: &Arc<Self>, phase: Arc<Phase>, go: CancellationToken) -> Option<Slot> {
        let mut table = self.table();
        let leaving = table.open.values().filter(|open| open.go.is_cancelled()).count();
        if table.open.len() - leaving >= self.max && (leaving >= MAX_LEAVING || !table.evict()) {
            return None;
        }
        table.last_id += 1;
        let id = table.last_id;
        table.open.insert(id, Open { phase, go });
        Some(Slot { connections: Arc::clone(self), id })
    }

    /// Has the one go that has been idle for the longest time. False where there is none.
    pub(super) fn evict(&self) -> bool {
        self.table().evict()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn evict(&mut self) -> bool {
        let stays = self.open.iter().filter(|(_, open)| !open.go.is_cancelled());
        let idle = stays.filter_map(|(id, open)| Some((open.phase.idle_since()?, *id, &open.go)));
        let oldest = idle.min_by_key(|(since, id, _)| (*since, *id));
        oldest.is_some_and(|(_, _, go)| {
            go.cancel();
            true
        })
    }
}

/// The place of a connection.
#[derive(Debug)]
pub(super) struct Slot {
    connections: Arc<Connections>,
    id: u64,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.connections.table().open.remove(&self.id);
    }
}
