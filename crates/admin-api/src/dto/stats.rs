//! Figures.

use std::time::{Duration, SystemTime};

use metrics::Figures;
use schemars::JsonSchema;
use serde::Serialize;

/// What was done in the last time.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stats {
    /// Requests that ended, per second.
    requests_per_second: f64,
    /// What they took, in milliseconds; 0 where there was none.
    latency: Latency,
    /// Requests that failed.
    errors: u64,
    /// Requests that ended.
    requests: u64,
    /// Requests in flight now.
    in_flight: u64,
    /// How long the time is that is looked at.
    window_seconds: f64,
    /// How it was before, the oldest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(default)]
    history: Option<Vec<StatsAt>>,
}

/// What requests took, in milliseconds.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Latency {
    /// On average.
    mean: f64,
    /// Half of them took no longer.
    p50: f64,
    /// 95 of 100 took no longer.
    p95: f64,
    /// 99 of 100 took no longer.
    p99: f64,
}

/// Figures of a span that ended then.
#[derive(Serialize, JsonSchema)]
pub(crate) struct StatsAt {
    /// When it ended.
    at: String,
    /// What was done in it.
    #[serde(flatten)]
    stats: Stats,
}

/// Figures of a route.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RouteStats {
    /// Its id.
    pub(crate) id: String,
    /// Its hosts.
    pub(crate) v_host: String,
    /// What was done.
    #[serde(flatten)]
    pub(crate) stats: Stats,
}

impl Stats {
    pub(crate) fn of(figures: &Figures) -> Self {
        let Figures { mean, p50, p95, p99, .. } = *figures;
        let latency = Latency { mean: millis(mean), p50: millis(p50), p95: millis(p95), p99: millis(p99) };
        Self {
            requests_per_second: rounded(figures.requests_per_second),
            latency,
            errors: figures.errors,
            requests: figures.requests,
            in_flight: figures.in_flight,
            window_seconds: rounded(figures.window.as_secs_f64()),
            history: None,
        }
    }

    /// With how it was before: when each span ended, and what was done in it.
    pub(crate) fn with_history(mut self, history: Vec<(SystemTime, Figures)>) -> Self {
        let point = |(at, figures): (SystemTime, Figures)| StatsAt {
            at: crate::api::with_millis(at),
            stats: Self::of(&figures),
        };
        self.history = Some(history.into_iter().map(point).collect());
        self
    }
}

fn millis(time: Option<Duration>) -> f64 {
    time.map_or(0.0, |time| rounded(time.as_secs_f64() * 1000.0))
}

/// To the thousandth; nothing else is known, and JSON has no other numbers than finite ones.
fn rounded(value: f64) -> f64 {
    if value.is_finite() { (value * 1000.0).round() / 1000.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_milliseconds_and_nothing_known_is_zero() {
        let nothing = serde_json::to_value(Stats::of(&Figures::default())).unwrap();
        assert_eq!(nothing["latency"], json!({ "mean": 0.0, "p50": 0.0, "p95": 0.0, "p99": 0.0 }));
        let mut figures = Figures::default();
        figures.requests_per_second = 1.0 / 3.0;
        figures.requests = 20;
        figures.errors = 2;
        figures.mean = Some(Duration::from_micros(1500));
        figures.p99 = Some(Duration::from_nanos(123_456_789));
        figures.window = Duration::from_secs(60);
        let told = serde_json::to_value(Stats::of(&figures)).unwrap();
        assert_eq!(
            told,
            json!({
                "requestsPerSecond": 0.333, "errors": 2, "requests": 20, "inFlight": 0, "windowSeconds": 60.0,
                "latency": { "mean": 1.5, "p50": 0.0, "p95": 0.0, "p99": 123.457 },
            })
        );
        assert_eq!(rounded(f64::NAN).to_bits(), 0.0_f64.to_bits());
    }
}
