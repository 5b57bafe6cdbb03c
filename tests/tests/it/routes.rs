//! Which route a request takes, and what routes do by themselves.

use harness::{Backend, Document, Message, Proxyd};

/// A route for each of these, which answers with its id.
fn saying(routes: &[(&str, &str)]) -> Document {
    routes.iter().fold(Document::new(), |document, (id, what)| {
        document.route(&format!("id: {id}, {what}, respond: {{ status: 200, body: {id} }}"))
    })
}

#[track_caller]
fn check(proxyd: &Proxyd, request: &str, expected: &str) {
    let answer = proxyd.ask(request);
    let found = if answer.status() == 404 { answer.reason().to_owned() } else { answer.text() };
    assert_eq!(found, expected, "{request:?}");
}

fn get(host: &str, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

/// docs/configuration.md, "Which route wins".
#[test]
fn the_most_specific_route_wins_whatever_the_order() {
    let routes = [
        ("any", "path: /*"),
        ("wild", "vHost: \"*.a.test\", path: /*"),
        ("deep", "vHost: \"*.x.a.test\", path: /*"),
        ("v1", "vHost: api.a.test, path: /v1/*"),
        ("health", "vHost: api.a.test, path: /v1/health"),
        ("number", "vHost: api.a.test, path: \"~^/v1/[0-9]+$\""),
        ("admin", "path: /admin*"),
        ("post", "path: /only, methods: [POST]"),
    ];
    let expectations = [
        ("b.test", "/x", "any"),
        ("a.test", "/x", "any"),
        ("s.a.test", "/x", "wild"),
        ("s.t.a.test", "/x", "wild"),
        ("s.x.a.test", "/x", "deep"),
        ("API.A.Test:8080", "/v1/x", "v1"),
        ("api.a.test.", "/v1/x", "v1"),
        ("api.a.test", "/v1", "v1"),
        ("api.a.test", "/v1/health", "health"),
        ("api.a.test", "/v1/health/", "v1"),
        ("api.a.test", "/v1/12", "number"),
        ("api.a.test", "/v1/12a", "v1"),
        ("api.a.test", "/v2", "wild"),
        ("api.a.test", "/v1x", "wild"),
        ("b.test", "/admin", "admin"),
        ("b.test", "/administrator", "admin"),
        ("b.test", "/admi", "any"),
        ("b.test", "/only", "any"),
    ];
    for is_reversed in [false, true] {
        let mut routes = routes.to_vec();
        if is_reversed {
            routes.reverse();
        }
        let proxyd = Proxyd::start(&saying(&routes));
        for (host, path, expected) in expectations {
            check(&proxyd, &get(host, path), expected);
        }
        check(&proxyd, "POST /only HTTP/1.1\r\nHost: b.test\r\nContent-Length: 0\r\n\r\n", "post");
    }
}

#[test]
fn the_first_route_as_written_wins_where_the_file_says_so() {
    let proxyd = Proxyd::start(
        &saying(&[
            ("post", "path: /*, methods: [POST]"),
            ("early", "path: /a*"),
            ("exact", "path: /ab"),
            ("number", "path: \"~^/[0-9]\""),
            ("host", "vHost: b.test, path: /1"),
            ("any", "path: /*"),
            ("late", "vHost: b.test, path: /*"),
        ])
        .line("routeOrder: written"),
    );
    for (path, expected) in [("/ab", "early"), ("/a", "early"), ("/1", "number"), ("/b", "any")] {
        check(&proxyd, &get("b.test", path), expected);
    }
    check(&proxyd, "POST /ab HTTP/1.1\r\nHost: b.test\r\nContent-Length: 0\r\n\r\n", "post");
}

#[test]
fn conditions_must_all_hold() {
    let proxyd = Proxyd::start(&saying(&[
        ("get", "path: /m, methods: [GET, HEAD]"),
        ("canary", "path: /c, match: { headers: { X-Canary: \"1\" } }"),
        ("both", "path: /c, match: { headers: { X-Canary: \"1\" }, query: { v: \"2\" } }"),
        ("plain", "path: /c"),
        ("near", "path: /ip, match: { clientIp: [\"127.0.0.0/8\"] }"),
        ("far", "path: /far, match: { clientIp: [\"10.0.0.0/8\"] }"),
    ]));
    let with = |path: &str, field: &str| format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n{field}\r\n");
    check(&proxyd, &with("/m", ""), "get");
    check(&proxyd, "POST /m HTTP/1.1\r\nHost: a.test\r\n\r\n", "no_route");
    check(&proxyd, "get /m HTTP/1.1\r\nHost: a.test\r\n\r\n", "no_route");
    check(&proxyd, &with("/c", ""), "plain");
    check(&proxyd, &with("/c", "x-canary: 1\r\n"), "canary");
    check(&proxyd, &with("/c", "X-Canary: 10\r\n"), "plain");
    check(&proxyd, &with("/c?v=2", "X-Canary: 1\r\n"), "both");
    check(&proxyd, &with("/c?a&v=2&b", "X-Canary: 1\r\n"), "both");
    check(&proxyd, &with("/c?v=20", "X-Canary: 1\r\n"), "canary");
    check(&proxyd, &with("/c?xv=2", "X-Canary: 1\r\n"), "canary");
    check(&proxyd, &with("/c?v=2", ""), "plain");
    check(&proxyd, &with("/ip", ""), "near");
    check(&proxyd, &with("/far", ""), "no_route");
}

#[test]
fn the_client_s_address_behind_trusted_proxies_is_the_one_that_conditions_see() {
    let document = saying(&[
        ("inside", "path: /*, match: { clientIp: [\"9.9.9.0/24\", \"2001:db8::/32\"] }"),
        ("outside", "path: /*"),
    ]);
    let ask = |proxyd: &Proxyd, chain: &str, expected: &str| {
        check(
            proxyd,
            &format!("GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: {chain}\r\n\r\n"),
            expected,
        );
    };
    let trusting = Proxyd::start(&document.clone().proxy("trustedProxies: [127.0.0.1]"));
    ask(&trusting, "9.9.9.9", "inside");
    ask(&trusting, "2001:db8::7", "inside");
    ask(&trusting, "9.9.9.9, 8.8.8.8", "outside");
    ask(&Proxyd::start(&document), "9.9.9.9", "outside");
}

#[test]
fn the_proxy_s_own_answers_are_whole_messages() {
    let document = Document::new()
        .route(
            "path: /teapot, respond: { status: 418, body: \"short and stout\", headers: { X-Own: \"1\" } }",
        )
        .route("path: /json, respond: { body: \"{}\", contentType: application/json }")
        .route("path: /empty, respond: { status: 204 }");
    let proxyd = Proxyd::start(&document);
    let teapot = proxyd.get("/teapot");
    assert_eq!((teapot.status(), teapot.text().as_str()), (418, "short and stout"));
    assert_eq!(teapot.field("X-Own"), Some("1"));
    assert_eq!(teapot.field("Content-Type"), Some("text/plain; charset=utf-8"));
    assert_eq!(proxyd.get("/json").field("Content-Type"), Some("application/json"));
    let empty = proxyd.get("/empty");
    assert_eq!((empty.status(), empty.field("Content-Length")), (204, None));
    let mut client = proxyd.connect();
    client.ask("HEAD /teapot HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(client.response().unwrap().field("Content-Length"), Some("15"));
    client.ask("GET /none HTTP/1.1\r\nHost: a.test\r\nAccept: text/html\r\n\r\n");
    let missing = client.response().unwrap();
    assert_eq!(missing.status(), 404);
    assert!(missing.field("Content-Type").unwrap().starts_with("text/html"), "{missing:?}");
    assert_eq!(missing.all("Date").len(), 1);
}

#[test]
fn redirects_go_where_their_variables_say() {
    let document = Document::new()
        .route("path: /old/*, redirect: { to: \"https://new.test$uri\", status: 301 }")
        .route("path: /default, redirect: { to: \"$scheme://$host/x\" }");
    let proxyd = Proxyd::start(&document);
    let moved = proxyd.get("/old/./x%41?a=b");
    assert_eq!((moved.status(), moved.field("Location")), (301, Some("https://new.test/old/xA?a=b")));
    let moved = proxyd.ask("GET /default HTTP/1.1\r\nHost: A.test:81\r\n\r\n");
    assert_eq!(moved.status(), 308);
    assert_eq!(moved.field("Location"), Some("http://a.test/x"), "`$host` has no port, as in nginx");
}

fn seen_with(route: &str, request: &str) -> (Message, Message) {
    let backend = Backend::answering(
        "HTTP/1.1 200 OK\r\nX-Old: 1\r\nx-old: 2\r\nX-Kept: 3\r\nServer: own\r\nContent-Length: 2\r\n\r\nok",
    );
    let document =
        Document::new().upstream("app", &[&backend], "").route(&format!("id: r1, upstream: app, {route}"));
    let proxyd = Proxyd::start(&document);
    let answer = proxyd.ask(request);
    (backend.request(), answer)
}

#[test]
fn fields_are_removed_then_set_then_added_both_ways() {
    let (seen, answer) = seen_with(
        "headers: { X-Short: a }, \
         requestHeaders: { remove: [x-gone], set: { X-Set: new, User-Agent: proxyd }, add: { X-Add: more } }, \
         responseHeaders: { remove: [x-OLD, server], set: { X-New: \"1\" }, add: { X-Kept: \"4\" } }",
        "GET / HTTP/1.1\r\nHost: a.test\r\nX-Gone: 1\r\nX-GONE: 2\r\nX-Set: old\r\nx-set: older\r\nX-Add: some\r\n\
         User-Agent: curl\r\nX-Short: z\r\n\r\n",
    );
    assert_eq!(seen.all("X-Gone"), [""; 0]);
    assert_eq!(seen.all("X-Set"), ["new"]);
    assert_eq!(seen.all("X-Add"), ["some", "more"]);
    assert_eq!(seen.all("User-Agent"), ["proxyd"]);
    assert_eq!(seen.all("X-Short"), ["a"]);
    assert_eq!(answer.all("X-Old"), [""; 0]);
    assert_eq!(answer.all("Server"), [""; 0]);
    assert_eq!(answer.all("X-New"), ["1"]);
    assert_eq!(answer.all("X-Kept"), ["3", "4"]);
}

#[test]
fn variables_stand_for_the_request_in_values() {
    let (seen, answer) = seen_with(
        "headers: { X-All: \"$ip|$host|$scheme|$uri|$request_id|$route|$$5\" }, \
         responseHeaders: { set: { X-Id: \"$request_id of $route\" } }",
        "GET /a/../b?c=d HTTP/1.1\r\nHost: A.test\r\n\r\n",
    );
    let id = seen.field("X-Request-Id").unwrap();
    let all = seen.field("X-All").unwrap().to_ascii_lowercase();
    assert_eq!(all, format!("127.0.0.1|a.test|http|/b?c=d|{id}|r1|$5"));
    assert_eq!(answer.field("X-Id"), Some(format!("{id} of r1").as_str()));
}

#[test]
fn the_proxy_s_own_fields_can_be_set_by_a_route() {
    let (seen, _) = seen_with(
        "headers: { X-Real-IP: none, X-Forwarded-For: hidden, X-Forwarded-Proto: https }",
        "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
    );
    assert_eq!(seen.all("X-Real-IP"), ["none"]);
    assert_eq!(seen.all("X-Forwarded-For"), ["hidden"]);
    assert_eq!(seen.all("X-Forwarded-Proto"), ["https"]);
}

#[test]
fn edits_hold_for_answers_of_the_route_itself() {
    let document = Document::new()
        .route("id: own, path: /own, respond: { body: x }, responseHeaders: { set: { X-Route: $route } }");
    assert_eq!(Proxyd::start(&document).get("/own").all("X-Route"), ["own"]);
}

#[test]
fn prefixes_are_stripped_and_set() {
    let backend = Backend::ok();
    let document = Document::new()
        .upstream("app", &[&backend], "")
        .route("path: /strip/*, upstream: app, stripPrefix: /strip")
        .route("path: /swap/*, upstream: app, stripPrefix: /swap, setPrefix: /v2")
        .route("path: /set/*, upstream: app, setPrefix: /v3")
        .route("path: /part/*, upstream: app, stripPrefix: /part/one");
    let proxyd = Proxyd::start(&document);
    for (asked, seen) in [
        ("/strip/a/b?c=/strip", "/a/b?c=/strip"),
        ("/strip/", "/"),
        ("/swap/a", "/v2/a"),
        ("/swap/", "/v2/"),
        ("/set/a", "/v3/set/a"),
        ("/part/one/a", "/a"),
        ("/part/onetwo", "/part/onetwo"),
        ("/strip/strip/x", "/strip/x"),
    ] {
        assert_eq!(proxyd.get(asked).status(), 200);
        assert_eq!(backend.requests().last().unwrap().target(), seen, "{asked}");
    }
}

/// native.md, `hostHeader`.
#[test]
fn the_host_that_backends_are_asked_for_is_the_configured_one() {
    let backend = Backend::ok();
    let own = format!("localhost:{}", backend.port());
    let document = Document::new()
        .raw_upstream(&format!("name: url, url: \"http://{own}\""))
        .raw_upstream(&format!("name: kept, url: \"http://{own}\", hostHeader: preserve"))
        .upstream("list", &[&backend], "")
        .upstream("ours", &[&backend], "hostHeader: upstream")
        .upstream("named", &[&backend], "hostHeader: own.test")
        .route("path: /url, upstream: url")
        .route("path: /kept, upstream: kept")
        .route("path: /list, upstream: list")
        .route("path: /ours, upstream: ours")
        .route("path: /named, upstream: named");
    let proxyd = Proxyd::start(&document);
    let address = format!("127.0.0.1:{}", backend.port());
    for (path, host) in [
        ("/url", own.as_str()),
        ("/kept", "a.test"),
        ("/list", "a.test"),
        ("/ours", &address),
        ("/named", "own.test"),
    ] {
        assert_eq!(proxyd.get(path).status(), 200, "{path}");
        let seen = backend.requests().pop().unwrap();
        assert_eq!(seen.all("Host"), [host], "{path}");
        assert_eq!(seen.all("X-Forwarded-Host"), ["a.test"], "{path}");
    }
}

#[test]
fn a_route_may_have_backends_of_its_own_and_a_fallback() {
    let (own, other) = (Backend::saying("own"), Backend::saying("other"));
    let refusing = harness::Refusing::new();
    let document = Document::new()
        .upstream("other", &[&other], "")
        .upstream_at("dead", &[refusing.address()], "")
        .route(&format!("path: /own, backends: [{{ hostname: 127.0.0.1, port: {} }}]", own.port()))
        .route("path: /rescued, upstream: dead, fallback: other")
        .route("path: /dead, upstream: dead");
    let proxyd = Proxyd::start(&document);
    assert_eq!(proxyd.get("/own").text(), "own");
    assert_eq!(proxyd.get("/rescued").text(), "other");
    assert_eq!(proxyd.get("/rescued").text(), "other");
    assert_eq!(proxyd.get("/dead").status(), 503);
}
