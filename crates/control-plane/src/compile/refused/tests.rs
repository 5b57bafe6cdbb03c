use config::parse;
use proxy_core::spec::{Action, Blueprint, Concurrency, GateSpec, RouteSpec, UpstreamSpec};
use proxy_core::{BuildError, Proxy};

use super::path;

/// What the engine says of these.
#[track_caller]
fn refusal(upstream: UpstreamSpec, route: RouteSpec) -> BuildError {
    let mut blueprint = Blueprint::default();
    blueprint.upstreams.push(upstream.into());
    blueprint.routes.push(route.into());
    Proxy::builder().workers(1).blueprint(blueprint).build().map(drop).unwrap_err()
}

#[track_caller]
fn check(error: &BuildError, expected: &str) {
    let text = "
upstreams: [{ name: other, url: b }, { name: app, url: a, maxRequests: 1 }]
routes: [{ id: one, path: /one, respond: {} }, { id: app, upstream: app, reqActiveLength: 1 }, { id: two, upstream: app }]
";
    let document = parse(text, "proxyd.yaml").unwrap().document;
    assert_eq!(path(&document, error), expected, "{error}");
}

#[test]
fn a_limit_is_found_at_the_upstream_or_the_route_that_has_it() {
    let shut = Some({
        let mut gate = GateSpec::at(1);
        gate.limit = Concurrency::At(0);
        gate
    });
    let mut app = UpstreamSpec::new("app");
    app.gate = shut;
    check(&refusal(app, RouteSpec::to("two", "app")), "upstreams[1].maxRequests");
    let mut two = RouteSpec::to("two", "app");
    two.gate = Some(GateSpec::auto());
    check(&refusal(UpstreamSpec::new("app"), two), "routes[2].reqActiveLength");
}

#[test]
fn shares_without_weight_are_found_at_their_route() {
    let action = Action::Split { upstreams: vec![("app".into(), 0)], sticky: None, fallback: None };
    let error = refusal(UpstreamSpec::new("app"), RouteSpec::new("two", action));
    check(&error, "routes[2].upstreams");
}
