//! The configurations of the systems that proxyd replaces.

use config::{Errors, HostHeader, Limit, Loaded, Surroundings, parse_with};
use std::{fs, io, path::Path, time::Duration};

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/contract");
    fs::read_to_string(folder.join(name)).unwrap()
}

fn parse(text: &str) -> Result<Loaded, Errors> {
    let nothing = |_: &Path| Err(io::ErrorKind::NotFound.into());
    parse_with(text, "proxyd.yaml", &Surroundings { environment: &|_| None, files: &nothing })
}

#[test]
fn the_gateways_minimal_file_loads_and_needs_nothing_unbuilt() {
    let loaded = parse(&fixture("b-minimal.yml")).unwrap();
    assert_eq!(loaded.not_built(), []);
    let addresses: Vec<_> = loaded.document.addresses().iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["0.0.0.0:3000"]);
    let [upstream] = loaded.document.upstreams.as_slice() else { panic!("one upstream") };
    assert_eq!(upstream.host_header(), HostHeader::Upstream);
    assert_eq!(upstream.all_backends()[0].id, "localhost:8080");
}

#[test]
fn the_gateways_full_file_loads_and_says_what_is_not_built() {
    let loaded = parse(&fixture("b-full.yml")).unwrap();
    let document = &loaded.document;
    assert_eq!(document.summary().to_string(), "1 listener, 2 upstreams, 2 backends, 2 routes");
    assert_eq!(document.proxy.max_body_size.get().map(config::Size::get), Some(10 << 20));
    let batch = document.attempt_timeout(&document.routes[1], &document.upstreams[0]);
    assert_eq!(batch, Duration::from_secs(120), "a route that asks for more time gets it");
    let paths: Vec<_> = loaded.not_built().into_iter().map(|problem| problem.path).collect();
    let expected = [
        "security.auth",
        "rateLimit",
        "upstreams[0].url",
        "upstreams[0].circuitBreaker",
        "upstreams[1].url",
        "routes[0].auth",
        "routes[0].rateLimit",
        "routes[1].auth",
        "routes[1].rateLimit",
        "logging.sampling",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn each_fragment_of_the_gateway_loads_within_a_configuration() {
    let fragments = fixture("b-fragments.yml");
    let (_, fragments) = fragments.split_once("security:").unwrap();
    let (security, rate_limit) = fragments.split_once("rateLimit:").unwrap();
    let minimal = fixture("b-minimal.yml");
    let loaded = parse(&format!("{minimal}\nsecurity:{security}")).unwrap();
    assert_eq!(loaded.document.security.blocked_ips.len(), 5);
    assert_eq!(loaded.document.security.auth.as_ref().unwrap().keys.len(), 2);
    let loaded = parse(&format!("{minimal}\nrateLimit:{rate_limit}")).unwrap();
    let limits = loaded.document.rate_limit.unwrap();
    assert_eq!(limits.per_route[0].window_ms.get(), Duration::from_secs(60));
}

#[test]
fn a_route_object_of_the_dynamic_proxy_is_a_route() {
    let text = format!("{{\"routes\": [{}]}}", fixture("a-route-config.json"));
    let loaded = parse(&text).unwrap();
    let [route] = loaded.document.routes.as_slice() else { panic!("one route") };
    assert_eq!(
        (route.id.as_str(), route.backends.len(), route.req_active_length),
        ("service-a", 2, Some(50))
    );
    let paths: Vec<_> = loaded.not_built().into_iter().map(|problem| problem.path).collect();
    assert_eq!(paths, ["routes[0].autoHttps", "routes[0].reqActiveLength", "routes[0].reqQueueLength"]);
}

#[test]
fn the_clustered_proxys_file_gets_a_clear_answer() {
    let errors = parse(&fixture("c-cluster.yaml")).unwrap_err();
    let [problem] = errors.problems() else { panic!("one problem: {errors}") };
    assert!(
        problem.message.contains("`server`") && problem.message.contains("not supported yet"),
        "{problem}"
    );
}

#[test]
fn every_key_of_the_native_document_is_known() {
    let loaded = parse(include_str!("native.yaml")).unwrap();
    assert_eq!(loaded.document.proxy.max_duration, Limit::Off);
    assert_eq!(loaded.document.summary().to_string(), "3 listeners, 3 upstreams, 3 backends, 4 routes");
}
