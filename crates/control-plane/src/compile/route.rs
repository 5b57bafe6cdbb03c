//! Routes.

mod capacity;
mod sharing;

use std::sync::Arc;

use config::Route;
use proxy_core::spec::{
    Action, Conditions, HostPattern, PathPattern, PatternError, Rewrite, RouteSpec, UpstreamSpec,
};

use super::Compiler;
use super::settings::body_size;
use super::tls::hsts;

impl Compiler<'_> {
    /// A route; `None` where something was wrong with it. The upstreams that it has for itself are appended.
    pub(super) fn route(
        &mut self,
        index: usize,
        route: &Route,
        upstreams: &mut Vec<Arc<UpstreamSpec>>,
    ) -> Option<RouteSpec> {
        let at = format!("routes[{index}]");
        let host = self.host(&at, route);
        let path = self.path(&at, route);
        let rewrite = self.rewrite(&at, route);
        let request = self.request_fields(&at, route);
        let response = self.response_fields(&at, route);
        let action = self.action(&at, route, upstreams);
        let mut spec = RouteSpec::new(route.id.clone(), action?).host(host?).path(path?);
        spec.conditions = conditions(route);
        spec.rewrite = rewrite?;
        spec.request_fields = request;
        spec.response_fields = response;
        spec.timeout = route.timeout.map(config::Duration::get);
        // Who allows a request more time wants the backend to have it, unless they say otherwise.
        spec.attempt_timeout = route.attempt_timeout.map(config::Duration::get).or(spec.timeout);
        spec.max_body_size = route.max_body_size.map(body_size);
        spec.gate = capacity::of_route(route);
        spec.priority = capacity::priority(route.priority);
        spec.needs_client = self.demanding.contains(&route.v_host.to_string());
        spec.hsts = route.hsts.as_ref().map(hsts);
        spec.hedge = route.hedge.as_ref().map(sharing::hedge);
        spec.mirror = route.mirror.as_ref().map(sharing::mirror);
        self.learn_limit(&at, route, upstreams);
        Some(spec)
    }

    fn host(&mut self, at: &str, route: &Route) -> Option<HostPattern> {
        let host = HostPattern::parse(&route.v_host.to_string());
        host.map_err(|error| self.refuse(&format!("{at}.vHost"), error.to_string(), None)).ok()
    }

    fn path(&mut self, at: &str, route: &Route) -> Option<PathPattern> {
        let path = PathPattern::parse(&route.path.to_string());
        path.map_err(|error| self.refuse_path(&format!("{at}.path"), &error)).ok()
    }

    fn rewrite(&mut self, at: &str, route: &Route) -> Option<Rewrite> {
        let mut is_right = true;
        for (prefix, key) in [(&route.strip_prefix, "stripPrefix"), (&route.set_prefix, "setPrefix")] {
            let Some(Err(error)) = prefix.as_deref().map(PathPattern::parse) else { continue };
            self.refuse_path(&format!("{at}.{key}"), &error);
            is_right = false;
        }
        is_right.then(|| Rewrite::new(route.strip_prefix.clone(), route.set_prefix.clone()))
    }

    fn refuse_path(&mut self, path: &str, error: &PatternError) {
        let PatternError::Regex { detail } = error else {
            return self.refuse(path, error.to_string(), None);
        };
        // The lines before the last one repeat the expression, which the problem shows anyway.
        let cause = detail.lines().last().unwrap_or_default();
        let cause = cause.strip_prefix("error: ").unwrap_or(cause);
        let message = format!("the regular expression does not compile: {cause}");
        self.refuse(path, message, Some("paths are ASCII; so are the classes of their expressions"));
    }

    fn action(&mut self, at: &str, route: &Route, upstreams: &mut Vec<Arc<UpstreamSpec>>) -> Option<Action> {
        if let Some(respond) = &route.respond {
            // A media type says what a body is; without a body it says nothing.
            let content_type =
                if respond.body.is_empty() { String::new() } else { respond.content_type.clone() };
            return Some(Action::Respond {
                status: respond.status,
                content_type,
                body: respond.body.clone(),
            });
        }
        if let Some(redirect) = &route.redirect {
            let to = self.template(&format!("{at}.redirect.to"), &redirect.to)?;
            return Some(Action::Redirect { status: redirect.status, to });
        }
        let own = match route.inline_upstream() {
            Some(own) => {
                upstreams.push(self.own_upstream(at, route, &own)?);
                Some(own.name)
            }
            None => route.upstream_name(),
        };
        if sharing::names(route).any(|name| !self.declared.contains(name)) {
            return None;
        }
        let fallback = route.fallback.clone();
        Some(sharing::split(route).unwrap_or(Action::Forward { upstream: own?, fallback }))
    }
}

fn conditions(route: &Route) -> Conditions {
    Conditions {
        methods: route.methods.clone(),
        headers: route
            .conditions
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()))
            .collect(),
        query: route.conditions.query.to_vec(),
        clients: route.conditions.client_ip.iter().map(|network| **network).collect(),
    }
}
