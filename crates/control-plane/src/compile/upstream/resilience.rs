//! What becomes of backends that fail, and of requests that meet them.

use config::{CircuitBreaker, OutlierEjection, PanicMode, Recovery, Retry, RetryReason, Upstream};
use health::{Backoff, BreakerSettings, OutlierSettings, PassiveSettings};
use proxy_core::spec::{BreakerSpec, OutlierSpec, Panic, RetrySpec, UpstreamSpec};

use crate::compile::settings::percentage;

/// Writes into `spec` what `upstream` says of failures.
pub(super) fn compile(upstream: &Upstream, spec: &mut UpstreamSpec) {
    spec.retries = upstream.retries.into();
    spec.retry = retry(&upstream.retry);
    spec.passive = passive(&upstream.passive);
    spec.outliers = upstream.outlier_ejection.enabled.then(|| outliers(&upstream.outlier_ejection));
    let fails_closed = upstream.panic.mode == PanicMode::FailClosed;
    spec.panic = Panic::below(percentage(upstream.panic.threshold), fails_closed);
    spec.breaker = upstream.circuit_breaker.as_ref().and_then(breaker);
    spec.backend_breaker = upstream.backend_circuit_breaker.as_ref().and_then(breaker);
}

fn retry(written: &Retry) -> RetrySpec {
    let mut retry = RetrySpec::default();
    retry.on_connect = written.on.contains(&RetryReason::Connect);
    retry.on_reset = written.on.contains(&RetryReason::Reset);
    retry.on_timeout = written.on.contains(&RetryReason::Timeout);
    retry.on_statuses = written.on.iter().filter_map(status).collect();
    retry.non_idempotent = written.non_idempotent;
    retry.backoff = written.backoff.get();
    retry.longest_backoff = written.max_backoff.get();
    retry.budget_percent = written.budget_percent;
    retry.budget_least = written.budget_minimum;
    retry.max_body = usize::try_from(written.max_body.get()).unwrap_or(usize::MAX);
    retry
}

const fn status(reason: &RetryReason) -> Option<u16> {
    match reason {
        RetryReason::Status(status) => Some(*status),
        _ => None,
    }
}

fn passive(written: &config::Passive) -> PassiveSettings {
    let backoff = Backoff {
        first: written.first_probe.get(),
        longest: written.longest_probe.get(),
        ..Backoff::default()
    };
    PassiveSettings { failures: written.failures, backoff }
}

fn outliers(written: &OutlierEjection) -> OutlierSpec {
    let settings = OutlierSettings {
        consecutive_errors: written.consecutive_errors.get(),
        consecutive_resets: written.consecutive_resets.get(),
        consecutive_slow: Some(written.consecutive_slow),
        base: written.base_time.get(),
        longest: written.max_time.get(),
        jitter: f64::from(written.jitter) / 100.0,
        most_percent: percentage(written.max_percent),
    };
    OutlierSpec::new(settings, written.slower_than.get().map(config::Duration::get))
}

/// None where it is switched off.
fn breaker(written: &CircuitBreaker) -> Option<BreakerSpec> {
    let settings = BreakerSettings {
        failure_percent: Some(percentage(written.failure_threshold)),
        minimum: written.minimum_requests,
        consecutive: written.consecutive_failures.get(),
        open: written.open_duration.get(),
        ramp: (written.recovery == Recovery::Ramp).then(|| written.ramp_duration.get()),
    };
    written.enabled.then(|| BreakerSpec::new(settings, written.window.get()))
}
