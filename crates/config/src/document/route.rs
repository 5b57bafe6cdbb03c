//! What matches, and what happens then.

use super::{
    Backend, ClientAuth, DAY, FieldEdits, Hedge, Hsts, InFlight, Mirror, Mode, QueueOrder, RateLimit, Sticky,
    StrategyName, TICK, Upstream,
    capacity::{MANY, QUEUE_TIMEOUT},
};
use crate::{Duration, Fields, HostPattern, Limit, Network, Parameters, PathPattern, Secret, Size};
use garde::Validate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What matches, and what happens then. A route has exactly one of `upstream`, `upstreams`, `backends`, `respond` and
/// `redirect`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Route {
    /// The stable name, unique; default: `vHost` and `path`, with `#2` and so on behind where that comes again.
    pub id: String,
    /// Which hosts: `api.example.com`, `*.example.com`, or `*` for any.
    pub v_host: HostPattern,
    /// Which paths: `/exact`, `/prefix/*` (also `/prefix`), `/pre*`, or a regular expression behind `~`.
    pub path: PathPattern,
    /// Which methods; none means any.
    pub methods: Vec<String>,
    /// Further conditions, all of which must hold.
    #[serde(rename = "match")]
    pub conditions: Match,
    /// The upstream that answers.
    pub upstream: Option<String>,
    /// Upstreams that share the requests by weight.
    #[garde(dive)]
    #[schemars(length(min = 1))]
    pub upstreams: Vec<WeightedUpstream>,
    /// A cookie that keeps a client at its one of `upstreams`; absent: none.
    #[garde(dive)]
    pub upstreams_sticky: Option<Sticky>,
    /// Backends of this route alone.
    #[garde(dive)]
    #[schemars(length(min = 1))]
    pub backends: Vec<Backend>,
    /// How one of `backends` is chosen; default ROUND_ROBIN.
    pub strategy: Option<StrategyName>,
    /// An answer that the proxy makes itself.
    #[garde(dive)]
    pub respond: Option<Respond>,
    /// A redirect that the proxy answers itself.
    pub redirect: Option<Redirect>,
    /// The upstream that answers while the first one has no eligible backend.
    pub fallback: Option<String>,
    /// An upstream that gets copies of the requests.
    #[garde(dive)]
    pub mirror: Option<Mirror>,
    /// A second attempt on another backend while the first one is slow.
    #[garde(dive)]
    pub hedge: Option<Hedge>,
    /// A prefix that is taken off the path before it is sent on.
    pub strip_prefix: Option<String>,
    /// A prefix that replaces what `stripPrefix` took, or is put in front of the path.
    pub set_prefix: Option<String>,
    /// Fields set on the request to the backend; short for `requestHeaders.set`.
    pub headers: Fields,
    /// Changes of the request to the backend.
    pub request_headers: FieldEdits,
    /// Changes of the response to the client.
    pub response_headers: FieldEdits,
    /// Until the response head: queue, retries and connect included; default: `proxy.timeout`.
    #[garde(range(min = TICK, max = DAY))]
    pub timeout: Option<Duration>,
    /// One attempt, until the response head; default: `timeout`, or as the upstream says. A shorter one leaves time for
    /// another attempt behind a backend that hangs.
    #[garde(range(min = TICK, max = DAY))]
    pub attempt_timeout: Option<Duration>,
    /// The largest body of a request; default: `proxy.maxBodySize`.
    pub max_body_size: Option<Limit<Size>>,
    /// The most requests of this route in flight: a number, or `auto` (the limit that measuring finds for its
    /// upstream); absent: unlimited.
    #[garde(range(min = 1, max = MANY))]
    pub req_active_length: Option<InFlight>,
    /// The most requests that wait while `reqActiveLength` is reached; 0: none. Default: as many as
    /// `reqActiveLength`, 128 with `auto`.
    #[garde(range(max = MANY))]
    pub req_queue_length: Option<u32>,
    /// The longest that a request waits; default 1s.
    #[garde(range(min = TICK, max = DAY))]
    pub queue_timeout: Option<Duration>,
    /// Who of those that wait is next; default `adaptive`.
    pub queue_order: Option<QueueOrder>,
    /// Who is refused first under overload.
    pub priority: Priority,
    /// Whether plain requests for this host are redirected to HTTPS.
    pub auto_https: bool,
    /// Has clients come by HTTPS alone from now on; absent: nothing is said.
    #[garde(dive)]
    pub hsts: Option<Hsts>,
    /// Who vouches for clients of `vHost`; absent: as the listener says.
    #[garde(dive)]
    pub client_auth: Option<ClientAuth>,
    /// What connections carry. With `tcp`, connections whose TLS names `vHost` are passed on to `upstream` as they come.
    pub mode: Mode,
    /// Whether credentials are needed.
    pub auth: RouteAuth,
    /// The auth provider that must accept a request first.
    pub auth_provider: Option<String>,
    /// The limit of requests in time.
    #[garde(dive)]
    pub rate_limit: Option<RateLimit>,
    /// The certificate that is served for `vHost`.
    pub ssl: Option<Ssl>,
    /// Whose the object is, as the API says it: accepted and ignored.
    #[serde(skip_serializing)]
    #[schemars(extend("readOnly" = true, "writeOnly" = false))]
    pub source: Option<String>,
    /// Whether it hides one of the file, as the API says it: accepted and ignored.
    #[serde(skip_serializing)]
    #[schemars(extend("readOnly" = true, "writeOnly" = false))]
    pub shadows: Option<bool>,
}

/// Which of several matching routes wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum RouteOrder {
    /// The most specific one, wherever it is written.
    #[default]
    Specific,
    /// The first as written, however specific it is.
    Written,
}

/// What the names of upstreams start with that belong to one route.
pub(crate) const INLINE: &str = "route:";

impl Route {
    /// How many requests wait while `reqActiveLength` is reached, the default included; 0 where nothing is limited.
    pub fn queue_length(&self) -> u32 {
        let limit = self.req_active_length;
        limit.map_or(0, |limit| self.req_queue_length.unwrap_or_else(|| limit.default_queue()))
    }

    /// How long a request waits at the most, the default included.
    pub fn queue_timeout(&self) -> std::time::Duration {
        self.queue_timeout.unwrap_or(QUEUE_TIMEOUT).get()
    }

    /// The name of the upstream that answers: `upstream`, the first of `upstreams`, or the one that
    /// [`Route::inline_upstream`] gives; `None` for a route that answers by itself.
    pub fn upstream_name(&self) -> Option<String> {
        if !self.backends.is_empty() {
            return Some(format!("{INLINE}{}", self.id));
        }
        self.upstream.clone().or_else(|| self.upstreams.first().map(|share| share.name.clone()))
    }

    /// The upstream that `backends` and `strategy` of this route make; its name is `route:` and the route's id, which no
    /// other upstream has.
    pub fn inline_upstream(&self) -> Option<Upstream> {
        let name = self.upstream_name().filter(|_| !self.backends.is_empty())?;
        let strategy = self.strategy.clone().unwrap_or_default();
        Some(Upstream { name, backends: self.backends.clone(), strategy, ..Upstream::default() })
    }
}

/// Further conditions of a route, all of which must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Match {
    /// Fields that the request must have with exactly these values.
    pub headers: Fields,
    /// Parameters that the query must have with exactly these values.
    pub query: Parameters,
    /// Networks that the client's address must be in one of.
    pub client_ip: Vec<Network>,
}

/// One of several upstreams of a route.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["name"]))]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct WeightedUpstream {
    /// The upstream's name. Required.
    pub name: String,
    /// Its share in relation to its neighbours' weights.
    #[garde(range(max = 65_535))]
    pub weight: u32,
}

impl Default for WeightedUpstream {
    fn default() -> Self {
        Self { name: String::new(), weight: 1 }
    }
}

/// An answer that the proxy makes itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[non_exhaustive]
pub struct Respond {
    /// The status code.
    #[garde(range(min = 200, max = 599))]
    pub status: u16,
    /// The body; none with status 204 and 304.
    #[garde(length(bytes, max = 1_048_576))]
    pub body: String,
    /// Fields of the answer.
    pub headers: Fields,
    /// The media type of `body`.
    pub content_type: String,
}

impl Default for Respond {
    fn default() -> Self {
        Self {
            status: 200,
            body: String::new(),
            headers: Fields::default(),
            content_type: "text/plain; charset=utf-8".into(),
        }
    }
}

/// A redirect that the proxy answers itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("required" = ["to"]))]
#[non_exhaustive]
pub struct Redirect {
    /// Where to; may contain variables. Required.
    pub to: String,
    /// 301, 302, 303, 307 or 308.
    #[schemars(extend("enum" = [301, 302, 303, 307, 308]))]
    pub status: u16,
}

impl Default for Redirect {
    fn default() -> Self {
        Self { to: String::new(), status: 308 }
    }
}

/// Who is refused first under overload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Priority {
    /// Last.
    High,
    /// In between.
    #[default]
    Normal,
    /// First.
    Low,
}

/// Whether credentials are needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum RouteAuth {
    /// A request without valid credentials is refused.
    Required,
    /// A request without credentials passes, one with wrong ones is refused.
    Optional,
    /// Nobody looks.
    #[default]
    Off,
}

/// A certificate with its key.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct Ssl {
    /// The certificate chain: PEM, or a file.
    pub cert: String,
    /// The key: PEM, or a file.
    pub key: Option<Secret>,
    /// A file that holds `key`.
    pub key_file: Option<PathBuf>,
}
