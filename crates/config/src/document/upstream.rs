//! A named pool of backends.

use super::{
    AgentCheck, Backend, CircuitBreaker, DAY, HashKey, HealthCheck, HostHeader, InFlight, OutlierEjection,
    Panic, Passive, ProxyVersion, QueueOrder, Retry, Sticky, StrategyName, TICK, UpstreamTls,
    capacity::{MANY, QUEUE_TIMEOUT},
};
use crate::{Duration, Limit, Url};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    #[schemars(length(min = 1))]
    pub backends: Vec<Backend>,
    /// How a backend is chosen.
    pub strategy: StrategyName,
    /// What the strategy HASH hashes.
    pub hash: Option<HashKey>,
    /// The most requests in flight on one backend, in percent of what its weight makes its share; what a backend does
    /// not get for that goes to another one. For the strategies IP_HASH and HASH.
    #[garde(range(min = 100, max = 1000))]
    pub bounded_load: Limit<u32>,
    /// A cookie that keeps a client at its backend; absent: none.
    #[garde(dive)]
    pub sticky: Option<Sticky>,
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
    /// Which attempts are made again.
    #[garde(dive)]
    pub retry: Retry,
    /// The most requests in flight to this upstream: a number, `auto` (found by measuring), or `off`.
    #[garde(range(min = 1, max = MANY))]
    pub max_requests: Limit<InFlight>,
    /// The most requests that wait while `maxRequests` is reached; 0: none. Default: as many as `maxRequests`, 128
    /// with `auto`.
    #[garde(range(max = MANY))]
    pub queue_length: Option<u32>,
    /// The longest that a request waits; default 1s.
    #[garde(range(min = TICK, max = DAY))]
    pub queue_timeout: Option<Duration>,
    /// Who of those that wait is next; default `adaptive`.
    pub queue_order: Option<QueueOrder>,
    /// The most requests in flight to one backend.
    #[garde(range(min = 1, max = MANY))]
    pub max_requests_per_backend: Limit<u32>,
    /// The most connections to one backend.
    #[garde(range(min = 1, max = MANY))]
    pub max_connections_per_backend: Limit<u32>,
    /// How often names are looked up again.
    #[garde(range(min = Duration::from_secs(1), max = DAY))]
    pub dns_refresh: Duration,
    /// How long a backend that is new or back takes to get its full share of the requests.
    #[garde(range(min = TICK, max = DAY))]
    pub slow_start: Limit<Duration>,
    /// What connections that fail say about a backend.
    #[garde(dive)]
    pub passive: Passive,
    /// When a backend that answers badly is left alone for a while.
    #[garde(dive)]
    pub outlier_ejection: OutlierEjection,
    /// What happens when too few backends are healthy.
    #[garde(dive)]
    pub panic: Panic,
    /// Probes of the backends' health; absent: none.
    #[garde(dive)]
    pub health_check: Option<HealthCheck>,
    /// Agents beside the backends, which say how these are; absent: none.
    #[garde(dive)]
    pub agent_check: Option<AgentCheck>,
    /// When to stop asking the upstream for a while; absent: never.
    #[garde(dive)]
    pub circuit_breaker: Option<CircuitBreaker>,
    /// When to stop asking one backend for a while; absent: never.
    #[garde(dive)]
    pub backend_circuit_breaker: Option<CircuitBreaker>,
    /// TLS towards the backends. With `backends`, it is spoken where this is there; with `url`, where that is `https://`.
    pub tls: Option<UpstreamTls>,
    /// The header of the PROXY protocol that connections begin with; each connection serves one request then. Absent: none.
    pub send_proxy_protocol: Option<ProxyVersion>,
    /// Whose the object is, as the API says it: accepted and ignored.
    #[serde(skip_serializing)]
    #[schemars(extend("readOnly" = true, "writeOnly" = false))]
    pub source: Option<String>,
    /// Whether it hides one of the file, as the API says it: accepted and ignored.
    #[serde(skip_serializing)]
    #[schemars(extend("readOnly" = true, "writeOnly" = false))]
    pub shadows: Option<bool>,
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

    /// Whether TLS is spoken with the backends.
    pub fn uses_tls(&self) -> bool {
        match &self.url {
            Some(Url::Https { .. }) => true,
            Some(_) => false,
            None => self.tls.is_some(),
        }
    }

    /// How many requests wait while `maxRequests` is reached, the default included; 0 where nothing is limited.
    pub fn queue_length(&self) -> u32 {
        let limit = self.max_requests.get();
        limit.map_or(0, |limit| self.queue_length.unwrap_or_else(|| limit.default_queue()))
    }

    /// How long a request waits at the most, the default included.
    pub fn queue_timeout(&self) -> std::time::Duration {
        self.queue_timeout.unwrap_or(QUEUE_TIMEOUT).get()
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
            hash: None,
            bounded_load: Limit::Off,
            sticky: None,
            host_header: None,
            protocol: Protocol::Auto,
            timeout: None,
            connect_timeout: Duration::from_secs(2),
            dns_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(60),
            max_idle_connections: 1024,
            max_connection_age: Duration::from_secs(3600),
            retries: 2,
            retry: Retry::default(),
            max_requests: Limit::Off,
            queue_length: None,
            queue_timeout: None,
            queue_order: None,
            max_requests_per_backend: Limit::Off,
            max_connections_per_backend: Limit::Off,
            dns_refresh: Duration::from_secs(30),
            slow_start: Limit::At(Duration::from_secs(30)),
            passive: Passive::default(),
            outlier_ejection: OutlierEjection::default(),
            panic: Panic::default(),
            health_check: None,
            agent_check: None,
            circuit_breaker: None,
            backend_circuit_breaker: None,
            tls: None,
            send_proxy_protocol: None,
            source: None,
            shadows: None,
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
