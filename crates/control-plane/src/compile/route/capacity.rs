//! How many requests of a route are in flight, and whose turn it is.

use std::sync::Arc;

use config::{InFlight, Limit, Route};
use proxy_core::spec::{Concurrency, GateSpec, Priority, UpstreamSpec};

use crate::compile::Compiler;
use crate::compile::upstream::gate;

/// The gate of a route. A limit that is learnt is one of its upstream: see [`Compiler::learn_limit`].
pub(super) fn of_route(route: &Route) -> Option<GateSpec> {
    route.req_active_length.filter(|limit| *limit != InFlight::Auto).map(|limit| asked(route, limit))
}

fn asked(route: &Route, limit: InFlight) -> GateSpec {
    gate(limit, route.queue_length(), route.queue_timeout(), route.queue_order)
}

pub(super) const fn priority(priority: config::Priority) -> Priority {
    match priority {
        config::Priority::High => Priority::High,
        config::Priority::Low => Priority::Low,
        _ => Priority::Normal,
    }
}

impl Compiler<'_> {
    /// Has the upstreams of a route with `reqActiveLength: auto` learn how many requests they bear. A limit that an
    /// upstream has already stays what it is, with a warning where the route asks for something else.
    pub(super) fn learn_limit(&mut self, at: &str, route: &Route, upstreams: &mut [Arc<UpstreamSpec>]) {
        if route.req_active_length != Some(InFlight::Auto) {
            return;
        }
        let asked = asked(route, InFlight::Auto);
        for name in
            route.upstream_name().iter().chain(route.upstreams.iter().skip(1).map(|share| &share.name))
        {
            let Some(upstream) = upstreams.iter_mut().find(|upstream| upstream.name == *name) else {
                continue;
            };
            if !self.has_limit(upstream) {
                Arc::make_mut(upstream).gate = Some(asked);
            } else if upstream.gate != Some(asked) {
                let message = format!("the upstream `{name}` has a limit already, which holds instead");
                let hint = "routes of one upstream share its queue: give them the same keys, or say it once, with the upstream's `maxRequests: auto`";
                let path = format!("{at}.reqActiveLength");
                self.warnings.push(self.loaded.problem(&path, message, Some(hint.into())));
            }
        }
    }

    /// Whether somebody has limited an upstream: it says so itself, or a route did. What it has for the sake of its
    /// backends' limits is none.
    fn has_limit(&self, upstream: &UpstreamSpec) -> bool {
        let mut written = self.document.upstreams.iter();
        let is_written =
            written.any(|written| written.name == upstream.name && written.max_requests != Limit::Off);
        is_written || upstream.gate.is_some_and(|gate| gate.limit == Concurrency::Auto)
    }
}
