use std::time::Duration;

use health::{Backoff, BreakerSettings, OutlierSettings, PassiveSettings};
use proxy_core::spec::{BreakerSpec, OutlierSpec, Panic, RetrySpec, UpstreamSpec};

use super::{plan, upstream};

const SECOND: Duration = Duration::from_secs(1);

/// Compiles an upstream with these keys.
#[track_caller]
fn compiled(keys: &str) -> UpstreamSpec {
    let text = format!("upstreams: [{{ name: app, url: a, {keys} }}]\nroutes: [{{ upstream: app }}]\n");
    upstream(&plan(&text), "app").clone()
}

#[test]
fn every_key_of_ejection_has_its_effect() {
    let ejection = compiled(
        "outlierEjection: { consecutiveErrors: 1, consecutiveResets: off, slowerThan: 2s, consecutiveSlow: 3, baseTime: 1s, \
         maxTime: 4s, jitter: 50, maxPercent: 6 }",
    );
    let settings = OutlierSettings {
        consecutive_errors: Some(1),
        consecutive_resets: None,
        consecutive_slow: Some(3),
        base: SECOND,
        longest: 4 * SECOND,
        jitter: 0.5,
        most_percent: 6,
    };
    assert_eq!(ejection.outliers, Some(OutlierSpec::new(settings, Some(2 * SECOND))));
    assert_eq!(compiled("outlierEjection: { enabled: false, jitter: 1 }").outliers, None);
}

#[test]
fn a_panic_is_below_the_share_that_the_document_says() {
    assert_eq!(compiled("panic: { threshold: 0 }").panic, Panic::below(0, false));
    assert_eq!(compiled("panic: { threshold: 70, mode: failClosed }").panic, Panic::below(70, true));
}

#[test]
fn failed_connects_amount_to_what_the_document_says() {
    let passive = compiled("passive: { failures: 3, firstProbe: 1s, longestProbe: 4s }").passive;
    let backoff = Backoff { first: SECOND, longest: 4 * SECOND, ..Backoff::default() };
    assert_eq!(passive, PassiveSettings { failures: 3, backoff });
}

#[test]
fn every_key_of_a_circuit_has_its_effect() {
    let keys = "{ failureThreshold: 7, minimumRequests: 8, window: 9s, consecutiveFailures: 10, openDuration: 1s, \
                recovery: ramp, rampDuration: 4s }";
    let settings = BreakerSettings {
        failure_percent: Some(7),
        minimum: 8,
        consecutive: Some(10),
        open: SECOND,
        ramp: Some(4 * SECOND),
    };
    let expected = Some(BreakerSpec::new(settings, 9 * SECOND));
    let whole = compiled(&format!("circuitBreaker: {keys}"));
    assert_eq!((whole.breaker, whole.backend_breaker), (expected, None));
    let each = compiled(&format!("backendCircuitBreaker: {keys}"));
    assert_eq!((each.breaker, each.backend_breaker), (None, expected));
    let default = Some(BreakerSpec::new(BreakerSettings::default(), 10 * SECOND));
    assert_eq!(compiled("circuitBreaker: {}").breaker, default);
    let off = compiled("circuitBreaker: { enabled: false }, backendCircuitBreaker: { enabled: false }");
    assert_eq!((off.breaker, off.backend_breaker), (None, None));
}

#[test]
fn every_key_of_further_attempts_has_its_effect() {
    let retry = compiled(
        "retry: { on: [reset, 500, 429], nonIdempotent: true, backoff: 1s, maxBackoff: 4s, budgetPercent: 5, \
         budgetMinimum: 6, maxBody: 1kb }",
    );
    let mut expected = RetrySpec::default();
    expected.on_connect = false;
    expected.on_timeout = false;
    expected.on_statuses = vec![500, 429];
    expected.non_idempotent = true;
    expected.backoff = SECOND;
    expected.longest_backoff = 4 * SECOND;
    expected.budget_percent = 5;
    expected.budget_least = 6;
    expected.max_body = 1024;
    assert_eq!(retry.retry, expected);
    let others = compiled("retry: { on: [connect, timeout] }").retry;
    assert_eq!((others.on_connect, others.on_reset, others.on_timeout), (true, false, true));
    assert!(others.on_statuses.is_empty());
}
