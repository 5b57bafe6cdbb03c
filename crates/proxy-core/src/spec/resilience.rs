//! What becomes of backends that fail, and of requests that meet them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use health::{BreakerSettings, CheckSettings, OutlierSettings};

use crate::checks::Check;

/// When a circuit opens, and what is counted for that.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct BreakerSpec {
    /// When it opens, for how long, and how it closes.
    pub settings: BreakerSettings,
    /// The time over which requests are counted.
    pub window: Duration,
}

impl BreakerSpec {
    /// A circuit with these settings that counts over `window`.
    pub const fn new(settings: BreakerSettings, window: Duration) -> Self {
        Self { settings, window }
    }
}

/// When a backend is ejected for its answers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct OutlierSpec {
    /// How many bad answers in a row, and for how long it goes.
    pub settings: OutlierSettings,
    /// An answer that takes longer is a slow one; `None`: none is.
    pub slower_than: Option<Duration>,
}

impl OutlierSpec {
    /// Ejection with these settings; answers of more than `slower_than` are slow ones.
    pub const fn new(settings: OutlierSettings, slower_than: Option<Duration>) -> Self {
        Self { settings, slower_than }
    }
}

impl Default for OutlierSpec {
    fn default() -> Self {
        Self::new(OutlierSettings::default(), None)
    }
}

/// What happens where active checks fail for so many backends that the rest could not bear the load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Panic {
    /// With a smaller share of backends that pass, in percent, it is a panic; 0: never.
    pub threshold: u8,
    /// True where requests are refused then; otherwise they go to all that accept connections, as if nobody checked.
    pub fails_closed: bool,
}

impl Panic {
    /// Panics below a share of `threshold` percent.
    pub const fn below(threshold: u8, fails_closed: bool) -> Self {
        Self { threshold, fails_closed }
    }
}

impl Default for Panic {
    fn default() -> Self {
        Self { threshold: 50, fails_closed: false }
    }
}

/// Active checks of an upstream's backends.
#[derive(Clone)]
#[non_exhaustive]
pub struct CheckSpec {
    /// When they are made, and what they amount to.
    pub settings: CheckSettings,
    /// What is asked; `None`: a connection is made.
    pub check: Option<Arc<dyn Check>>,
    /// The port that is asked, instead of the backend's own.
    pub port: Option<u16>,
}

impl CheckSpec {
    /// Checks that connect.
    pub const fn connecting(settings: CheckSettings) -> Self {
        Self { settings, check: None, port: None }
    }

    /// Checks that ask for more.
    #[must_use]
    pub fn with(mut self, check: impl Check + 'static) -> Self {
        self.check = Some(Arc::new(check));
        self
    }

    /// Checks at another port.
    #[must_use]
    pub const fn at_port(mut self, port: Option<u16>) -> Self {
        self.port = port;
        self
    }
}

impl fmt::Debug for CheckSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckSpec").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Where a backend's agent tells how it is: the line of HAProxy's `agent-check`.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AgentSpec {
    /// The port at the backend's address.
    pub port: u16,
    /// From one question to the next.
    pub interval: Duration,
    /// How long an answer may take.
    pub timeout: Duration,
    /// What is sent first.
    pub send: Vec<u8>,
}

/// Without what is sent, which may be a secret.
impl fmt::Debug for AgentSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("AgentSpec");
        shown.field("port", &self.port).field("interval", &self.interval).field("timeout", &self.timeout);
        shown.finish_non_exhaustive()
    }
}

impl AgentSpec {
    /// An agent at this port, asked every 2 s.
    pub const fn at(port: u16) -> Self {
        let two = Duration::from_secs(2);
        Self { port, interval: two, timeout: two, send: Vec::new() }
    }
}

/// What a request is sent again for, how soon, and how often in all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetrySpec {
    /// After a connection that did not come about: nothing was sent.
    pub on_connect: bool,
    /// After a connection that broke before the answer.
    pub on_reset: bool,
    /// After an attempt without an answer in time.
    pub on_timeout: bool,
    /// After an answer of these statuses.
    pub on_statuses: Vec<u16>,
    /// Whether requests are sent again that may do something twice.
    pub non_idempotent: bool,
    /// The wait before the first further attempt is random, and at most this; each next one may be twice as long.
    pub backoff: Duration,
    /// No wait is longer.
    pub longest_backoff: Duration,
    /// Further attempts at the same time, in percent of the requests in flight.
    pub budget_percent: u32,
    /// So many are always allowed.
    pub budget_least: u32,
    /// Bytes of a request's body that are kept so that it can be sent again.
    pub max_body: usize,
}

impl Default for RetrySpec {
    fn default() -> Self {
        Self {
            on_connect: true,
            on_reset: true,
            on_timeout: true,
            on_statuses: vec![502, 503, 504],
            non_idempotent: false,
            backoff: Duration::from_millis(25),
            longest_backoff: Duration::from_millis(250),
            budget_percent: 20,
            budget_least: 3,
            max_body: 64 * 1024,
        }
    }
}

/// When a second attempt is made beside the first.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct HedgeSpec {
    /// Once the first has taken longer than so many percent of the route's requests take.
    pub percentile: u8,
    /// But no sooner than this.
    pub least_delay: Duration,
    /// Second attempts in percent of the requests, at the most.
    pub most_percent: u8,
}

impl Default for HedgeSpec {
    fn default() -> Self {
        Self { percentile: 95, least_delay: Duration::from_millis(10), most_percent: 5 }
    }
}

/// Copies of requests for another upstream, whose answers are thrown away.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MirrorSpec {
    /// The upstream's name.
    pub upstream: String,
    /// The share of requests that are copied, 0 to 1.
    pub share: f64,
    /// No larger body is copied, in bytes.
    pub max_body: usize,
    /// Copies in flight on each worker, at the most.
    pub most_in_flight: u32,
}

impl MirrorSpec {
    /// A copy of each request, with bodies of up to 64 kB, 100 at a time.
    pub fn to(upstream: impl Into<String>) -> Self {
        Self { upstream: upstream.into(), share: 1.0, max_body: 64 * 1024, most_in_flight: 100 }
    }
}
