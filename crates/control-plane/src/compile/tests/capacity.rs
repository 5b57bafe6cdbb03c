use std::time::Duration;

use proxy_core::spec::{Concurrency, GateSpec, Order, Priority};

use super::{load, plan, route, upstream};
use crate::{Factories, Plan, check};

/// A gate of these parts.
fn gate(limit: Concurrency, queue: u32, seconds: u64, order: Order) -> GateSpec {
    let mut gate = GateSpec::auto();
    gate.limit = limit;
    gate.queue = queue;
    gate.timeout = Duration::from_secs(seconds);
    gate.order = order;
    gate
}

/// Compiles an upstream with these keys, and a route to it with those.
#[track_caller]
fn compiled(upstream: &str, route: &str) -> Plan {
    plan(&text(upstream, route))
}

fn text(upstream: &str, route: &str) -> String {
    format!("upstreams: [{{ name: app, {upstream} }}]\nroutes: [{{ id: it, upstream: app{route} }}]\n")
}

#[track_caller]
fn check_upstream(keys: &str, expected: Option<GateSpec>) {
    assert_eq!(upstream(&compiled(keys, ""), "app").gate, expected);
}

#[test]
fn an_upstream_is_limited_as_it_says() {
    check_upstream("url: a", None);
    check_upstream("url: a, maxRequests: 7", Some(GateSpec::at(7)));
    check_upstream("url: a, maxRequests: auto", Some(GateSpec::auto()));
    check_upstream(
        "url: a, maxRequests: 7, queueLength: 0, queueTimeout: 3s, queueOrder: fifo",
        Some(gate(Concurrency::At(7), 0, 3, Order::Fifo)),
    );
}

#[test]
fn backends_have_the_limits_of_the_upstream_unless_they_have_their_own() {
    let plan = compiled(
        "maxRequestsPerBackend: 5, maxConnectionsPerBackend: 6, backends: [{ hostname: a }, \
         { hostname: b, maxRequests: 1, maxConnections: 2 }, { hostname: c, maxRequests: off, maxConnections: off }]",
        "",
    );
    let backends = upstream(&plan, "app").backends.iter();
    let limits: Vec<_> = backends.map(|backend| (backend.max_requests, backend.max_connections)).collect();
    assert_eq!(limits, [(Some(5), Some(6)), (Some(1), Some(2)), (None, None)]);
}

#[test]
fn where_backends_are_limited_requests_wait_for_a_place() {
    let waiting = |places| Some(gate(Concurrency::At(u32::MAX), places, 1, Order::Adaptive));
    check_upstream(
        "maxRequestsPerBackend: 5, backends: [{ hostname: a }, { hostname: b, maxRequests: 2 }]",
        waiting(7),
    );
    check_upstream("backends: [{ hostname: a, maxRequests: 2 }, { hostname: b }]", waiting(2));
    check_upstream("url: a, maxRequests: 9, maxRequestsPerBackend: 5", Some(GateSpec::at(9)));
    check_upstream("url: a, maxConnectionsPerBackend: 5", waiting(5));
    check_upstream("url: a, maxConnectionsPerBackend: 5, maxRequestsPerBackend: 3", waiting(3));
    check_upstream("url: a, maxConnectionsPerBackend: 5, protocol: http2", None);
    check_upstream("maxRequestsPerBackend: 5, backends: [{ hostname: a, maxRequests: off }]", None);
}

#[track_caller]
fn check_route(keys: &str, expected: Option<GateSpec>) {
    assert_eq!(route(&compiled("url: a", keys), "it").gate, expected);
}

#[test]
fn a_route_is_limited_as_it_says() {
    check_route("", None);
    check_route(", reqActiveLength: 7", Some(GateSpec::at(7)));
    check_route(
        ", reqActiveLength: 7, reqQueueLength: 0, queueTimeout: 3s, queueOrder: fifo",
        Some(gate(Concurrency::At(7), 0, 3, Order::Fifo)),
    );
}

#[test]
fn a_routes_priority_is_the_one_of_its_requests() {
    for (keys, expected) in
        [("", Priority::Normal), (", priority: high", Priority::High), (", priority: low", Priority::Low)]
    {
        assert_eq!(route(&compiled("url: a", keys), "it").priority, expected, "{keys}");
    }
}

#[test]
fn a_limit_that_a_route_wants_learnt_is_its_upstreams() {
    let plan =
        compiled("url: a", ", reqActiveLength: auto, reqQueueLength: 9, queueTimeout: 3s, queueOrder: fifo");
    assert_eq!(route(&plan, "it").gate, None);
    assert_eq!(upstream(&plan, "app").gate, Some(gate(Concurrency::Auto, 9, 3, Order::Fifo)));
    assert!(plan.warnings.is_empty());
    let plain = compiled("url: a, maxRequestsPerBackend: 3", ", reqActiveLength: auto");
    assert_eq!(
        upstream(&plain, "app").gate,
        Some(GateSpec::auto()),
        "a limit of backends is none of the upstream"
    );
}

#[test]
fn every_upstream_of_a_route_learns_its_limit() {
    let plan = plan(
        "upstreams: [{ name: a, url: a }, { name: b, url: b }, { name: c, url: c }]\n\
         routes: [{ upstreams: [{ name: a }, { name: b }], fallback: c, reqActiveLength: auto }, \
         { id: own, path: /own, backends: [{ hostname: d }], reqActiveLength: auto }]",
    );
    for (name, expected) in [
        ("a", Some(GateSpec::auto())),
        ("b", Some(GateSpec::auto())),
        ("c", None),
        ("route:own", Some(GateSpec::auto())),
    ] {
        assert_eq!(upstream(&plan, name).gate, expected, "{name}");
    }
}

#[test]
fn a_limit_of_the_upstream_holds_in_place_of_a_learnt_one_with_a_warning() {
    let text = text("url: a, maxRequests: 7", ", reqActiveLength: auto");
    let plan = plan(&text);
    assert_eq!(upstream(&plan, "app").gate, Some(GateSpec::at(7)));
    let warnings = check(&load(&text), &Factories::default()).unwrap();
    let [warning] = warnings.as_slice() else { panic!("one warning: {warnings:?}") };
    assert_eq!(warning.path, "routes[0].reqActiveLength");
    assert_eq!(warning.message, "the upstream `app` has a limit already, which holds instead");
}

#[test]
fn who_asks_for_what_the_upstream_has_is_not_warned() {
    let same = text("url: a, maxRequests: auto", ", reqActiveLength: auto");
    assert_eq!(check(&load(&same), &Factories::default()).unwrap(), []);
    let routes = |second: &str| {
        format!(
            "upstreams: [{{ name: app, url: a }}]\nroutes: [{{ upstream: app, reqActiveLength: auto }}, \
             {{ path: /b, upstream: app, reqActiveLength: auto{second} }}]"
        )
    };
    assert_eq!(check(&load(&routes("")), &Factories::default()).unwrap(), []);
    let warnings = check(&load(&routes(", reqQueueLength: 1")), &Factories::default()).unwrap();
    assert_eq!(
        warnings.iter().map(|warning| &*warning.path).collect::<Vec<_>>(),
        ["routes[1].reqActiveLength"]
    );
}

/// The places of the warnings about this configuration.
#[track_caller]
fn warned(upstream: &str, route: &str) -> Vec<String> {
    compiled(upstream, route).warnings.iter().map(|problem| problem.path.clone()).collect()
}

#[test]
fn a_priority_where_nobody_waits_is_warned_of() {
    assert_eq!(warned("url: a", ", priority: high"), ["routes[0].priority"]);
    assert!(warned("url: a", ", priority: normal").is_empty());
    assert!(warned("url: a, maxRequests: 7", ", priority: high").is_empty());
    assert!(warned("url: a", ", priority: low, reqActiveLength: 7").is_empty());
}
