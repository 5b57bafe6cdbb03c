//! What has changed since somebody looked: written by the thread that hears of it, read in rounds.

use std::collections::HashSet;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind};
use tokio::sync::Notify;

use super::index::Index;

/// How long changes are gathered, from the first on: a certificate and its key are written one after the other. Long enough
/// for that, and short beside the time within which a change must be served.
const GATHERED: Duration = Duration::from_millis(20);

/// What has changed, bounded by what is watched.
#[derive(Default)]
pub(super) struct Changes {
    heard: Mutex<Heard>,
    woken: Notify,
}

#[derive(Default)]
struct Heard {
    index: Index,
    changed: Changed,
}

/// Changes that were gathered.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    /// Files that may be others now.
    pub(super) files: HashSet<Arc<Path>>,
    /// Directories that are not what was watched under their paths.
    pub(super) lost: HashSet<PathBuf>,
    /// Whether more has changed than the system told.
    pub(super) is_overrun: bool,
}

impl Changes {
    /// Ends when something has changed, once more of it had the time to come.
    ///
    /// # Cancel safety
    /// What has changed stays to be taken.
    pub(super) async fn gathered(&self) {
        loop {
            self.woken.notified().await;
            if self.has_any() {
                break;
            }
        }
        tokio::time::sleep(GATHERED).await;
    }

    /// What has changed since it was last taken.
    pub(super) fn take(&self) -> Changed {
        mem::take(&mut self.heard().changed)
    }

    /// Reads or changes what is watched.
    pub(super) fn index<T>(&self, with: impl FnOnce(&mut Index) -> T) -> T {
        with(&mut self.heard().index)
    }

    /// Takes a directory for another one than was watched.
    pub(super) fn lose(&self, dir: &Path) {
        let Heard { index, changed } = &mut *self.heard();
        changed.lose(index, dir);
    }

    /// Takes note of what the system tells.
    pub(super) fn hear(&self, event: notify::Result<Event>) {
        let Heard { index, changed } = &mut *self.heard();
        match event {
            Ok(event) if !event.need_rescan() => changed.note(index, &event),
            // Some of what happened is not told.
            _ => changed.is_overrun = true,
        }
        if *changed != Changed::default() {
            self.woken.notify_one();
        }
    }

    fn has_any(&self) -> bool {
        self.heard().changed != Changed::default()
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Changed {
    fn note(&mut self, index: &Index, event: &Event) {
        if !may_change(event.kind) {
            return;
        }
        for path in &event.paths {
            self.files.extend(index.through(path).cloned());
            if moves(event.kind) && index.has_dir(path) {
                self.lose(index, path);
            }
        }
    }

    fn lose(&mut self, index: &Index, dir: &Path) {
        self.files.extend(index.within(dir).cloned());
        self.lost.insert(dir.to_owned());
    }
}

/// False for what is nothing to us: above all that we read a file ourselves.
const fn may_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if !matches!(access, AccessKind::Close(AccessMode::Write)))
}

/// True where something else may be under a path now.
const fn moves(kind: EventKind) -> bool {
    matches!(kind, EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)))
}

#[cfg(test)]
mod tests;
