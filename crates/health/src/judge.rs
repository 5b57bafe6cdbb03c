//! What active checks make of one backend.

use crate::{State, Transition, random};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Probes are never closer together than this, whatever is asked for.
const LEAST: Duration = Duration::from_millis(1);

/// How a backend is checked.
///
/// # Defaults
///
/// Each 5 s for at most 2 s; dead after 3 failures, alive after 2 successes; the same interval always;
/// jitter 0.1; a backend starts up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CheckSettings {
    /// From the end of a probe to the beginning of the next. (HAProxy's `inter`; counted from the end as in
    /// Envoy.)
    pub interval: Duration,
    /// The time that a probe may take.
    pub timeout: Duration,
    /// Successes in a row that revive a dead backend; 0 counts as 1.
    pub rise: u32,
    /// Failures in a row that kill a living one; 0 counts as 1.
    pub fall: u32,
    /// The interval while a change is under way, and before the first result. (HAProxy's `fastinter`.)
    pub fast_interval: Option<Duration>,
    /// The interval while the backend is dead and no change is under way. (HAProxy's `downinter`.)
    pub down_interval: Option<Duration>,
    /// The share of an interval, 0 to 1, by which it is shortened or lengthened at random, so that checks
    /// do not come in step. (HAProxy's `spread-checks`.)
    pub jitter: f64,
    /// What the first result decides.
    pub start: Start,
}

/// What is thought of a backend before its first check ended. It gets requests in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Start {
    /// It is up, and dies as any other.
    #[default]
    Up,
    /// Nothing is known, and the first failure kills. (What HAProxy does.)
    Unknown,
}

impl Default for CheckSettings {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(2),
            rise: 2,
            fall: 3,
            fast_interval: None,
            down_interval: None,
            jitter: 0.1,
            start: Start::Up,
        }
    }
}

impl CheckSettings {
    /// A random wait within the first interval, so that backends that came together are not checked together.
    fn first_wait(&self, entropy: u64) -> Duration {
        random::scale(self.fast_interval.unwrap_or(self.interval).min(self.interval), random::unit(entropy))
    }

    fn wait(&self, interval: Duration, entropy: u64) -> Duration {
        let factor = 1.0 + random::share(self.jitter) * (2.0 * random::unit(entropy) - 1.0);
        random::scale(interval, factor).max(LEAST)
    }
}

/// Whether one backend is up, as told by probes that come round whatever happens.
///
/// A pure state machine: time is an argument, counted from any moment that stays the same, and so are random
/// bits. A backend is alive until checks say otherwise.
///
/// | result | alive | dead |
/// |---|---|---|
/// | a success | failures count from nought | alive after `rise` in a row |
/// | a failure | dead after `fall` in a row | successes count from nought |
///
/// | state | interval |
/// |---|---|
/// | alive, the last probe succeeded | `interval` |
/// | dead, the last probe failed | `down_interval`, or else `interval` |
/// | in between | `fast_interval`, or else `interval` |
///
/// The rules are those of HAProxy's `rise`, `fall`, `inter`, `fastinter` and `downinter`.
///
/// ```
/// use health::{CheckSettings, Judge, Transition};
/// use std::time::Duration;
///
/// let mut judge = Judge::new(CheckSettings { fall: 2, ..CheckSettings::default() }, Duration::ZERO, 0);
/// assert_eq!(judge.probed(false, judge.next_probe(), 0), Transition::Unchanged);
/// assert_eq!(judge.probed(false, judge.next_probe(), 0), Transition::Died);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Judge {
    settings: CheckSettings,
    state: State,
    /// Results in a row that speak against the state.
    against: u32,
    is_checked: bool,
    next_probe: Duration,
}

impl Judge {
    /// The judge of a backend that is alive and whose first probe is due at a random time within an interval.
    #[must_use]
    pub fn new(settings: CheckSettings, now: Duration, entropy: u64) -> Self {
        let next_probe = now.saturating_add(settings.first_wait(entropy));
        Self { settings, state: State::Alive, against: 0, is_checked: false, next_probe }
    }

    /// Other settings for the same backend. The state stays; results in a row count from nought, and the
    /// next probe is due at a random time within an interval.
    pub fn configure(&mut self, settings: CheckSettings, now: Duration, entropy: u64) {
        let (state, is_checked) = (self.state, self.is_checked);
        *self = Self { state, is_checked, ..Self::new(settings, now, entropy) };
    }

    /// The settings.
    #[must_use]
    pub const fn settings(&self) -> &CheckSettings {
        &self.settings
    }

    /// The present state.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// Whether a probe has ended yet.
    #[must_use]
    pub const fn is_checked(&self) -> bool {
        self.is_checked
    }

    /// When the next probe is due.
    #[must_use]
    pub const fn next_probe(&self) -> Duration {
        self.next_probe
    }

    /// A probe ended now. 64 fresh random bits decide when the next one is due.
    pub fn probed(&mut self, succeeded: bool, now: Duration, entropy: u64) -> Transition {
        let is_first = !std::mem::replace(&mut self.is_checked, true);
        let transition = self.count(succeeded, is_first);
        let wait = self.settings.wait(self.interval(), entropy);
        self.next_probe = now.saturating_add(wait);
        transition
    }

    fn count(&mut self, succeeded: bool, is_first: bool) -> Transition {
        if succeeded == (self.state == State::Alive) {
            self.against = 0;
            return Transition::Unchanged;
        }
        self.against = self.against.saturating_add(1);
        let (needed, state, transition) = match self.state {
            State::Alive if is_first && self.settings.start == Start::Unknown => {
                (1, State::Dead, Transition::Died)
            }
            State::Alive => (self.settings.fall, State::Dead, Transition::Died),
            State::Dead => (self.settings.rise, State::Alive, Transition::Revived),
        };
        if self.against < needed {
            return Transition::Unchanged;
        }
        (self.state, self.against) = (state, 0);
        transition
    }

    fn interval(&self) -> Duration {
        let special = match (self.against, self.state) {
            (1.., _) => self.settings.fast_interval,
            (0, State::Dead) => self.settings.down_interval,
            (0, State::Alive) => None,
        };
        special.unwrap_or(self.settings.interval)
    }
}
