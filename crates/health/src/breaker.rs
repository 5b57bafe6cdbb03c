//! Failing fast: the state machine of a circuit breaker.

use crate::{Counts, random};
use std::time::Duration;

#[cfg(test)]
mod tests;

/// When a [`Breaker`] opens, and how it closes again.
///
/// # Defaults
///
/// Opens when half of at least 20 requests failed; open for 30 s; no ramp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// The percentage of failed requests, 1 to 100, from which on it opens; `None` if it does not matter.
    pub failure_percent: Option<u8>,
    /// The percentage means nothing with fewer requests than this.
    pub minimum: u32,
    /// This many failures in a row open it however few requests there are; `None` if they do not matter,
    /// and 0 counts as 1.
    pub consecutive: Option<u32>,
    /// How long it stays open before a probe is let through.
    pub open: Duration,
    /// After a successful probe, the time over which ever more requests are admitted; `None` if all are at
    /// once.
    pub ramp: Option<Duration>,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            failure_percent: Some(50),
            minimum: 20,
            consecutive: None,
            open: Duration::from_secs(30),
            ramp: None,
        }
    }
}

impl BreakerSettings {
    fn is_reached(&self, counts: Counts, consecutive: u32) -> bool {
        let in_a_row = self.consecutive.is_some_and(|most| consecutive >= most.max(1));
        let by_share = self.failure_percent.is_some_and(|percent| {
            counts.total() >= u64::from(self.minimum) && counts.is_failed_share(percent.clamp(1, 100))
        });
        in_a_row || by_share
    }
}

/// How a [`Breaker`] stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Circuit {
    /// Requests pass.
    Closed,
    /// No request passes.
    Open,
    /// One request at a time passes, to find out.
    HalfOpen,
    /// Ever more requests pass.
    Ramping,
}

/// What an event did to a [`Breaker`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Change {
    /// Nothing that matters to others.
    Unchanged,
    /// It is open now.
    Opened,
    /// It was open and lets a probe through now.
    HalfOpened,
    /// A probe succeeded, and ever more requests are admitted now.
    Ramped,
    /// It is closed now.
    Closed,
}

/// Whether a request may pass. What became of one that did is told with this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Admission {
    /// It may.
    Pass(Ticket),
    /// It may, and decides whether the breaker closes. Exactly one is under way at any time, so its end
    /// must be told: [`Breaker::succeeded`], [`Breaker::failed`] or [`Breaker::abandoned`].
    Probe(Ticket),
    /// It may not.
    Refuse {
        /// How long until requests are admitted again, or until all of them are. Zero while a probe is under
        /// way, since nobody knows how long that takes.
        retry_after: Duration,
    },
}

impl Admission {
    /// Whether the request may pass.
    #[must_use]
    pub const fn is_admitted(&self) -> bool {
        !matches!(self, Self::Refuse { .. })
    }
}

/// What tells requests of different times apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket {
    epoch: u64,
    /// The number of the probe; 0 for all others.
    probe: u64,
}

/// A circuit breaker: requests are refused at once while too many of them fail.
///
/// A pure state machine: time is an argument, counted from any moment that stays the same, and so are random
/// bits. The caller counts: [`Window`](crate::Window) for the share, a number for failures in a row.
///
/// | event | closed | open | half-open | ramping |
/// |---|---|---|---|---|
/// | a request | passes | refused | one probe passes, others are refused | a growing share passes |
/// | a success | no change | old news | of the probe: closed, or ramping | no change |
/// | a failure | open if too many failed | old news | of the probe: open | open if too many failed |
/// | a request abandoned | no change | no change | of the probe: another may pass | no change |
/// | time | no change | half-open after `open` | no change | closed after `ramp` |
///
/// A request belongs to the epoch in which it was admitted; an epoch ends when the breaker opens and when a
/// probe succeeds. The end of a request of an earlier epoch tells how things stood then, and changes
/// nothing: use [`Breaker::is_current`] to keep it out of the counts as well. Counts and the number of
/// failures in a row must start from nought with each epoch, or the breaker opens again for what it opened
/// for already: [`Window::keep_to`](crate::Window::keep_to) does that.
///
/// The states are those of Nygard, "Release It!", chapter "Stability Patterns"; the single probe is that of
/// Linkerd's breaker, the ramp is Traefik's `recoveryDuration`.
///
/// ```
/// use health::{Admission, Breaker, BreakerSettings, Change, Counts};
/// use std::time::Duration;
///
/// let second = Duration::from_secs;
/// let mut breaker = Breaker::new(BreakerSettings { consecutive: Some(3), ..BreakerSettings::default() });
/// let admission = breaker.admit(second(1), 0);
/// assert_eq!(breaker.failed(&admission, Counts::default(), 3, second(2)), Change::Opened);
/// assert_eq!(breaker.admit(second(12), 0), Admission::Refuse { retry_after: second(20) });
///
/// let probe = breaker.admit(second(32), 0);
/// assert!(matches!(probe, Admission::Probe(_)));
/// assert_eq!(breaker.succeeded(&probe, second(33)), Change::Closed);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    settings: BreakerSettings,
    phase: Phase,
    epoch: u64,
    /// Probes that were ever let through.
    probes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Closed,
    Open {
        until: Duration,
    },
    /// With the number of the probe that is under way.
    HalfOpen {
        probe: Option<u64>,
    },
    Ramping {
        since: Duration,
    },
}

impl Breaker {
    /// A breaker that is closed.
    #[must_use]
    pub const fn new(settings: BreakerSettings) -> Self {
        Self { settings, phase: Phase::Closed, epoch: 0, probes: 0 }
    }

    /// Replaces the settings. The state stays; one that is open stays so until the time that was set when
    /// it opened.
    pub const fn configure(&mut self, settings: BreakerSettings) {
        self.settings = settings;
    }

    /// How it stands at this time.
    #[must_use]
    pub fn state(&self, now: Duration) -> Circuit {
        match self.phase_at(now) {
            Phase::Closed => Circuit::Closed,
            Phase::Open { .. } => Circuit::Open,
            Phase::HalfOpen { .. } => Circuit::HalfOpen,
            Phase::Ramping { .. } => Circuit::Ramping,
        }
    }

    /// When it changes by time alone, if it has not done so by now; `None` if it waits for an event.
    #[must_use]
    pub fn next_change(&self, now: Duration) -> Option<Duration> {
        match self.phase_at(now) {
            Phase::Open { until } => Some(until),
            Phase::Ramping { since } => Some(since.saturating_add(self.settings.ramp.unwrap_or_default())),
            Phase::Closed | Phase::HalfOpen { .. } => None,
        }
    }

    /// Goes up by one when it opens and when a probe succeeds. What was counted in one epoch means nothing
    /// in the next.
    #[must_use]
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Whether a request was admitted in the present epoch, so that its end counts.
    #[must_use]
    pub const fn is_current(&self, admission: &Admission) -> bool {
        match admission {
            Admission::Pass(ticket) | Admission::Probe(ticket) => ticket.epoch == self.epoch,
            Admission::Refuse { .. } => false,
        }
    }

    /// Takes the change that time alone has brought: half-open or closed. All other calls do this
    /// themselves and do not tell, so whoever tells others calls this first.
    pub fn advance(&mut self, now: Duration) -> Change {
        let phase = self.phase_at(now);
        let change = match (self.phase, phase) {
            (Phase::Open { .. }, Phase::HalfOpen { .. }) => Change::HalfOpened,
            (Phase::Ramping { .. }, Phase::Closed) => Change::Closed,
            _ => Change::Unchanged,
        };
        self.phase = phase;
        change
    }

    /// Whether a request that comes now may pass. 64 fresh random bits decide while it is ramping.
    pub fn admit(&mut self, now: Duration, entropy: u64) -> Admission {
        let _told_by_state = self.advance(now);
        let pass = Admission::Pass(Ticket { epoch: self.epoch, probe: 0 });
        match &mut self.phase {
            Phase::Closed => pass,
            Phase::Open { until } => Admission::Refuse { retry_after: until.saturating_sub(now) },
            Phase::HalfOpen { probe: Some(_) } => Admission::Refuse { retry_after: Duration::ZERO },
            Phase::HalfOpen { probe } => {
                self.probes += 1;
                *probe = Some(self.probes);
                Admission::Probe(Ticket { epoch: self.epoch, probe: self.probes })
            }
            Phase::Ramping { since } => {
                let (ramp, passed) = (self.settings.ramp.unwrap_or_default(), now.saturating_sub(*since));
                if random::scale(ramp, random::unit(entropy)) < passed {
                    pass
                } else {
                    Admission::Refuse { retry_after: ramp.saturating_sub(passed) }
                }
            }
        }
    }

    /// A request that was admitted went well.
    pub fn succeeded(&mut self, admission: &Admission, now: Duration) -> Change {
        if !self.is_probe(admission) {
            return self.advance(now);
        }
        self.epoch += 1;
        if self.settings.ramp.is_some_and(|ramp| !ramp.is_zero()) {
            self.phase = Phase::Ramping { since: now };
            return Change::Ramped;
        }
        self.phase = Phase::Closed;
        Change::Closed
    }

    /// A request that was admitted failed. `counts` and `consecutive` are those of this epoch, with this
    /// failure.
    pub fn failed(
        &mut self,
        admission: &Admission,
        counts: Counts,
        consecutive: u32,
        now: Duration,
    ) -> Change {
        if self.is_probe(admission) {
            return self.open(now);
        }
        let change = self.advance(now);
        let can_open = matches!(self.phase, Phase::Closed | Phase::Ramping { .. });
        if can_open && self.is_current(admission) && self.settings.is_reached(counts, consecutive) {
            return self.open(now);
        }
        change
    }

    /// A request that was admitted ended without telling anything: its client left, for instance.
    pub fn abandoned(&mut self, admission: &Admission) {
        if self.is_probe(admission) {
            self.phase = Phase::HalfOpen { probe: None };
        }
    }

    fn open(&mut self, now: Duration) -> Change {
        self.epoch += 1;
        self.phase = Phase::Open { until: now.saturating_add(self.settings.open) };
        Change::Opened
    }

    /// Whether this is the probe that is under way.
    fn is_probe(&self, admission: &Admission) -> bool {
        matches!(
            (admission, self.phase),
            (Admission::Probe(ticket), Phase::HalfOpen { probe: Some(probe) }) if ticket.probe == probe
        )
    }

    /// The phase with what time has done to it.
    fn phase_at(&self, now: Duration) -> Phase {
        match self.phase {
            Phase::Open { until } if until <= now => Phase::HalfOpen { probe: None },
            Phase::Ramping { since } => {
                let ramp = self.settings.ramp.unwrap_or_default();
                if now.saturating_sub(since) >= ramp { Phase::Closed } else { self.phase }
            }
            phase => phase,
        }
    }
}
