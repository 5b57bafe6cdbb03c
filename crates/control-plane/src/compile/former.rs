//! What a document shares with the one before.

use std::cell::{Cell, OnceCell};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use config::{Document, InFlight, Route, Upstream};
use proxy_core::spec::{RouteSpec, UpstreamSpec};

use super::{Compiler, tls};
use crate::Plan;
use crate::tls::UpstreamPlan;

/// A document that was compiled before, and what came of it.
#[derive(Clone, Copy)]
pub(crate) struct Former<'a> {
    pub(crate) document: &'a Document,
    pub(crate) plan: &'a Plan,
}

/// What can be gone by of a former document.
#[derive(Default)]
pub(super) struct Reused<'a> {
    former: Option<Former<'a>>,
    /// Where the search goes on: most documents are in the same order.
    next: Cell<usize>,
    places: OnceCell<HashMap<*const Route, usize>>,
    own: OnceCell<HashMap<&'a str, &'a Arc<UpstreamSpec>>>,
    upstreams: HashMap<*const Upstream, usize>,
    secure: HashMap<&'a str, &'a UpstreamPlan>,
    /// Upstreams that are not what their documents alone say: routes have them learn their limits.
    learning: HashSet<String>,
    /// Of each route, by its place in the new document, whether it was taken over.
    taken: Vec<bool>,
}

impl<'a> Reused<'a> {
    /// Nothing where settings differ that everything depends on.
    pub(super) fn of(former: Option<&Former<'a>>, document: &Document) -> Self {
        let is_alike = |former: &&Former<'_>| {
            former.document.proxy == document.proxy && tls::relayed(former.document) == tls::relayed(document)
        };
        let Some(former) = former.filter(is_alike).copied() else { return Self::default() };
        let upstreams = former.document.upstreams.iter().zip(0..);
        Self {
            former: Some(former),
            upstreams: upstreams.map(|(upstream, index)| (Arc::as_ptr(upstream), index)).collect(),
            secure: former.plan.tls.upstreams.iter().map(|plan| (plan.name.as_str(), plan)).collect(),
            learning: [former.document, document].into_iter().flat_map(learning).collect(),
            ..Self::default()
        }
    }

    /// True where the route at that place of the new document was taken over.
    pub(super) fn has(&self, index: usize) -> bool {
        self.taken.get(index).copied().unwrap_or(false)
    }

    /// What an upstream was compiled to, and its TLS.
    pub(super) fn upstream(
        &self,
        upstream: &Arc<Upstream>,
    ) -> Option<(Arc<UpstreamSpec>, Option<UpstreamPlan>)> {
        let former = self.former?;
        if self.learning.contains(&upstream.name) {
            return None;
        }
        let index = *self.upstreams.get(&Arc::as_ptr(upstream))?;
        let spec = former.plan.pools.get(index)?.clone()?;
        Some((spec, self.secure_of(&upstream.name)))
    }

    fn secure_of(&self, name: &str) -> Option<UpstreamPlan> {
        self.secure.get(name).map(|plan| UpstreamPlan::clone(plan))
    }

    /// What a route was compiled to.
    fn route(&self, route: &Arc<Route>) -> Option<&'a Arc<RouteSpec>> {
        let former = self.former?;
        let is_at =
            |index: usize| former.document.routes.get(index).is_some_and(|held| Arc::ptr_eq(held, route));
        let next = self.next.get();
        let near = [next, next + 1].into_iter().find(|index| is_at(*index));
        let index = near.or_else(|| {
            let places = self.places.get_or_init(|| {
                former
                    .document
                    .routes
                    .iter()
                    .zip(0..)
                    .map(|(route, index)| (Arc::as_ptr(route), index))
                    .collect()
            });
            places.get(&Arc::as_ptr(route)).copied()
        })?;
        self.next.set(index + 1);
        former.plan.routes.get(index)?.as_ref()
    }

    /// The pool that a route has for itself.
    fn own(&self, name: &str) -> Option<&'a Arc<UpstreamSpec>> {
        let former = self.former?;
        let own = self.own.get_or_init(|| {
            former
                .plan
                .blueprint
                .upstreams
                .iter()
                .map(|upstream| (upstream.name.as_str(), upstream))
                .collect()
        });
        own.get(name).copied()
    }
}

/// The upstreams that routes have learn their limits.
fn learning(document: &Document) -> impl Iterator<Item = String> + '_ {
    let routes = document.routes.iter().filter(|route| route.req_active_length == Some(InFlight::Auto));
    routes.flat_map(|route| {
        let shares = route.upstreams.iter().map(|share| share.name.clone());
        route.upstream_name().into_iter().chain(shares)
    })
}

impl Compiler<'_> {
    /// A route, taken over from the former document where it is the same. The upstreams that it has for itself are appended.
    pub(super) fn shared_route(
        &mut self,
        index: usize,
        route: &Arc<Route>,
        upstreams: &mut Vec<Arc<UpstreamSpec>>,
    ) -> Option<Arc<RouteSpec>> {
        let taken = self.taken_over(route, upstreams);
        self.former.taken.push(taken.is_some());
        taken.or_else(|| self.route(index, route, upstreams).map(Arc::new))
    }

    /// A route that is none of requests.
    pub(super) fn passed_route(&mut self) -> Option<Arc<RouteSpec>> {
        self.former.taken.push(false);
        None
    }

    fn taken_over(
        &self,
        route: &Arc<Route>,
        upstreams: &mut Vec<Arc<UpstreamSpec>>,
    ) -> Option<Arc<RouteSpec>> {
        if route.req_active_length == Some(InFlight::Auto) {
            return None;
        }
        let spec = self.former.route(route)?;
        let is_demanding = !self.demanding.is_empty() && self.demanding.contains(&route.v_host.to_string());
        if spec.needs_client != is_demanding {
            return None;
        }
        if !route.backends.is_empty() {
            let own = route.upstream_name()?;
            upstreams.push(Arc::clone(self.former.own(&own)?));
        }
        Some(Arc::clone(spec))
    }
}
