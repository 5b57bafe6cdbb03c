//! Routes: ids of their own, and each by itself.

use super::{doors::Doors, hosts, names::Names, route, upstreams};
use crate::{
    Mode, Route, Upstream,
    report::{At, Report},
};
use std::sync::Arc;

pub(super) fn check(
    routes: &mut [Arc<Route>],
    (pools, doors): (&[Arc<Upstream>], Doors),
    at: At<'_>,
    report: &mut Report<'_>,
) {
    let names = upstreams::names(at);
    let list = at.key("routes");
    for (route, at) in routes.iter_mut().zip(list.items()) {
        let route = Arc::make_mut(route);
        (route.source, route.shadows) = (None, None);
        if route.mode == Mode::Tcp {
            route::check_passage(route, at, (pools, &names, doors), report);
            continue;
        }
        route::check(route, at, &names, report);
        route::cookies(route, pools, at, report);
        route::check_tls(route, at, doors, report);
    }
    hosts::check(routes, list, report);
    ids(routes, list, report);
}

/// Written ids first, so that a derived one never takes one of theirs.
fn ids(routes: &mut [Arc<Route>], list: At<'_>, report: &mut Report<'_>) {
    let mut ids = Names::default();
    for (route, at) in routes.iter().zip(list.items()) {
        if let Some(id) = at.get("id").filter(|_| !route.id.is_empty()) {
            ids.claim_id((&route.id, &derived_id(route)), "route id", id, report);
        }
    }
    for route in routes.iter_mut().filter(|route| route.id.is_empty()) {
        let id = ids.fresh(&derived_id(route));
        Arc::make_mut(route).id = id;
    }
}

fn derived_id(route: &Route) -> String {
    match route.mode {
        Mode::Http => format!("{}{}", route.v_host, route.path),
        // No path is looked at.
        Mode::Tcp => route.v_host.to_string(),
    }
}
