//! The document: what the operator said, as plain data.

mod acme;
mod admin;
mod backend;
mod balance;
mod breaker;
mod capacity;
mod doors;
mod edits;
mod health;
mod http2;
mod later;
mod limits;
mod listener;
mod logging;
mod name;
mod proxy;
mod retry;
mod route;
mod second;
mod security;
mod tls;
mod upstream;

pub use acme::{Acme, AcmeChallenge, ExternalAccount, OnDemand};
pub use admin::{Admin, AdminClient, AdminRateLimit, AdminTls, Role, State, StateDir, Token};
pub use backend::{Backend, BackendAddress, BackendState};
pub use balance::{HashKey, HashOn, SameSite, Secure, Sticky};
pub use breaker::{CircuitBreaker, Recovery};
pub use capacity::{InFlight, QueueOrder};
pub use edits::FieldEdits;
pub use health::{
    AgentCheck, Expect, HealthCheck, HealthCheckKind, OutlierEjection, Panic, PanicMode, Passive,
};
pub use http2::Http2;
pub use later::{Metrics, Otlp, RedisRoutes, RoutesFrom, Telemetry};
pub use limits::{LimiterStore, PathRateLimit, RateLimit, RateLimitRedis, RateLimits};
pub use listener::{Listener, Mode, ProxyProtocol, ProxyVersion};
pub use logging::{Level, LogFormat, Logging, Sampling};
pub(crate) use name::host_and_port;
pub use name::{HostHeader, StrategyName};
pub use proxy::{Proxy, Workers};
pub use retry::{Retry, RetryReason, RetryReasonError};
pub(crate) use route::INLINE;
pub use route::{Match, Priority, Redirect, Respond, Route, RouteAuth, RouteOrder, Ssl, WeightedUpstream};
pub use second::{Hedge, Mirror};
pub use security::{ApiKey, Auth, AuthKind, Security};
pub use tls::{
    Certificate, ClientAuth, ClientAuthMode, Hsts, ListenerTls, TlsVersion, UnknownName, UpstreamTls, is_pem,
};
pub use upstream::{Protocol, Upstream};

use crate::{Address, Duration, Kind};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, LazyLock},
};

/// The shortest duration that a timeout can have.
pub(crate) const TICK: Duration = Duration::from_millis(1);
/// The longest duration that a timeout can have.
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// The port that the proxy listens on where no listener is configured.
const DEFAULT_PORT: u16 = 3000;

/// The configuration of proxyd.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Document {
    /// Settings of the whole proxy.
    #[garde(dive)]
    pub proxy: Proxy,
    /// Where clients connect. With none here and no `proxy.port`: `0.0.0.0:3000`.
    #[garde(dive)]
    pub listeners: Vec<Listener>,
    /// The control plane's own listener.
    #[garde(dive)]
    pub admin: Option<Admin>,
    /// Where all is kept that outlives the process; absent: the default directory, which is made when something is first kept.
    /// `none` keeps nothing.
    #[garde(dive)]
    pub state: Option<State>,
    /// Certificates that listeners serve by server name.
    pub certificates: Vec<Arc<Certificate>>,
    /// An authority that certificates are got from; absent: none.
    #[garde(dive)]
    pub acme: Option<Acme>,
    /// Named pools of backends.
    #[garde(dive)]
    pub upstreams: Vec<Arc<Upstream>>,
    /// What clients may ask for, and what happens then.
    #[garde(dive)]
    pub routes: Vec<Arc<Route>>,
    /// Which of several matching routes wins.
    pub route_order: RouteOrder,
    /// Other places that routes come from.
    #[garde(dive)]
    pub routes_from: Option<RoutesFrom>,
    /// Which addresses may be reached, and who may ask.
    #[garde(dive)]
    pub security: Security,
    /// Limits of requests in time.
    #[garde(dive)]
    pub rate_limit: Option<RateLimits>,
    /// How metrics are served.
    pub metrics: Option<Metrics>,
    /// What is logged.
    #[garde(dive)]
    pub logging: Logging,
    /// Where traces are sent.
    pub telemetry: Option<Telemetry>,
}

impl Document {
    /// Whether a document may have this key at its top level.
    pub fn has_key(name: &str) -> bool {
        static EMPTY: LazyLock<serde_json::Value> =
            LazyLock::new(|| serde_json::to_value(Document::default()).unwrap_or_default());
        EMPTY.get(name).is_some()
    }

    /// Every address to listen on: `listeners`, the one that `proxy.port` is short for, or else the default.
    pub fn addresses(&self) -> Vec<Address> {
        let any = |port| Address::Tcp(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)));
        let mut addresses: Vec<Address> = self.proxy.port.map(any).into_iter().collect();
        addresses.extend(self.listeners.iter().map(|listener| listener.address.clone()));
        if addresses.is_empty() {
            addresses.push(any(DEFAULT_PORT));
        }
        addresses
    }

    /// The longest that one attempt of this route on this upstream may take until the response head.
    ///
    /// A route's own `timeout` overrules a shorter one of the upstream, as does a `proxy.timeout` that differs from
    /// its default where the upstream has none: who allows a request more time wants the backend to have it.
    pub fn attempt_timeout(&self, route: &Route, upstream: &Upstream) -> std::time::Duration {
        let timeout = match (route.timeout, upstream.timeout) {
            (Some(route), Some(upstream)) => route.max(upstream),
            (Some(timeout), None) | (None, Some(timeout)) => timeout,
            (None, None) if self.proxy.timeout == Proxy::default().timeout => Upstream::ATTEMPT_TIMEOUT,
            (None, None) => self.proxy.timeout,
        };
        timeout.get()
    }

    /// The ids of the objects of a kind, in order; none of sections.
    pub(crate) fn ids(&self, kind: Kind) -> Vec<&str> {
        match kind {
            Kind::Section => Vec::new(),
            Kind::Certificate => self.certificates.iter().map(|certificate| &*certificate.id).collect(),
            Kind::Upstream => self.upstreams.iter().map(|upstream| &*upstream.name).collect(),
            Kind::Route => self.routes.iter().map(|route| &*route.id).collect(),
        }
    }

    /// The sections alone.
    pub(crate) fn sections(&self) -> Self {
        Self {
            proxy: self.proxy.clone(),
            listeners: self.listeners.clone(),
            admin: self.admin.clone(),
            state: self.state.clone(),
            acme: self.acme.clone(),
            route_order: self.route_order,
            routes_from: self.routes_from.clone(),
            security: self.security.clone(),
            rate_limit: self.rate_limit.clone(),
            metrics: self.metrics.clone(),
            logging: self.logging.clone(),
            telemetry: self.telemetry.clone(),
            certificates: Vec::new(),
            upstreams: Vec::new(),
            routes: Vec::new(),
        }
    }

    /// How much of what is configured.
    pub fn summary(&self) -> Summary {
        let inline = self.routes.iter().filter(|route| !route.backends.is_empty());
        let backends = |upstream: &Upstream| upstream.backends.len() + usize::from(upstream.url.is_some());
        Summary {
            listeners: self.addresses().len(),
            upstreams: self.upstreams.len() + inline.clone().count(),
            backends: self.upstreams.iter().map(|upstream| backends(upstream)).sum::<usize>()
                + inline.map(|route| route.backends.len()).sum::<usize>(),
            routes: self.routes.len(),
        }
    }
}

/// How much of what is configured; inline pools of routes count as upstreams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Addresses that are listened on.
    pub listeners: usize,
    /// Pools of backends.
    pub upstreams: usize,
    /// Backends in all pools.
    pub backends: usize,
    /// Routes.
    pub routes: usize,
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        let Self { listeners, upstreams, backends, routes } = *self;
        write!(f, "{listeners} listener{}, {upstreams} upstream{}, ", plural(listeners), plural(upstreams))?;
        write!(f, "{backends} backend{}, {routes} route{}", plural(backends), plural(routes))
    }
}
