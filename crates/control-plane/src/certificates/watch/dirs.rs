//! The directories that are watched.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{Config, Event, RecommendedWatcher, RecursiveMode, Watcher};

use crate::certificates::changes::Changes;

/// The most directories that are watched: each takes about a kilobyte of the system's memory.
const MOST: usize = 32_768;

/// Directories, by paths without symbolic links.
#[derive(Default)]
pub(super) struct Dirs {
    /// Made for the first directory. It has a thread of its own.
    watcher: Option<RecommendedWatcher>,
    /// Which ones they were when they were added; `None` where they cannot be watched.
    known: HashMap<PathBuf, Option<Identity>>,
    /// Whether some may have to be added or removed.
    pub(super) is_due: bool,
    /// How many could not be watched when that was last told.
    told: usize,
}

/// Device and inode.
type Identity = (u64, u64);

impl Dirs {
    /// Watches these and no others; gives those that were not watched before.
    pub(super) fn follow(&mut self, wanted: HashSet<PathBuf>, changes: &Arc<Changes>) -> Vec<PathBuf> {
        self.is_due = false;
        let gone: Vec<_> = self.known.keys().filter(|dir| !wanted.contains(*dir)).cloned().collect();
        for dir in gone {
            self.remove(&dir);
        }
        let mut error = None;
        let mut added = Vec::new();
        for dir in wanted {
            if self.known.contains_key(&dir) {
                continue;
            }
            // Taken before: what is put in its place from then on is found to be another one.
            let identity = identity(&dir);
            let watched = self.watch(&dir, changes);
            self.known.insert(dir.clone(), identity.filter(|_| watched.is_ok()));
            match watched {
                Ok(()) => added.push(dir),
                Err(refused) => error = Some((dir, refused)),
            }
        }
        self.tell(error);
        added
    }

    /// Watches it no longer. It is watched anew where it is still wanted.
    pub(super) fn remove(&mut self, dir: &Path) {
        self.is_due = true;
        if let (Some(Some(_)), Some(watcher)) = (self.known.remove(dir), &mut self.watcher) {
            // What was deleted is not watched any more.
            let _ = watcher.unwatch(dir);
        }
    }

    /// Those that others have taken the place of. Those that could not be watched are tried again.
    pub(super) fn replaced(&mut self) -> Vec<PathBuf> {
        let count = self.known.len();
        self.known.retain(|_, known| known.is_some());
        self.is_due |= self.known.len() < count;
        let is_other = |(dir, known): &(&PathBuf, &Option<Identity>)| identity(dir) != **known;
        self.known.iter().filter(is_other).map(|(dir, _)| dir.clone()).collect()
    }

    fn watch(&mut self, dir: &Path, changes: &Arc<Changes>) -> notify::Result<()> {
        if self.known.len() >= MOST {
            return Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch));
        }
        let watcher = match &mut self.watcher {
            Some(watcher) => watcher,
            none => {
                let changes = Arc::clone(changes);
                let hear = move |event: notify::Result<Event>| changes.hear(event);
                none.insert(RecommendedWatcher::new(hear, Config::default())?)
            }
        };
        watcher.watch(dir, RecursiveMode::NonRecursive)
    }

    /// Tells of directories that cannot be watched when there are more of them than before.
    fn tell(&mut self, refused: Option<(PathBuf, notify::Error)>) {
        let count = self.known.values().filter(|known| known.is_none()).count();
        if let Some((dir, error)) = refused.filter(|_| count > self.told) {
            let dir = dir.display();
            tracing::warn!(count, directory = %dir, %error, "directories cannot be watched: changes of certificates there are seen once a minute");
        }
        self.told = count;
    }
}

fn identity(dir: &Path) -> Option<Identity> {
    fs::metadata(dir).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}
