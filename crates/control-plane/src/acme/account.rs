//! The account with an authority.

use std::io;
use std::sync::Arc;

use instant_acme::{Account, Error, ExternalAccountKey, NewAccount};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::blocking::blocking;
use super::clock::Clock;
use super::dial::Dial;
use super::failure::{Concern, Failure};
use super::insist::insist;
use super::settings::AcmeSettings;
use super::store::{Identity, Store};
use super::wire::{Last, Note, Wire};

/// The one account that all certificates are ordered with.
pub(super) struct Accounts {
    settings: Arc<AcmeSettings>,
    store: Store,
    dial: Arc<dyn Dial>,
    clock: Arc<dyn Clock>,
    /// Locked while an account is looked for or made, so that one is made.
    known: Mutex<Option<Identity>>,
}

/// A while of dealing with the authority: its directory, as it is now, and the account.
pub(super) struct Session {
    pub(super) account: Account,
    note: Arc<Note>,
    clock: Arc<dyn Clock>,
}

impl Session {
    /// The authority's last answer.
    pub(super) fn last(&self) -> Last {
        self.note.last()
    }

    /// Why the library's last call failed.
    pub(super) fn failure(&self, error: &Error) -> Failure {
        Failure::of(error, &self.note, self.clock.now())
    }
}

impl Accounts {
    pub(super) fn new(
        settings: Arc<AcmeSettings>,
        store: Store,
        dial: Arc<dyn Dial>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { settings, store, dial, clock, known: Mutex::default() }
    }

    /// Begins to deal with the authority. Makes an account where there is none yet.
    ///
    /// # Errors
    /// Why the authority does not deal with us.
    pub(super) async fn open(&self) -> Result<Session, Failure> {
        let mut known = self.known.lock().await;
        if known.is_none() {
            let store = self.store.clone();
            let kept = blocking(move || store.account()).await;
            *known = kept.map_err(|error| unkept("the account cannot be read", &error))?;
        }
        match known.clone() {
            Some(identity) => {
                drop(known);
                self.resume(identity).await
            }
            None => {
                let (session, identity) = self.create().await?;
                *known = Some(identity);
                Ok(session)
            }
        }
    }

    /// Another account is made next time, in place of this one, which the authority does not know.
    ///
    /// # Errors
    /// The account cannot be put away.
    pub(super) async fn forget(&self, url: &str) -> Result<(), Failure> {
        let mut known = self.known.lock().await;
        // Somebody else may have made another one meanwhile.
        if known.as_ref().is_some_and(|identity| identity.url == url) {
            tracing::warn!(account = url, "the authority does not know the account: another one is made");
            let store = self.store.clone();
            let put_away = blocking(move || store.forget_account()).await;
            put_away.map_err(|error| unkept("the account cannot be put away", &error))?;
            *known = None;
        }
        Ok(())
    }

    async fn resume(&self, identity: Identity) -> Result<Session, Failure> {
        let (wire, note) = self.wire();
        let directory = self.settings.directory.clone();
        let key = identity.key.as_slice().into();
        let account =
            Account::builder_with_http(Box::new(wire)).from_parts(identity.url, key, directory).await;
        match account {
            Ok(account) => Ok(Session { account, note, clock: self.clock.clone() }),
            Err(error) => Err(self.refused(&error, &note)),
        }
    }

    async fn create(&self) -> Result<(Session, Identity), Failure> {
        let (wire, note) = self.wire();
        let (account, identity) = self.register(wire).await.map_err(|error| self.refused(&error, &note))?;
        let (store, keep) = (self.store.clone(), identity.clone());
        let kept = blocking(move || store.keep_account(&keep)).await;
        kept.map_err(|error| unkept("the account cannot be kept", &error))?;
        tracing::info!(directory = self.settings.directory, account = identity.url, "an account is made");
        Ok((Session { account, note, clock: self.clock.clone() }, identity))
    }

    async fn register(&self, wire: Wire) -> Result<(Account, Identity), Error> {
        let contact: Vec<String> =
            self.settings.email.iter().map(|email| format!("mailto:{email}")).collect();
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let wanted = NewAccount {
            contact: &contact,
            terms_of_service_agreed: self.settings.terms_agreed,
            only_return_existing: false,
        };
        let external = match &self.settings.external_account {
            Some(external) => {
                let key = external.decoded().map_err(|error| Error::Other(Box::new(error)))?;
                Some(ExternalAccountKey::new(external.key_id.clone(), &key))
            }
            None => None,
        };
        let (account, credentials) = insist!(Account::builder_with_http(Box::new(wire.clone())).create(
            &wanted,
            self.settings.directory.clone(),
            external.as_ref()
        ))?;
        let key = Zeroizing::new(credentials.private_key().secret_pkcs8_der().to_vec());
        let url = account.id().to_owned();
        Ok((account, Identity { url, key }))
    }

    fn wire(&self) -> (Wire, Arc<Note>) {
        let note = Arc::<Note>::default();
        (Wire { dial: self.dial.clone(), clock: self.clock.clone(), note: note.clone() }, note)
    }

    /// Whatever is wrong before there is an account concerns all names.
    fn refused(&self, error: &Error, note: &Note) -> Failure {
        Failure::of(error, note, self.clock.now()).concerning(Concern::Authority)
    }
}

fn unkept(what: &str, error: &io::Error) -> Failure {
    Failure::new(Concern::Authority, format!("{what}: {error}"))
}
