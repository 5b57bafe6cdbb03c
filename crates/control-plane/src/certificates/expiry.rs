//! When somebody is to be told that a certificate ends. Pure: time is an argument.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use tls_sni::Served;

use super::notice::Notice;
use super::status::Summary;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How near the end of a certificate is; what is nearer is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Warning {
    /// At most 30 days.
    Month,
    /// At most 14 days.
    Fortnight,
    /// At most 7 days.
    Week,
    /// At most 3 days.
    ThreeDays,
    /// At most 1 day.
    Day,
    /// It has ended.
    Expired,
}

impl Warning {
    const ALL: [Self; 6] =
        [Self::Expired, Self::Day, Self::ThreeDays, Self::Week, Self::Fortnight, Self::Month];

    /// How long before the end it is due.
    const fn before(self) -> Duration {
        let days = match self {
            Self::Month => 30,
            Self::Fortnight => 14,
            Self::Week => 7,
            Self::ThreeDays => 3,
            Self::Day => 1,
            Self::Expired => 0,
        };
        DAY.saturating_mul(days)
    }
}

/// From when until when a certificate is valid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Validity {
    pub(super) from: SystemTime,
    pub(super) until: SystemTime,
}

/// What is to be told now: the nearest warning that is due and was not told yet. Those that come half a lifetime or more before
/// the end are never due: a certificate for six days is not about to end when it is new.
pub(super) fn warning_due(validity: Validity, now: SystemTime, told: Option<Warning>) -> Option<Warning> {
    let Validity { from, until } = validity;
    let lifetime = until.duration_since(from).unwrap_or_default();
    let left = until.duration_since(now).unwrap_or_default();
    let is_due = |warning: &Warning| left <= warning.before() && warning.before() < lifetime / 2;
    let due = if left.is_zero() { Some(Warning::Expired) } else { Warning::ALL.into_iter().find(is_due) };
    due.filter(|due| told.is_none_or(|told| told < *due))
}

/// Remembers what was told of which certificate.
#[derive(Debug, Default)]
pub(super) struct Watchman {
    /// By fingerprint.
    told: HashMap<String, Warning>,
}

impl Watchman {
    /// What is to be told of these certificates now. Others are forgotten.
    pub(super) fn look(&mut self, all: &[(String, Served)], now: SystemTime) -> Vec<Notice> {
        let mut notices = Vec::new();
        let mut told = HashMap::new();
        for (id, served) in all {
            let (certificate, fingerprint) = (&served.certificate, served.certificate.fingerprint());
            let validity = Validity { from: certificate.not_before(), until: certificate.not_after() };
            let last = told.get(fingerprint).or_else(|| self.told.get(fingerprint)).copied();
            let due = warning_due(validity, now, last);
            if let Some(warning) = due {
                notices.push(Notice::Ending { id: id.clone(), summary: Summary::of(served), warning });
            }
            if let Some(warning) = due.or(last) {
                told.insert(fingerprint.to_owned(), warning);
            }
        }
        self.told = told;
        notices
    }
}

#[cfg(test)]
mod tests;
