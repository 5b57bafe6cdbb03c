//! Events of backends and upstreams.

use std::fmt;
use std::time::SystemTime;

use health::Manual;

use super::value::{Field, Value, facts, words};
use crate::outage::Outage;
use crate::registry::Backend;

/// A backend gets requests, or gets none, for a cause that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendMarked {
    /// When it was marked.
    pub at: SystemTime,
    /// The upstream's name.
    pub upstream: String,
    /// The backend's id.
    pub backend: String,
    /// What it is as far as the cause goes.
    pub state: BackendState,
    /// What was found.
    pub cause: Cause,
    /// All that keeps it from getting requests now; none where it gets them.
    pub outage: Outage,
    /// More about the cause, where there is more.
    pub detail: Option<String>,
}

/// What a backend is, as far as one cause goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendState {
    /// It may have requests.
    Up,
    /// It may have none.
    Down,
    /// It ends what it has, and may have none that is new.
    Draining,
}

/// What a backend was marked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// Connects to it, as requests and probes make them.
    Connect,
    /// Its active checks.
    Check,
    /// What its agent says.
    Agent,
    /// Bad answers in a row.
    Ejection,
}

/// Somebody has set what they want of a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendSet {
    /// When it was set.
    pub at: SystemTime,
    /// The upstream's name.
    pub upstream: String,
    /// The backend's id.
    pub backend: String,
    /// What is wanted of it.
    pub state: Manual,
}

/// A name in an upstream has other addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpstreamResolved {
    /// When that was found.
    pub at: SystemTime,
    /// The upstream's name.
    pub upstream: String,
    /// The name that was looked up.
    pub host: String,
    /// How many addresses it has now.
    pub addresses: u64,
}

/// A circuit has opened, lets a request through to see, or has closed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitTurned {
    /// When it turned.
    pub at: SystemTime,
    /// The upstream's name.
    pub upstream: String,
    /// The backend's id; `None` where the circuit is the upstream's own.
    pub backend: Option<String>,
    /// What it is now.
    pub state: CircuitState,
}

/// What a circuit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CircuitState {
    /// Too many requests have failed: none is let through.
    Open,
    /// A request is let through to see.
    HalfOpen,
    /// Requests are let through, all or ever more of them.
    Closed,
}

impl BackendMarked {
    pub(crate) fn new(backend: &Backend, state: BackendState, cause: Cause) -> Self {
        Self {
            at: SystemTime::now(),
            upstream: backend.upstream.name.clone(),
            backend: backend.id.clone(),
            state,
            cause,
            outage: backend.outages(),
            detail: None,
        }
    }

    pub(crate) fn because(mut self, detail: Option<&str>) -> Self {
        self.detail = detail.map(str::to_owned);
        self
    }
}

impl BackendSet {
    pub(crate) fn new(upstream: &str, backend: &str, state: Manual) -> Self {
        Self { at: SystemTime::now(), upstream: upstream.to_owned(), backend: backend.to_owned(), state }
    }
}

impl UpstreamResolved {
    pub(crate) fn new(upstream: &str, host: &str, addresses: usize) -> Self {
        let (upstream, host) = (upstream.to_owned(), host.to_owned());
        Self { at: SystemTime::now(), upstream, host, addresses: addresses as u64 }
    }
}

impl CircuitTurned {
    pub(crate) fn new(upstream: &str, backend: Option<&str>, state: CircuitState) -> Self {
        let (upstream, backend) = (upstream.to_owned(), backend.map(str::to_owned));
        Self { at: SystemTime::now(), upstream, backend, state }
    }
}

impl fmt::Display for BackendState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Draining => "draining",
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connect",
            Self::Check => "check",
            Self::Agent => "agent",
            Self::Ejection => "ejected",
        })
    }
}

impl fmt::Display for CircuitState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::Closed => "closed",
        })
    }
}

impl Field for Outage {
    fn value(&self) -> Option<Value<'_>> {
        (!self.is_none()).then_some(Value::Word(self))
    }
}

words!(BackendState, Cause, CircuitState, Manual);
facts!(BackendMarked {
    "upstream" => upstream,
    "backend" => backend,
    "state" => state,
    "cause" => cause,
    "outage" => outage,
    "detail" => detail,
});
facts!(BackendSet { "upstream" => upstream, "backend" => backend, "state" => state });
facts!(UpstreamResolved { "upstream" => upstream, "host" => host, "addresses" => addresses });
facts!(CircuitTurned { "upstream" => upstream, "backend" => backend, "state" => state });
