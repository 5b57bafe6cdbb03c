//! What is known of each source, and what a new look at it means. Pure: time is an argument.

mod entry;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::mem;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use tls_sni::Served;
use tokio::time::Instant;

use super::load::{Failure, Item, Loaded, Stamps};
use super::notice::Notice;
use super::source::Source;
use entry::Entry;

/// What is known of the sources: those of the document, whose files may change at any time, and those of the store.
#[derive(Debug, Default)]
pub(super) struct Book {
    entries: HashMap<Arc<str>, Entry>,
    /// Sources of the document, by their files.
    by_file: HashMap<Arc<Path>, Vec<Arc<str>>>,
    /// What has been wrong for a moment only, by the time at which it is to be looked at again.
    unsettled: BTreeSet<(Instant, Arc<str>)>,
    /// Whether the files may be others than those that were taken last.
    has_new_files: bool,
}

/// What new knowledge means.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Consequences {
    /// What is served from now on.
    pub(super) put: Vec<(String, Served)>,
    /// Ids of what is served no longer.
    pub(super) gone: Vec<String>,
    /// What is to be told.
    pub(super) notices: Vec<Notice>,
}

impl Book {
    /// Follows the sources of a document, and those of no other. What is known of a source that the former document had too
    /// is newer than what was loaded. Where one gives nothing now, what it gave before stays.
    pub(super) fn follow(&mut self, loaded: &Loaded, at: Instant) -> Consequences {
        let mut former: HashMap<_, _> = self.entries.extract_if(|_, entry| !entry.is_stored).collect();
        let mut consequences = Consequences::default();
        self.by_file.clear();
        self.unsettled.clear();
        for Item { source, stamps, result } in loaded.items.iter().cloned() {
            let id: Arc<str> = source.id.as_str().into();
            for file in source.files() {
                self.by_file.entry(file.into()).or_default().push(Arc::clone(&id));
            }
            let entry = match former.remove(&id) {
                Some(entry) if entry.source == source && entry.served.is_some() => entry,
                before => {
                    let mut entry = Entry::new(source, false, before.and_then(|entry| entry.served));
                    consequences.add(&id, entry.take(stamps, result, at));
                    entry
                }
            };
            self.enter(id, entry);
        }
        consequences.gone = former.into_keys().map(|id| id.to_string()).collect();
        self.has_new_files = true;
        consequences
    }

    /// Takes in what sources gave when they were read again.
    pub(super) fn take(&mut self, items: Vec<Item>, at: Instant) -> Consequences {
        let mut consequences = Consequences::default();
        for Item { source, stamps, result } in items {
            let Some((id, mut entry)) = self.entries.remove_entry(source.id.as_str()) else { continue };
            if let Some(deadline) = entry.deadline() {
                self.unsettled.remove(&(deadline, Arc::clone(&id)));
            }
            // Somebody may have changed the source meanwhile.
            if Arc::ptr_eq(&entry.source, &source) {
                consequences.add(&id, entry.take(stamps, result, at));
            }
            self.enter(id, entry);
        }
        consequences
    }

    /// Takes in sources of the store, in place of those with the same ids.
    pub(super) fn store(&mut self, items: Vec<Item>, at: Instant) -> Consequences {
        for Item { source, .. } in &items {
            self.remove(&source.id);
            self.enter(source.id.as_str().into(), Entry::new(Arc::clone(source), true, None));
        }
        self.take(items, at)
    }

    /// Forgets a source of the store. False where there is none.
    pub(super) fn remove(&mut self, id: &str) -> bool {
        let Some((id, entry)) = self.entries.remove_entry(id) else { return false };
        if let Some(deadline) = entry.deadline() {
            self.unsettled.remove(&(deadline, id));
        }
        true
    }

    /// Has the files taken once more.
    pub(super) const fn renew_files(&mut self) {
        self.has_new_files = true;
    }

    /// The files of the document, unless they are the same as when they were last taken.
    pub(super) fn take_files(&mut self) -> Option<Vec<Arc<Path>>> {
        mem::take(&mut self.has_new_files).then(|| self.by_file.keys().cloned().collect())
    }

    /// The sources that have these files.
    pub(super) fn of_files<'f>(&self, files: impl IntoIterator<Item = &'f Arc<Path>>) -> Vec<Arc<Source>> {
        let ids: HashSet<_> = files.into_iter().filter_map(|file| self.by_file.get(file)).flatten().collect();
        ids.into_iter().filter_map(|id| self.source(id)).collect()
    }

    /// The sources of the document that have files, and what those looked like when they were read.
    pub(super) fn read(&self) -> Vec<(Arc<Source>, Stamps)> {
        let entries = self.entries.values().filter(|entry| !entry.is_stored);
        let with_files = entries.filter(|entry| entry.source.files().next().is_some());
        with_files.map(|entry| (Arc::clone(&entry.source), entry.stamps)).collect()
    }

    /// When something is to be looked at again, though nothing may have changed.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.unsettled.first().map(|(deadline, _)| *deadline)
    }

    /// The sources that are to be looked at again by now.
    pub(super) fn due(&self, at: Instant) -> Vec<Arc<Source>> {
        let due = self.unsettled.iter().take_while(|(deadline, _)| *deadline <= at);
        due.filter_map(|(_, id)| self.source(id)).collect()
    }

    /// The sources that time alone has put right.
    pub(super) fn healed(&self, now: SystemTime) -> Vec<Arc<Source>> {
        let healed = self.entries.values().filter(|entry| entry.is_healed(now));
        healed.map(|entry| Arc::clone(&entry.source)).collect()
    }

    /// What is wrong, by the ids of sources.
    pub(super) fn failures(&self) -> impl Iterator<Item = (&str, &Failure)> {
        self.entries.iter().filter_map(|(id, entry)| Some((&**id, entry.failure()?)))
    }

    /// What the sources of the document are now.
    pub(super) fn loaded(&self) -> Loaded {
        let entries = self.entries.values().filter(|entry| !entry.is_stored);
        Loaded { items: entries.filter_map(Entry::item).collect() }
    }

    /// What is served of the sources whose ids begin with `prefix`.
    pub(super) fn served(&self, prefix: &str) -> Vec<(String, Served)> {
        let entries = self.entries.iter().filter(|(id, _)| id.starts_with(prefix));
        entries.filter_map(|(id, entry)| Some((id.to_string(), entry.served.clone()?))).collect()
    }

    fn source(&self, id: &str) -> Option<Arc<Source>> {
        self.entries.get(id).map(|entry| Arc::clone(&entry.source))
    }

    fn enter(&mut self, id: Arc<str>, entry: Entry) {
        if let Some(deadline) = entry.deadline() {
            self.unsettled.insert((deadline, Arc::clone(&id)));
        }
        self.entries.insert(id, entry);
    }
}

impl Consequences {
    fn add(&mut self, id: &str, (served, notice): (Option<Served>, Option<Notice>)) {
        self.put.extend(served.map(|served| (id.to_owned(), served)));
        self.notices.extend(notice);
    }
}

#[cfg(test)]
mod tests;
