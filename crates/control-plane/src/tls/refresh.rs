//! Files that settings were made of, looked at now and then.

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
struct Item {
    what: String,
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
    /// Looks after nothing any more.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Has `renew` called where one of the files changes.
    pub(crate) fn add(
        &self,
        what: impl Into<String>,
        files: Vec<PathBuf>,
        renew: impl Fn() -> Result<(), String> + Send + 'static,
    ) {
        if files.is_empty() {
            return;
        }
        let seen = files.iter().map(|path| Stamp::of(path)).collect();
        let item = Item { what: what.into(), files, seen, renew: Box::new(renew) };
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
        refresher.add("a", vec![path.clone()], move || {
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
        refresher.look();
        assert_eq!(renewed.load(Relaxed), 2);
    }
}
