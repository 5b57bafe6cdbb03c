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
    /// What was told last of files that are of no use.
    error: Option<String>,
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

    /// Looks after its files from now on, where there are any.
    pub(crate) fn add(&self, item: Item) {
        if !item.files.is_empty() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(item);
        }
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
    /// Settings that `renew` makes anew where one of the files is another than it is now.
    pub(crate) fn new(
        what: impl Into<String>,
        version: u64,
        files: Vec<PathBuf>,
        renew: impl Fn() -> Result<(), String> + Send + 'static,
    ) -> Self {
        let seen = files.iter().map(|path| Stamp::of(path)).collect();
        Self { what: what.into(), version, files, seen, error: None, renew: Box::new(renew) }
    }

    /// Makes the settings anew. Where that fails it is tried again at each look, and told once.
    pub(crate) fn renew(&mut self) {
        let error = (self.renew)().err();
        if let Some(error) = error.as_ref().filter(|error| self.error.as_ref() != Some(error)) {
            tracing::warn!(of = self.what, error, "files of TLS are of no use: the former hold");
        }
        self.error = error;
    }

    fn look(&mut self) {
        let seen: Vec<_> = self.files.iter().map(|path| Stamp::of(path)).collect();
        if seen == self.seen && self.error.is_none() {
            return;
        }
        self.seen = seen;
        self.renew();
        if self.error.is_none() {
            tracing::info!(of = self.what, "files of TLS have changed, and are gone by");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;
    use std::sync::atomic::Ordering::Relaxed;

    use super::*;

    /// One that looks after a file, the file, and how often it was made anew, which works unless the file says `no`.
    fn looked_after(dir: &Path) -> (Refresher, PathBuf, Arc<AtomicU32>) {
        let path = dir.join("a.pem");
        std::fs::write(&path, "1").unwrap();
        let (refresher, renewed) = (Refresher::default(), Arc::new(AtomicU32::new(0)));
        let (counted, read) = (Arc::clone(&renewed), path.clone());
        refresher.add(Item::new("a", 1, vec![path.clone()], move || {
            counted.fetch_add(1, Relaxed);
            match std::fs::read_to_string(&read) {
                Ok(text) if text == "no" => Err("of no use".into()),
                _ => Ok(()),
            }
        }));
        (refresher, path, renewed)
    }

    #[test]
    fn what_is_of_no_use_is_looked_at_until_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let (refresher, path, renewed) = looked_after(dir.path());
        std::fs::write(&path, "no").unwrap();
        refresher.look();
        refresher.look();
        assert_eq!(renewed.load(Relaxed), 2);
        std::fs::write(&path, "yes").unwrap();
        refresher.look();
        refresher.look();
        assert_eq!(renewed.load(Relaxed), 3);
    }

    #[test]
    fn a_file_that_changes_is_looked_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let (refresher, path, renewed) = looked_after(dir.path());
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
        refresher.add(former.of("a", 1).unwrap());
        refresher.look();
        assert_eq!(renewed.load(Relaxed), 2, "what changed meanwhile is not missed");
        assert!(refresher.take().of("a", 2).is_none(), "other settings are others");
    }
}
