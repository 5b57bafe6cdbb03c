//! A blueprint compiled for serving. Immutable but for the pickers, which follow the health of the backends.

mod routes;

use std::sync::Arc;
use std::time::Duration;

use http1::target::Authority;

use crate::affinity::Cookie;
use crate::cidr::AddressSet;
use crate::deadline::Ticks;
use crate::edits::Edits;
use crate::folded::FoldedMap;
use crate::hedge::Hedge;
use crate::hosts::HostTable;
use crate::incoming::Incoming;
use crate::matcher::{Matcher, Wanted};
use crate::mirror::Mirror;
use crate::path::Rewrite;
use crate::registry::{Registry, RouteState};
use crate::spec::{
    Action, Blueprint, Concurrency, GateSpec, HostHeader, HostSpec, Http2Settings, ListenerMode,
    ListenerSpec, RouteSpec, Settings, Sticky, UpstreamSpec,
};
use crate::split::Split;
use crate::template::Template;
use crate::upstream::Upstream;
use crate::waiting::Door;
pub(crate) use routes::{Places, Routes};

/// The upstreams by their names.
pub(crate) type Upstreams = FoldedMap<String, Arc<Upstream>>;

/// Why a blueprint cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Two upstreams share a name.
    #[error("upstream {name:?} is given twice")]
    UpstreamRepeated {
        /// The name.
        name: String,
    },
    /// Two backends of an upstream share an id.
    #[error("backend {id:?} of upstream {upstream:?} is given twice")]
    BackendRepeated {
        /// The upstream's name.
        upstream: String,
        /// The backend's id.
        id: String,
    },
    /// Two routes share an id.
    #[error("route {id:?} is given twice")]
    RouteRepeated {
        /// The id.
        id: String,
    },
    /// A route names an upstream that there is not.
    #[error("route {route:?} names upstream {upstream:?}, which there is not")]
    UpstreamUnknown {
        /// The route's id.
        route: String,
        /// The upstream's name.
        upstream: String,
    },
    /// A listener or a passage names an upstream that there is not.
    #[error("a listener names upstream {upstream:?}, which there is not")]
    ListenerUpstreamUnknown {
        /// The upstream's name.
        upstream: String,
    },
    /// A route answers with a status that no answer has.
    #[error("route {route:?} answers with status {status}")]
    Status {
        /// The route's id.
        route: String,
        /// The status.
        status: u16,
    },
    /// A route changes a field in a way that would break the message.
    #[error("route {route:?} changes field {field:?}, which it may not or cannot")]
    Field {
        /// The route's id.
        route: String,
        /// The field's name.
        field: String,
    },
    /// A prefix to strip or to set is no path.
    #[error("route {route:?} rewrites with a prefix that is no path")]
    Prefix {
        /// The route's id.
        route: String,
    },
    /// What Host is to say to an upstream's backends is no host.
    #[error("upstream {upstream:?} names a host that is none")]
    Host {
        /// The upstream's name.
        upstream: String,
    },
    /// A limit of requests in flight lets nobody in, or a route asks for one that is learnt: that is its upstream's.
    #[error("{name:?} has a limit of requests in flight that it cannot have")]
    Gate {
        /// The name or id of the upstream or the route.
        name: String,
    },
    /// A sticky cookie has a name or an attribute that no cookie has.
    #[error("{name:?} has a cookie that is none")]
    Cookie {
        /// The name or id of the upstream or the route.
        name: String,
    },
    /// A route splits its requests among upstreams of which none has a weight.
    #[error("route {route:?} splits its requests among no upstreams")]
    Split {
        /// The route's id.
        route: String,
    },
    /// There is no route or upstream of that name to be replaced or removed.
    #[error("there is no {name:?}")]
    Unknown {
        /// The name or id.
        name: String,
    },
    /// There are too many routes.
    #[error("the routes are too many")]
    TooLarge,
}

/// The settings, in the shape that the hot path reads.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) header_timeout: Ticks,
    pub(crate) keep_alive_timeout: Ticks,
    pub(crate) body_idle_timeout: Ticks,
    pub(crate) tunnel_idle_timeout: Ticks,
    pub(crate) body_min_rate: u32,
    pub(crate) limits: http1::Limits,
    pub(crate) trusted: AddressSet,
    pub(crate) forwarded: bool,
    pub(crate) http2: Http2Settings,
    pub(crate) ping_interval: Ticks,
    pub(crate) ping_timeout: Ticks,
}

impl Compiled {
    fn of(settings: &Settings) -> Self {
        Self {
            header_timeout: Ticks::of(settings.header_timeout),
            keep_alive_timeout: Ticks::of(settings.keep_alive_timeout),
            body_idle_timeout: Ticks::of(settings.body_idle_timeout),
            tunnel_idle_timeout: Ticks::of(settings.tunnel_idle_timeout),
            body_min_rate: settings.body_min_rate,
            limits: settings.limits,
            trusted: settings.trusted_proxies.iter().copied().collect(),
            forwarded: settings.forwarded,
            ping_interval: Ticks::of(settings.http2.ping_interval),
            ping_timeout: Ticks::of(settings.http2.ping_timeout),
            http2: settings.http2.clone(),
        }
    }
}

/// What is served.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) blueprint: Blueprint,
    pub(crate) settings: Compiled,
    pub(crate) matcher: Matcher<Arc<Route>>,
    pub(crate) upstreams: Upstreams,
    pub(crate) hosts: HostTable<HostSpec>,
    /// Backends of some upstream are told whose connections they get.
    pub(crate) announces: bool,
    /// Names of upstreams.
    pub(crate) passages: HostTable<String>,
    pub(crate) routes: Routes,
}

/// A compiled route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) spec: Arc<RouteSpec>,
    /// What must hold beside host and path.
    wanted: Option<Arc<Wanted>>,
    pub(crate) state: Arc<RouteState>,
    pub(crate) target: Target,
    pub(crate) rewrite: Option<Rewrite>,
    pub(crate) request_edits: Option<Edits>,
    pub(crate) response_edits: Option<Edits>,
    pub(crate) timeout: Ticks,
    pub(crate) attempt_timeout: Option<Ticks>,
    pub(crate) max_body_size: u64,
    /// The gate of its requests.
    pub(crate) door: Option<Door>,
    pub(crate) hedge: Option<Hedge>,
    pub(crate) mirror: Option<Mirror>,
}

/// The upstream that a request goes to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice<'a> {
    pub(crate) upstream: &'a Upstream,
    /// The cookie and the token by which the client comes to it again, where that is to be kept and is not yet.
    pub(crate) to_keep: Option<(&'a Cookie, u64)>,
}

/// What a route does.
#[derive(Debug)]
pub(crate) enum Target {
    Forward { upstream: Arc<Upstream>, fallback: Option<Arc<Upstream>> },
    Split(Split),
    Respond { status: u16, content_type: String, body: String },
    Redirect { status: u16, to: Template },
}

impl Snapshot {
    /// Compiles a blueprint. What it shares with `previous` is taken over from it.
    pub(crate) fn compile(
        blueprint: Blueprint,
        registry: &Arc<Registry>,
        previous: Option<&Self>,
    ) -> Result<Self, BuildError> {
        let upstreams = compile_upstreams(&blueprint, registry, previous)?;
        let routes = Routes::compile(&blueprint, &upstreams, registry, previous)?;
        let matcher = routes.matcher(&blueprint)?;
        let settings = Compiled::of(&blueprint.settings);
        check_upstreams_of_listeners(&blueprint, &upstreams)?;
        let announces = blueprint.upstreams.iter().any(|upstream| upstream.announces.is_some());
        let hosts = HostTable::new(blueprint.hosts.iter().map(|host| (host.host.clone(), host.clone())));
        let passages = blueprint.passages.iter();
        let passages =
            HostTable::new(passages.map(|passage| (passage.host.clone(), passage.upstream.clone())));
        Ok(Self { blueprint, settings, matcher, upstreams, hosts, announces, passages, routes })
    }

    /// Has what outlives snapshots go by this one from now on.
    pub(crate) fn install(&self) {
        self.upstreams.values().for_each(|upstream| upstream.install());
        for route in self.routes.iter() {
            if let (Some(door), Some(gate)) = (&route.door, &route.spec.gate)
                && let Concurrency::At(limit) = gate.limit
            {
                door.install(gate, limit);
            }
        }
    }

    /// How connections begin that come in at the listener with that number.
    pub(crate) fn listener(&self, number: usize) -> Option<&Arc<ListenerSpec>> {
        self.blueprint.listeners.get(number)
    }

    /// The route of that id.
    pub(crate) fn route(&self, id: &str) -> Option<&Arc<Route>> {
        self.routes.get(id)
    }
}

/// Connections of a listener, or for a server name, go to upstreams that there are.
fn check_upstreams_of_listeners(blueprint: &Blueprint, upstreams: &Upstreams) -> Result<(), BuildError> {
    let of_listeners = blueprint.listeners.iter().filter_map(|listener| match &listener.mode {
        ListenerMode::Tcp { upstream } => Some(upstream),
        _ => None,
    });
    let of_passages = blueprint.passages.iter().map(|passage| &passage.upstream);
    match of_listeners.chain(of_passages).find(|name| !upstreams.contains_key(*name)) {
        None => Ok(()),
        Some(upstream) => Err(BuildError::ListenerUpstreamUnknown { upstream: upstream.clone() }),
    }
}

fn compile_upstreams(
    blueprint: &Blueprint,
    registry: &Arc<Registry>,
    previous: Option<&Snapshot>,
) -> Result<Upstreams, BuildError> {
    let mut upstreams = Upstreams::with_capacity_and_hasher(blueprint.upstreams.len(), Default::default());
    for spec in &blueprint.upstreams {
        check_backends(spec)?;
        check_host(spec)?;
        check_gate(spec)?;
        spec.sticky.as_ref().map_or(Ok(()), |sticky| check_sticky(sticky, &spec.name))?;
        let upstream = match previous.and_then(|previous| previous.upstreams.get(&spec.name)) {
            Some(upstream) if Arc::ptr_eq(&upstream.spec, spec) => Arc::clone(upstream),
            _ => Arc::new(Upstream::compile(spec, registry)),
        };
        if upstreams.insert(spec.name.clone(), upstream).is_some() {
            return Err(BuildError::UpstreamRepeated { name: spec.name.clone() });
        }
    }
    Ok(upstreams)
}

fn check_backends(spec: &UpstreamSpec) -> Result<(), BuildError> {
    let mut seen = std::collections::HashSet::with_capacity(spec.backends.len());
    match spec.backends.iter().find(|backend| !seen.insert(backend.id.as_str())) {
        None => Ok(()),
        Some(backend) => {
            Err(BuildError::BackendRepeated { upstream: spec.name.clone(), id: backend.id.clone() })
        }
    }
}

/// What stands in Set-Cookie must not end it. RFC 6265 section 4.1.1.
fn check_sticky(sticky: &Sticky, owner: &str) -> Result<(), BuildError> {
    let is_attribute = |text: &str| text.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b';');
    let domain = sticky.domain.as_deref().unwrap_or_default();
    let is_right = http1::token::is_token(sticky.cookie.as_bytes())
        && [&*sticky.path, domain, &*sticky.same_site].into_iter().all(is_attribute);
    if is_right { Ok(()) } else { Err(BuildError::Cookie { name: owner.to_owned() }) }
}

/// Who may wait at all must be able to come in.
fn check_gate(spec: &UpstreamSpec) -> Result<(), BuildError> {
    match spec.gate.map(|gate| gate.limit) {
        Some(Concurrency::At(0)) => Err(BuildError::Gate { name: spec.name.clone() }),
        _ => Ok(()),
    }
}

fn check_host(spec: &UpstreamSpec) -> Result<(), BuildError> {
    match &spec.host_header {
        HostHeader::Name(name) if Authority::parse(name.as_bytes()).is_err() => {
            Err(BuildError::Host { upstream: spec.name.clone() })
        }
        _ => Ok(()),
    }
}

/// True where `text` can be the value of a field. RFC 9110 section 5.5.
fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'\t' || (byte >= 0x20 && byte != 0x7f))
}

impl Route {
    fn compile(
        spec: &Arc<RouteSpec>,
        settings: &Settings,
        upstreams: &Upstreams,
        registry: &Registry,
    ) -> Result<Self, BuildError> {
        let bad_field = |field: String| BuildError::Field { route: spec.id.clone(), field };
        let Ok(rewrite) = Rewrite::new(
            spec.rewrite.strip_prefix.as_deref(),
            spec.rewrite.set_prefix.as_deref(),
            spec.path.cut(),
        ) else {
            return Err(BuildError::Prefix { route: spec.id.clone() });
        };
        let state = registry.route(&spec.id);
        let door = match spec.gate {
            None => None,
            Some(GateSpec { limit: Concurrency::At(limit @ 1..), .. }) => {
                spec.gate.as_ref().map(|gate| Door::keep(&state.gate, gate, limit, registry))
            }
            Some(_) => return Err(BuildError::Gate { name: spec.id.clone() }),
        };
        let find = |name: &str| find(upstreams, &spec.id, name);
        Ok(Self {
            door,
            hedge: spec.hedge.as_ref().map(|hedge| Hedge::compile(hedge, &state, registry.shards())),
            mirror: spec.mirror.as_ref().map(|mirror| Mirror::compile(mirror, &find)).transpose()?,
            state,
            target: Target::compile(spec, upstreams)?,
            rewrite: (!rewrite.is_empty()).then_some(rewrite),
            request_edits: Edits::compile(&spec.request_fields).map_err(bad_field)?,
            response_edits: Edits::compile(&spec.response_fields).map_err(bad_field)?,
            timeout: Ticks::of(spec.timeout.unwrap_or(settings.timeout)),
            attempt_timeout: spec.attempt_timeout.map(Ticks::of),
            max_body_size: spec.max_body_size.unwrap_or(settings.max_body_size),
            wanted: Wanted::new(&spec.conditions),
            spec: Arc::clone(spec),
        })
    }

    /// The upstream that a request goes to; `None` where the route answers by itself.
    #[inline]
    pub(crate) fn choose(&self, incoming: &Incoming) -> Option<Choice<'_>> {
        match &self.target {
            Target::Forward { upstream, .. } => Some(Choice { upstream, to_keep: None }),
            Target::Split(split) => split.choose(incoming),
            Target::Respond { .. } | Target::Redirect { .. } => None,
        }
    }

    /// The upstream that the route forwards to, or the first of several.
    pub(crate) fn first_upstream(&self) -> Option<&Upstream> {
        match &self.target {
            Target::Forward { upstream, .. } => Some(upstream),
            Target::Split(split) => split.first(),
            Target::Respond { .. } | Target::Redirect { .. } => None,
        }
    }

    /// The upstream that takes over from `upstream`, where there is one.
    pub(crate) fn fallback_of(&self, upstream: &Upstream) -> Option<&Upstream> {
        let fallback = match &self.target {
            Target::Forward { fallback, .. } => fallback.as_deref(),
            Target::Split(split) => split.fallback(),
            Target::Respond { .. } | Target::Redirect { .. } => None,
        };
        fallback.filter(|fallback| !std::ptr::eq(*fallback, upstream))
    }

    /// The name of the upstream that the route forwards to.
    pub(crate) fn upstream(&self) -> Option<&str> {
        self.first_upstream().map(|upstream| &*upstream.spec.name)
    }

    /// An attempt took so long to be answered.
    #[inline]
    pub(crate) fn took(&self, shard: usize, took: Duration) {
        if let Some(hedge) = &self.hedge {
            hedge.took(shard, took);
        }
    }

    /// True where the upstreams that this route was compiled with are those of `upstreams`.
    fn links_to(&self, upstreams: &Upstreams) -> bool {
        let is_linked = |linked: &Arc<Upstream>| {
            upstreams.get(&linked.spec.name).is_some_and(|upstream| Arc::ptr_eq(upstream, linked))
        };
        let is_mirrored = self.mirror.as_ref().is_none_or(|mirror| is_linked(&mirror.upstream));
        is_mirrored
            && match &self.target {
                Target::Forward { upstream, fallback } => {
                    is_linked(upstream) && fallback.as_ref().is_none_or(is_linked)
                }
                Target::Split(split) => split.upstreams().all(is_linked),
                Target::Respond { .. } | Target::Redirect { .. } => true,
            }
    }
}

fn find(upstreams: &Upstreams, route: &str, name: &str) -> Result<Arc<Upstream>, BuildError> {
    let unknown = || BuildError::UpstreamUnknown { route: route.to_owned(), upstream: name.to_owned() };
    upstreams.get(name).map(Arc::clone).ok_or_else(unknown)
}

impl Target {
    fn compile(spec: &RouteSpec, upstreams: &Upstreams) -> Result<Self, BuildError> {
        let find = |name: &str| find(upstreams, &spec.id, name);
        let check = |status: u16, is_right: bool| {
            if is_right { Ok(status) } else { Err(BuildError::Status { route: spec.id.clone(), status }) }
        };
        match &spec.action {
            Action::Forward { upstream, fallback } => Ok(Self::Forward {
                upstream: find(upstream)?,
                fallback: fallback.as_deref().map(find).transpose()?,
            }),
            Action::Split { upstreams, sticky, fallback } => {
                sticky.as_ref().map_or(Ok(()), |sticky| check_sticky(sticky, &spec.id))?;
                let fallback = fallback.as_deref().map(find).transpose()?;
                Split::compile(&spec.id, upstreams, sticky.as_ref(), fallback, &find).map(Self::Split)
            }
            Action::Respond { content_type, .. } if !is_value(content_type) => {
                Err(BuildError::Field { route: spec.id.clone(), field: "Content-Type".to_owned() })
            }
            Action::Respond { status, content_type, body } => Ok(Self::Respond {
                status: check(*status, (200..=599).contains(status))?,
                content_type: content_type.clone(),
                body: body.clone(),
            }),
            Action::Redirect { status, to } => Ok(Self::Redirect {
                status: check(*status, matches!(status, 301 | 302 | 303 | 307 | 308))?,
                to: to.clone(),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
