//! Ejecting the backends of an upstream that do worse than they should.

use crate::random;
use std::{collections::HashMap, hash::Hash, time::Duration};

#[cfg(test)]
mod tests;

/// When a backend is an outlier, and for how long it is out then.
///
/// # Defaults
///
/// 5 errors, 5 resets or 5 slow answers in a row; out for 30 s times the number of ejections, 300 s at
/// most, shortened by up to a tenth; at most half of the backends. (Envoy's `outlier_detection`, but for
/// its 10 %, which ejects nobody of fewer than ten.)
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutlierSettings {
    /// This many failed answers in a row make an outlier; `None` if they do not matter.
    pub consecutive_errors: Option<u32>,
    /// This many failed connects, resets and timeouts in a row do; `None` if they do not matter.
    pub consecutive_resets: Option<u32>,
    /// This many answers in a row that took too long do; `None` if they do not matter.
    pub consecutive_slow: Option<u32>,
    /// The time out, for each ejection that is not forgotten.
    pub base: Duration,
    /// No time out is longer.
    pub longest: Duration,
    /// The share of a time, 0 to 1, by which it is shortened at most, so that not all return at once.
    pub jitter: f64,
    /// At most this percentage of the backends are out at once, but one of two or more may be. 0 is nobody.
    pub most_percent: u8,
}

impl Default for OutlierSettings {
    fn default() -> Self {
        Self {
            consecutive_errors: Some(5),
            consecutive_resets: Some(5),
            consecutive_slow: Some(5),
            base: Duration::from_secs(30),
            longest: Duration::from_secs(300),
            jitter: 0.1,
            most_percent: 50,
        }
    }
}

impl OutlierSettings {
    /// How many of a set of this size may be out at once: at least one stays.
    fn most_out(&self, size_of_set: usize) -> usize {
        if self.most_percent == 0 {
            return 0;
        }
        let share = size_of_set as u128 * u128::from(self.most_percent.min(100)) / 100;
        usize::try_from(share).unwrap_or(usize::MAX).max(1).min(size_of_set.saturating_sub(1))
    }

    fn time_out(&self, times: u32, entropy: u64) -> Duration {
        let full = self.base.saturating_mul(times).min(self.longest);
        random::shorten(full, self.jitter, entropy)
    }
}

/// What became of a wish to eject a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Ejection {
    /// It is out.
    Ejected {
        /// When it returns.
        until: Duration,
    },
    /// It is out already.
    AlreadyOut,
    /// It stays, since too many are out.
    Capped,
}

/// The backends of one upstream that are out, were out, or are on probation.
///
/// A pure state machine: time is an argument, counted from any moment that stays the same, and so are random
/// bits. The caller counts the failures in a row.
///
/// A backend is out for the base time multiplied by its ejections. It returns when its time is over, or
/// early when an active check succeeds, and is on probation then: one failure is reason enough to eject it
/// again, until its first success. With each whole base time that it is in, one of its ejections is
/// forgotten. (Envoy's rules, but for the probation, which is Linkerd's.)
///
/// ```
/// use health::{Ejection, OutlierSettings, Outliers};
/// use std::time::Duration;
///
/// let second = Duration::from_secs;
/// let mut outliers = Outliers::new(OutlierSettings { jitter: 0.0, ..OutlierSettings::default() });
/// assert_eq!(outliers.eject(&"a", 3, second(0), 0), Ejection::Ejected { until: second(30) });
/// assert_eq!(outliers.eject(&"b", 3, second(1), 0), Ejection::Capped);
/// assert_eq!(outliers.due(second(30)), ["a"]);
/// assert!(outliers.is_probation(&"a"));
/// ```
#[derive(Debug, Clone)]
pub struct Outliers<K> {
    settings: OutlierSettings,
    entries: HashMap<K, Entry>,
    /// How many are out.
    out: usize,
}

#[derive(Debug, Clone)]
struct Entry {
    /// Ejections that are not forgotten.
    times: u32,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    Out {
        until: Duration,
    },
    In {
        /// From when on base times are counted.
        since: Duration,
        is_probation: bool,
    },
}

impl<K: Clone + Eq + Hash> Outliers<K> {
    /// Nobody is out.
    #[must_use]
    pub fn new(settings: OutlierSettings) -> Self {
        Self { settings, entries: HashMap::new(), out: 0 }
    }

    /// Replaces the settings. Those who are out stay so until the time that was set when they were ejected.
    pub const fn configure(&mut self, settings: OutlierSettings) {
        self.settings = settings;
    }

    /// Ejects a backend of a set of `size_of_set`, for a time that these 64 random bits shorten, unless too
    /// many of the set are out.
    pub fn eject(&mut self, key: &K, size_of_set: usize, now: Duration, entropy: u64) -> Ejection {
        if self.is_out(key) {
            return Ejection::AlreadyOut;
        }
        if self.out >= self.settings.most_out(size_of_set) {
            return Ejection::Capped;
        }
        let fresh = Entry { times: 0, place: Place::In { since: now, is_probation: false } };
        let entry = self.entries.entry(key.clone()).or_insert(fresh);
        entry.mellow(self.settings.base, now);
        entry.times = entry.times.saturating_add(1);
        let until = now.saturating_add(self.settings.time_out(entry.times, entropy));
        entry.place = Place::Out { until };
        self.out += 1;
        Ejection::Ejected { until }
    }

    /// The backends whose time is over, in no order. They are in again, on probation.
    #[must_use = "these backends get requests again"]
    pub fn due(&mut self, now: Duration) -> Vec<K> {
        let mut returned = Vec::new();
        if self.out == 0 {
            return returned;
        }
        for (key, entry) in &mut self.entries {
            if matches!(entry.place, Place::Out { until } if until <= now) {
                entry.place = Place::In { since: now, is_probation: true };
                returned.push(key.clone());
            }
        }
        self.out -= returned.len();
        returned
    }

    /// When the next backend is due; `None` if nobody is out.
    #[must_use]
    pub fn next_due(&self) -> Option<Duration> {
        let until = |entry: &Entry| match entry.place {
            Place::Out { until } => Some(until),
            Place::In { .. } => None,
        };
        self.entries.values().filter_map(until).min()
    }

    /// An active check of the backend succeeded. Whether it was out; it is in again then, on probation.
    pub fn return_early(&mut self, key: &K, now: Duration) -> bool {
        let Some(entry) = self.entries.get_mut(key) else { return false };
        if matches!(entry.place, Place::In { .. }) {
            return false;
        }
        entry.place = Place::In { since: now, is_probation: true };
        self.out -= 1;
        true
    }

    /// The backend is no longer of the set. What was known of it is dropped.
    pub fn forget(&mut self, key: &K) {
        if let Some(Entry { place: Place::Out { .. }, .. }) = self.entries.remove(key) {
            self.out -= 1;
        }
    }

    /// A request to the backend went well, which ends its probation. Worth telling only of a backend that
    /// [is known](Self::is_known); of one that is out it changes nothing.
    pub fn succeeded(&mut self, key: &K, now: Duration) {
        let Some(entry) = self.entries.get_mut(key) else { return };
        let Place::In { is_probation, .. } = &mut entry.place else { return };
        *is_probation = false;
        entry.mellow(self.settings.base, now);
        if entry.times == 0 {
            self.entries.remove(key);
        }
    }

    /// Whether one failure is reason enough to eject the backend: it is back, and had no success since.
    #[must_use]
    pub fn is_probation(&self, key: &K) -> bool {
        matches!(self.entries.get(key), Some(Entry { place: Place::In { is_probation: true, .. }, .. }))
    }

    /// Whether the backend is out. One whose time is over is, until [`Outliers::due`] says that it returned.
    #[must_use]
    pub fn is_out(&self, key: &K) -> bool {
        matches!(self.entries.get(key), Some(Entry { place: Place::Out { .. }, .. }))
    }

    /// Whether an ejection of the backend is remembered.
    #[must_use]
    pub fn is_known(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// How many are out.
    #[must_use]
    pub const fn out(&self) -> usize {
        self.out
    }
}

impl Entry {
    /// Forgets an ejection for each whole base time that it was in.
    fn mellow(&mut self, base: Duration, now: Duration) {
        let Place::In { since, .. } = &mut self.place else { return };
        let base = base.as_nanos().max(1);
        let whole = now.saturating_sub(*since).as_nanos() / base;
        let forgotten = u32::try_from(whole).unwrap_or(u32::MAX).min(self.times);
        self.times -= forgotten;
        let counted = u64::try_from(base * u128::from(forgotten)).unwrap_or(u64::MAX);
        *since = since.saturating_add(Duration::from_nanos(counted));
    }
}
