use std::time::Duration;

use proxy_core::spec::{Action, Conditions, HostPattern, PathPattern, Rewrite, RouteSpec};

use super::{plan, route};

/// Compiles one route with these keys.
#[track_caller]
fn compiled(keys: &str) -> RouteSpec {
    let text = format!(
        "upstreams: [{{ name: app, url: a }}, {{ name: spare, url: b }}]\nroutes: [{{ id: it, {keys} }}]"
    );
    route(&plan(&text), "it").clone()
}

#[track_caller]
fn check_host(written: &str, expected: &HostPattern) {
    assert_eq!(compiled(&format!("upstream: app, vHost: \"{written}\"")).host, *expected);
}

#[test]
fn hosts_are_exact_below_a_name_or_any() {
    check_host("*", &HostPattern::Any);
    check_host("API.Example.com", &HostPattern::Exact("api.example.com".into()));
    check_host("*.example.com", &HostPattern::Suffix("example.com".into()));
    check_host("[::1]", &HostPattern::Exact("[::1]".into()));
    assert_eq!(compiled("upstream: app").host, HostPattern::Any);
}

#[track_caller]
fn check_path(written: &str, expected: &PathPattern) {
    assert_eq!(compiled(&format!("upstream: app, path: '{written}'")).path, *expected);
}

#[test]
fn paths_are_exact_prefixes_or_expressions_in_their_normal_form() {
    check_path("/users", &PathPattern::Exact("/users".into()));
    check_path("/api/*", &PathPattern::Prefix("/api/".into()));
    check_path("/admin*", &PathPattern::Prefix("/admin".into()));
    check_path("/a/../%7eb", &PathPattern::Exact("/~b".into()));
    check_path("~^/v[0-9]+/", &PathPattern::parse("~^/v[0-9]+/").unwrap());
    assert_eq!(compiled("upstream: app").path, PathPattern::Prefix("/".into()));
}

#[test]
fn conditions_are_all_compiled() {
    let conditions = compiled(
        "upstream: app, methods: [GET, POST], match: { headers: { X-Canary: \"1\" }, query: { v: \"2\" }, \
         clientIp: [10.0.0.0/8, 192.0.2.1] }",
    )
    .conditions;
    let expected = Conditions {
        methods: vec!["GET".into(), "POST".into()],
        headers: vec![("x-canary".into(), "1".into())],
        query: vec![("v".into(), "2".into())],
        clients: vec!["10.0.0.0/8".parse().unwrap(), "192.0.2.1/32".parse().unwrap()],
    };
    assert_eq!(conditions, expected);
}

#[test]
fn limits_of_a_route_overrule_those_of_the_proxy() {
    let route = compiled("upstream: app, timeout: 2s, maxBodySize: 1kb, stripPrefix: /, setPrefix: /x");
    assert_eq!(route.timeout, Some(Duration::from_secs(2)));
    assert_eq!(route.max_body_size, Some(1024));
    assert_eq!(route.rewrite, Rewrite::new(Some("/".into()), Some("/x".into())));
    assert_eq!(compiled("upstream: app, maxBodySize: off").max_body_size, Some(u64::MAX));
    let plain = compiled("upstream: app");
    assert_eq!((plain.timeout, plain.max_body_size, plain.rewrite), (None, None, Rewrite::default()));
}

#[track_caller]
fn check_action(keys: &str, expected: &str) {
    assert_eq!(format!("{:?}", compiled(keys).action), expected);
}

#[test]
fn a_route_forwards_to_its_upstream_and_to_the_fallback() {
    check_action("upstream: app", "Forward { upstream: \"app\", fallback: None }");
    check_action(
        "upstream: app, fallback: spare",
        "Forward { upstream: \"app\", fallback: Some(\"spare\") }",
    );
    check_action(
        "upstreams: [{ name: spare, weight: 3 }]",
        "Forward { upstream: \"spare\", fallback: None }",
    );
    check_action(
        "backends: [{ hostname: c }], fallback: spare",
        "Forward { upstream: \"route:it\", fallback: Some(\"spare\") }",
    );
}

#[test]
fn a_route_answers_by_itself() {
    let Action::Respond { status, content_type, body } =
        compiled("respond: { status: 418, body: short, contentType: text/x }").action
    else {
        panic!("it responds");
    };
    assert_eq!((status, &*content_type, &*body), (418, "text/x", "short"));
    let Action::Respond { status, content_type, body } = compiled("respond: { status: 204 }").action else {
        panic!("it responds");
    };
    assert_eq!((status, &*content_type, &*body), (204, "", ""), "no body has no type");
}

#[test]
fn a_route_redirects() {
    let Action::Redirect { status, to } =
        compiled("redirect: { to: \"https://$host$uri\", status: 301 }").action
    else {
        panic!("it redirects");
    };
    assert_eq!(status, 301);
    assert_eq!(to.variables().map(|variable| variable.name()).collect::<Vec<_>>(), ["host", "uri"]);
}

#[test]
fn routes_keep_their_order() {
    let plan = plan(
        "routes: [{ id: b, respond: {} }, { id: a, path: /a, respond: {} }, { id: c, path: /c, respond: {} }]",
    );
    let ids: Vec<_> = plan.blueprint.routes.iter().map(|route| route.id.as_str()).collect();
    assert_eq!(ids, ["b", "a", "c"]);
}
