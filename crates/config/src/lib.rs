//! The document: its model, YAML and JSON, validation with places, JSON Schema.

mod address;
mod check;
mod dialect;
mod document;
mod duration;
mod fields;
mod hostname;
mod later;
mod limit;
mod load;
mod nearest;
mod network;
mod parameters;
mod pattern;
mod problem;
mod read;
mod report;
mod scalar;
mod schema;
mod secret;
mod size;
mod source;
mod template;
mod tree;
mod url;

pub use address::{Address, AddressError};
pub use document::{
    Admin, ApiKey, Auth, AuthKind, Backend, BackendAddress, Certificate, CircuitBreaker, Document,
    FieldEdits, HealthCheck, HealthCheckKind, HostHeader, Level, LimiterStore, Listener, ListenerTls,
    LogFormat, Logging, Match, Metrics, Otlp, PathRateLimit, Priority, Protocol, Proxy, ProxyProtocol,
    RateLimit, RateLimitRedis, RateLimits, Redirect, RedisRoutes, Respond, Role, Route, RouteAuth,
    RouteOrder, RoutesFrom, Sampling, Security, Ssl, State, StateDir, StrategyName, Summary, Telemetry,
    Token, Upstream, UpstreamTls, WeightedUpstream, Workers,
};
pub use duration::{Duration, DurationError};
pub use fields::{FieldName, Fields};
pub use hostname::HostnameError;
pub use limit::{Counted, Limit};
pub use load::{Loaded, Surroundings, load, parse, parse_with};
pub use network::{Network, NetworkError};
pub use parameters::Parameters;
pub use pattern::{HostPattern, HostPatternError, PathPattern, PathPatternError};
pub use problem::{Errors, Problem};
pub use schema::schema;
pub use secret::Secret;
pub use size::{Size, SizeError};
pub use source::Place;
pub use template::{Part, Template, TemplateError, Variable};
pub use url::{Url, UrlError};
