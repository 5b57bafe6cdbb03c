use std::time::Duration;

use super::*;
use crate::spec::{BackendSpec, FieldEdits, HostPattern, PathPattern};

fn upstream(name: &str) -> Arc<UpstreamSpec> {
    Arc::new(UpstreamSpec::new(name).backend(BackendSpec::new("a", "127.0.0.1", 1)))
}

fn blueprint(upstreams: Vec<Arc<UpstreamSpec>>, routes: Vec<RouteSpec>) -> Blueprint {
    Blueprint { upstreams, routes: routes.into_iter().map(Arc::new).collect(), ..Blueprint::default() }
}

fn compile(blueprint: Blueprint) -> Result<Snapshot, BuildError> {
    Snapshot::compile(blueprint, &Arc::new(Registry::new(1)), None)
}

fn respond(status: u16, content_type: &str) -> RouteSpec {
    RouteSpec::new(
        "r",
        Action::Respond { status, content_type: content_type.to_owned(), body: String::new() },
    )
}

#[track_caller]
fn refuses(blueprint: Blueprint, expected: &BuildError) {
    assert_eq!(compile(blueprint).map(|_| ()).as_ref(), Err(expected));
}

#[test]
fn what_cannot_be_served_is_refused() {
    let to = |id: &str| RouteSpec::to(id, "app");
    let app = || vec![upstream("app")];
    let name = |name: &str| name.to_owned();
    refuses(blueprint(vec![upstream("app"); 2], vec![]), &BuildError::UpstreamRepeated { name: name("app") });
    let doubled = UpstreamSpec::new("app")
        .backend(BackendSpec::new("a", "x", 1))
        .backend(BackendSpec::new("a", "y", 1));
    refuses(
        blueprint(vec![Arc::new(doubled)], vec![]),
        &BuildError::BackendRepeated { upstream: name("app"), id: name("a") },
    );
    refuses(blueprint(app(), vec![to("r"), to("r")]), &BuildError::RouteRepeated { id: name("r") });
    let unknown = BuildError::UpstreamUnknown { route: name("r"), upstream: name("app") };
    refuses(blueprint(vec![], vec![to("r")]), &unknown);
    let fallback = Action::Forward { upstream: name("other"), fallback: Some(name("app")) };
    refuses(blueprint(vec![upstream("other")], vec![RouteSpec::new("r", fallback)]), &unknown);
    for status in [0, 101, 199, 600] {
        refuses(
            blueprint(app(), vec![respond(status, "")]),
            &BuildError::Status { route: name("r"), status },
        );
    }
    let redirect = Action::Redirect { status: 304, to: Template::parse("/").unwrap() };
    refuses(
        blueprint(app(), vec![RouteSpec::new("r", redirect)]),
        &BuildError::Status { route: name("r"), status: 304 },
    );
    refuses(
        blueprint(app(), vec![respond(200, "text/plain\r\nX-Evil: 1")]),
        &BuildError::Field { route: name("r"), field: name("Content-Type") },
    );
    for field in ["Host", "content-length", "Transfer-Encoding", "Connection", "bad name", ""] {
        for direction in 0..2 {
            let mut route = to("r");
            let edits = FieldEdits { remove: vec![field.to_owned()], ..FieldEdits::default() };
            *[&mut route.request_fields, &mut route.response_fields][direction] = edits;
            let expected = BuildError::Field { route: name("r"), field: field.to_owned() };
            refuses(blueprint(app(), vec![route]), &expected);
        }
    }
    let mut route = to("r");
    route.rewrite.strip_prefix = Some(name("no slash"));
    refuses(blueprint(app(), vec![route]), &BuildError::Prefix { route: name("r") });
    for host in ["a\r\nX-Evil: 1", "a b", "", "u@a"] {
        let mut spec = UpstreamSpec::new("app");
        spec.host_header = HostHeader::Name(host.to_owned());
        refuses(blueprint(vec![Arc::new(spec)], vec![]), &BuildError::Host { upstream: name("app") });
    }
}

#[test]
fn what_did_not_change_is_shared_with_the_snapshot_before() {
    let registry = Arc::new(Registry::new(1));
    let first = blueprint(
        vec![upstream("a"), upstream("b")],
        vec![RouteSpec::to("1", "a"), RouteSpec::to("2", "b").path(PathPattern::Exact("/x".to_owned()))],
    );
    let before = Snapshot::compile(first.clone(), &registry, None).unwrap();
    let shares = |after: &Snapshot| {
        let routes = ["1", "2"].map(|id| Arc::ptr_eq(before.route(id).unwrap(), after.route(id).unwrap()));
        let upstreams = ["a", "b"].map(|name| Arc::ptr_eq(&before.upstreams[name], &after.upstreams[name]));
        (routes, upstreams)
    };
    let compile = |blueprint: Blueprint| Snapshot::compile(blueprint, &registry, Some(&before)).unwrap();
    assert_eq!(shares(&compile(first.clone())), ([true; 2], [true; 2]));

    // Another upstream takes its routes along, and nothing else.
    let mut changed = first.clone();
    changed.upstreams[1] = upstream("b");
    let after = compile(changed);
    assert_eq!(shares(&after), ([true, false], [true, false]));
    // What was learnt is the same all the same.
    let backend = |snapshot: &Snapshot| Arc::clone(&snapshot.upstreams["b"].roster(0).0.members[0].backend);
    assert!(Arc::ptr_eq(&backend(&before), &backend(&after)));
    assert!(Arc::ptr_eq(&before.route("2").unwrap().state, &after.route("2").unwrap().state));

    let mut changed = first.clone();
    changed.routes[0] = Arc::new(RouteSpec::to("1", "a").host(HostPattern::parse("h").unwrap()));
    assert_eq!(shares(&compile(changed)), ([false, true], [true; 2]));

    // Routes carry the defaults of the settings.
    let mut changed = first.clone();
    changed.settings.timeout = Duration::from_secs(1);
    let after = compile(changed);
    assert_eq!(shares(&after), ([false; 2], [true; 2]));
    assert_eq!(after.route("1").unwrap().timeout, Ticks::of(Duration::from_secs(1)));
    let mut changed = first;
    changed.settings.header_timeout = Duration::from_secs(1);
    let after = compile(changed);
    assert_eq!(shares(&after), ([true; 2], [true; 2]));
    assert_eq!(after.settings.header_timeout, Ticks::of(Duration::from_secs(1)));
}

#[test]
fn routes_are_found_again_wherever_they_stand() {
    let registry = Arc::new(Registry::new(1));
    let named = |id: usize| Arc::new(RouteSpec::to(format!("{id}"), "app"));
    let mut first = blueprint(vec![upstream("app")], vec![]);
    first.routes = (0..6).map(named).collect();
    let before = Snapshot::compile(first.clone(), &registry, None).unwrap();
    for order in [vec![5, 4, 3, 2, 1, 0], vec![0, 2, 3, 4, 5], vec![9, 0, 1, 8, 2, 3], vec![3], vec![]] {
        let mut changed = first.clone();
        changed.routes =
            order.iter().map(|id| first.routes.get(*id).map_or_else(|| named(*id), Arc::clone)).collect();
        let after = Snapshot::compile(changed, &registry, Some(&before)).unwrap();
        let ids: Vec<usize> = after.routes.iter().map(|route| route.spec.id.parse().unwrap()).collect();
        assert_eq!(ids, order);
        for id in 0..10 {
            let (was, is) = (before.route(&id.to_string()), after.route(&id.to_string()));
            assert_eq!(is.is_some(), order.contains(&id), "{id} of {order:?}");
            if let (Some(was), Some(is)) = (was, is) {
                assert!(Arc::ptr_eq(was, is), "{id} of {order:?}");
            }
        }
    }
    // Another route of that id, and one that stands there twice.
    let mut changed = first.clone();
    changed.routes[2] = named(2);
    let after = Snapshot::compile(changed, &registry, Some(&before)).unwrap();
    assert!(!Arc::ptr_eq(before.route("2").unwrap(), after.route("2").unwrap()));
    let mut changed = first;
    changed.routes[2] = Arc::clone(&changed.routes[1]);
    let repeated = Snapshot::compile(changed, &registry, Some(&before)).map(|_| ());
    assert_eq!(repeated, Err(BuildError::RouteRepeated { id: "1".to_owned() }));
}

#[test]
fn a_fallback_takes_over_from_another_upstream_only() {
    let forward = |upstream: &str, fallback: &str| Action::Forward {
        upstream: upstream.to_owned(),
        fallback: Some(fallback.to_owned()),
    };
    let routes = vec![
        RouteSpec::new("1", forward("a", "b")),
        RouteSpec::new("2", forward("a", "a")),
        respond(200, ""),
    ];
    let snapshot = compile(blueprint(vec![upstream("a"), upstream("b")], routes)).unwrap();
    let [one, two, own] = ["1", "2", "r"].map(|id| snapshot.route(id).unwrap());
    let first = one.first_upstream().unwrap();
    assert_eq!(one.upstream(), Some("a"));
    assert_eq!(one.fallback_of(first).map(|upstream| &*upstream.spec.name), Some("b"));
    assert!(one.fallback_of(&snapshot.upstreams["b"]).is_none());
    assert!(two.fallback_of(first).is_none());
    assert!(own.first_upstream().is_none() && own.upstream().is_none());
}

struct NoFields;

impl crate::FieldLookup for NoFields {
    fn has_value(&self, _: &str, _: &[u8]) -> bool {
        false
    }
}

#[test]
fn the_settings_say_which_route_wins() {
    let with = |id: &str, path: &str| RouteSpec::to(id, "app").path(PathPattern::parse(path).unwrap());
    let mut blueprint = blueprint(vec![upstream("app")], vec![with("first", "/*"), with("specific", "/a")]);
    let input = crate::MatchInput {
        host: "a.test",
        path: b"/a",
        method: b"GET",
        query: None,
        client: [192, 0, 2, 1].into(),
        fields: &NoFields,
    };
    let winner = |blueprint: &Blueprint| {
        let snapshot = compile(blueprint.clone()).unwrap();
        snapshot.matcher.find(&input).map(|route| route.spec.id.clone())
    };
    assert_eq!(winner(&blueprint).as_deref(), Some("specific"));
    blueprint.settings.route_order = crate::spec::RouteOrder::Written;
    assert_eq!(winner(&blueprint).as_deref(), Some("first"));
}

#[test]
fn a_cookie_that_would_end_its_field_is_refused() {
    use crate::spec::Sticky;
    for change in [
        |sticky: &mut Sticky| sticky.cookie = "a=b".to_owned(),
        |sticky: &mut Sticky| sticky.path = "/\r\nX: y".to_owned(),
        |sticky: &mut Sticky| sticky.domain = Some("a; Secure".to_owned()),
    ] {
        let mut sticky = Sticky::new("keep");
        change(&mut sticky);
        let mut app = UpstreamSpec::new("app").backend(BackendSpec::new("a", "127.0.0.1", 1));
        app.sticky = Some(sticky);
        refuses(blueprint(vec![Arc::new(app)], vec![]), &BuildError::Cookie { name: "app".to_owned() });
    }
}
