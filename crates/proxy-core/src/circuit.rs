//! The circuit of an upstream or of a backend, over all workers: a shell around the state machine of `health`.
//!
//! While it is closed, a request reads one word that nobody writes, and a success writes to its worker's own window.
//! Only failures, and requests that come while it is not closed, take the lock.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use health::{Admission, Breaker, Change, Counts, Window};

use crate::registry::Padded;
use crate::spec::BreakerSpec;

/// A circuit.
#[derive(Debug)]
pub(crate) struct Circuit {
    /// It is not closed: whoever comes has to ask.
    is_tripped: AtomicBool,
    /// The machine's epoch while it is closed.
    epoch: AtomicU64,
    /// Failures in a row.
    streak: AtomicU32,
    breaker: Mutex<Breaker>,
    /// The time over which is counted.
    span: Duration,
    windows: Box<[Padded<Mutex<Window>>]>,
}

/// How a request was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Admitted {
    /// The circuit was closed, in this epoch.
    Freely(u64),
    /// By the machine.
    As(Admission),
    /// The same, as the first since the circuit was open.
    First(Admission),
}

/// What a circuit was before a request's outcome, and is not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It goes on as it was.
    None,
    /// It has opened, until this moment at least.
    Opened(Duration),
    /// It has been open for long enough: the next one is let through to see.
    HalfOpened,
    /// It has closed, or closes bit by bit.
    Closed,
}

impl Circuit {
    pub(crate) fn new(spec: &BreakerSpec, shards: usize) -> Self {
        Self {
            is_tripped: AtomicBool::new(false),
            epoch: AtomicU64::new(0),
            streak: AtomicU32::new(0),
            breaker: Mutex::new(Breaker::new(spec.settings)),
            span: spec.window,
            windows: (0..shards.max(1)).map(|_| Padded(Mutex::new(Window::new(spec.window)))).collect(),
        }
    }

    /// The circuit in `place`; a new one where there is none, or it counts over another time: such a one takes its place
    /// with [`Circuit::settle_in`], once that is what is served.
    pub(crate) fn keep(place: &Mutex<Option<Arc<Self>>>, spec: &BreakerSpec, shards: usize) -> Arc<Self> {
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        let held = place.get_or_insert_with(|| Arc::new(Self::new(spec, shards)));
        if held.span == spec.window { Arc::clone(held) } else { Arc::new(Self::new(spec, shards)) }
    }

    /// Goes by these settings from now on, and is the circuit in `place`.
    pub(crate) fn settle_in(self: &Arc<Self>, place: &Mutex<Option<Arc<Self>>>, spec: &BreakerSpec) {
        self.configure(spec);
        *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(self));
    }

    /// Goes by these settings from now on.
    fn configure(&self, spec: &BreakerSpec) {
        self.breaker().configure(spec.settings);
    }

    /// Lets a request through.
    ///
    /// # Errors
    /// When it may be worth coming again.
    #[inline]
    pub(crate) fn admit(&self, now: Duration) -> Result<Admitted, Duration> {
        // Acquire: pairs with the release in `settle`, so that the epoch read is the one of the closed circuit.
        if !self.is_tripped.load(Acquire) {
            return Ok(Admitted::Freely(self.epoch.load(Relaxed)));
        }
        let mut breaker = self.breaker();
        let is_first = breaker.advance(now) == Change::HalfOpened;
        let admission = breaker.admit(now, fastrand::u64(..));
        self.settle(&breaker, now);
        match admission {
            Admission::Refuse { retry_after } => Err(retry_after),
            admission if is_first => Ok(Admitted::First(admission)),
            admission => Ok(Admitted::As(admission)),
        }
    }

    /// True where a request that came now would be refused.
    pub(crate) fn is_open(&self, now: Duration) -> bool {
        self.is_tripped.load(Relaxed) && self.breaker().state(now) == health::Circuit::Open
    }

    /// For how long it is open yet; `None` where it is not.
    pub(crate) fn open_for(&self, now: Duration) -> Option<Duration> {
        let breaker = self.breaker();
        let is_open = breaker.state(now) == health::Circuit::Open;
        breaker.next_change(now).filter(|_| is_open).map(|until| until.saturating_sub(now))
    }

    /// A request that was let through went well.
    pub(crate) fn succeeded(&self, admitted: Admitted, shard: usize, now: Duration) -> Turn {
        if self.is_outdated(admitted) {
            return Turn::None;
        }
        self.count(true, shard, now);
        if self.streak.load(Relaxed) != 0 {
            self.streak.store(0, Relaxed);
        }
        let (Admitted::As(admission) | Admitted::First(admission)) = admitted else { return Turn::None };
        let mut breaker = self.breaker();
        let change = breaker.succeeded(&admission, now);
        if matches!(change, Change::Closed | Change::Ramped) {
            // What failed before says nothing of the time after.
            self.windows.iter().for_each(|window| {
                window.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
            });
        }
        self.settle(&breaker, now);
        turn(change, &breaker, now)
    }

    /// A request that was let through failed.
    pub(crate) fn failed(&self, admitted: Admitted, shard: usize, now: Duration) -> Turn {
        if self.is_outdated(admitted) {
            return Turn::None;
        }
        self.count(false, shard, now);
        let streak = self.streak.fetch_add(1, Relaxed).saturating_add(1);
        let counts = self.counts(now);
        let mut breaker = self.breaker();
        let admission = match admitted {
            Admitted::As(admission) | Admitted::First(admission) => admission,
            Admitted::Freely(epoch) => {
                if breaker.epoch() != epoch || breaker.state(now) != health::Circuit::Closed {
                    return Turn::None;
                }
                breaker.admit(now, 0)
            }
        };
        let change = breaker.failed(&admission, counts, streak, now);
        self.settle(&breaker, now);
        turn(change, &breaker, now)
    }

    /// Nobody knows what became of a request that was let through.
    pub(crate) fn abandoned(&self, admitted: Admitted) {
        if let Admitted::As(admission) | Admitted::First(admission) = admitted {
            self.breaker().abandoned(&admission);
        }
    }

    /// True where a request was let through before the circuit last opened: it tells of another time.
    #[inline]
    fn is_outdated(&self, admitted: Admitted) -> bool {
        matches!(admitted, Admitted::Freely(epoch) if epoch != self.epoch.load(Relaxed))
    }

    fn settle(&self, breaker: &Breaker, now: Duration) {
        let is_tripped = breaker.state(now) != health::Circuit::Closed;
        self.epoch.store(breaker.epoch(), Relaxed);
        // Release: see `admit`.
        self.is_tripped.store(is_tripped, Release);
    }

    fn count(&self, is_ok: bool, shard: usize, now: Duration) {
        if let Some(window) = self.windows.get(shard % self.windows.len().max(1)) {
            window.0.lock().unwrap_or_else(PoisonError::into_inner).record(is_ok, now);
        }
    }

    fn counts(&self, now: Duration) -> Counts {
        let windows = self.windows.iter();
        windows.map(|window| window.0.lock().unwrap_or_else(PoisonError::into_inner).counts(now)).sum()
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn turn(change: Change, breaker: &Breaker, now: Duration) -> Turn {
    match change {
        Change::Opened => Turn::Opened(breaker.next_change(now).unwrap_or(now)),
        Change::HalfOpened => Turn::HalfOpened,
        Change::Closed | Change::Ramped => Turn::Closed,
        _ => Turn::None,
    }
}

#[cfg(test)]
mod tests;
