//! What an embedder or the control plane asks for: plain data, compiled into a snapshot when it is published.

use std::sync::Arc;
use std::time::Duration;

mod balance;
mod gate;
mod listener;
mod resilience;

use egress::{Destination, Named};
use health::{Manual, PassiveSettings};
use ipnet::IpNet;
use lb_strategies::{RoundRobin, Strategy, Weight};

use crate::guard::Guard;
pub use crate::matcher::{Conditions, HostPattern, PathPattern, PathRegex, PatternError, RouteOrder};
pub use crate::path::PathError;
use crate::secure::Secure;
pub use crate::template::{Template, TemplateError, Variable};
pub use balance::{Affinity, Sticky};
pub use gate::{Concurrency, GateSpec, Order, Priority};
pub use listener::{HostSpec, ListenerMode, ListenerSpec, PassageSpec, ProxyProtocolSpec, ProxyVersion};
pub use resilience::{
    AgentSpec, BreakerSpec, CheckSpec, HedgeSpec, MirrorSpec, OutlierSpec, Panic, RetrySpec,
};

/// Everything that a proxy serves. Publishing one replaces what was served before; what did not change in it
/// goes on untouched.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Blueprint {
    /// The settings of the whole proxy.
    pub settings: Settings,
    /// The upstreams, by their names.
    pub upstreams: Vec<Arc<UpstreamSpec>>,
    /// The routes, in written order.
    pub routes: Vec<Arc<RouteSpec>>,
    /// How connections begin, by the place of the listener among those that were bound. Where there is none for it, a
    /// listener is for plain HTTP.
    pub listeners: Vec<Arc<ListenerSpec>>,
    /// Server names whose connections are passed on as they come, on listeners that see names; the most specific counts.
    pub passages: Vec<PassageSpec>,
    /// Hosts that plain requests are not served for; the most specific counts.
    pub hosts: Vec<HostSpec>,
}

/// Settings of the whole proxy. Times are for one client connection or one request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// A whole head must be there in that time after its first byte, or after the connection was made.
    pub header_timeout: Duration,
    /// How long a connection may be idle between two requests.
    pub keep_alive_timeout: Duration,
    /// Until the head of the answer: dials and further attempts included.
    pub timeout: Duration,
    /// How long a body may make no progress, either way.
    pub body_idle_timeout: Duration,
    /// Bytes per second that a body must make, either way, after the first few seconds; 0 is no minimum.
    pub body_min_rate: u32,
    /// How long a tunnel may be idle.
    pub tunnel_idle_timeout: Duration,
    /// How long requests in flight may take to end once the proxy is told to end.
    pub drain_timeout: Duration,
    /// Bytes of a request body, where the route says nothing else.
    pub max_body_size: u64,
    /// Limits of a head.
    pub limits: http1::Limits,
    /// Client connections in all.
    pub max_connections: usize,
    /// Connections of one client address; `None` is no limit.
    pub max_connections_per_client: Option<usize>,
    /// Clients' handshakes that may be under way in all; beyond that, the one that began first is given up.
    pub max_handshakes: usize,
    /// Who may say on whose behalf it asks: the proxies in front of this one.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether `Forwarded` (RFC 7239) is sent to backends beside the `X-Forwarded-*` fields.
    pub forwarded: bool,
    /// How HTTP/2 is spoken, with clients and with backends.
    pub http2: Http2Settings,
    /// Which of several matching routes wins.
    pub route_order: RouteOrder,
}

/// How HTTP/2 is spoken. The limits of a head hold for it, too; what else is limited stands in `docs/http2.md`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Http2Settings {
    /// Whether clients may speak it.
    pub enabled: bool,
    /// Requests of one client connection at the same time.
    pub max_streams: u32,
    /// Bytes of one request's body that may come before somebody takes them.
    pub stream_window: u32,
    /// Bytes of all bodies on a connection that may come before somebody takes them.
    pub connection_window: u32,
    /// How long the other end of a connection that carries requests may be silent before it is asked for a sign of life.
    pub ping_interval: Duration,
    /// How long that sign may take.
    pub ping_timeout: Duration,
}

impl Default for Http2Settings {
    fn default() -> Self {
        Self {
            enabled: true,
            max_streams: 100,
            stream_window: 64 * 1024,
            connection_window: 1024 * 1024,
            ping_interval: Duration::from_secs(30),
            ping_timeout: Duration::from_secs(10),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(75),
            timeout: Duration::from_secs(30),
            body_idle_timeout: Duration::from_secs(30),
            body_min_rate: 240,
            tunnel_idle_timeout: Duration::from_secs(3600),
            drain_timeout: Duration::from_secs(30),
            max_body_size: 10 * 1024 * 1024,
            limits: http1::Limits::default(),
            max_connections: 65_536,
            max_connections_per_client: None,
            max_handshakes: 4096,
            trusted_proxies: Vec::new(),
            forwarded: false,
            http2: Http2Settings::default(),
            route_order: RouteOrder::Specific,
        }
    }
}

/// A named pool of backends.
#[derive(Clone)]
#[non_exhaustive]
pub struct UpstreamSpec {
    /// Its name, unique in a blueprint.
    pub name: String,
    /// Its backends.
    pub backends: Vec<BackendSpec>,
    /// Chooses among them.
    pub strategy: Arc<dyn Strategy>,
    /// What Host says to a backend.
    pub host_header: HostHeader,
    /// What its backends speak.
    pub protocol: Protocol,
    /// For one name look-up.
    pub dns_timeout: Duration,
    /// For one connection to come about.
    pub connect_timeout: Duration,
    /// For one attempt, until the head of the answer.
    pub timeout: Duration,
    /// How long a connection may wait unused for the next request.
    pub idle_timeout: Duration,
    /// How old a connection may become.
    pub max_connection_age: Duration,
    /// How many unused connections a worker keeps for each backend.
    pub max_idle_connections: usize,
    /// How many further attempts a request gets.
    pub retries: u32,
    /// What they are made for, and how soon.
    pub retry: RetrySpec,
    /// What the strategy is given of a request, where it hashes.
    pub affinity: Option<Affinity>,
    /// The cookie by which a client comes back to its backend.
    pub sticky: Option<Sticky>,
    /// How long a backend that is new or came back takes to get its whole share; `None`: no time.
    pub slow_start: Option<Duration>,
    /// What failed connects amount to.
    pub passive: PassiveSettings,
    /// When a backend is ejected for its answers; `None`: never.
    pub outliers: Option<OutlierSpec>,
    /// What happens where most backends fail their checks.
    pub panic: Panic,
    /// Active checks.
    pub check: Option<CheckSpec>,
    /// The agents of its backends.
    pub agent: Option<AgentSpec>,
    /// The circuit of the whole upstream.
    pub breaker: Option<BreakerSpec>,
    /// A circuit of each backend.
    pub backend_breaker: Option<BreakerSpec>,
    /// The limit of requests in flight to all of it.
    pub gate: Option<GateSpec>,
    /// How often names are looked up again, to see for how many backends they stand.
    pub dns_refresh: Duration,
    /// Who named the backends' addresses.
    pub named: Named,
    /// Makes secure channels of connections to its backends; `None`: they are plain.
    pub secure: Option<Arc<dyn Secure>>,
    /// The header of the PROXY protocol that connections begin with. Each serves one client's request then.
    pub announces: Option<ProxyVersion>,
}

impl UpstreamSpec {
    /// An upstream without backends, served in turn.
    ///
    /// # Defaults
    /// The client's Host is passed on; 2 s for a look-up and for a connect, 15 s for an attempt; 1,024 idle
    /// connections for 60 s, at most an hour old; 2 further attempts. Backends that came back get their share
    /// within 30 s; a failed connect marks a backend dead, bad answers in a row eject it; nothing else is limited.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            backends: Vec::new(),
            strategy: Arc::new(RoundRobin),
            host_header: HostHeader::Preserve,
            protocol: Protocol::Http1,
            dns_timeout: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(2),
            timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(60),
            max_connection_age: Duration::from_secs(3600),
            max_idle_connections: 1024,
            retries: 2,
            retry: RetrySpec::default(),
            affinity: None,
            sticky: None,
            slow_start: Some(Duration::from_secs(30)),
            passive: PassiveSettings::default(),
            outliers: Some(OutlierSpec::default()),
            panic: Panic::default(),
            check: None,
            agent: None,
            breaker: None,
            backend_breaker: None,
            gate: None,
            dns_refresh: Duration::from_secs(30),
            named: Named::ByOperator,
            secure: None,
            announces: None,
        }
    }

    /// With one more backend.
    #[must_use]
    pub fn backend(mut self, backend: BackendSpec) -> Self {
        self.backends.push(backend);
        self
    }

    /// With another strategy.
    #[must_use]
    pub fn strategy(mut self, strategy: impl Strategy + 'static) -> Self {
        self.strategy = Arc::new(strategy);
        self
    }
}

impl std::fmt::Debug for UpstreamSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UpstreamSpec")
            .field("name", &self.name)
            .field("backends", &self.backends)
            .finish_non_exhaustive()
    }
}

/// What backends speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.1.
    #[default]
    Http1,
    /// HTTP/2, by prior knowledge (RFC 9113 section 3.3).
    Http2,
    /// What a secure channel has negotiated; HTTP/1.1 where it has not.
    Auto,
}

/// What Host says to a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostHeader {
    /// What the client said.
    Preserve,
    /// The backend's own name, with its port where that is not 80.
    Upstream,
    /// This.
    Name(String),
}

/// One address that can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendSpec {
    /// Stable identity, unique in its upstream.
    pub id: String,
    /// Where it listens.
    pub destination: Destination,
    /// Its share of the requests, relative to the others'.
    pub weight: Weight,
    /// It is asked while no backend of a lower number can be.
    pub priority: u8,
    /// What somebody wants of it.
    pub state: Manual,
    /// Requests in flight to it, over all workers; `None`: no limit.
    pub max_requests: Option<u32>,
    /// Connections to it, over all workers; `None`: no limit.
    pub max_connections: Option<u32>,
}

impl BackendSpec {
    /// A backend of weight one at a host and port.
    pub fn new(id: impl Into<String>, host: impl Into<String>, port: u16) -> Self {
        Self::at(id, Destination::host(host, port))
    }

    /// A backend of weight one at any destination.
    pub fn at(id: impl Into<String>, destination: Destination) -> Self {
        Self {
            id: id.into(),
            destination,
            weight: Weight::ONE,
            priority: 0,
            state: Manual::Ready,
            max_requests: None,
            max_connections: None,
        }
    }

    /// One that is asked while no backend of a lower priority number can be.
    #[must_use]
    pub const fn priority(mut self, priority: u8) -> Self {
        self.priority = priority;
        self
    }

    /// With another weight.
    #[must_use]
    pub const fn weight(mut self, weight: Weight) -> Self {
        self.weight = weight;
        self
    }
}

/// What matches, and what happens then.
#[derive(Clone)]
#[non_exhaustive]
pub struct RouteSpec {
    /// Stable identity, unique in a blueprint.
    pub id: String,
    /// The host that it is for.
    pub host: HostPattern,
    /// The path that it is for.
    pub path: PathPattern,
    /// What else must hold.
    pub conditions: Conditions,
    /// What happens.
    pub action: Action,
    /// Checks before it happens, in order.
    pub guards: Vec<Arc<dyn Guard>>,
    /// What is taken from the path before it is forwarded.
    pub rewrite: Rewrite,
    /// Changes to the request that is forwarded.
    pub request_fields: FieldEdits,
    /// Changes to the response that is passed on.
    pub response_fields: FieldEdits,
    /// Until the head of the answer, instead of the proxy's own.
    pub timeout: Option<Duration>,
    /// For one attempt, until the head of the answer, instead of the upstream's.
    pub attempt_timeout: Option<Duration>,
    /// Bytes of a request body, instead of the proxy's own.
    pub max_body_size: Option<u64>,
    /// The limit of its requests in flight.
    pub gate: Option<GateSpec>,
    /// Whose requests wait less, and are refused last.
    pub priority: Priority,
    /// When a second attempt is made beside the first.
    pub hedge: Option<HedgeSpec>,
    /// Who gets copies of its requests.
    pub mirror: Option<MirrorSpec>,
    /// Clients must have shown a certificate, under the rule of `host`.
    pub needs_client: bool,
    /// The value of `Strict-Transport-Security` in answers over secure channels. RFC 6797.
    pub hsts: Option<String>,
}

impl RouteSpec {
    /// A route for any host and path.
    pub fn new(id: impl Into<String>, action: Action) -> Self {
        Self {
            id: id.into(),
            host: HostPattern::Any,
            path: PathPattern::Prefix("/".to_owned()),
            conditions: Conditions::default(),
            action,
            guards: Vec::new(),
            rewrite: Rewrite::default(),
            request_fields: FieldEdits::default(),
            response_fields: FieldEdits::default(),
            timeout: None,
            attempt_timeout: None,
            max_body_size: None,
            gate: None,
            priority: Priority::Normal,
            hedge: None,
            mirror: None,
            needs_client: false,
            hsts: None,
        }
    }

    /// A route for any host and path, forwarded to an upstream.
    pub fn to(id: impl Into<String>, upstream: impl Into<String>) -> Self {
        Self::new(id, Action::Forward { upstream: upstream.into(), fallback: None })
    }

    /// For this host only.
    #[must_use]
    pub fn host(mut self, host: HostPattern) -> Self {
        self.host = host;
        self
    }

    /// For this path only.
    #[must_use]
    pub fn path(mut self, path: PathPattern) -> Self {
        self.path = path;
        self
    }

    /// With one more guard, asked after those before it.
    #[must_use]
    pub fn guard(mut self, guard: impl Guard + 'static) -> Self {
        self.guards.push(Arc::new(guard));
        self
    }
}

impl std::fmt::Debug for RouteSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RouteSpec")
            .field("id", &self.id)
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}

/// What a route does with a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Action {
    /// Forwards it.
    Forward {
        /// The upstream's name.
        upstream: String,
        /// The upstream that takes it where that one has no eligible backend.
        fallback: Option<String>,
    },
    /// Forwards it to one of several upstreams, by weight.
    Split {
        /// The upstreams' names and weights; at least one weight is not 0.
        upstreams: Vec<(String, u32)>,
        /// The cookie by which a client comes back to the upstream that it had.
        sticky: Option<Sticky>,
        /// The upstream that takes it where the chosen one has no eligible backend.
        fallback: Option<String>,
    },
    /// Answers it.
    Respond {
        /// The status, 200 to 599.
        status: u16,
        /// The media type of the body.
        content_type: String,
        /// The body.
        body: String,
    },
    /// Sends the client elsewhere.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        status: u16,
        /// The value of Location.
        to: Template,
    },
}

/// What becomes of the path before a request is forwarded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rewrite {
    /// Taken off the front.
    pub strip_prefix: Option<String>,
    /// Put in front, after something was taken off.
    pub set_prefix: Option<String>,
}

impl Rewrite {
    /// Takes `strip` off the front, and puts `set` there.
    pub const fn new(strip: Option<String>, set: Option<String>) -> Self {
        Self { strip_prefix: strip, set_prefix: set }
    }
}

/// Changes to a field list: first what is removed, then what is set, then what is added.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FieldEdits {
    /// Fields of these names are taken out.
    pub remove: Vec<String>,
    /// Fields of these names are taken out, and one is put in.
    pub set: Vec<(String, Template)>,
    /// Fields that are put in beside what there is.
    pub add: Vec<(String, Template)>,
}

impl FieldEdits {
    /// True where nothing changes.
    pub const fn is_empty(&self) -> bool {
        self.remove.is_empty() && self.set.is_empty() && self.add.is_empty()
    }
}
