//! The document: what an operator says, as plain data.
//!
//! [`load`] reads a YAML or JSON file into a [`Document`], or says everything that is wrong with it at once, each error
//! with file, line, column, path, the line itself and a hint. [`Loaded`] keeps the place of every value, so that later
//! stages report their errors the same way. [`schema`] is the JSON Schema, made from the same structs.
//!
//! A document consists of objects, each known by its [`Key`]: sections, certificates, upstreams, routes. [`Loaded::objects`]
//! takes it apart, [`Loaded::assemble`] puts objects of any origin together, [`Loaded::with`] changes some and shares the rest.
//!
//! This crate runs nothing: it opens no sockets, starts no tasks and resolves no names. The only files that it reads are
//! the document and the secrets that it names. [`backend_states`] is the format of a file that others read and write.
//!
//! ```
//! let text = "
//! upstreams:
//!   - { name: api, url: \"http://localhost:8080\" }
//! routes:
//!   - { path: /api/*, upstream: api }
//!   - { path: /old/*, upstream: apo }
//! ";
//! let errors = config::parse(text, "proxyd.yaml").unwrap_err();
//! let problem = &errors.problems()[0];
//! assert_eq!(problem.path, "routes[1].upstream");
//! assert_eq!(problem.hint.as_deref(), Some("did you mean `api`?"));
//! ```

mod address;
pub mod backend_states;
mod check;
mod dialect;
mod document;
mod duration;
mod fields;
mod fuzz;
mod hostname;
mod key;
mod later;
mod limit;
mod load;
mod loaded;
mod nearest;
mod network;
mod object;
mod parameters;
mod pattern;
mod plain;
mod problem;
mod read;
mod report;
mod scalar;
mod schema;
mod secret;
mod size;
mod source;
mod status;
mod template;
mod tree;
mod url;
mod warnings;

pub use address::{Address, AddressError};
pub use document::{
    Acme, AcmeChallenge, Admin, AdminClient, AdminRateLimit, AdminTls, AgentCheck, ApiKey, Auth, AuthKind,
    Backend, BackendAddress, BackendState, Certificate, CircuitBreaker, ClientAuth, ClientAuthMode, Document,
    Expect, ExternalAccount, FieldEdits, HashKey, HashOn, HealthCheck, HealthCheckKind, Hedge, HostHeader,
    Hsts, Http2, InFlight, Level, LimiterStore, Listener, ListenerTls, LogFormat, Logging, Match, Metrics,
    Mirror, Mode, OnDemand, Otlp, OutlierEjection, Panic, PanicMode, Passive, PathRateLimit, Priority,
    Protocol, Proxy, ProxyProtocol, ProxyVersion, QueueOrder, RateLimit, RateLimitRedis, RateLimits,
    Recovery, Redirect, RedisRoutes, Respond, Retry, RetryReason, RetryReasonError, Role, Route, RouteAuth,
    RouteOrder, RoutesFrom, SameSite, Sampling, Secure, Security, Ssl, State, StateDir, Sticky, StrategyName,
    Summary, Telemetry, TlsVersion, Token, UnknownName, Upstream, UpstreamTls, WeightedUpstream, Workers,
    is_pem,
};
pub use duration::{Duration, DurationError};
pub use fields::{FieldName, Fields};
#[doc(hidden)]
pub use fuzz::fuzz_document;
pub use hostname::HostnameError;
pub use key::{Key, Kind};
pub use limit::{Counted, Limit};
pub use load::{Surroundings, load, parse, parse_with};
pub use loaded::Loaded;
pub use network::{Network, NetworkError};
pub use object::Object;
pub use parameters::Parameters;
pub use pattern::{HostPattern, HostPatternError, PathPattern, PathPatternError};
pub use plain::to_json;
pub use problem::{Errors, Problem};
pub use schema::schema;
pub use secret::Secret;
pub use size::{Size, SizeError};
pub use source::Place;
pub use status::{StatusRange, StatusRangeError};
pub use template::{Part, Template, TemplateError, Variable};
pub use tree::pointer;
pub use url::{Url, UrlError};
