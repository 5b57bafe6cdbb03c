//! Whether one backend may be used: the state machine behind a passive check.

use crate::Backoff;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// Whether a backend gets requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// It does.
    Alive,
    /// It does not: the last thing known of it is that a connection could not be made.
    Dead,
}

/// What an event did to a [`Mark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Transition {
    /// Nothing that matters to others.
    Unchanged,
    /// It was alive and is dead now.
    Died,
    /// It was dead and is alive now.
    Revived,
}

/// The state of one backend, as told by connects that fail and probes that succeed.
///
/// A pure state machine: time is an argument, counted from any moment that stays the same, and so are the
/// random bits that spread the probes.
///
/// | event | alive | dead |
/// |---|---|---|
/// | a connect failed | dead; probe due after the first wait | no change, the schedule stays as it is |
/// | a connect succeeded | no change | alive, if the connect began after the death |
/// | a probe succeeded | no change | alive |
/// | a probe failed | no change | dead; probe due after a wait twice as long, up to the longest |
///
/// Two of these need a reason. Failures of a backend that is dead already come from attempts that were under
/// way when it died, and tell nothing new. In the same way an attempt that began before the last change tells
/// how things stood before that change: such a success does not revive, and such a failure does not kill
/// ([`Mark::is_news`]). Each death starts with the first wait again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Mark {
    /// When the state last changed; `None` if it never did.
    changed: Option<Duration>,
    /// Set while dead.
    death: Option<Death>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Death {
    failed_probes: u32,
    next_probe: Duration,
}

impl Mark {
    /// The mark of a backend of which nothing bad is known: alive.
    #[must_use]
    pub const fn new() -> Self {
        Self { changed: None, death: None }
    }

    /// The present state.
    #[must_use]
    pub const fn state(&self) -> State {
        if self.death.is_some() { State::Dead } else { State::Alive }
    }

    /// When the state last changed; `None` if it never did.
    #[must_use]
    pub const fn changed(&self) -> Option<Duration> {
        self.changed
    }

    /// Whether an attempt that began at this time tells something about the present state: it began after the
    /// last change, or there was none.
    #[must_use]
    pub fn is_news(&self, began: Duration) -> bool {
        self.changed.is_none_or(|changed| began >= changed)
    }

    /// When the next probe is due; `None` while alive.
    #[must_use]
    pub fn next_probe(&self) -> Option<Duration> {
        self.death.map(|death| death.next_probe)
    }

    /// Whether it is time to probe.
    #[must_use]
    pub fn is_probe_due(&self, now: Duration) -> bool {
        self.next_probe().is_some_and(|due| due <= now)
    }

    /// A connect that began at `began` was refused or timed out.
    pub fn connect_failed(&mut self, began: Duration, moment: Moment<'_>) -> Transition {
        if self.death.is_some() || !self.is_news(began) {
            return Transition::Unchanged;
        }
        self.changed = Some(moment.now);
        self.death = Some(Death { failed_probes: 0, next_probe: moment.after_wait(0) });
        Transition::Died
    }

    /// A connect that began at `began` succeeded.
    pub fn connect_succeeded(&mut self, began: Duration, now: Duration) -> Transition {
        if self.is_news(began) { self.revive(now) } else { Transition::Unchanged }
    }

    /// A probe ended. Probes are started by whoever drives the mark, so they are always news.
    pub fn probed(&mut self, succeeded: bool, moment: Moment<'_>) -> Transition {
        if succeeded {
            return self.revive(moment.now);
        }
        if let Some(death) = &mut self.death {
            death.failed_probes = death.failed_probes.saturating_add(1);
            death.next_probe = moment.after_wait(death.failed_probes);
        }
        Transition::Unchanged
    }

    fn revive(&mut self, now: Duration) -> Transition {
        if self.death.take().is_none() {
            return Transition::Unchanged;
        }
        self.changed = Some(now);
        Transition::Revived
    }
}

/// The moment of an event, with what is needed to plan from there.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The time.
    pub now: Duration,
    /// 64 fresh random bits, which spread the probes of backends that died together.
    pub entropy: u64,
    /// How long to wait between probes.
    pub backoff: &'a Backoff,
}

impl Moment<'_> {
    fn after_wait(&self, tries: u32) -> Duration {
        self.now.saturating_add(self.backoff.wait(tries, self.entropy))
    }
}
