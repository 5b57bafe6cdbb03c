//! Ordering certificates: what is due is begun, and what has ended is told.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use instant_acme::CertificateIdentifier;
use proxy_core::events::{CertificateFailed, Kind};
use tls_sni::{Certificate, Served};

use super::super::attempt::{Errand, Means};
use super::super::blocking::blocking;
use super::super::clock::Waiting;
use super::super::failure::Failure;
use super::super::on_demand::ObtainError;
use super::super::renewal_info::Suggestion;
use super::super::roster::{Attempt, Outcome, Standing, Work};
use super::{Issuer, Read, id};

/// What was begun and has ended.
enum Ended {
    Order { name: Arc<str>, attempt: Attempt, certificate: Option<Certificate> },
    Question { name: Arc<str>, id: CertificateIdentifier<'static>, suggestion: Suggestion },
    Permission { name: Arc<str>, said: Result<bool, Failure> },
    Reading(Vec<Read>),
    Deleting,
}

type UnderWay = FuturesUnordered<Pin<Box<dyn Future<Output = Ended> + Send>>>;

impl Issuer {
    /// Issues for as long as it is let.
    pub(super) async fn issue(&self) {
        tracing::info!(directory = self.means.settings.directory, "certificates are issued here");
        self.shared.roster().begin_issuing(self.shared.now());
        self.shared.tell();
        let mut under_way = UnderWay::new();
        loop {
            self.take_wanted();
            self.look_into(&under_way);
            self.begin_due(&under_way);
            let wake = self.shared.roster().wake();
            let time =
                wake.map_or_else(|| Box::pin(pending()) as Waiting<'_>, |at| self.means.clock.wait_until(at));
            tokio::select! {
                Some(ended) = under_way.next() => self.finish(ended),
                () = self.shared.rung() => {}
                () = time => {}
            }
        }
    }

    /// Begins what is due.
    fn begin_due(&self, under_way: &UnderWay) {
        let unread = self.shared.roster().take_unread();
        if !unread.is_empty() {
            let reading = Self::read(self.means.clone(), unread, std::collections::HashMap::new());
            under_way.push(Box::pin(async { Ended::Reading(reading.await) }));
        }
        let now = self.shared.now();
        loop {
            let Some(work) = self.shared.roster().next(now) else { return };
            let means = self.means.clone();
            under_way.push(match work {
                Work::Order { name, replaces, asks_first } => {
                    self.shared.tell();
                    order(means, Errand { name, replaces, asks_first })
                }
                Work::Question { name, id } => question(means, name, id),
                Work::End { name } => {
                    self.end(Work::End { name: Arc::clone(&name) });
                    delete(means, name)
                }
            });
        }
    }

    /// Looks into the names that clients wait for.
    fn look_into(&self, under_way: &UnderWay) {
        loop {
            let Some(name) = self.shared.lobby().take() else { return };
            let now = self.shared.now();
            let standing = self.shared.roster().standing(&name, now);
            let answer = match standing {
                Standing::Unknown => {
                    under_way.push(permission(self.means.clone(), name));
                    continue;
                }
                Standing::Coming => None,
                Standing::Held => Some(Ok(())),
                Standing::Failed => Some(Err(ObtainError::Failed)),
            };
            let mut lobby = self.shared.lobby();
            lobby.looked_into();
            if let Some(answer) = answer {
                lobby.answer(&name, answer, now);
            }
        }
    }

    fn finish(&self, ended: Ended) {
        let now = self.shared.now();
        match ended {
            Ended::Order { name, attempt, certificate } => self.finish_order(&name, attempt, certificate),
            Ended::Question { name, id, suggestion } => {
                if let Suggestion::Failed(failure) = &suggestion {
                    let failure = failure.to_string();
                    tracing::debug!(domain = &*name, failure, "the authority does not say when to renew");
                }
                self.shared.roster().suggested(&name, &id, &suggestion, now);
                self.shared.tell();
            }
            Ended::Permission { name, said } => {
                self.shared.lobby().looked_into();
                let refusal = match said {
                    Ok(true) if self.shared.roster().admit(&name, now) => return self.shared.tell(),
                    Ok(true) => ObtainError::Busy,
                    Ok(false) => ObtainError::Denied,
                    Err(failure) => {
                        tracing::warn!(
                            domain = &*name,
                            failure = failure.to_string(),
                            "no certificate on demand"
                        );
                        ObtainError::Unanswered
                    }
                };
                self.shared.lobby().answer(&name, Err(refusal), now);
            }
            Ended::Reading(read) => self.finish_reading(read),
            Ended::Deleting => {}
        }
    }

    fn finish_reading(&self, read: Vec<Read>) {
        let names: Vec<Arc<str>> = read.iter().map(|read| Arc::clone(&read.name)).collect();
        self.serve(read);
        let now = self.shared.now();
        for name in names {
            let roster = self.shared.roster();
            let answer = match roster.standing(&name, now) {
                Standing::Held => Some(Ok(())),
                _ if !roster.has(&name) => Some(Err(ObtainError::Failed)),
                // It is ordered.
                _ => None,
            };
            drop(roster);
            if let Some(answer) = answer {
                self.shared.lobby().answer(&name, answer, now);
            }
        }
    }

    fn finish_order(&self, name: &Arc<str>, attempt: Attempt, certificate: Option<Certificate>) {
        let now = self.shared.now();
        let answer = match &attempt.outcome {
            Outcome::Issued(_) => Ok(()),
            Outcome::Denied => Err(ObtainError::Denied),
            Outcome::Failed(_) => Err(ObtainError::Failed),
        };
        let failure = match &attempt.outcome {
            Outcome::Failed(failure) => Some(failure.clone()),
            _ => None,
        };
        let is_wanted = self.shared.roster().has(name);
        if let Some(certificate) = certificate.filter(|_| is_wanted) {
            tracing::info!(
                domain = &**name,
                fingerprint = certificate.fingerprint(),
                "a certificate is issued"
            );
            self.tell_of(name, &certificate);
            self.certificates.put(&id(name), Served::new(certificate));
        }
        self.shared.roster().ordered(name, attempt, now, fastrand::u64(..));
        if let Some(failure) = failure {
            self.report(name, &failure);
        }
        self.shared.lobby().answer(name, answer, now);
        self.shared.tell();
    }

    /// Somebody must act where clients find no certificate.
    fn report(&self, name: &str, failure: &Failure) {
        let now = self.shared.now();
        let next = self.shared.roster().next_attempt(name);
        let wait = next.map(|next| next.duration_since(now).unwrap_or_default().as_secs());
        let Failure { problem, detail, .. } = failure;
        let is_served = self.shared.roster().standing(name, now) == Standing::Held;
        self.events.emit_with(Kind::CertificateFailed, || {
            let error =
                problem.as_ref().map_or_else(|| detail.clone(), |problem| format!("{problem}: {detail}"));
            CertificateFailed::new(id(name), error, is_served)
        });
        if is_served {
            tracing::warn!(
                domain = name,
                problem,
                detail,
                next_attempt_in_s = wait,
                "no new certificate: the former one is served"
            );
        } else {
            tracing::error!(domain = name, problem, detail, next_attempt_in_s = wait, "no certificate");
        }
    }
}

fn order(means: Arc<Means>, errand: Errand) -> Pin<Box<dyn Future<Output = Ended> + Send>> {
    Box::pin(async move {
        let (attempt, certificate) = means.attempt(&errand).await;
        Ended::Order { name: errand.name, attempt, certificate }
    })
}

fn question(
    means: Arc<Means>,
    name: Arc<str>,
    id: CertificateIdentifier<'static>,
) -> Pin<Box<dyn Future<Output = Ended> + Send>> {
    Box::pin(async move {
        let suggestion = means.question(&id).await;
        Ended::Question { name, id, suggestion }
    })
}

fn permission(means: Arc<Means>, name: Arc<str>) -> Pin<Box<dyn Future<Output = Ended> + Send>> {
    Box::pin(async move {
        let said = means.permission(&name).await;
        Ended::Permission { name, said }
    })
}

fn delete(means: Arc<Means>, name: Arc<str>) -> Pin<Box<dyn Future<Output = Ended> + Send>> {
    Box::pin(async move {
        let store = means.store.clone();
        let deleted = name.clone();
        if let Err(error) = blocking(move || store.forget_certificate(&deleted)).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(domain = &*name, error, "the certificate of a forgotten name cannot be deleted");
        }
        Ended::Deleting
    })
}
