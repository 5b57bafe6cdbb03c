//! Routes with `mode: tcp`: connections for a server name that are passed on as they come.

use super::reference;
use crate::{
    HostPattern, Route, Upstream,
    check::doors::Doors,
    report::{At, Report},
};
use std::{collections::HashSet, net::IpAddr, sync::Arc};

/// What such a route can say.
const KEYS: [&str; 6] = ["id", "vHost", "mode", "upstream", "source", "shadows"];

pub(in crate::check) fn check(
    route: &Route,
    at: At<'_>,
    (pools, names, doors): (&[Arc<Upstream>], &HashSet<&str>, Doors),
    report: &mut Report<'_>,
) {
    let was_touched = report.is_touched(at);
    for (key, value) in at.entries() {
        if let Some(name) = key.text().filter(|name| !KEYS.contains(name) && at.get(name).is_some()) {
            let message =
                format!("`{name}` does nothing with `mode: tcp`: connections are passed on as they come");
            report.add(value.id, message, Some("remove it, or `mode: tcp`".into()));
        }
    }
    host(route, at, was_touched, report);
    match (&route.upstream, at.get("upstream")) {
        (Some(name), Some(at)) => {
            reference(name, at, names, report);
            twice(name, pools, at, report);
        }
        (_, None) if !was_touched => {
            report.add(at.id, "a route with `mode: tcp` needs an `upstream`", None);
        }
        _ => {}
    }
    if let Some(mode) = at.get("mode").filter(|_| !doors.passages) {
        let hint = "add a listener with `mode: tcp` and no `upstream`, or one with `tls`";
        report.add(mode.id, "no listener looks at the server names of TLS", Some(hint.into()));
    }
}

fn host(route: &Route, at: At<'_>, was_touched: bool, report: &mut Report<'_>) {
    let is_address = match &route.v_host {
        // Where it cannot be read, it is the default.
        HostPattern::Any if was_touched => return,
        HostPattern::Any => {
            let hint = "name the host; a listener with `mode: tcp` and an `upstream` takes any connection";
            report.add(at.key("vHost").id, "a route with `mode: tcp` needs a `vHost`", Some(hint.into()));
            return;
        }
        HostPattern::Exact(name) => name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok(),
        HostPattern::Suffix(_) => false,
    };
    if is_address {
        // RFC 6066 section 3.
        let hint = "write the name that clients ask for";
        report.add(at.key("vHost").id, "an address is never a server name of TLS", Some(hint.into()));
    }
}

/// Reports a pool that would wrap the client's TLS into TLS of its own.
fn twice(name: &str, pools: &[Arc<Upstream>], at: At<'_>, report: &mut Report<'_>) {
    let named = pools.iter().find(|pool| pool.name == name);
    if named.is_some_and(|pool| pool.uses_tls()) && !report.is_touched(at) {
        let message =
            format!("`{name}` speaks TLS itself, so that the client's would be wrapped into another");
        let hint =
            "name an upstream without `tls` and `https://`; the client's TLS reaches its backends as it is";
        report.add(at.id, message, Some(hint.into()));
    }
}
