//! Serves certificates, and keeps them fresh.

mod put;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::SystemTime;

use proxy_core::events::Events;
use tls_sni::{CertificateError, Certificates};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::book::{Book, Consequences};
use super::expiry::Watchman;
use super::file::FileError;
use super::load::{Failure, Item, LoadError, Loaded, load};
use super::notice::Notice;
use super::status::{Status, Summary};
use super::store::Store;
pub use put::{PutError, RemoveError};

/// More than these in a new document are told in one line.
const MOST_TOLD: usize = 16;

/// Serves the certificates of a document and those that were put, and keeps them fresh while [`Keeper::run`] runs. Cheap to
/// clone; all clones are the same keeper.
#[derive(Clone)]
pub struct Keeper {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    certificates: Certificates,
    /// `None` where what is put ends with the process.
    store: Option<Store>,
    /// Locked while something is put or removed, so that a file and what is served are of the same call.
    storing: Mutex<()>,
    /// Locked while the table of certificates changes, so that the two agree.
    book: Mutex<Book>,
    pub(super) watchman: Mutex<Watchman>,
    /// Wakes the rounds when there is another document.
    pub(super) followed: Notify,
    /// Counts what was done, for whoever waits for it.
    pub(super) done: watch::Sender<u64>,
    now: Box<dyn Fn() -> SystemTime + Send + Sync>,
    /// Who is told beside the log.
    events: OnceLock<Events>,
}

impl Keeper {
    /// One that serves in this table, and keeps what is put in this directory of the state: what is kept there is served from
    /// now on. A file that holds no certificate is set aside, which the log tells. Blocks while it reads.
    pub fn new(certificates: Certificates, state_dir: Option<&Path>) -> Self {
        Self::with_clock(certificates, state_dir, SystemTime::now)
    }

    pub(super) fn with_clock(
        certificates: Certificates,
        state_dir: Option<&Path>,
        now: impl Fn() -> SystemTime + Send + Sync + 'static,
    ) -> Self {
        let shared = Shared {
            certificates,
            store: state_dir.map(Store::new),
            storing: Mutex::default(),
            book: Mutex::default(),
            watchman: Mutex::default(),
            followed: Notify::new(),
            done: watch::Sender::default(),
            now: Box::new(now),
            events: OnceLock::new(),
        };
        shared.serve_stored();
        Self { shared: Arc::new(shared) }
    }

    /// Tells of certificates on this bus too, from now on: which are served, expire soon, or cannot be served. The first bus that
    /// is given counts.
    pub fn tell(&self, events: Events) {
        let _ = self.shared.events.set(events);
    }

    /// Serves the certificates of a document in place of those of the former one. No name that both have is without its
    /// certificate meanwhile.
    ///
    /// What the former document had too is served as it is known now, which may be newer than what was loaded. A source that gave
    /// nothing when it was loaded is served as it was before, if it was.
    pub fn follow(&self, loaded: &Loaded) {
        let notices = self.shared.change(|book, at| book.follow(loaded, at));
        self.shared.tell(&notices);
        self.shared.followed.notify_one();
    }

    /// What the sources of the document are known to give now, for [`load_again`](super::load_again).
    pub fn loaded(&self) -> Loaded {
        self.shared.book().loaded()
    }

    /// What is known of every certificate that is served, whoever serves it, and of every source that gives none; by id.
    pub fn list(&self) -> Vec<Status> {
        let mut served: HashMap<_, _> = self.shared.certificates.list().into_iter().collect();
        let book = self.shared.book();
        let mut errors: HashMap<_, _> =
            book.failures().map(|(id, failure)| (id.to_owned(), failure.to_string())).collect();
        let ids: BTreeSet<_> = served.keys().chain(errors.keys()).cloned().collect();
        let status = |id: String| Status {
            served: served.remove(&id).map(|served| Summary::of(&served)),
            last_error: errors.remove(&id),
            id,
        };
        ids.into_iter().map(status).collect()
    }

    /// The table of certificates.
    pub fn certificates(&self) -> &Certificates {
        &self.shared.certificates
    }
}

impl Shared {
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.now)()
    }

    pub(super) fn certificates(&self) -> &Certificates {
        &self.certificates
    }

    /// Changes what is known, and with it what is served; gives what is to be told.
    pub(super) fn change(&self, with: impl FnOnce(&mut Book, Instant) -> Consequences) -> Vec<Notice> {
        let mut book = self.book();
        let Consequences { put, gone, notices } = with(&mut book, Instant::now());
        if !put.is_empty() {
            self.certificates.put_all(put);
        }
        // Behind what takes their place.
        self.withdraw(&book, &gone);
        drop(book);
        self.done.send_modify(|count| *count = count.wrapping_add(1));
        notices
    }

    /// Serves these no longer. All of one kind go in one swap: each swap costs time in proportion to the whole table.
    fn withdraw(&self, book: &Book, gone: &[String]) {
        let mut kinds = BTreeSet::new();
        for id in gone {
            match id.split_once(':') {
                Some((kind, _)) => kinds.extend([format!("{kind}:")]),
                None => self.certificates.remove(id),
            }
        }
        for kind in kinds {
            self.certificates.replace_matching(&kind, book.served(&kind));
        }
    }

    /// Serves what is in the store.
    fn serve_stored(&self) {
        let Some(store) = &self.store else { return };
        let sources = match store.sources() {
            Ok(sources) => sources,
            Err(error) => {
                let path = store.dir().display();
                tracing::error!(%path, %error, "certificates that were put cannot be read: they are not served");
                return;
            }
        };
        let items = load(sources, self.now()).items.iter().cloned().collect::<Vec<_>>();
        let (corrupt, items): (Vec<_>, Vec<_>) = items.into_iter().partition(Item::is_corrupt);
        for failure in corrupt.iter().filter_map(|item| item.result.as_ref().err()) {
            set_aside(store, failure);
        }
        self.tell(&self.change(|book, at| book.store(items, at)));
    }

    /// Writes to the log, in one line where it is much, and tells those who listen of each.
    fn tell(&self, notices: &[Notice]) {
        if notices.len() <= MOST_TOLD {
            return self.tell_each(notices);
        }
        let count = notices.iter().filter(|notice| matches!(notice, Notice::Served { .. })).count();
        tracing::info!(count, "certificates are served from now on");
        self.emit(notices);
    }

    /// Writes each to the log, and tells those who listen.
    pub(super) fn tell_each(&self, notices: &[Notice]) {
        notices.iter().for_each(Notice::log);
        self.emit(notices);
    }

    fn emit(&self, notices: &[Notice]) {
        if let Some(events) = self.events.get() {
            notices.iter().filter_map(Notice::event).for_each(|event| events.emit(event));
        }
    }
}

impl Item {
    /// True where its file holds no certificate, and never will of itself.
    fn is_corrupt(&self) -> bool {
        match self.result.as_ref().map_err(|failure| &failure.error) {
            Ok(_) | Err(LoadError::File(FileError::Unreadable { .. })) => false,
            Err(LoadError::Certificate(error)) => {
                !matches!(error, CertificateError::Expired { .. } | CertificateError::NotYetValid { .. })
            }
            Err(_) => true,
        }
    }
}

fn set_aside(store: &Store, failure: &Failure) {
    let Failure { id, path: Some(path), error } = failure else { return };
    let (shown, reason) = (path.display(), error);
    match store.set_aside(path) {
        Ok(aside) => {
            let aside = aside.display();
            tracing::error!(id, path = %shown, %aside, %reason, "certificate that was put is lost: its file is set aside");
        }
        Err(error) => {
            tracing::error!(id, path = %shown, %reason, %error, "certificate that was put is lost, and its file cannot be set aside");
        }
    }
}

/// Shows the table's ids.
impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("certificates", &self.shared.certificates).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
