//! What the API tells that others know: figures and events. Whoever composes the process joins the two.

use std::time::{Duration, SystemTime};

use futures_util::stream::BoxStream;
use serde_json::{Map, Value};

/// Whose figures are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope<'a> {
    /// All requests.
    All,
    /// Those of a route, by its id.
    Route(&'a str),
    /// Those of an upstream, by its name.
    Upstream(&'a str),
    /// Those of one backend.
    Backend {
        /// The upstream's name.
        upstream: &'a str,
        /// The backend's id.
        id: &'a str,
    },
}

/// Knows figures of what was done in the last time.
pub trait StatsSource: Send + Sync + 'static {
    /// Those of a scope now; `None` where nothing is known of it.
    fn figures(&self, scope: Scope<'_>) -> Option<Figures>;

    /// Those of a scope before, the oldest first; empty where they are not kept.
    fn history(&self, _scope: Scope<'_>) -> Vec<Point> {
        Vec::new()
    }
}

/// What was done in a span of time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Requests that ended, per second.
    pub requests_per_second: f64,
    /// Requests that ended.
    pub requests: u64,
    /// Requests that failed.
    pub errors: u64,
    /// What a request took on average; `None` where there was none, here and below.
    pub mean: Option<Duration>,
    /// Half of the requests took no longer.
    pub p50: Option<Duration>,
    /// 95 of 100 took no longer.
    pub p95: Option<Duration>,
    /// 99 of 100 took no longer.
    pub p99: Option<Duration>,
    /// Requests in flight now.
    pub in_flight: u64,
    /// How long the span is.
    pub window: Duration,
}

/// Figures of a span that ended at a moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When it ended.
    pub at: SystemTime,
    /// What was done in it.
    pub figures: Figures,
}

/// Knows what happens.
pub trait EventSource: Send + Sync + 'static {
    /// Every type of event, such as `request.completed`.
    fn types(&self) -> &[&str];

    /// Events of these types from now on, of all types where none is named. It ends with the proxy. `None` where no more
    /// listeners are taken. A listener that is slow loses events, and is told how many.
    fn subscribe(&self, types: &[&str]) -> Option<BoxStream<'static, Told>>;
}

/// What a listener is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// Something has happened.
    Event {
        /// Its type, such as `request.completed`.
        kind: String,
        /// When.
        at: SystemTime,
        /// What else is known of it.
        fields: Map<String, Value>,
    },
    /// So many events are lost, as the listener is slow.
    Lost(u64),
}
