//! Several upstreams of one route, and the one that gets copies.

use super::reference;
use crate::{
    Route, Sticky, Upstream,
    check::balance::check_sticky,
    report::{At, Report},
};
use std::{collections::HashSet, sync::Arc};

pub(super) fn check(route: &mut Route, at: At<'_>, upstreams: &HashSet<&str>, report: &mut Report<'_>) {
    if let Some(list) = at.get("upstreams").filter(|list| !report.is_touched(*list)) {
        weights(route, list, report);
    }
    if let (Some(mirror), Some(at)) = (&route.mirror, at.get("mirror")) {
        match at.get("upstream") {
            Some(name) => reference(&mirror.upstream, name, upstreams, report),
            None if report.is_touched(at) => {}
            None => report.add(at.id, "a `mirror` needs an `upstream`", None),
        }
    }
    let Some(sticky_at) = at.get("upstreamsSticky") else { return };
    if let Some(sticky) = &mut route.upstreams_sticky {
        if sticky_at.get("cookie").is_none() {
            sticky.cookie = Sticky::UPSTREAMS_COOKIE.into();
        }
        check_sticky(sticky, sticky_at, report);
    }
    if at.get("upstreams").is_none() && !report.is_touched(sticky_at) {
        let hint = "remove it; `sticky` of an upstream keeps clients at its backends";
        report.add(sticky_at.id, "`upstreamsSticky` belongs to `upstreams`", Some(hint.into()));
    }
}

fn weights(route: &Route, list: At<'_>, report: &mut Report<'_>) {
    match route.upstreams.as_slice() {
        [only] if only.weight == 0 => {
            let at = list.items().next().map_or(list, |item| item.key("weight"));
            let message = "the only upstream has weight 0, so that no request would be forwarded";
            report.add(at.id, message, Some("remove the weight".into()));
        }
        [_, _, ..] if route.upstreams.iter().all(|share| share.weight == 0) => {
            let message = "all upstreams have weight 0, so that no request would be forwarded";
            report.add(list.id, message, Some("give one of them a weight".into()));
        }
        _ => {}
    }
}

/// Reports a cookie that means an upstream here and a backend there.
pub(in crate::check) fn cookies(
    route: &Route,
    upstreams: &[Arc<Upstream>],
    at: At<'_>,
    report: &mut Report<'_>,
) {
    let (Some(sticky), Some(at)) = (&route.upstreams_sticky, at.get("upstreamsSticky")) else { return };
    let named = |upstream: &&Arc<Upstream>| route.upstreams.iter().any(|share| share.name == upstream.name);
    let same = |one: &&Arc<Upstream>| one.sticky.as_ref().is_some_and(|other| other.cookie == sticky.cookie);
    if let Some(upstream) = upstreams.iter().filter(named).find(same) {
        let message = format!("the upstream `{}` has a cookie with this name", upstream.name);
        report.add(at.key("cookie").id, message, Some("give one of them another name".into()));
    }
}
