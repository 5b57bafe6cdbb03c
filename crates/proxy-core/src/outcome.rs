//! What an attempt's end says of the backend: its latency, its streaks of bad answers, its circuit.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use health::Ejection;

use crate::events::{BackendMarked, BackendState, Cause, Kind};
use crate::outage::Outage;
use crate::reason::Reason;
use crate::registry::{Backend, Registry, Streaks};
use crate::spec::OutlierSpec;
use crate::timers::Due;
use crate::upstream::{Hold, Upstream};

/// What a failure counts for at least, so that failing fast is not taken for being fast. linkerd2-proxy's
/// `PenaltyPeakEwma` has the same.
const PENALTY: Duration = Duration::from_secs(5);
/// The longest that a backend can put itself off by Retry-After.
const LONGEST_PENALTY: Duration = Duration::from_secs(300);

/// Where an attempt was made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made<'a> {
    pub(crate) upstream: &'a Upstream,
    pub(crate) registry: &'a Registry,
    pub(crate) shard: usize,
    /// When it ended.
    pub(crate) at: Instant,
}

/// How a backend answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// It failed, or was too busy.
    pub(crate) is_error: bool,
    /// It has too much to do.
    pub(crate) is_busy: bool,
    /// How long it took says something.
    pub(crate) is_measured: bool,
    pub(crate) took: Duration,
    pub(crate) retry_after: Option<Duration>,
}

impl Made<'_> {
    /// When it ended, since the registry's epoch.
    pub(crate) fn now(&self) -> Duration {
        self.registry.at(self.at)
    }

    /// The backend answered.
    #[inline]
    pub(crate) fn answered(&self, hold: &mut Hold, seen: &Seen) {
        if !self.upstream.is_watched {
            return;
        }
        let backend = &hold.member().backend;
        if self.upstream.needs.latency {
            if seen.is_error || seen.is_busy {
                let penalty = seen.retry_after.unwrap_or_default().clamp(PENALTY, LONGEST_PENALTY);
                backend.penalise(self.shard, penalty, self.now());
            } else if seen.is_measured {
                backend.took(self.shard, seen.took, self.now());
            }
        }
        if let Some(spec) = &self.upstream.spec.outliers {
            if seen.is_error {
                let errors = backend.streaks.add(|streaks| &streaks.errors);
                self.judge(backend, errors, spec.settings.consecutive_errors);
            } else {
                self.went_well(backend, spec, seen);
            }
        }
        hold.answered(!seen.is_error, self);
        // An error that comes quickly is not a sign of room; being too busy is one of none.
        if self.upstream.is_learning && (seen.is_busy || (seen.is_measured && !seen.is_error)) {
            self.upstream.learn(seen.took, seen.is_busy, self.now());
        }
    }

    fn went_well(&self, backend: &std::sync::Arc<Backend>, spec: &OutlierSpec, seen: &Seen) {
        backend.streaks.unmark();
        Streaks::end(&backend.streaks.errors);
        Streaks::end(&backend.streaks.resets);
        if spec.slower_than.is_some_and(|most| seen.is_measured && seen.took > most) {
            let slow = backend.streaks.add(|streaks| &streaks.slow);
            self.judge(backend, slow, spec.settings.consecutive_slow);
            return;
        }
        Streaks::end(&backend.streaks.slow);
        if backend.streaks.end_probation() {
            self.outliers().succeeded(&backend.number, self.now());
        }
    }

    /// The attempt failed. What is not the backend's fault says nothing of it.
    pub(crate) fn failed(&self, hold: &mut Hold, reason: Reason) {
        let is_of_backend = matches!(
            reason,
            Reason::UpstreamReset | Reason::ResponseTimeout | Reason::BadResponse(_) | Reason::UpstreamTls(_)
        );
        let is_of_connect = matches!(reason, Reason::ConnectRefused | Reason::ConnectTimeout);
        if !is_of_backend && !is_of_connect {
            return;
        }
        let backend = &hold.member().backend;
        if self.upstream.needs.latency {
            backend.penalise(self.shard, PENALTY, self.now());
        }
        // Connects have a mark of their own.
        if let Some(spec) = self.upstream.spec.outliers.as_ref().filter(|_| is_of_backend) {
            let resets = backend.streaks.add(|streaks| &streaks.resets);
            self.judge(backend, resets, spec.settings.consecutive_resets);
        }
        hold.answered(false, self);
        if reason == Reason::ResponseTimeout {
            self.upstream.learn(self.upstream.spec.timeout, true, self.now());
        }
    }

    /// Ejects a backend whose streak is long enough; after an ejection, one bad answer is.
    fn judge(&self, backend: &std::sync::Arc<Backend>, streak: u32, most: Option<u32>) {
        let Some(most) = most else { return };
        if streak < most && !backend.streaks.is_on_probation() {
            return;
        }
        // Those that are out for another cause cannot be counted on.
        let roster = self.upstream.roster(self.shard);
        let members = roster.0.members.iter();
        let size = members.filter(|one| one.backend.outages().is_within(Outage::EJECTED)).count();
        let ejection = self.outliers().eject(&backend.number, size, self.now(), fastrand::u64(..));
        let Ejection::Ejected { until } = ejection else { return };
        backend.streaks.clear();
        backend.set_out(Outage::EJECTED, true);
        self.registry.timers.add(until, Due::Return, std::sync::Arc::downgrade(backend));
        let seconds = until.saturating_sub(self.now()).as_secs_f32();
        tracing::warn!(
            upstream = &*self.upstream.spec.name,
            backend = &*backend.id,
            seconds,
            "backend is ejected: too many bad answers in a row"
        );
        let told = || BackendMarked::new(backend, BackendState::Down, Cause::Ejection);
        self.registry.events.emit_with(Kind::BackendMarked, told);
    }

    fn outliers(&self) -> std::sync::MutexGuard<'_, health::Outliers<u64>> {
        self.upstream.state.outliers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
