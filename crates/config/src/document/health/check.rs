//! Probes, and agents beside the backends.

use crate::{
    Duration, StatusRange,
    document::{DAY, TICK},
};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The least that a `fastInterval` is where it follows from `interval`.
const FAST_MIN: std::time::Duration = std::time::Duration::from_millis(100);

/// Probes of the backends' health.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct HealthCheck {
    /// What is asked.
    #[serde(rename = "type")]
    pub kind: HealthCheckKind,
    /// The path of an HTTP probe, a query included.
    pub path: String,
    /// The method of an HTTP probe.
    pub method: String,
    /// The Host of an HTTP probe; default: the backend's own name.
    pub host: Option<String>,
    /// The answers to an HTTP probe that are successes.
    pub expect: Expect,
    /// The service that a gRPC probe asks about; empty: the whole server.
    #[garde(length(bytes, max = 256))]
    pub service: String,
    /// The port that is probed; default: the backend's own.
    #[garde(range(min = 1))]
    pub port: Option<u16>,
    /// From one probe to the next.
    #[garde(range(min = TICK, max = DAY))]
    pub interval: Duration,
    /// From one probe to the next while the state may be about to change; default: half of `interval`, at least 100ms
    /// and at most `interval`.
    #[garde(range(min = TICK, max = DAY))]
    pub fast_interval: Option<Duration>,
    /// From one probe to the next while the backend is out; default: `interval`.
    #[garde(range(min = TICK, max = DAY))]
    pub down_interval: Option<Duration>,
    /// The percentage by which intervals are longer or shorter at random, so that probes do not come together.
    #[garde(range(max = 100))]
    pub jitter: u32,
    /// Until a probe is answered.
    #[garde(range(min = TICK, max = DAY))]
    pub timeout: Duration,
    /// Successes that bring a backend back.
    #[garde(range(min = 1, max = 100))]
    pub rise: u32,
    /// Failures that take a backend out.
    #[garde(range(min = 1, max = 100))]
    pub fall: u32,
}

impl HealthCheck {
    /// From one probe to the next while the state may be about to change, the default included.
    pub fn fast_interval(&self) -> std::time::Duration {
        let interval = self.interval.get();
        self.fast_interval.map_or((interval / 2).max(FAST_MIN).min(interval), Duration::get)
    }

    /// From one probe to the next while the backend is out, the default included.
    pub fn down_interval(&self) -> std::time::Duration {
        self.down_interval.unwrap_or(self.interval).get()
    }
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            kind: HealthCheckKind::Tcp,
            path: "/".into(),
            method: "GET".into(),
            host: None,
            expect: Expect::default(),
            service: String::new(),
            port: None,
            interval: Duration::from_secs(5),
            fast_interval: None,
            down_interval: None,
            jitter: 10,
            timeout: Duration::from_secs(2),
            rise: 2,
            fall: 3,
        }
    }
}

/// What a probe asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum HealthCheckKind {
    /// A TCP connection.
    #[default]
    Tcp,
    /// An HTTP request.
    Http,
    /// The gRPC health service.
    Grpc,
}

/// The answers to a probe that are successes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Expect {
    /// Status codes, and ranges of them; one of these must hold.
    #[schemars(length(min = 1))]
    pub status: Vec<StatusRange>,
    /// A regular expression that must find a match in the body.
    pub body: Option<String>,
}

impl Default for Expect {
    fn default() -> Self {
        Self { status: vec![StatusRange::between(200, 399)], body: None }
    }
}

/// An agent beside each backend, which says how the backend is: one line over TCP, as HAProxy's agents write it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["port"]))]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct AgentCheck {
    /// The port of the agents. Required.
    #[schemars(range(min = 1))]
    pub port: u16,
    /// From one question to the next.
    #[garde(range(min = TICK, max = DAY))]
    pub interval: Duration,
    /// Until an agent has answered.
    #[garde(range(min = TICK, max = DAY))]
    pub timeout: Duration,
    /// A text that is sent to the agent first.
    #[garde(length(bytes, max = 1024))]
    pub send: Option<String>,
}

impl Default for AgentCheck {
    fn default() -> Self {
        Self { port: 0, interval: Duration::from_secs(2), timeout: Duration::from_secs(2), send: None }
    }
}
