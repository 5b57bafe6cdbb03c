//! Files that settings were made of, looked at now and then.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::MissedTickBehavior;

/// How often they are looked at.
const EACH: Duration = Duration::from_secs(5);

/// Makes new settings where a file has changed. Cheap to clone; all clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Refresher(Arc<Mutex<Vec<Item>>>);

/// Settings, and the files that they were made of.
pub(crate) struct Item {
    what: String,
    /// Which settings, of those that one thing may have in turn.
    version: u64,
    files: Vec<PathBuf>,
    seen: Vec<Option<Stamp>>,
    renew: Box<dyn Fn() -> Result<(), String> + Send>,
}

/// What tells one state of a file from another.
#[derive(PartialEq, Eq)]
struct Stamp(u64, u64, i64, i64);

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let of = |data: Metadata| Self(data.ino(), data.len(), data.mtime(), data.mtime_nsec());
        std::fs::metadata(path).ok().map(of)
    }
}

impl Refresher {
    /// Looks after nothing any more; gives what it looked after.
    pub(crate) fn take(&self) -> Former {
        let items = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        Former(items.into_iter().map(|item| (item.what.clone(), item)).collect())
    }

    /// Has `renew` called where one of the files changes.
    pub(crate) fn add(
        &self,
        (what, version): (impl Into<String>, u64),
        files: Vec<PathBuf>,
        renew: impl Fn() -> Result<(), String> + Send + 'static,
    ) {
        if files.is_empty() {
            return;
        }
        let seen = files.iter().map(|path| Stamp::of(path)).collect();
        self.keep(Item { what: what.into(), version, files, seen, renew: Box::new(renew) });
    }

    /// Goes on with what was looked after before.
    pub(crate) fn keep(&self, item: Item) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(item);
    }

    /// Looks at the files until it is dropped.
    pub(crate) async fn run(&self) -> Infallible {
        let mut looks = tokio::time::interval(EACH);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let all = self.clone();
            // Files may be on a slow disk, or one of a network.
            let _ = tokio::task::spawn_blocking(move || all.look()).await;
        }
    }

    fn look(&self) {
        for item in &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            item.look();
        }
    }
}

/// What was looked after before.
pub(crate) struct Former(HashMap<String, Item>);

impl Former {
    /// That of the same settings.
    pub(crate) fn of(&mut self, what: &str, version: u64) -> Option<Item> {
        self.0.remove(what).filter(|item| item.version == version)
    }
}

impl Item {
    fn look(&mut self) {
        let seen: Vec<_> = self.files.iter().map(|path| Stamp::of(path)).collect();
        if seen == self.seen {
            return;
        }
        self.seen = seen;
        match (self.renew)() {
            Ok(()) => tracing::info!(of = self.what, "files of TLS have changed, and are gone by"),
            Err(error) => {
                tracing::warn!(
                    of = self.what,
                    error,
                    "files of TLS have changed, and are of no use: the former hold"
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    #[test]
    fn a_file_that_changes_is_looked_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.pem");
        std::fs::write(&path, "1").unwrap();
        let (refresher, renewed) = (Refresher::default(), Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&renewed);
        refresher.add(("a", 1), vec![path.clone()], move || {
            counted.fetch_add(1, Relaxed);
            Err("of no use".into())
        });
        refresher.look();
        assert_eq!(renewed.load(Relaxed), 0);
        std::fs::write(&path, "22").unwrap();
        refresher.look();
        refresher.look();
        assert_eq!(renewed.load(Relaxed), 1);
        std::fs::remove_file(&path).unwrap();
        let mut former = refresher.take();
        refresher.look();
        assert_eq!(renewed.load(Relaxed), 1);
        refresher.keep(former.of("a", 1).unwrap());
        refresher.look();
        assert_eq!(renewed.load(Relaxed), 2, "what changed meanwhile is not missed");
        assert!(refresher.take().of("a", 2).is_none(), "other settings are others");
    }
}
