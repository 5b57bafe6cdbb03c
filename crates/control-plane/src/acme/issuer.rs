//! Who has certificates issued.

mod follow;
mod issue;

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use egress::Egress;
use proxy_core::events::{CertificateReplaced, Events, Kind};
use tls_sni::{Certificate, Certificates, Served};

use super::account::Accounts;
use super::attempt::Means;
use super::blocking::blocking;
use super::challenge::{Http01, Presenter};
use super::clock::{Clock, SystemClock};
use super::dial::{Dial, EgressDial};
use super::name;
use super::on_demand::OnDemand;
use super::roster::{Held, Roster, Rules, Work};
use super::settings::{AcmeSettings, SettingsError};
use super::shared::Shared;
use super::status::Status;
use super::store::{Found, Stamp, Store};

/// What stands before a name in the table of certificates.
const PREFIX: &str = "acme:";

/// Has certificates issued and renewed, and serves them. Nothing happens before [`run`](Self::run).
///
/// Of several that share a directory, in one process or on many machines, one issues, and the others serve what it has
/// issued; they take over when it is gone.
pub struct Issuer {
    means: Arc<Means>,
    shared: Arc<Shared>,
    certificates: Certificates,
    /// Where everything is kept.
    dir: PathBuf,
    /// Told of what is issued, and of what is not; nobody listens there unless it is given.
    events: Events,
}

/// What an issuer works with.
#[derive(Clone)]
pub struct Parts {
    /// Makes all connections.
    pub egress: Egress,
    /// TLS to the authority.
    pub tls: tls_sni::Client,
    /// TLS to whom permission is asked of.
    pub ask_tls: tls_sni::Client,
    /// Where certificates are served from, and answers to challenges over TLS.
    pub certificates: Certificates,
    /// Answers challenges over HTTP.
    pub http01: Arc<dyn Http01>,
}

/// What an issuer works with, all of it.
pub(super) struct Seams {
    pub(super) authority: Arc<dyn Dial>,
    pub(super) ask: Arc<dyn Dial>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) presenter: Presenter,
}

/// Says which names are to have certificates. Cheap to clone.
#[derive(Clone)]
pub struct Domains {
    shared: Arc<Shared>,
}

impl Domains {
    /// Has certificates for exactly these names from now on, beside those that clients came up with. What others have is not
    /// served any longer, and kept on the disk. Names that no certificate can be had for are passed over.
    pub fn set<T: AsRef<str>>(&self, names: impl IntoIterator<Item = T>) {
        self.shared.want(canonical(names));
    }
}

impl Issuer {
    /// One that goes by these settings.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn new(settings: AcmeSettings, parts: Parts) -> Result<Self, SettingsError> {
        let Parts { egress, tls, ask_tls, certificates, http01 } = parts;
        let seams = Seams {
            authority: Arc::new(EgressDial::new(egress.clone(), tls)),
            ask: Arc::new(EgressDial::new(egress, ask_tls)),
            clock: Arc::new(SystemClock),
            presenter: Presenter { http01, certificates },
        };
        Self::with_seams(settings, seams)
    }

    pub(super) fn with_seams(settings: AcmeSettings, seams: Seams) -> Result<Self, SettingsError> {
        settings.check()?;
        let Seams { authority, ask, clock, presenter } = seams;
        let settings = Arc::new(settings);
        let dir = settings.state_dir.join("acme");
        let store = Store::new(&dir, &settings.directory);
        let accounts = Accounts::new(settings.clone(), store.clone(), authority, clock.clone());
        let rules =
            Rules { renew_before: settings.renew_before, orders_an_attempt: settings.challenges.len() };
        let mut roster = Roster::new(rules);
        roster.configure(&canonical(&settings.domains), clock.now());
        let shared = Arc::new(Shared::new(clock.clone(), roster));
        let certificates = presenter.certificates.clone();
        let means = Arc::new(Means { settings, store, accounts, presenter, ask, clock });
        Ok(Self { means, shared, certificates, dir, events: Events::new() })
    }

    /// Tells on this bus which certificates are served from now on, and which cannot be had.
    #[must_use]
    pub fn telling(mut self, events: Events) -> Self {
        self.events = events;
        self
    }

    /// Tells how the certificates are.
    pub fn status(&self) -> Status {
        Status::new(self.shared.clone())
    }

    /// Says which names are to have certificates.
    pub fn domains(&self) -> Domains {
        Domains { shared: self.shared.clone() }
    }

    /// Obtains certificates for names that clients come up with; `None` where the operator permits none.
    pub fn on_demand(&self) -> Option<OnDemand> {
        self.means.settings.ask.is_some().then(|| OnDemand::new(self.shared.clone()))
    }

    /// Issues, or follows who does, until `shutdown`.
    ///
    /// # Cancel safety
    /// Dropping the future is the same as a shutdown: orders under way are given up, and what answers their challenges is
    /// taken away. Certificates are served on.
    ///
    /// # Tasks
    /// None but those that read and write files, each of which ends by itself. Everything else happens inside this future.
    pub async fn run(self, shutdown: impl Future) {
        let _closing = Closing(&self.shared);
        let mut shutdown = pin!(shutdown);
        let mut work = Box::pin(async {
            let _lock = self.follow().await;
            self.issue().await;
        });
        tokio::select! {
            biased;
            _ = &mut shutdown => {}
            () = &mut work => {}
        }
    }

    fn is_on_demand(&self) -> bool {
        self.means.settings.ask.is_some()
    }

    /// Goes by the operator's names, where they have changed.
    fn take_wanted(&self) {
        let Some(names) = self.shared.take_wanted() else { return };
        let now = self.shared.now();
        let gone = self.shared.roster().configure(&names, now);
        self.withdraw(&gone);
    }

    /// Reads the files of these names, but for those with a known stamp.
    async fn read(means: Arc<Means>, names: Vec<Arc<str>>, known: HashMap<Arc<str>, Stamp>) -> Vec<Read> {
        let now = means.clock.now();
        let store = means.store.clone();
        let unread = names.clone();
        let reading = blocking(move || {
            let read = |name: &Arc<str>| {
                let (found, stamp) = store.certificate(name, known.get(name).copied(), now);
                Read { name: Arc::clone(name), found, stamp }
            };
            Ok(unread.iter().map(read).collect::<Vec<_>>())
        });
        reading.await.unwrap_or_else(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "certificates cannot be read");
            let nothing = |name| Read { name, found: Found::Nothing, stamp: None };
            names.into_iter().map(nothing).collect()
        })
    }

    /// Serves what was read, all at once.
    fn serve(&self, all: Vec<Read>) {
        let now = self.shared.now();
        let mut served = Vec::new();
        for Read { name, found, .. } in all {
            let (held, certificate) = match found {
                Found::Certificate(certificate) => (Some(Held::of(&certificate)), Some(certificate)),
                Found::Nothing => (None, None),
                Found::Unchanged => continue,
            };
            let is_wanted = self.shared.roster().read(&name, held, now);
            if let Some(certificate) = certificate.filter(|_| is_wanted) {
                self.tell_of(&name, &certificate);
                served.push((id(&name), Served::new(certificate)));
            }
        }
        if !served.is_empty() {
            self.certificates.put_all(served);
            self.shared.tell();
        }
    }

    fn tell_of(&self, name: &str, certificate: &Certificate) {
        self.events.emit_with(Kind::CertificateReplaced, || {
            let (names, not_after) = (certificate.names().to_vec(), certificate.not_after());
            CertificateReplaced::new(id(name), names, not_after, certificate.fingerprint())
        });
    }

    /// Serves nothing for these names any longer.
    fn withdraw(&self, names: &[Arc<str>]) {
        match names {
            [] => return,
            [name] => self.certificates.remove(&id(name)),
            names => {
                let gone: HashSet<String> = names.iter().map(|name| id(name)).collect();
                let mut kept = self.certificates.list();
                kept.retain(|(id, _)| id.starts_with(PREFIX) && !gone.contains(id));
                self.certificates.replace_matching(PREFIX, kept);
            }
        }
        let now = self.shared.now();
        for name in names {
            self.shared.lobby().answer(name, Err(super::on_demand::ObtainError::Failed), now);
        }
        self.shared.tell();
    }

    /// Forgets a name, where that is what is due.
    fn end(&self, work: Work) -> Option<Work> {
        let Work::End { name } = work else { return Some(work) };
        tracing::info!(domain = &*name, "a name that a client came up with is forgotten");
        self.withdraw(&[Arc::clone(&name)]);
        None
    }
}

/// What the file of a name holds.
struct Read {
    name: Arc<str>,
    found: Found,
    stamp: Option<Stamp>,
}

/// Tells all who wait that nothing will come, when the issuer ends.
struct Closing<'a>(&'a Shared);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.lobby().close();
    }
}

/// The names that certificates can be had for, as they are kept.
fn canonical<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> Vec<Arc<str>> {
    names.into_iter().filter_map(|name| Some(name::canonical(name.as_ref())?.into())).collect()
}

fn id(name: &str) -> String {
    format!("{PREFIX}{name}")
}

#[cfg(test)]
mod tests;
