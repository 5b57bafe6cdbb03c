//! Routes: ids of their own, and each by itself.

use super::{names::Names, route};
use crate::{
    Route, Upstream,
    report::{At, Report},
};
use std::collections::HashSet;

pub(super) fn check(routes: &mut [Route], upstreams: &[Upstream], at: At<'_>, report: &mut Report<'_>) {
    let names = names(at);
    let list = at.key("routes");
    for (route, at) in routes.iter_mut().zip(list.items()) {
        route::check(route, at, &names, report);
        route::cookies(route, upstreams, at, report);
    }
    ids(routes, list, report);
}

/// The names of all upstreams, also of those that have errors, so that one error does not make more.
fn names(at: At<'_>) -> HashSet<&str> {
    let upstreams = at.key("upstreams");
    let items = upstreams.tree.items(upstreams.id).iter();
    items.filter_map(|item| at.tree.text(at.tree.get(*item, "name")?)).collect()
}

/// Written ids first, so that a derived one never takes one of theirs.
fn ids(routes: &mut [Route], list: At<'_>, report: &mut Report<'_>) {
    let mut ids = Names::default();
    for (route, at) in routes.iter().zip(list.items()) {
        if let Some(id) = at.get("id").filter(|_| !route.id.is_empty()) {
            ids.claim(&route.id, "route id", id, report);
        }
    }
    for route in routes.iter_mut().filter(|route| route.id.is_empty()) {
        route.id = ids.fresh(&format!("{}{}", route.v_host, route.path));
    }
}
