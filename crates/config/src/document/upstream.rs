//! A named pool of backends.

use super::{Backend, DAY, HostHeader, StrategyName, TICK};
use crate::{Duration, Secret, Url};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A named pool of backends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["name"]))]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Upstream {
    /// The name that routes use. Required, unique.
    pub name: String,
    /// The only backend: `http://host:port`, `host:port` or `unix:/path`. Either this or `backends`.
    pub url: Option<Url>,
    /// The backends. Either these or `url`.
    #[garde(dive)]
    pub backends: Vec<Backend>,
    /// How a backend is chosen.
    pub strategy: StrategyName,
    /// Which Host backends are asked for; default: `upstream` with `url`, `preserve` with `backends`.
    pub host_header: Option<HostHeader>,
    /// Which protocol backends speak.
    pub protocol: Protocol,
    /// One attempt, until the response head; default 15s, or the `timeout` of the route or of `proxy` where those are
    /// set.
    #[garde(range(min = TICK, max = DAY))]
    pub timeout: Option<Duration>,
    /// Until a connection stands.
    #[garde(range(min = TICK, max = DAY))]
    pub connect_timeout: Duration,
    /// Until a name is looked up.
    #[garde(range(min = TICK, max = DAY))]
    pub dns_timeout: Duration,
    /// How long an unused connection is kept.
    #[garde(range(min = TICK, max = DAY))]
    pub idle_timeout: Duration,
    /// The most unused connections, per worker and backend; 0 keeps none.
    #[garde(range(max = 1_000_000))]
    pub max_idle_connections: u32,
    /// The age after which a connection takes no further request.
    #[garde(range(min = TICK, max = DAY))]
    pub max_connection_age: Duration,
    /// How many more attempts a request may have that may be sent again.
    #[garde(range(max = 10))]
    pub retries: u8,
    /// Probes of the backends' health.
    #[garde(dive)]
    pub health_check: Option<HealthCheck>,
    /// When to stop asking for a while.
    #[garde(dive)]
    pub circuit_breaker: Option<CircuitBreaker>,
    /// TLS towards the backends.
    pub tls: Option<UpstreamTls>,
}

impl Upstream {
    /// One attempt's time where nobody says otherwise.
    pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

    /// Every backend: those of `backends`, or the one that `url` names.
    pub fn all_backends(&self) -> Vec<Backend> {
        let Some(url) = &self.url else { return self.backends.clone() };
        let (hostname, port) = match url {
            Url::Http { host, port } | Url::Https { host, port } => (host.clone(), Some(*port)),
            Url::Unix(path) => (format!("unix:{}", path.display()), None),
        };
        let mut backend = Backend { hostname, port, ..Backend::default() };
        backend.id = backend.default_id();
        vec![backend]
    }

    /// Which Host backends are asked for, the default included.
    pub fn host_header(&self) -> HostHeader {
        match &self.host_header {
            Some(host_header) => host_header.clone(),
            None if self.url.is_some() => HostHeader::Upstream,
            None => HostHeader::Preserve,
        }
    }
}

impl Default for Upstream {
    fn default() -> Self {
        Self {
            name: String::new(),
            url: None,
            backends: Vec::new(),
            strategy: StrategyName::default(),
            host_header: None,
            protocol: Protocol::Auto,
            timeout: None,
            connect_timeout: Duration::from_secs(2),
            dns_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(60),
            max_idle_connections: 1024,
            max_connection_age: Duration::from_secs(3600),
            retries: 2,
            health_check: None,
            circuit_breaker: None,
            tls: None,
        }
    }
}

/// Which protocol backends speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Protocol {
    /// The best that both sides know, where TLS lets them choose; HTTP/1.1 over plain connections.
    #[default]
    Auto,
    /// HTTP/1.1.
    Http1,
    /// HTTP/2; over plain connections by prior knowledge (RFC 9113 section 3.3).
    Http2,
}

/// Probes of the backends' health.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct HealthCheck {
    /// What is asked.
    #[serde(rename = "type")]
    pub kind: HealthCheckKind,
    /// The path of an HTTP probe.
    pub path: String,
    /// From one probe to the next.
    #[garde(range(min = TICK, max = DAY))]
    pub interval: Duration,
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

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            kind: HealthCheckKind::Tcp,
            path: "/".into(),
            interval: Duration::from_secs(5),
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

/// When to stop asking for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct CircuitBreaker {
    /// Whether there is one.
    pub enabled: bool,
    /// The percentage of failed requests that opens the circuit.
    #[garde(range(min = 1, max = 100))]
    pub failure_threshold: u32,
    /// The fewest requests in the window that say anything.
    #[garde(range(min = 1, max = 1_000_000))]
    pub minimum_requests: u32,
    /// The time over which requests are counted.
    #[garde(range(min = TICK, max = DAY))]
    pub window: Duration,
    /// How long the circuit stays open before a probe is let through.
    #[garde(range(min = TICK, max = DAY))]
    pub open_duration: Duration,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self {
            enabled: true,
            failure_threshold: 50,
            minimum_requests: 20,
            window: Duration::from_secs(10),
            open_duration: Duration::from_secs(30),
        }
    }
}

/// TLS towards the backends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct UpstreamTls {
    /// A file with the certificates of the authorities that are believed.
    pub ca: Option<PathBuf>,
    /// The proxy's own certificate: a file, or PEM.
    pub cert: Option<String>,
    /// The key of that certificate: a file, or PEM.
    pub key: Option<Secret>,
    /// A file that holds `key`.
    pub key_file: Option<PathBuf>,
    /// The name that backends must prove; default: the backend's own.
    pub server_name: Option<String>,
}
