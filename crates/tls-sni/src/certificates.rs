//! The table of certificates that handshakes read.

mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::certificate::Certificate;
use crate::name;
pub(crate) use table::{Candidates, Table};

/// The certificates of a proxy, by server name. Cheap to clone; all clones are the same table.
///
/// A change takes effect for the next handshake. It is made beside what is served and swapped in whole, so that no
/// handshake ever finds a name without its certificate because of it. Changes are made one after another; each costs time
/// in proportion to the whole table (a few milliseconds for 10,000 certificates), so many at once belong in one call.
#[derive(Clone, Default)]
pub struct Certificates {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    table: ArcSwap<Table>,
    /// Changes are made one after another.
    sources: Mutex<Sources>,
}

#[derive(Clone, Default)]
struct Sources {
    served: BTreeMap<String, Served>,
    challenges: BTreeMap<String, Certificate>,
}

/// A certificate, and what it is served for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Served {
    /// The certificate.
    pub certificate: Certificate,
    /// Names that it is served for instead of its own: exact ones, or wildcards such as `*.example.com`.
    pub names: Option<Vec<String>>,
    /// Whether it is the one for clients that name nobody, and for unknown names where these are not refused.
    pub is_default: bool,
}

impl Served {
    /// A certificate for its own names.
    pub const fn new(certificate: Certificate) -> Self {
        Self { certificate, names: None, is_default: false }
    }

    /// The names that it is served for.
    pub fn names(&self) -> &[String] {
        self.names.as_deref().unwrap_or_else(|| self.certificate.names())
    }
}

impl Certificates {
    /// A table without certificates.
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves a certificate under an id that says where it comes from, in place of what had that id.
    pub fn put(&self, id: &str, served: Served) {
        self.put_all(vec![(id.to_owned(), served)]);
    }

    /// The same for many, in one swap.
    pub fn put_all(&self, all: Vec<(String, Served)>) {
        self.change(|sources| sources.served.extend(all));
    }

    /// Serves it no longer.
    pub fn remove(&self, id: &str) {
        self.change(|sources| {
            sources.served.remove(id);
        });
    }

    /// Serves these in place of all whose ids begin with `prefix`, in one swap.
    pub fn replace_matching(&self, prefix: &str, all: Vec<(String, Served)>) {
        self.change(|sources| {
            sources.served.retain(|id, _| !id.starts_with(prefix));
            sources.served.extend(all);
        });
    }

    /// Answers a challenge of ACME for a name (RFC 8737): this certificate goes to whoever offers `acme-tls/1` for it, and
    /// to nobody else.
    pub fn put_challenge(&self, name: &str, certificate: Certificate) {
        let name = name::canonical(name).into_owned();
        self.change(|sources| {
            sources.challenges.insert(name, certificate);
        });
    }

    /// Answers the challenge no longer.
    pub fn remove_challenge(&self, name: &str) {
        self.change(|sources| {
            sources.challenges.remove(&*name::canonical(name));
        });
    }

    /// All that are served, by their ids.
    pub fn list(&self) -> Vec<(String, Served)> {
        let sources = self.shared.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.served.iter().map(|(id, served)| (id.clone(), served.clone())).collect()
    }

    /// True where a certificate is served for that name, be it by a wildcard.
    pub fn has(&self, name: &str) -> bool {
        self.shared.table.load().of_name(&name::canonical(name)).is_some()
    }

    pub(crate) fn table(&self) -> arc_swap::Guard<Arc<Table>> {
        self.shared.table.load()
    }

    fn change(&self, change: impl FnOnce(&mut Sources)) {
        let mut sources = self.shared.sources.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut sources);
        self.shared.table.store(Arc::new(Table::new(&sources.served, &sources.challenges)));
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.list().iter().map(|(id, _)| id)).finish()
    }
}

#[cfg(test)]
mod tests;
