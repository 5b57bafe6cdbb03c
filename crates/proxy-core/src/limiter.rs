//! How many requests an upstream takes at a time, learnt from how long it takes for them.
//!
//! [`Limiter`] decides, and is pure; [`AutoLimit`] sets the limit of a [`Gate`] by it.

mod base;
mod fall;
mod window;

use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::Duration;

use crate::gate::Gate;
use base::{Base, Load};
use fall::Fall;
use window::{Sample, Window};

/// A limit changes by at most this share of what a window suggests.
const SMOOTHING: f64 = 0.5;
/// After a change of the limit, the next window opens after so many latencies: until then requests end that began
/// under the old limit.
const SETTLING: f64 = 1.25;
/// The limit is at most halved by what a window suggests.
const LEAST_GRADIENT: f64 = 0.5;
/// However slow an upstream is, the next window opens after this.
const MOST_SETTLING: Duration = Duration::from_secs(10);
/// A trial takes the limit to this share of where the upstream is believed to begin queueing,
const TRIAL: f64 = 0.8;
/// but never below this share of itself.
const LEAST_TRIAL: f64 = 0.5;

/// The bounds of a learnt limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LimiterSettings {
    /// The limit is never below it; at least 1.
    pub(crate) min: u32,
    /// The limit is never above it.
    pub(crate) max: u32,
    /// The limit before anything was learnt.
    pub(crate) initial: u32,
    /// How many times as long as without load a request may take: 1.25 to 1.5 are usual, 1 is the least.
    pub(crate) tolerance: f64,
}

impl Default for LimiterSettings {
    fn default() -> Self {
        Self { min: 4, max: 1000, initial: 20, tolerance: 1.25 }
    }
}

impl LimiterSettings {
    /// These, with each bound that makes no sense at the nearest that does.
    const fn sound(self) -> Self {
        let min = if self.min == 0 { 1 } else { self.min };
        let max = if self.max < min { min } else { self.max };
        Self { min, max, tolerance: self.tolerance.max(1.0), ..self }
    }
}

/// A limit that follows an upstream: it grows while latencies are what they are without load, and shrinks as they
/// rise above it.
///
/// As with the gradient of Netflix's concurrency-limits and of Envoy's adaptive concurrency filter, each window of
/// samples makes the limit `limit x gradient + sqrt(limit)`, where the gradient is `tolerance x base / latency`, from
/// 0.5 to 1: the latency is the window's median, and the base what it is without load. In balance a saturated upstream
/// that works on `c` requests at a time has some `tolerance x c + sqrt(c)` in flight, or seven where `c` is small.
///
/// - A limit that is not used (never more than half of it were in flight) stays.
/// - Failures, as timeouts are, take the gradient down, to a half where all failed.
/// - Nothing is pinned to a few requests to measure the base. It is learnt from all windows ([`Base`]), and where
///   a saturated upstream has not shown it for some time, one window with a somewhat lower limit is a trial of it:
///   at least half, and in balance some two thirds of the limit, which is about what keeps the upstream busy.
/// - An upstream that has become slower for good is taken as it is, so that the limit does not fall to its least:
///   where the limit fell by a third and latencies did not fall with it, requests in flight are not what makes it
///   slow, and the base rises to what it takes now. Slower changes are found by the trials, and at the least limit
///   by every window.
#[derive(Debug)]
pub(crate) struct Limiter {
    settings: LimiterSettings,
    limit: f64,
    base: Base,
    window: Window,
    /// The first window is over. It does not count: at first only the quickest have ended.
    is_warm: bool,
    /// The limit to return to after a trial.
    before_trial: Option<f64>,
    fall: Fall,
}

impl Limiter {
    /// A limiter that has learnt nothing.
    pub(crate) fn new(settings: LimiterSettings) -> Self {
        let settings = settings.sound();
        Self {
            settings,
            limit: f64::from(settings.initial.clamp(settings.min, settings.max)),
            base: Base::new(),
            window: Window::new(Duration::ZERO),
            is_warm: false,
            before_trial: None,
            fall: Fall::default(),
        }
    }

    /// The present limit.
    pub(crate) const fn limit(&self) -> u32 {
        self.limit as u32
    }

    /// Learns that a request took `rtt`, or failed in a way that speaks of overload, as a timeout does; `in_flight`
    /// were in flight when it ended, itself included. The limit, at the end of each window of samples.
    pub(crate) fn record(
        &mut self,
        rtt: Duration,
        in_flight: u32,
        failed: bool,
        now: Duration,
    ) -> Option<u32> {
        let sample = self.window.record(rtt, in_flight, failed, now)?;
        let before = self.limit();
        self.limit = match self.before_trial.take() {
            _ if !std::mem::replace(&mut self.is_warm, true) => self.limit,
            Some(limit) => self.end_trial(&sample, limit, now),
            None => self.adapt(&sample, now),
        };
        let settling = match sample.latency {
            Some(latency) if self.limit() != before => Duration::from_nanos((latency * SETTLING) as u64),
            _ => Duration::ZERO,
        };
        self.window = Window::new(now.saturating_add(settling.min(MOST_SETTLING)));
        Some(self.limit())
    }

    /// The limit after a window.
    fn adapt(&mut self, sample: &Sample, now: Duration) -> f64 {
        let is_used = f64::from(sample.peak) > self.limit / 2.0;
        let gradient = match sample.latency {
            Some(latency) => {
                let base = self.learn(latency, is_used, now);
                if is_used && self.base.is_stale(latency, now) {
                    return self.begin_trial(base / latency);
                }
                (base * self.settings.tolerance / latency).clamp(LEAST_GRADIENT, 1.0)
            }
            None => 1.0,
        };
        if !is_used {
            return self.limit;
        }
        let gradient = (gradient * (1.0 - sample.failed / 2.0)).max(LEAST_GRADIENT);
        let suggested = self.limit * gradient + self.limit.sqrt();
        let limit = self.bound(self.limit + (suggested - self.limit) * SMOOTHING);
        if let Some(latency) = sample.latency {
            self.fall.follow(self.limit, limit, latency);
        }
        limit
    }

    /// The base, after a window with that latency.
    fn learn(&mut self, latency: f64, is_used: bool, now: Duration) -> f64 {
        if self.fall.is_in_vain(self.limit, latency) {
            self.base.rise(latency);
        }
        let is_free = !is_used || self.limit() <= self.settings.min;
        let load = if is_free { Load::Free } else { Load::Limited };
        self.base.learn(latency, load, self.settings.tolerance, now)
    }

    /// The limit of a trial; `share` is the share of the present one at which the upstream is believed to begin
    /// queueing.
    fn begin_trial(&mut self, share: f64) -> f64 {
        self.before_trial = Some(self.limit);
        self.bound(self.limit * (share * TRIAL).clamp(LEAST_TRIAL, TRIAL))
    }

    /// The limit from before the trial.
    fn end_trial(&mut self, sample: &Sample, limit: f64, now: Duration) -> f64 {
        if let Some(latency) = sample.latency {
            self.base.try_out(latency, now);
        }
        limit
    }

    fn bound(&self, limit: f64) -> f64 {
        limit.clamp(f64::from(self.settings.min), f64::from(self.settings.max))
    }
}

/// The limiter of one upstream, shared by all workers, and the gate that it limits.
#[derive(Debug)]
pub(crate) struct AutoLimit {
    limiter: Mutex<Limiter>,
}

impl AutoLimit {
    /// One that has learnt nothing; the gate's own limit should be the initial one.
    pub(crate) fn new(settings: LimiterSettings) -> Self {
        Self { limiter: Mutex::new(Limiter::new(settings)) }
    }

    /// The limit as it was learnt so far.
    pub(crate) fn limit(&self) -> u32 {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner).limit()
    }

    /// As [`Limiter::record`], and sets the limit of `gate`, to what `bound` makes of a limit that was learnt anew. Never
    /// waits: a sample that comes while another is recorded is skipped.
    pub(crate) fn record(
        &self,
        gate: &Gate,
        bound: impl FnOnce(u32) -> Option<u32>,
        (rtt, failed): (Duration, bool),
        now: Duration,
    ) {
        let limit = {
            let mut limiter = match self.limiter.try_lock() {
                Ok(limiter) => limiter,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            limiter.record(rtt, gate.active(), failed, now)
        };
        // Without the lock, since it wakes those that wait: windows are too long for another limit to overtake.
        if let Some(limit) = limit.and_then(bound)
            && limit != gate.limit()
        {
            gate.set_limit(limit);
        }
    }
}

#[cfg(test)]
mod tests;
