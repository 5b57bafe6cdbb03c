//! Requests over a connection that is not for their host.

use harness::frames::{Fields, Http2};
use harness::tls::{Authority, Client};
use harness::{Connection, Document, Message};

use super::place::Place;

/// `a.test` and `b.test` under one certificate, `c.test` under another, `closed.test` under the first, with a rule of its
/// own; over TLS and without.
fn hosts(clients: &Authority) -> Place {
    Place::with(|ground| {
        let file = ground.files.write("clients.pem", clients.pem());
        let rule = format!("clientAuth: {{ mode: required, ca: \"{file}\" }}");
        let first = ground.leaf(&["a.test", "b.test", "closed.test", "*.w.test"]);
        Document::new()
            .upstream("app", &[ground.backend], "")
            .listener_with("127.0.0.1:0", "tls: {}")
            .listener("127.0.0.1:0")
            .route("id: rest, path: /*, upstream: app")
            .route(&format!("vHost: closed.test, upstream: app, {rule}"))
            .certificate(&format!("{first}, default: true"))
            .certificate(&ground.leaf(&["c.test"]))
    })
}

#[track_caller]
fn asks(connection: &mut Connection, request: &str) -> Message {
    connection.ask(request);
    connection.response().unwrap_or_else(|broken| panic!("no answer to {request:?}: {broken:?}"))
}

#[track_caller]
fn is_misdirected(answer: &Message, what: &str) {
    assert_eq!((answer.status(), answer.reason()), (421, "misdirected"), "{what}: {answer:?}");
}

fn get(host: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

fn http2(client: &Client, place: &Place, name: &str) -> Http2 {
    Http2::over(client.clone().protocols(&["h2"]).to(&place.address(), name))
}

#[track_caller]
fn asks_http2(connection: &mut Http2, host: &str) -> u16 {
    let head = Fields::request("GET", "/").with(":scheme", "https").with(":authority", host);
    let stream = connection.ask(&head);
    connection.response(stream).status()
}

/// RFC 9110 section 15.5.20; RFC 9113 section 9.1.1.
#[test]
fn a_connection_is_good_for_the_hosts_of_its_certificate_and_no_others() {
    let place = hosts(&Authority::new("clients"));
    let mut connection = place.client().to(&place.address(), "a.test");
    for host in ["a.test", "b.test", "A.TEST:443", "x.w.test", "a.test."] {
        assert_eq!(asks(&mut connection, &get(host)).status(), 200, "{host}");
    }
    // What is refused does not end the connection: the next request may be right.
    for host in ["c.test", "unknown.test", "x.y.w.test", "w.test", "127.0.0.1"] {
        let mut connection = place.client().to(&place.address(), "a.test");
        is_misdirected(&asks(&mut connection, &get(host)), host);
    }
    let mut connection = http2(&place.client(), &place, "a.test");
    for (host, status) in
        [("a.test", 200), ("c.test", 421), ("b.test", 200), ("closed.test", 421), ("a.test", 200)]
    {
        assert_eq!(asks_http2(&mut connection, host), status, "{host}");
    }
    let seen: Vec<String> =
        place.backend.requests().iter().map(|seen| seen.field("Host").unwrap().to_owned()).collect();
    assert!(seen.iter().all(|host| !host.contains("closed") && !host.contains("c.test")), "{seen:?}");
}

/// CVE-2025-58068 and its kin: whoever was let in without a certificate by one name asks for what is behind another.
#[test]
fn a_host_that_demands_a_certificate_is_not_reached_over_another_one_s_connection() {
    let clients = Authority::new("clients");
    let place = hosts(&clients);
    let requests = [
        get("closed.test"),
        get("CLOSED.test"),
        get("closed.test."),
        get("closed.test:443"),
        "GET https://closed.test/ HTTP/1.1\r\nHost: closed.test\r\n\r\n".to_owned(),
        "GET http://closed.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n".to_owned(),
        "GET https://closed.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: a.test\r\nHost: closed.test\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: closed.test\r\nX-Forwarded-Host: a.test\r\n\r\n".to_owned(),
        "CONNECT closed.test:443 HTTP/1.1\r\nHost: closed.test:443\r\n\r\n".to_owned(),
        "CONNECT closed.test:443 HTTP/1.1\r\nHost: a.test\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: closed.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            .to_owned(),
    ];
    let client = place.client().any_name();
    for request in &requests {
        // With the name of another host, and without any.
        for client in [client.clone(), client.clone().nameless()] {
            let mut connection = client.to(&place.address(), "a.test");
            let answer = asks(&mut connection, request);
            assert!(matches!(answer.status(), 400 | 405 | 421), "{request:?}: {answer:?}");
        }
    }
    assert_eq!(place.backend.request_count(), 0, "{:?}", place.backend.requests());
    // Neither does a certificate help that was never asked for.
    let alice = place.client().with(&clients.client("alice"));
    is_misdirected(&asks(&mut alice.to(&place.address(), "a.test"), &get("closed.test")), "alice");
    assert_eq!(alice.get(&place.address(), "closed.test").status(), 200);
    assert!(place.proxyd.stop().requests("misdirected") > 0);
}

#[test]
fn who_was_let_in_by_a_certificate_is_not_let_out_to_hosts_without_a_rule() {
    let clients = Authority::new("clients");
    let place = hosts(&clients);
    let alice = place.client().with(&clients.client("alice"));
    is_misdirected(&asks(&mut alice.to(&place.address(), "closed.test"), &get("a.test")), "a.test");
    let mut connection = http2(&alice, &place, "closed.test");
    for (host, status) in [("closed.test", 200), ("a.test", 421)] {
        assert_eq!(asks_http2(&mut connection, host), status, "{host}");
    }
}

#[test]
fn a_host_that_demands_a_certificate_is_not_served_over_plain_connections() {
    let place = hosts(&Authority::new("clients"));
    for request in [
        get("closed.test"),
        get("Closed.Test:80"),
        get("closed.test."),
        "GET http://closed.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nHost: closed.test\r\nX-Forwarded-Proto: https\r\n\r\n".to_owned(),
        "GET / HTTP/1.0\r\nHost: closed.test\r\n\r\n".to_owned(),
    ] {
        let mut plain = Connection::to(&place.proxyd.nth_address(2));
        let answer = asks(&mut plain, &request);
        assert!(matches!(answer.status(), 400 | 421), "{request:?}: {answer:?}");
    }
    let mut http2 = Http2::to(&place.proxyd.nth_address(2));
    let stream = http2.ask(&Fields::request("GET", "/").with(":authority", "closed.test"));
    assert_eq!(http2.response(stream).status(), 421);
    assert_eq!(place.backend.request_count(), 0, "{:?}", place.backend.requests());
    let mut plain = Connection::to(&place.proxyd.nth_address(2));
    assert_eq!(asks(&mut plain, &get("a.test")).status(), 200, "others are");
}

#[test]
fn a_trusted_proxy_cannot_vouch_for_a_certificate_over_a_plain_connection() {
    let clients = Authority::new("clients");
    let place = Place::with(|ground| {
        let file = ground.files.write("clients.pem", clients.pem());
        let rule = format!("clientAuth: {{ mode: required, ca: \"{file}\" }}");
        Document::new()
            .proxy("trustedProxies: [127.0.0.1]")
            .upstream("app", &[ground.backend], "")
            .listener("127.0.0.1:0")
            .listener_with("127.0.0.1:0", "tls: {}")
            .route(&format!("vHost: closed.test, upstream: app, {rule}"))
            .certificate(&ground.leaf(&["closed.test"]))
    });
    let request = "GET / HTTP/1.1\r\nHost: closed.test\r\nX-Forwarded-Proto: https\r\nX-Client-Cert-Subject: CN=alice\r\n\r\n";
    is_misdirected(&place.proxyd.ask(request), "a proxy");
    assert_eq!(place.backend.request_count(), 0);
}

#[test]
fn a_request_without_a_host_is_none_for_a_host_that_demands_a_certificate() {
    let place = hosts(&Authority::new("clients"));
    let mut connection = place.client().any_name().to(&place.address(), "a.test");
    let answer = asks(&mut connection, "GET / HTTP/1.0\r\n\r\n");
    assert!(matches!(answer.status(), 400 | 421 | 200), "{answer:?}");
    assert!(place.backend.requests().iter().all(|seen| seen.field("Host") != Some("closed.test")));
}

/// `*.in.test` demands certificates; `a.in.test` and `*.c.in.test` have routes of their own, which say nothing.
fn wild(clients: &Authority) -> Place {
    Place::with(|ground| {
        let file = ground.files.write("clients.pem", clients.pem());
        let optional = format!("clientAuth: {{ mode: optional, ca: \"{file}\" }}");
        let required = format!("clientAuth: {{ mode: required, ca: \"{file}\" }}");
        Document::new()
            .upstream("app", &[ground.backend], "")
            .listener_with("127.0.0.1:0", "tls: {}")
            .listener("127.0.0.1:0")
            .route("vHost: open.test, upstream: app")
            .route(&format!("vHost: ajar.test, upstream: app, {optional}"))
            .route(&format!("vHost: \"*.in.test\", upstream: app, {required}"))
            .route("vHost: a.in.test, upstream: app")
            .route("vHost: \"*.c.in.test\", upstream: app")
            .route(&format!("vHost: ajar.in.test, upstream: app, {optional}"))
            .certificate(&ground.leaf(&["open.test", "ajar.test", "*.in.test", "d.c.in.test", "e.d.in.test"]))
    })
}

#[test]
fn what_a_wildcard_demands_is_demanded_of_all_below_it_on_every_connection() {
    let clients = Authority::new("clients");
    let place = wild(&clients);
    let alice = place.client().with(&clients.client("alice"));
    for host in ["a.in.test", "b.in.test", "d.c.in.test", "e.d.in.test", "B.IN.TEST", "b.in.test."] {
        let mut plain = Connection::to(&place.proxyd.nth_address(2));
        is_misdirected(&asks(&mut plain, &get(host)), host);
        // Over the connection of a host that is open, and of one that takes certificates and demands none.
        for (client, name) in
            [(place.client(), "open.test"), (place.client(), "ajar.test"), (alice.clone(), "ajar.test")]
        {
            is_misdirected(&asks(&mut client.to(&place.address(), name), &get(host)), host);
        }
        assert!(place.client().try_to(&place.address(), "ajar.in.test").is_ok());
        is_misdirected(&asks(&mut place.client().to(&place.address(), "ajar.in.test"), &get(host)), host);
    }
    assert_eq!(place.backend.request_count(), 0, "{:?}", place.backend.requests());
    for host in ["a.in.test", "b.in.test", "d.c.in.test", "e.d.in.test"] {
        assert_eq!(alice.get(&place.address(), host).status(), 200, "{host}");
        // Under one rule, hosts share connections.
        let mut connection = alice.to(&place.address(), "a.in.test");
        assert_eq!(asks(&mut connection, &get(host)).status(), 200, "{host}");
    }
    let mut plain = Connection::to(&place.proxyd.nth_address(2));
    assert_eq!(asks(&mut plain, &get("ajar.in.test")).status(), 200, "it demands none");
}

#[test]
fn an_unknown_name_that_gets_the_default_certificate_opens_no_host_that_demands_one() {
    let clients = Authority::new("clients");
    let place = Place::with(|ground| {
        let file = ground.files.write("clients.pem", clients.pem());
        Document::new()
            .upstream("app", &[ground.backend], "")
            .listener_with("127.0.0.1:0", "tls: { unknownName: default }")
            .route("id: rest, path: /*, upstream: app")
            .route(&format!(
                "vHost: closed.test, upstream: app, clientAuth: {{ mode: required, ca: \"{file}\" }}"
            ))
            .certificate(&ground.leaf(&["closed.test"]))
    });
    let client = place.client().any_name();
    for name in ["unknown.test", "127.0.0.1"] {
        is_misdirected(&asks(&mut client.to(&place.address(), name), &get("closed.test")), name);
    }
    let own = asks(&mut client.to(&place.address(), "unknown.test"), &get("unknown.test"));
    assert_eq!(own.status(), 200, "who asks for what it has named is served: {own:?}");
}

/// Where nothing more specific is for a path, the next less specific host has its turn: with its own rule.
#[test]
fn what_demands_a_certificate_is_not_reached_through_a_host_that_demands_none() {
    let clients = Authority::new("clients");
    let place = Place::with(|ground| {
        let file = ground.files.write("clients.pem", clients.pem());
        let rule = |mode: &str| format!("clientAuth: {{ mode: {mode}, ca: \"{file}\" }}");
        Document::new()
            .upstream("app", &[ground.backend], "")
            .listener_with("127.0.0.1:0", "tls: {}")
            .listener("127.0.0.1:0")
            .route(&format!("vHost: a.x.test, path: /public, upstream: app, {}", rule("optional")))
            .route(&format!("vHost: \"*.x.test\", path: /*, upstream: app, {}", rule("required")))
            .certificate(&format!("{}, default: true", ground.leaf(&["a.x.test"])))
    });
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: a.x.test\r\n\r\n");
    let mut stranger = place.client().to(&place.address(), "a.x.test");
    assert_eq!(asks(&mut stranger, &get("/public")).status(), 200);
    is_misdirected(&asks(&mut stranger, &get("/secret")), "a path of the wildcard's");
    let mut known = place.client().with(&clients.client("alice")).to(&place.address(), "a.x.test");
    assert_eq!(asks(&mut known, &get("/public")).status(), 200);
    // It came in under another rule: that one may believe others.
    is_misdirected(&asks(&mut known, &get("/secret")), "another rule");
    assert_eq!(place.backend.requests().len(), 2);
}
