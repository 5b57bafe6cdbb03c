//! Opening.

use std::io;
use std::path::Path;

use super::chain::{self, Chain};
use super::name::{Listed, Name};
use super::{DIR, Keep, LOCK, Layers, Record, Store, StoreError, Unwanted};
use crate::durable::{Disk, remove, set_aside};

/// What was kept.
pub(crate) struct Opened<D: Disk> {
    /// Where more can be kept.
    pub(crate) store: Store<D>,
    /// All objects before the oldest of `records`: with the changes of the first few of those, any of their layers can be
    /// had.
    pub(crate) base: Layers,
    /// All objects that are to be served: before the pending revision where there is one.
    pub(crate) layers: Layers,
    /// What is known of revisions, oldest first, with the pending one.
    pub(crate) records: Vec<Record>,
    /// A revision that nobody confirmed before the process ended. Whoever opens reverts it, or confirms it, before they do
    /// anything else.
    pub(crate) pending: Option<Record>,
    /// What was wrong, in sentences for the log. What these name is lost, or history of it is.
    pub(crate) problems: Vec<String>,
}

impl<D: Disk> Store<D> {
    /// Reads what is kept in the directory of the state. Where there is nothing, nothing is made.
    ///
    /// # Errors
    /// Another process uses it, it cannot be read, or a later version of this program has written to it. Damaged files
    /// are no error: they are set aside and reported.
    pub(crate) fn open(state_dir: &Path, keep: Keep, disk: D) -> Result<Opened<D>, StoreError> {
        let dir = state_dir.join(DIR);
        // Where nothing can be written, there is no lock to be had, and what is there can still be served.
        let lock = match listed(&disk, &dir)? {
            Some(_) => match disk.lock(&dir.join(LOCK)) {
                Ok(Some(lock)) => Some(lock),
                Ok(None) => return Err(StoreError::InUse { dir }),
                Err(_) => None,
            },
            None => None,
        };
        let listed = listed(&disk, &dir)?.unwrap_or_default();
        let names: Vec<_> = listed.iter().filter_map(Listed::whole).collect();
        let chain = chain::read(&disk, &dir, &names)?;
        let highest = listed.iter().map(|listed| listed.name().number).max().unwrap_or(0);
        let store = Self {
            files: names.into_iter().collect(),
            highest: highest.max(chain.head.number),
            base: chain.base.number,
            head: chain.head,
            layers: chain.layers.clone(),
            pending: None,
            unwanted: Vec::new(),
            is_settled: false,
            disk,
            dir,
            keep,
            lock,
            listed,
        };
        Ok(store.into_opened(chain))
    }

    /// All objects that would be served, for whoever only looks: nothing is locked, made or set aside. `None` where nothing is
    /// kept.
    ///
    /// # Errors
    /// It cannot be read, or a later version of this program has written to it.
    pub(crate) fn peek(state_dir: &Path, disk: &D) -> Result<Option<Layers>, StoreError> {
        let dir = state_dir.join(DIR);
        let Some(listed) = listed(disk, &dir)? else { return Ok(None) };
        let names: Vec<_> = listed.iter().filter_map(Listed::whole).collect();
        let Chain { mut layers, records, .. } = chain::read(disk, &dir, &names)?;
        let waits = records.last().filter(|record| record.is_pending()).map(|record| record.number);
        for record in records.iter().filter(|record| Some(record.number) != waits) {
            layers.apply(&record.changes);
        }
        Ok(Some(layers))
    }

    fn into_opened(mut self, chain: Chain) -> Opened<D> {
        let problems = self.set_faults_aside(&chain);
        self.remove_unfinished();
        let pending = chain.records.last().filter(|record| record.is_pending()).cloned();
        self.pending = pending.as_ref().map(|record| record.number);
        let mut layers = chain.layers.clone();
        for record in &chain.records {
            if Some(record.number) != self.pending {
                layers.apply(&record.changes);
            }
        }
        self.layers = layers.clone();
        self.layers.apply(pending.as_ref().map_or(&[], |record| &record.changes));
        Opened { store: self, base: chain.layers, layers, records: chain.records, pending, problems }
    }

    /// Gives other names to files that are not served, so that they are in nobody's way. Those that cannot be renamed now must
    /// be before anything is written.
    fn set_faults_aside(&mut self, chain: &Chain) -> Vec<String> {
        let mut problems = Vec::new();
        for fault in &chain.faults {
            let path = self.path(fault.name);
            self.files.remove(&fault.name);
            let outcome = match self.lock {
                Some(_) => {
                    set_aside(&self.disk, &path).map(|aside| format!("is kept as {}", aside.display()))
                }
                None => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
            };
            let outcome = outcome.unwrap_or_else(|error| format!("cannot be set aside now: {error}"));
            problems.push(format!("{} {}; it {outcome}", path.display(), fault.why));
            // Also where it succeeded: the new name is not safe yet.
            self.unwanted.push(Unwanted::Lost(path));
        }
        let (head, last) = (chain.head.number, chain.faults.last().map_or(0, |fault| fault.name.number));
        if last > head {
            problems.push(format!("revision {head} is served; what came after it, up to {last}, is lost"));
        }
        problems
    }

    fn remove_unfinished(&self) {
        if self.lock.is_some() {
            let unfinished = self.listed.iter().filter(|listed| matches!(listed, Listed::Unfinished(_)));
            for listed in unfinished {
                // Where it stays, it is in nobody's way.
                let _ = remove(&self.disk, &self.dir.join(format!("{}.next", listed.name())));
            }
        }
    }
}

impl Listed {
    const fn name(&self) -> Name {
        match self {
            Self::Whole(name) | Self::Unfinished(name) | Self::Aside(name) => *name,
        }
    }

    fn whole(&self) -> Option<Name> {
        matches!(self, Self::Whole(_)).then(|| self.name())
    }
}

/// The files of revisions in a directory, in their order; `None` where there is no directory.
///
/// # Errors
/// It cannot be read.
pub(super) fn listed(disk: &impl Disk, dir: &Path) -> Result<Option<Vec<Listed>>, StoreError> {
    match disk.list(dir) {
        Ok(names) => {
            let mut listed: Vec<_> = names.iter().filter_map(|name| Name::read(name)).collect();
            listed.sort_unstable();
            Ok(Some(listed))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::of(dir)(error)),
    }
}
