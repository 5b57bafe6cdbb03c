//! One attempt to have a certificate: an order for each challenge, until one comes to something.

use std::sync::Arc;
use std::time::Duration;

use instant_acme::CertificateIdentifier;
use tls_sni::Certificate;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::account::{Accounts, Session};
use super::blocking::blocking;
use super::challenge::Presenter;
use super::clock::Clock;
use super::dial::Dial;
use super::failure::{Concern, Failure};
use super::order::{self, Wanted};
use super::permission;
use super::renewal_info::{self, Suggestion};
use super::roster::{Attempt, Held, Outcome};
use super::settings::{AcmeSettings, ChallengeKind};
use super::store::Store;

/// No attempt takes longer, whatever an authority does.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// What attempts are made with.
pub(super) struct Means {
    pub(super) settings: Arc<AcmeSettings>,
    pub(super) store: Store,
    pub(super) accounts: Accounts,
    pub(super) presenter: Presenter,
    /// To whom permission is asked of.
    pub(super) ask: Arc<dyn Dial>,
    pub(super) clock: Arc<dyn Clock>,
}

/// What is to be had.
#[derive(Clone)]
pub(super) struct Errand {
    pub(super) name: Arc<str>,
    pub(super) replaces: Option<CertificateIdentifier<'static>>,
    pub(super) asks_first: bool,
}

impl Means {
    /// Tries to have a certificate; keeps it, and gives it to be served.
    ///
    /// # Cancel safety
    /// Nothing is left of the attempt, but for the authority.
    pub(super) async fn attempt(&self, errand: &Errand) -> (Attempt, Option<Certificate>) {
        match self.is_permitted(errand).await {
            Ok(true) => {}
            Ok(false) => return (Attempt { orders: 0, outcome: Outcome::Denied }, None),
            Err(failure) => return (Attempt { orders: 0, outcome: Outcome::Failed(failure) }, None),
        }
        let mut orders = 0;
        let ordering = timeout(LONGEST, Box::pin(self.order(errand, &mut orders))).await;
        let late = |_| Err(Failure::new(Concern::Name, "the authority takes too long"));
        match ordering.unwrap_or_else(late) {
            Ok(certificate) => {
                let outcome = Outcome::Issued(Held::of(&certificate));
                (Attempt { orders, outcome }, Some(certificate))
            }
            Err(failure) => (Attempt { orders, outcome: Outcome::Failed(failure) }, None),
        }
    }

    /// Asks when a certificate is to be renewed.
    pub(super) async fn question(&self, id: &CertificateIdentifier<'static>) -> Suggestion {
        match self.accounts.open().await {
            Ok(session) => renewal_info::ask(&session, id).await,
            Err(failure) => Suggestion::Failed(failure),
        }
    }

    /// Asks whether a name may have a certificate; without anybody to ask, none may.
    pub(super) async fn permission(&self, name: &str) -> Result<bool, Failure> {
        let Some(endpoint) = &self.settings.ask else { return Ok(false) };
        permission::ask(&*self.ask, endpoint, name).await.map_err(|error| {
            Failure::new(Concern::Name, format!("nobody answers whether it is permitted: {error}"))
        })
    }

    async fn is_permitted(&self, errand: &Errand) -> Result<bool, Failure> {
        if errand.asks_first { self.permission(&errand.name).await } else { Ok(true) }
    }

    async fn order(&self, errand: &Errand, orders: &mut usize) -> Result<Certificate, Failure> {
        let mut session = self.accounts.open().await?;
        let mut failed = Failure::new(Concern::Name, "there is no challenge to show control of the name by");
        for &challenge in &self.settings.challenges {
            *orders += 1;
            let mut outcome = self.place(&session, errand, challenge).await;
            if let Err(Failure { concerns: Concern::Account, .. }) = &outcome {
                self.accounts.forget(session.account.id()).await?;
                session = self.accounts.open().await?;
                outcome = self.place(&session, errand, challenge).await;
            }
            match outcome {
                Err(failure) if failure.concerns == Concern::Challenge => {
                    tracing::warn!(
                        domain = &*errand.name,
                        %challenge,
                        problem = failure.problem,
                        detail = failure.detail,
                        "control of the name was not shown"
                    );
                    failed = failure;
                }
                outcome => return self.keep(errand, outcome?).await,
            }
        }
        Err(failed)
    }

    async fn place(
        &self,
        session: &Session,
        errand: &Errand,
        challenge: ChallengeKind,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let wanted = Wanted { name: &errand.name, replaces: errand.replaces.as_ref(), challenge };
        order::place(session, &self.presenter, wanted).await
    }

    /// Looks at what was issued, and keeps it.
    async fn keep(&self, errand: &Errand, pem: Zeroizing<Vec<u8>>) -> Result<Certificate, Failure> {
        let useless = |why: &dyn std::fmt::Display| {
            Failure::new(Concern::Name, format!("what the authority issued cannot be served: {why}"))
        };
        let certificate =
            Certificate::parse(&pem, &pem, self.clock.now()).map_err(|error| useless(&error))?;
        if !certificate.covers(&errand.name) {
            return Err(useless(&"it is for another name"));
        }
        let (store, name) = (self.store.clone(), Arc::clone(&errand.name));
        if let Err(error) = blocking(move || store.keep_certificate(&name, &pem)).await {
            let error = &error as &dyn std::error::Error;
            tracing::error!(domain = &*errand.name, error, "a certificate is served, and cannot be kept");
        }
        Ok(certificate)
    }
}
