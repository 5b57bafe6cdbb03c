//! Files of the clustered proxy.

use std::fs;

use egress::Destination;
use proxy_core::spec::{Action, HostHeader, PathPattern, RouteOrder, Template};

use super::{errors, load, plan, route, upstream};
use crate::{Factories, check};

fn fixture() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/contract/c-cluster.yaml");
    fs::read_to_string(path).unwrap()
}

#[test]
fn the_file_as_it_is_compiles() {
    let plan = plan(&fixture());
    assert_eq!(plan.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(), ["0.0.0.0:8080"]);
    assert_eq!((plan.workers, plan.blueprint.settings.route_order), (2, RouteOrder::Written));
    assert!(plan.warnings.is_empty());
    for (id, name) in [("/test", "dummy"), ("/", "jsonplaceholder")] {
        let route = route(&plan, id);
        assert_eq!(route.path, PathPattern::Prefix(id.into()));
        assert!(matches!(&route.action, Action::Forward { upstream, fallback: None } if upstream == name));
        let set = [("x-forward-for", "$ip"), ("Authorization", "Bearer xyz")];
        let set = set.map(|(name, value)| (name.to_owned(), Template::parse(value).unwrap()));
        assert_eq!(route.request_fields.set, set);
    }
    let dummy = upstream(&plan, "dummy");
    assert_eq!(dummy.host_header, HostHeader::Upstream);
    assert_eq!(dummy.backends[0].destination, Destination::host("dummyjson.com", 80));
}

/// A file with these rules, of upstreams `a`, `b` and `c`, the last of which cannot be reached.
fn with(rules: &str) -> String {
    format!(
        "server:\n  listen: 80\n  upstreams: [{{ id: a, url: a }}, {{ id: b, url: \"b:81\" }}, {{ id: c, url: 169.254.169.254 }}]\n  rules:\n{rules}"
    )
}

#[test]
fn several_upstreams_of_a_rule_are_one_pool_each_with_its_own_name() {
    let plan = plan(&with("    - { path: /, upstreams: [a, b, a] }\n"));
    let Action::Forward { upstream: name, .. } = &plan.blueprint.routes[0].action else {
        panic!("it forwards");
    };
    let pool = upstream(&plan, name);
    assert_eq!(pool.host_header, HostHeader::Upstream);
    let backends = pool.backends.iter();
    let backends: Vec<_> =
        backends.map(|one| (one.id.as_str(), one.destination.clone(), one.weight.get())).collect();
    assert_eq!(
        backends,
        [("a", Destination::host("a", 80), 2), ("b", Destination::host("b", 81), 1)],
        "who is listed twice has twice the weight"
    );
}

#[test]
fn a_prefix_with_a_slash_at_its_end_does_not_take_the_path_without_it() {
    let plan = plan(&with("    - { path: /api/, upstreams: [a] }\n"));
    let PathPattern::Regex(regex) = &plan.blueprint.routes[0].path else { panic!("an expression") };
    assert_eq!(regex.as_str(), "^/api/");
}

#[test]
fn what_the_compiler_finds_is_told_in_the_words_of_the_file() {
    let errors = errors(&with("    - { path: /../x, upstreams: [a] }\n"));
    let [problem] = errors.problems() else { panic!("one problem: {errors}") };
    assert_eq!((problem.path.as_str(), problem.place.unwrap().line), ("server.rules[0].path", 5));
    let warnings = check(&load(&with("    - { path: /, upstreams: [a, c] }\n")), &Factories::default());
    let paths: Vec<_> = warnings.unwrap().into_iter().map(|warning| warning.path).collect();
    assert_eq!(paths, ["server.upstreams[2].url", "server.rules[0].upstreams[1]"]);
}
