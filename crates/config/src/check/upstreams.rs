//! Upstreams: each has a name of its own, and backends.

use super::{backend_tls, backends, balance, capacity, health, names::Names, useless};
use crate::{
    Backend, Upstream,
    document::INLINE,
    report::{At, Report},
};
use std::{collections::HashSet, sync::Arc};

pub(super) fn check(upstreams: &mut [Arc<Upstream>], at: At<'_>, report: &mut Report<'_>) {
    let mut names = Names::default();
    for (upstream, at) in upstreams.iter_mut().zip(at.key("upstreams").items()) {
        let upstream = Arc::make_mut(upstream);
        (upstream.source, upstream.shadows) = (None, None);
        match at.get("name") {
            Some(name) if upstream.name.is_empty() && !report.is_touched(name) => {
                report.add(name.id, "the name of an upstream is empty", None);
            }
            Some(name) if upstream.name.starts_with(INLINE) => {
                let message =
                    format!("names that start with `{INLINE}` belong to routes with `backends` of their own");
                report.add(name.id, message, None);
            }
            Some(name) => names.claim(&upstream.name, "upstream name", name, report),
            None if report.is_touched(at) => {}
            None => report.add(at.id, "an upstream needs a `name`", None),
        }
        pool(upstream, at, report);
        balance::check(upstream, at, report);
        capacity::of_upstream(upstream, at, report);
        health::check(upstream, at, report);
        backend_tls::check(upstream, at, report);
        if let Some(at) = at.get("retry") {
            let retry = &upstream.retry;
            useless::order(at, ("backoff", retry.backoff), ("maxBackoff", retry.max_backoff), report);
        }
    }
}

/// An upstream has either a URL or backends.
fn pool(upstream: &mut Upstream, at: At<'_>, report: &mut Report<'_>) {
    match (at.get("url"), at.get("backends")) {
        (Some(_), Some(both)) => {
            let hint = "a URL stands for one backend; list it under `backends`, or remove them";
            report.add(both.id, "an upstream has either `url` or `backends`", Some(hint.into()));
        }
        (None, Some(list)) => {
            if list.items().next().is_none() && !report.is_touched(list) {
                report.add(list.id, "an upstream needs at least one backend", None);
            }
            if upstream.uses_tls() {
                default_ports(&mut upstream.backends);
            }
            backends::check(&mut upstream.backends, list, report);
        }
        (None, None) if !report.is_touched(at) => {
            report.add(at.id, "an upstream needs a `url` or `backends`", None);
        }
        _ => {}
    }
}

/// Over TLS, the port is HTTPS's where none is written.
fn default_ports(backends: &mut [Backend]) {
    for backend in backends.iter_mut().filter(|backend| !backend.hostname.starts_with("unix:")) {
        backend.port.get_or_insert(443);
    }
}

/// The names of all upstreams, also of those that have errors, so that one error does not make more.
pub(super) fn names(at: At<'_>) -> HashSet<&str> {
    let upstreams = at.key("upstreams");
    let items = upstreams.tree.items(upstreams.id).iter();
    items.filter_map(|item| at.tree.text(at.tree.get(*item, "name")?)).collect()
}
