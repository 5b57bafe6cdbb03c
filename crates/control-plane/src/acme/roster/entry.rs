//! One name.

use std::time::{Duration, SystemTime};

use instant_acme::CertificateIdentifier;
use tls_sni::Certificate;

use super::super::renewal_info::identifier;
use super::super::schedule::{Hourly, Lifetime, Renewal, Window, after, back_off};
use super::super::status::{DomainState, DomainStatus, LastError};
use super::{Attempt, Failure, Outcome, Rules};

/// No more orders are made for one name within an hour. Authorities bear five that come to nothing.
const ORDERS_AN_HOUR: usize = 5;
/// Whatever the authority says, a name is tried again after that.
const LONGEST_BY_WORD: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A name, and what is known of it.
#[derive(Debug)]
pub(super) struct Entry {
    origin: Origin,
    held: Option<Held>,
    /// Its file was read.
    pub(super) is_read: bool,
    pub(super) is_ordering: bool,
    /// Orders in a row that came to nothing.
    failures: u32,
    /// No order before.
    pub(super) earliest: Option<SystemTime>,
    recent: Hourly,
    error: Option<LastError>,
    /// The operator wants it no more: it is served to its end.
    is_denied: bool,
}

/// Why there is a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The operator wants it.
    Configured,
    /// A client came up with it; the operator permits it, and the client waits.
    Admitted,
    /// A client came up with it once.
    Remembered,
}

/// The certificate that is served for a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Held {
    lifetime: Lifetime,
    random: u64,
    id: Option<CertificateIdentifier<'static>>,
    window: Option<Window>,
}

impl Held {
    /// What is to be known of a certificate.
    pub(in super::super) fn of(certificate: &Certificate) -> Self {
        let lifetime = Lifetime { from: certificate.not_before(), until: certificate.not_after() };
        // As good as random, and the same after a restart.
        let random =
            certificate.fingerprint().get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let id = identifier(certificate.leaf());
        Self { lifetime, random: random.unwrap_or_default(), id, window: None }
    }

    /// One without a certificate.
    #[cfg(test)]
    pub(super) fn lasting(lifetime: Lifetime, serial: u64) -> Self {
        let id = CertificateIdentifier {
            authority_key_identifier: "authority".into(),
            serial: serial.to_string().into(),
        };
        Self { lifetime, random: 0, id: Some(id), window: None }
    }
}

impl Entry {
    pub(super) const fn new(origin: Origin) -> Self {
        Self {
            origin,
            held: None,
            is_read: false,
            is_ordering: false,
            failures: 0,
            earliest: None,
            recent: Hourly::new(),
            error: None,
            is_denied: false,
        }
    }

    /// Somebody wants it, perhaps once more.
    pub(super) fn want(&mut self, origin: Origin) {
        if !self.is_configured() && origin != Origin::Remembered {
            self.origin = origin;
        }
        self.is_denied = false;
    }

    pub(super) fn is_configured(&self) -> bool {
        self.origin == Origin::Configured
    }

    /// Nobody waits for it, and nothing is there.
    pub(super) fn is_of_no_use(&self) -> bool {
        self.origin == Origin::Remembered && self.held.is_none() && !self.is_ordering
    }

    pub(super) fn is_served(&self, now: SystemTime) -> bool {
        self.held.as_ref().is_some_and(|held| now < held.lifetime.until)
    }

    /// A renewal of what the operator permitted long ago.
    pub(super) fn is_permission_old(&self) -> bool {
        self.origin == Origin::Remembered
    }

    pub(super) fn id(&self) -> Option<CertificateIdentifier<'static>> {
        self.held.as_ref()?.id.clone()
    }

    /// A certificate is served for it.
    pub(super) fn hold(&mut self, held: Option<Held>) {
        self.held = held;
        self.error = None;
        self.failures = 0;
        self.earliest = None;
        if self.origin == Origin::Admitted {
            self.origin = Origin::Remembered;
        }
    }

    pub(super) fn suggest(&mut self, window: Window) {
        if let Some(held) = &mut self.held {
            held.window = Some(window);
        }
    }

    /// An attempt came to an end.
    pub(super) fn end(&mut self, attempt: Attempt, now: SystemTime, random: u64) {
        self.is_ordering = false;
        for _ in 0..attempt.orders {
            self.recent.begin(now);
        }
        match attempt.outcome {
            Outcome::Issued(held) => self.hold(Some(held)),
            Outcome::Denied => self.is_denied = true,
            Outcome::Failed(failure) => self.fail(failure, now, random),
        }
    }

    fn fail(&mut self, failure: Failure, now: SystemTime, random: u64) {
        use super::Concern::{Account, Authority};
        // What concerns all has all rest; the name itself is as good as before.
        if !matches!(failure.concerns, Authority | Account) {
            self.failures = self.failures.saturating_add(1);
            let ours = after(now, back_off(self.failures, random));
            let theirs = failure.not_before.map(|theirs| theirs.min(after(now, LONGEST_BY_WORD)));
            self.earliest = Some(theirs.map_or(ours, |theirs| theirs.max(ours)));
        }
        if self.origin == Origin::Admitted {
            self.origin = Origin::Remembered;
        }
        self.error = Some(LastError { problem: failure.problem, detail: failure.detail, at: now });
    }

    /// When a certificate is to be ordered; `None` where that is nobody's wish, or done already.
    pub(super) fn order_at(&self, rules: Rules, now: SystemTime) -> Option<SystemTime> {
        if self.is_ordering || !self.is_read || self.is_denied {
            return None;
        }
        let due = match &self.held {
            Some(Held { lifetime, random, window, .. }) => {
                let (lifetime, random, window, before) = (*lifetime, *random, *window, rules.renew_before);
                Renewal { lifetime, window, before, random }.at()
            }
            // Who came up with it has to ask again.
            None if self.origin == Origin::Remembered => return None,
            None => now,
        };
        let due = self.earliest.map_or(due, |earliest| earliest.max(due)).max(now);
        let most = ORDERS_AN_HOUR.saturating_sub(rules.orders_an_attempt).saturating_add(1);
        Some(self.recent.next(due, most))
    }

    /// When nothing is left of a name that only clients came up with.
    pub(super) fn ends_at(&self, patience: Duration) -> Option<SystemTime> {
        if self.origin != Origin::Remembered || self.is_ordering || !self.is_read {
            return None;
        }
        match &self.held {
            // Who comes back is not to have the same name ordered too often.
            Some(held) => {
                Some(self.recent.over_at().map_or(held.lifetime.until, |over| over.max(held.lifetime.until)))
            }
            None => {
                let failed = self.error.as_ref().map(|error| error.at);
                self.earliest.or(failed).map(|since| after(since, patience))
            }
        }
    }

    pub(super) fn status(&self, name: &str, next_attempt: Option<SystemTime>) -> DomainStatus {
        let state = match (&self.held, &self.error) {
            _ if self.is_ordering => DomainState::Ordered,
            (_, Some(_)) => DomainState::Failed,
            (Some(_), None) => DomainState::Issued,
            (None, None) => DomainState::Awaited,
        };
        DomainStatus {
            domain: name.to_owned(),
            not_after: self.held.as_ref().map(|held| held.lifetime.until),
            state,
            last_error: self.error.clone(),
            next_attempt,
        }
    }
}
