//! One route.

mod answer;
mod passage;
mod paths;
mod sharing;
mod tls;

pub(super) use passage::check as check_passage;
pub(super) use paths::prefix_form;
pub(super) use sharing::cookies;
pub(super) use tls::check as check_tls;

use super::{backends, capacity, edits, method};
use crate::{
    Route,
    nearest::nearest,
    report::{At, Report},
};
use std::collections::HashSet;

/// What a route can do with a request; it does exactly one of these.
const ACTIONS: [&str; 5] = ["upstream", "upstreams", "backends", "respond", "redirect"];

/// What has no meaning where the proxy answers by itself.
const FORWARDING: [&str; 13] = [
    "fallback",
    "mirror",
    "attemptTimeout",
    "hedge",
    "stripPrefix",
    "setPrefix",
    "headers",
    "requestHeaders",
    "timeout",
    "reqActiveLength",
    "reqQueueLength",
    "queueTimeout",
    "queueOrder",
];

pub(super) fn check(route: &mut Route, at: At<'_>, upstreams: &HashSet<&str>, report: &mut Report<'_>) {
    action(at, report);
    if let Some(at) = at.get("strategy").filter(|at| !report.is_touched(*at))
        && route.strategy.as_deref() == Some("HASH")
    {
        let hint = "name an upstream that has these backends, `strategy: HASH` and a `hash`";
        report.add(at.id, "a route cannot say what HASH hashes", Some(hint.into()));
    }
    references(route, at, upstreams, report);
    sharing::check(route, at, upstreams, report);
    capacity::of_route(at, report);
    if let Some(list) = at.get("backends") {
        if list.items().next().is_none() && !report.is_touched(list) {
            report.add(list.id, "a route's `backends` need at least one", None);
        }
        backends::check(&mut route.backends, list, report);
    }
    for at in at.get("methods").into_iter().flat_map(At::items) {
        method::check(at, report);
    }
    paths::check(route, at, report);
    edits::check(route, at, report);
    answer::check(route, at, report);
}

/// Exactly one action, and nothing that does not go with it.
fn action(at: At<'_>, report: &mut Report<'_>) {
    let actions: Vec<_> = ACTIONS.into_iter().filter_map(|key| Some((key, at.get(key)?))).collect();
    match actions.as_slice() {
        [] if report.is_touched(at) => {}
        [] => {
            let message =
                "a route needs one of `upstream`, `upstreams`, `backends`, `respond` and `redirect`";
            report.add(at.id, message, None);
        }
        [(key, _)] => consequences(key, at, report),
        [(first, _), rest @ ..] => {
            for (key, value) in rest {
                let message = format!("a route has either `{first}` or `{key}`");
                report.add(value.id, message, Some("remove one of them".into()));
            }
        }
    }
}

fn consequences(action: &str, at: At<'_>, report: &mut Report<'_>) {
    if let Some(strategy) = at.get("strategy").filter(|_| action != "backends") {
        let hint = "write it at the upstream";
        report.add(strategy.id, "a route's `strategy` belongs to its own `backends`", Some(hint.into()));
    }
    if matches!(action, "respond" | "redirect") {
        for (key, value) in FORWARDING.into_iter().filter_map(|key| Some((key, at.get(key)?))) {
            let message = format!("`{key}` does nothing on a route that answers with `{action}`");
            report.add(value.id, message, Some("remove it".into()));
        }
    }
}

fn references(route: &Route, at: At<'_>, upstreams: &HashSet<&str>, report: &mut Report<'_>) {
    if let (Some(name), Some(at)) = (&route.upstream, at.get("upstream")) {
        reference(name, at, upstreams, report);
    }
    if let (Some(name), Some(fallback)) = (&route.fallback, at.get("fallback")) {
        reference(name, fallback, upstreams, report);
        if route.upstream.as_ref() == Some(name) {
            report.add(fallback.id, "the fallback is the upstream itself", None);
        }
    }
    if let Some(list) = at.get("upstreams") {
        if list.items().next().is_none() && !report.is_touched(list) {
            report.add(list.id, "a route's `upstreams` need at least one", None);
        }
        for (share, at) in route.upstreams.iter().zip(list.items()) {
            match at.get("name") {
                Some(name) => reference(&share.name, name, upstreams, report),
                None if report.is_touched(at) => {}
                None => report.add(at.id, "a `name` of an upstream is missing", None),
            }
        }
    }
}

/// Reports a name that no upstream has.
pub(super) fn reference(name: &str, at: At<'_>, upstreams: &HashSet<&str>, report: &mut Report<'_>) {
    if upstreams.contains(name) || report.is_touched(at) || report.is_full() {
        return;
    }
    let hint = match nearest(name, upstreams.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "name one of `upstreams`".into(),
    };
    report.add(at.id, format!("there is no upstream `{name}`"), Some(hint));
}
