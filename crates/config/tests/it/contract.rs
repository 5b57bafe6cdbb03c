//! The configurations of the systems that proxyd replaces.

use config::{
    Errors, HostHeader, InFlight, Limit, Loaded, RouteOrder, Surroundings, Url, Workers, parse_with,
};
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
        ("service-a", 2, Some(InFlight::At(50)))
    );
    assert_eq!(loaded.not_built(), []);
    assert!(route.auto_https);
    assert_eq!(route.queue_length(), 100);
}

#[test]
fn the_clustered_proxys_file_loads_and_needs_nothing_unbuilt() {
    let loaded = parse(&fixture("c-cluster.yaml")).unwrap();
    assert_eq!(loaded.not_built(), []);
    let document = &loaded.document;
    assert_eq!(document.summary().to_string(), "1 listener, 2 upstreams, 2 backends, 2 routes");
    assert_eq!(document.addresses()[0].to_string(), "0.0.0.0:8080");
    assert_eq!((document.proxy.workers, document.route_order), (Workers::Count(2), RouteOrder::Written));
    let routes: Vec<_> = document
        .routes
        .iter()
        .map(|route| (route.path.to_string(), route.upstream_name().unwrap()))
        .collect();
    assert_eq!(
        routes,
        [("/test*".into(), "dummy".into()), ("/*".into(), "jsonplaceholder".into())],
        "a plain prefix of /testing, too"
    );
    for route in &document.routes {
        let expected = [("x-forward-for", "$ip"), ("Authorization", "Bearer xyz")];
        assert_eq!(*route.headers, expected.map(|(name, value)| (name.into(), value.into())));
    }
    for (upstream, host) in document.upstreams.iter().zip(["jsonplaceholder.typicode.com", "dummyjson.com"]) {
        assert_eq!(upstream.host_header(), HostHeader::Upstream);
        assert_eq!(upstream.url, Some(Url::Http { host: host.into(), port: 80 }));
    }
}

/// Both spellings work, and what is printed is native.
#[test]
fn the_clustered_proxys_file_is_a_native_document_in_other_words() {
    let native = "
        proxy: { port: 8080, workers: 2 }
        routeOrder: written
        upstreams:
          - { name: jsonplaceholder, url: jsonplaceholder.typicode.com }
          - { name: dummy, url: dummyjson.com }
        routes:
          - id: /test
            path: /test*
            upstream: dummy
            headers: { x-forward-for: $ip, Authorization: Bearer xyz }
          - id: /
            path: /*
            upstream: jsonplaceholder
            headers: { x-forward-for: $ip, Authorization: Bearer xyz }
    ";
    let (native, cluster) = (parse(native).unwrap(), parse(&fixture("c-cluster.yaml")).unwrap());
    assert_eq!(native.document, cluster.document);
    let printed = serde_json::to_value(&cluster.document).unwrap();
    assert_eq!((printed.get("server"), &printed["routes"][0]["path"]), (None, &"/test*".into()));
}

#[test]
fn every_key_of_the_native_document_is_known() {
    let loaded = parse(include_str!("native.yaml")).unwrap();
    assert_eq!(loaded.document.proxy.max_duration, Limit::Off);
    assert_eq!(loaded.document.summary().to_string(), "4 listeners, 4 upstreams, 5 backends, 7 routes");
}
