//! Serving what another instance issues, until it is gone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::blocking::blocking;
use super::super::lock::Lock;
use super::super::on_demand::ObtainError;
use super::super::roster::Standing;
use super::super::schedule::after;
use super::{Issuer, Stamp};

/// The disk is left alone for so long, whatever the settings say.
const SHORTEST_LOOK: Duration = Duration::from_millis(10);

/// What is known from one look to the next.
#[derive(Default)]
struct Known {
    stamps: HashMap<Arc<str>, Stamp>,
    /// What the log was told last.
    told: Option<String>,
}

impl Issuer {
    /// Serves what is there, and what others issue; ready once it is our turn.
    pub(super) async fn follow(&self) -> Lock {
        let mut known = Known::default();
        loop {
            let lock = self.take_lock(&mut known).await;
            self.look_at_all(&mut known).await;
            if let Some(lock) = lock {
                return lock;
            }
            self.answer(&mut known).await;
            let next = after(self.shared.now(), self.means.settings.look_again.max(SHORTEST_LOOK));
            while self.shared.now() < next {
                tokio::select! {
                    () = self.means.clock.wait_until(next) => {}
                    () = self.shared.rung() => {
                        self.look_at_new(&mut known).await;
                        self.answer(&mut known).await;
                    }
                }
            }
        }
    }

    async fn take_lock(&self, known: &mut Known) -> Option<Lock> {
        let dir = self.dir.clone();
        let error = match blocking(move || Lock::take(&dir)).await {
            Ok(Some(lock)) => return Some(lock),
            Ok(None) => String::new(),
            Err(error) => error.to_string(),
        };
        // Once, and again when it is something else.
        if known.told.as_ref() != Some(&error) {
            let dir = self.dir.display();
            if error.is_empty() {
                tracing::info!(%dir, "another instance issues certificates: they are served as they are found");
            } else {
                tracing::error!(%dir, error, "no certificates are issued: nothing can be kept");
            }
            known.told = Some(error);
        }
        None
    }

    /// Serves what the files of all names hold.
    async fn look_at_all(&self, known: &mut Known) {
        self.take_wanted();
        if self.is_on_demand() {
            self.remember_kept().await;
        }
        for new in self.shared.roster().take_unread() {
            known.stamps.remove(&new);
        }
        let names = self.shared.roster().names();
        self.look_at(names, known).await;
        self.forget_ended();
    }

    /// Serves what there is for names that are new. What was known of a name that has come back is known no more.
    async fn look_at_new(&self, known: &mut Known) {
        self.take_wanted();
        let names = self.shared.roster().take_unread();
        for name in &names {
            known.stamps.remove(name);
        }
        self.look_at(names, known).await;
    }

    async fn look_at(&self, names: Vec<Arc<str>>, known: &mut Known) {
        if names.is_empty() {
            return;
        }
        let read = Self::read(self.means.clone(), names, known.stamps.clone()).await;
        for read in &read {
            match read.stamp {
                Some(stamp) => known.stamps.insert(Arc::clone(&read.name), stamp),
                None => known.stamps.remove(&read.name),
            };
        }
        self.serve(read);
    }

    /// Tells clients that wait whether there is a certificate for them meanwhile.
    async fn answer(&self, known: &mut Known) {
        loop {
            let Some(name) = self.shared.lobby().take() else { return };
            let now = self.shared.now();
            self.shared.roster().remember(&name, now);
            self.look_at_new(known).await;
            let standing = self.shared.roster().standing(&name, now);
            let answer = if standing == Standing::Held { Ok(()) } else { Err(ObtainError::Elsewhere) };
            self.shared.lobby().looked_into();
            self.shared.lobby().answer(&name, answer, now);
        }
    }

    /// Has all names with certificates in files, also those that the operator does not name.
    async fn remember_kept(&self) {
        let store = self.means.store.clone();
        let names = match blocking(move || store.names()).await {
            Ok(names) => names,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "the certificates that are kept cannot be listed");
                return;
            }
        };
        let now = self.shared.now();
        let mut roster = self.shared.roster();
        for name in names {
            roster.remember(&name.into(), now);
        }
    }

    fn forget_ended(&self) {
        let now = self.shared.now();
        loop {
            let Some(work) = self.shared.roster().next(now) else { return };
            // Nothing else is due where nothing is ordered.
            self.end(work);
        }
    }
}
