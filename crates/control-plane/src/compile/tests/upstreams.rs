use std::time::Duration;

use egress::Destination;
use lb_strategies::{PickContext, Picker, Weight, from_fn};
use proxy_core::spec::{Action, BackendSpec, HostHeader, Protocol, UpstreamSpec};

use super::{load, plan, route, upstream};
use crate::{Factories, compile};

/// Compiles an upstream with these keys.
#[track_caller]
fn compiled(keys: &str) -> UpstreamSpec {
    let text = format!("upstreams: [{{ name: app, {keys} }}]\nroutes: [{{ path: /*, upstream: app }}]\n");
    upstream(&plan(&text), "app").clone()
}

#[track_caller]
fn check_url(url: &str, destination: Destination, host: HostHeader) {
    let upstream = compiled(&format!("url: \"{url}\""));
    let destinations: Vec<_> = upstream.backends.iter().map(|backend| backend.destination.clone()).collect();
    assert_eq!((destinations, upstream.host_header), (vec![destination], host));
}

#[test]
fn a_url_is_one_backend_that_is_asked_for_its_own_name() {
    check_url("http://localhost:8080", Destination::host("localhost", 8080), HostHeader::Upstream);
    check_url("http://API.example.com", Destination::host("api.example.com", 80), HostHeader::Upstream);
    check_url("api.example.com", Destination::host("api.example.com", 80), HostHeader::Upstream);
    check_url("api.example.com:81", Destination::host("api.example.com", 81), HostHeader::Upstream);
    check_url("http://[::1]:81", Destination::host("::1", 81), HostHeader::Upstream);
    check_url("unix:/run/app.sock", Destination::unix("/run/app.sock"), HostHeader::Upstream);
}

#[test]
fn backends_keep_ids_and_weights_and_get_the_clients_host() {
    let upstream = compiled(
        "backends: [{ id: a, hostname: 10.0.0.1, port: 81, weight: 7 }, { hostname: b.example.com }, \
         { id: resting, hostname: 10.0.0.3, weight: 0 }]",
    );
    let expected = [
        BackendSpec::new("a", "10.0.0.1", 81).weight(Weight::new(7).unwrap()),
        BackendSpec::new("b.example.com:80", "b.example.com", 80),
    ];
    assert_eq!(upstream.backends, expected);
    assert_eq!(upstream.host_header, HostHeader::Preserve);
}

#[test]
fn every_key_of_an_upstream_has_its_effect() {
    let upstream = compiled(
        "url: \"http://a\", hostHeader: b.example.com, timeout: 1s, connectTimeout: 2s, dnsTimeout: 3s, \
         idleTimeout: 4s, maxIdleConnections: 5, maxConnectionAge: 6s, retries: 7, dnsRefresh: 8s, slowStart: 9s",
    );
    assert_eq!(upstream.host_header, HostHeader::Name("b.example.com".into()));
    assert_eq!(upstream.timeout, Duration::from_secs(1));
    assert_eq!(upstream.connect_timeout, Duration::from_secs(2));
    assert_eq!(upstream.dns_timeout, Duration::from_secs(3));
    assert_eq!(upstream.idle_timeout, Duration::from_secs(4));
    assert_eq!(upstream.max_idle_connections, 5);
    assert_eq!(upstream.max_connection_age, Duration::from_secs(6));
    assert_eq!(upstream.retries, 7);
    assert_eq!(upstream.dns_refresh, Duration::from_secs(8));
    assert_eq!(upstream.slow_start, Some(Duration::from_secs(9)));
    assert_eq!(compiled("url: a, slowStart: off").slow_start, None);
}

#[test]
fn backends_are_spoken_to_as_the_upstream_says() {
    let protocol = |keys: &str| compiled(&format!("url: a{keys}")).protocol;
    assert_eq!(protocol(""), Protocol::Http1);
    assert_eq!(protocol(", protocol: auto"), Protocol::Http1);
    assert_eq!(protocol(", protocol: http1"), Protocol::Http1);
    assert_eq!(protocol(", protocol: http2"), Protocol::Http2);
}

/// Both crates have defaults of their own; a proxy is the same whether it is embedded or run.
#[test]
fn the_defaults_of_the_document_are_those_of_the_engine() {
    let (written, embedded) = (compiled("backends: [{ hostname: a }]"), UpstreamSpec::new("app"));
    let of = |spec: &UpstreamSpec| {
        let times = (spec.timeout, spec.connect_timeout, spec.dns_timeout, spec.idle_timeout);
        let idle = (spec.max_connection_age, spec.max_idle_connections);
        let balance = (spec.affinity.clone(), spec.sticky.clone(), spec.slow_start, spec.panic);
        let breakers = (spec.breaker, spec.backend_breaker, spec.passive, spec.outliers);
        let checks = (spec.check.is_none(), spec.agent.clone(), spec.gate, spec.dns_refresh);
        let sending = (spec.retries, spec.retry.clone(), spec.host_header.clone(), spec.protocol);
        (times, idle, balance, breakers, checks, sending)
    };
    assert_eq!(of(&written), of(&embedded));
    assert_eq!(written.backends, [BackendSpec::new("a:80", "a", 80)]);
}

/// Which of three backends the compiled strategy picks, again and again.
#[track_caller]
fn picks(factories: &Factories, strategy: &str) -> Vec<Option<usize>> {
    let text = format!(
        "upstreams: [{{ name: app, strategy: {strategy}, backends: [{{ hostname: a }}] }}]\n\
         routes: [{{ path: /*, upstream: app }}]"
    );
    let plan = compile(&load(&text), factories).unwrap();
    let strategy = &upstream(&plan, "app").strategy;
    let backends = ["a", "b", "c"].map(|id| lb_strategies::BackendView::new(id, Weight::ONE));
    let picker: Box<dyn Picker> = strategy.picker(&backends);
    let context = |turn| PickContext::new(&lb_strategies::NoLoads).with_sequence(turn).with_entropy(7);
    (0..4).map(|turn| picker.pick(&context(turn))).collect()
}

#[test]
fn a_strategy_is_found_by_its_name() {
    let (round_robin, random) =
        (picks(&Factories::default(), "round_robin"), picks(&Factories::default(), "RANDOM"));
    let mut seen = round_robin.clone();
    seen.dedup();
    assert_eq!(seen.len(), 4, "turns differ: {round_robin:?}");
    assert!(random.iter().all(|pick| *pick == random[0]), "equal entropy picks the same: {random:?}");
}

#[test]
fn an_embedders_strategy_is_found_like_any_other_even_under_a_name_of_proxyd() {
    let last = || {
        from_fn(|backends: &[lb_strategies::BackendView<'_>]| {
            let count = backends.len();
            move |_: &PickContext<'_>| count.checked_sub(1)
        })
    };
    let factories = Factories::default().strategy("always_last", last()).strategy("first", last());
    assert_eq!(picks(&factories, "always_last"), [Some(2); 4]);
    assert_eq!(picks(&factories, "FIRST"), [Some(2); 4]);
}

#[test]
fn a_routes_own_backends_are_an_upstream_of_its_own() {
    let plan = plan("routes: [{ id: users, path: /*, backends: [{ hostname: a, port: 1 }], timeout: 3s }]");
    let Action::Forward { upstream: name, fallback: None } = &route(&plan, "users").action else {
        panic!("it forwards");
    };
    let own = upstream(&plan, name);
    assert_eq!(own.backends, [BackendSpec::new("a:1", "a", 1)]);
    assert_eq!(own.timeout, Duration::from_secs(3));
    assert_eq!(own.host_header, HostHeader::Preserve);
}

/// The time that an attempt of each route gets.
#[track_caller]
fn check_attempts(proxy: &str, upstream_keys: &str, routes: &[(&str, u64)]) {
    let written: String = routes.iter().map(|(keys, _)| format!("  - {{ upstream: app{keys} }}\n")).collect();
    let text = format!(
        "proxy: {{ {proxy} }}\nupstreams: [{{ name: app, url: a{upstream_keys} }}]\nroutes:\n{written}"
    );
    let plan = plan(&text);
    for (spec, (keys, seconds)) in plan.blueprint.routes.iter().zip(routes) {
        let Action::Forward { upstream: name, .. } = &spec.action else { panic!("it forwards") };
        // The request as a whole ends by the route's own time, whatever an attempt is allowed.
        let whole = spec.timeout.unwrap_or(plan.blueprint.settings.timeout);
        let attempt = spec.attempt_timeout.unwrap_or(upstream(&plan, name).timeout).min(whole);
        assert_eq!(attempt, Duration::from_secs(*seconds), "{keys}");
    }
}

#[test]
fn a_route_that_allows_more_time_has_the_backend_get_it() {
    check_attempts("", "", &[("", 15), (", timeout: 5s", 5), (", timeout: 2m", 120)]);
    check_attempts("", ", timeout: 5s", &[("", 5), (", timeout: 1s", 1), (", timeout: 2m", 120)]);
    check_attempts("timeout: 20s", "", &[("", 20), (", timeout: 25s", 25)]);
    check_attempts("timeout: 20s", ", timeout: 5s", &[("", 5)]);
}

#[test]
fn routes_that_allow_different_times_share_an_upstream() {
    let plan = plan(
        "upstreams: [{ name: app, url: a }]\n\
         routes: [{ path: /a, upstream: app, timeout: 2m }, { path: /b, upstream: app, timeout: 1m }]",
    );
    assert_eq!(plan.blueprint.upstreams.len(), 1);
}
