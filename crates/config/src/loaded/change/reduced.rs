//! Which objects must be looked at for a change: those that are put, and those that checks compare with them or with the
//! gap that those leave which are gone. What is not chosen was right before, and no check of it has another outcome now.
//!
//! Where several unchanged objects would fail in the same way, the first of them is enough: once anything is wrong, the
//! whole document is checked.

use super::Change;
use crate::{HostPattern, Key, Kind, Mode, Object, Route, tree::Value};
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

/// The objects that a change can concern, in the order of the document.
pub(super) fn concerned<'c>(change: &'c Change<'_>) -> Vec<&'c Object> {
    let mut chosen = Chosen { change, places: BTreeSet::new(), upstreams: HashSet::new() };
    chosen.take_sections_and_put();
    chosen.take_default_certificate();
    chosen.take_routes_of_changed_upstreams();
    chosen.take_passage();
    chosen.take_neighbours();
    chosen.take_upstreams();
    chosen.places.iter().filter_map(|place| change.objects.get(*place)).map(|(object, _)| object).collect()
}

struct Chosen<'c, 'l> {
    change: &'c Change<'l>,
    /// Places in the objects afterwards.
    places: BTreeSet<usize>,
    /// Names of upstreams that something chosen names.
    upstreams: HashSet<String>,
}

impl<'c> Chosen<'c, '_> {
    /// Every section, as what a route may say depends on them, and what is put.
    fn take_sections_and_put(&mut self) {
        self.places.extend(0..self.change.start(Kind::Certificate));
        for (place, (object, from)) in self.change.objects.iter().enumerate() {
            if from.is_some() {
                continue;
            }
            self.places.insert(place);
            if object.key().kind == Kind::Route {
                self.upstreams.extend(named_by(object));
            }
        }
        let listeners = &self.change.before.document.listeners;
        self.upstreams.extend(listeners.iter().filter_map(|listener| listener.upstream.clone()));
    }

    /// Of certificates, one can be the default.
    fn take_default_certificate(&mut self) {
        if !self.change.put.iter().any(|key| key.kind == Kind::Certificate) {
            return;
        }
        let certificates = &self.change.before.document.certificates;
        let start = self.change.start(Kind::Certificate);
        let first = self.change.before.start(Kind::Certificate);
        for (offset, (_, from)) in self.change.of_kind(Kind::Certificate).iter().enumerate() {
            let written = from.and_then(|from| certificates.get(from.checked_sub(first)?));
            if written.is_some_and(|certificate| certificate.default) {
                self.places.insert(start + offset);
            }
        }
    }

    /// A route names an upstream that must be there, and that must not have TLS or a cookie that the route's own goes badly with.
    fn take_routes_of_changed_upstreams(&mut self) {
        let is_gone = |name: &str| self.change.gone.contains(&Key::new(Kind::Upstream, name));
        let is_put = |name: &str| self.change.put.contains(&Key::new(Kind::Upstream, name));
        let mut changed = self.change.gone.iter().chain(&self.change.put);
        if !changed.any(|key| key.kind == Kind::Upstream) {
            return;
        }
        let is_gap = |route: &Route| names(route).any(is_gone);
        let is_compared = |route: &Route| {
            (route.mode == Mode::Tcp || route.upstreams_sticky.is_some()) && names(route).any(is_put)
        };
        let gap = self.change.routes().find(|(_, route)| is_gap(route));
        let compared = self.change.routes().filter(|(_, route)| is_compared(route));
        let found: Vec<_> = gap.into_iter().chain(compared).collect();
        found.into_iter().for_each(|(place, route)| self.take_route(place, route));
    }

    /// A listener that passes connections on by their server names needs a route that says where to.
    fn take_passage(&mut self) {
        let mut listeners = self.change.before.document.listeners.iter();
        if listeners.any(|listener| listener.mode == Mode::Tcp && listener.upstream.is_none())
            && let Some((place, route)) = self.change.routes().find(|(_, route)| route.mode == Mode::Tcp)
        {
            self.take_route(place, route);
        }
    }

    /// Routes of one vHost agree in `clientAuth`, and one of them alone has `mode: tcp`.
    fn take_neighbours(&mut self) {
        let put = self.change.of_kind(Kind::Route).iter().filter(|(_, from)| from.is_none());
        let hosts: HashSet<HostPattern> = put.filter_map(|(object, _)| shared_host(object)).collect();
        for host in hosts {
            let of_host = |route: &Route| route.v_host == host;
            let mut routes = self.change.routes();
            let auth = routes.find(|(_, route)| route.client_auth.is_some() && of_host(route));
            let mut routes = self.change.routes();
            let passage = routes.find(|(_, route)| route.mode == Mode::Tcp && of_host(route));
            for (place, route) in auth.into_iter().chain(passage) {
                self.take_route(place, route);
            }
        }
    }

    fn take_route(&mut self, place: usize, route: &Route) {
        self.places.insert(place);
        self.upstreams.extend(names(route).map(Into::into));
    }

    /// Those that something chosen names.
    fn take_upstreams(&mut self) {
        if self.upstreams.is_empty() {
            return;
        }
        let start = self.change.start(Kind::Upstream);
        for (offset, (object, _)) in self.change.of_kind(Kind::Upstream).iter().enumerate() {
            if self.upstreams.contains(&object.key().id) {
                self.places.insert(start + offset);
            }
        }
    }
}

impl Change<'_> {
    fn start(&self, kind: Kind) -> usize {
        self.objects.partition_point(|(object, _)| object.key().kind < kind)
    }

    /// The unchanged routes, with their places in the objects afterwards.
    fn routes(&self) -> impl Iterator<Item = (usize, &Arc<Route>)> {
        let (start, first) = (self.start(Kind::Route), self.before.start(Kind::Route));
        self.of_kind(Kind::Route).iter().enumerate().filter_map(move |(offset, (_, from))| {
            Some((start + offset, self.before.document.routes.get((*from)?.checked_sub(first)?)?))
        })
    }
}

impl super::Loaded {
    fn start(&self, kind: Kind) -> usize {
        self.objects.partition_point(|object| object.key().kind < kind)
    }
}

/// The names of the upstreams that a route names.
fn names(route: &Route) -> impl Iterator<Item = &str> {
    let shares = route.upstreams.iter().map(|share| share.name.as_str());
    let mirror = route.mirror.as_ref().map(|mirror| mirror.upstream.as_str());
    route.upstream.as_deref().into_iter().chain(route.fallback.as_deref()).chain(mirror).chain(shares)
}

/// The same of a route that is not read yet.
fn named_by(object: &Object) -> impl Iterator<Item = String> {
    let tree = object.tree();
    let list = object.find("upstreams").into_iter().flat_map(|list| tree.items(list).iter());
    let shares = list.filter_map(|share| tree.text(tree.get(*share, "name")?));
    let named = ["upstream", "fallback", "mirror.upstream"].into_iter().filter_map(|path| object.text(path));
    named.chain(shares).map(Into::into)
}

/// The vHost of a route that is not read yet, where other routes must agree with it.
fn shared_host(object: &Object) -> Option<HostPattern> {
    let has_auth =
        object.find("clientAuth").is_some_and(|id| !matches!(object.tree().node(id).value, Value::Scalar(_)));
    if !has_auth && object.text("mode") != Some("tcp") {
        return None;
    }
    // Of one that is no host, that is told.
    object.text("vHost")?.parse().ok()
}
