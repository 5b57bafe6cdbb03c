//! Plain requests for hosts that are served over TLS: `autoHttps` and `hsts`.

use harness::frames::{Fields, Http2};
use harness::tls::Port;
use harness::{Connection, Document, Message, Socket, proxyd};

use super::place::{Ground, Place};

const HSTS: &str = "Strict-Transport-Security";

/// A plain listener, and one of TLS at that port; `a.test` is for TLS alone, `b.test` is not.
fn document(ground: &Ground<'_>, port: &Port) -> Document {
    Document::new()
        .upstream("app", &[ground.backend], "")
        .listener("127.0.0.1:0")
        .listener_with(&port.address(), "tls: {}")
        .route(
            "vHost: a.test, upstream: app, autoHttps: true, hsts: { maxAge: 365d, includeSubDomains: true }",
        )
        .route("vHost: b.test, upstream: app, hsts: { maxAge: 60s }")
        .certificate(&ground.leaf(&["a.test", "b.test"]))
}

fn secure(place: &Place) -> Socket {
    place.proxyd.nth_address(2)
}

#[track_caller]
fn leads_to(answer: &Message, location: &str) {
    assert_eq!((answer.status(), answer.all("Location")), (308, vec![location]), "{answer:?}");
}

#[test]
fn a_plain_request_is_sent_to_the_same_place_over_tls() {
    let port = Port::free();
    let place = Place::with(|ground| document(ground, &port));
    let number = port.number();
    for method in ["GET", "HEAD", "POST", "DELETE"] {
        for (target, path) in
            [("/", "/"), ("/a/b?c=d&e=%2f", "/a/b?c=d&e=%2f"), ("/?", "/?"), ("//x/..//y?z", "//x/..//y?z")]
        {
            let answer = place
                .proxyd
                .ask(format!("{method} {target} HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n"));
            if target.starts_with("//") {
                // However a path is written, it stays at that host.
                let location = answer.field("Location").unwrap_or_default();
                let prefix = format!("https://a.test:{number}/");
                assert!(answer.status() == 400 || location.starts_with(&prefix), "{answer:?}");
                continue;
            }
            leads_to(&answer, &format!("https://a.test:{number}{path}"));
        }
    }
    for host in ["a.test:8080", "A.TEST", "a.test."] {
        let answer = place.proxyd.ask(format!("GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        let location = answer.field("Location").unwrap_or_default().to_ascii_lowercase();
        assert_eq!(answer.status(), 308, "{host}: {answer:?}");
        assert_eq!(location.replace("a.test.:", "a.test:"), format!("https://a.test:{number}/x"), "{host}");
    }
    let absolute = place.proxyd.ask("GET http://a.test/x?y HTTP/1.1\r\nHost: b.test\r\n\r\n");
    assert!(absolute.status() == 400 || absolute.status() == 308, "{absolute:?}");
    assert_eq!(place.backend.request_count(), 0);
    // Whoever follows is served.
    let answer = place.client().get(&secure(&place), "a.test");
    assert_eq!(answer.status(), 200, "{answer:?}");
    let other = place.proxyd.ask("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n");
    assert_eq!(other.status(), 200, "nobody said so of this host: {other:?}");
}

#[test]
fn a_redirected_post_with_a_body_leaves_the_connection_usable_or_ends_it() {
    let port = Port::free();
    let place = Place::with(|ground| document(ground, &port));
    let mut client = place.proxyd.connect();
    let body = "GET /smuggled HTTP/1.1\r\nHost: b.test\r\n\r\n";
    let head = format!("POST /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n", body.len());
    client.ask([&head, body].concat());
    leads_to(&client.response().unwrap(), &format!("https://a.test:{}/x", port.number()));
    client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    if let Ok(answer) = client.response() {
        assert_eq!(answer.status(), 308, "{answer:?}");
    }
    assert_eq!(place.backend.request_count(), 0, "{:?}", place.backend.requests());
}

#[test]
fn a_request_that_came_to_a_trusted_proxy_over_tls_is_not_plain() {
    let port = Port::free();
    let place = Place::with(|ground| document(ground, &port).proxy("trustedProxies: [127.0.0.1]"));
    let ask = |proto: &str| {
        place.proxyd.ask(format!("GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-Proto: {proto}\r\n\r\n"))
    };
    let answer = ask("https");
    assert_eq!(answer.status(), 200, "{answer:?}");
    assert_eq!(ask("http").status(), 308);
}

#[test]
fn a_stranger_cannot_say_that_its_request_is_not_plain() {
    let port = Port::free();
    let place = Place::with(|ground| document(ground, &port));
    for field in ["X-Forwarded-Proto: https", "Forwarded: proto=https", "X_Forwarded_Proto: https"] {
        let answer = place.proxyd.ask(format!("GET / HTTP/1.1\r\nHost: a.test\r\n{field}\r\n\r\n"));
        assert_eq!(answer.status(), 308, "{field}: {answer:?}");
    }
    let absolute = place.proxyd.ask("GET https://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert!(matches!(absolute.status(), 308 | 400), "{absolute:?}");
    let mut http2 = Http2::to(&place.address());
    let stream = http2.ask(&Fields::request("GET", "/").with(":scheme", "https"));
    let answer = http2.response(stream);
    assert!(matches!(answer.status(), 308 | 400), "{answer:?}");
    assert_eq!(place.backend.request_count(), 0);
}

/// RFC 6797 sections 7.2 and 8.1: over TLS alone, once, whatever the backend says.
#[test]
fn browsers_are_told_to_remember_it_over_tls_alone() {
    let port = Port::free();
    let place = Place::with(|ground| document(ground, &port));
    let over_tls = |host: &str| place.client().get(&secure(&place), host);
    assert_eq!(over_tls("a.test").all(HSTS), ["max-age=31536000; includeSubDomains"]);
    assert_eq!(over_tls("b.test").all(HSTS), ["max-age=60"]);
    let plain = place.proxyd.ask("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n");
    assert_eq!((plain.status(), plain.all(HSTS)), (200, vec![]));
    let redirect = place.proxyd.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!((redirect.status(), redirect.all(HSTS)), (308, vec![]));
}

#[test]
fn a_backend_s_own_word_does_not_stand_beside_it() {
    let port = Port::free();
    let answer = format!("HTTP/1.1 200 OK\r\n{HSTS}: max-age=1\r\nContent-Length: 0\r\n\r\n");
    let place = Place::before(harness::Backend::answering(answer), |ground| document(ground, &port));
    let answer = place.client().get(&secure(&place), "b.test");
    assert_eq!(answer.all(HSTS).len(), 1, "{answer:?}");
}

#[test]
fn without_a_listener_of_tls_nothing_is_redirected_and_check_says_so() {
    let place = Place::with(|ground| {
        Document::new()
            .upstream("app", &[ground.backend], "")
            .listener("127.0.0.1:0")
            .route("vHost: a.test, upstream: app, autoHttps: true")
    });
    assert_eq!(place.proxyd.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").status(), 200);
    let file = place.files.write(
        "proxyd.yaml",
        "listeners:\n  - address: \"127.0.0.1:0\"\nroutes:\n  - { vHost: a.test, respond: {}, autoHttps: true }\n",
    );
    let finished = proxyd(&["check", "--config", &file]);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    for part in ["warning", "routes[0].autoHttps", "no listener speaks TLS"] {
        assert!(finished.errors.contains(part), "no {part:?} in {}", finished.errors);
    }
}

#[test]
fn http_2_without_tls_is_redirected_too() {
    let port = Port::free();
    let place = Place::with(|ground| document(ground, &port));
    let mut client = Http2::to(&place.address());
    let stream = client.ask(&Fields::request("GET", "/x?y"));
    let answer = client.response(stream);
    let location = format!("https://a.test:{}/x?y", port.number());
    assert_eq!((answer.status(), answer.field("location")), (308, Some(location.as_str())));
    let mut http1 = Connection::to(&place.address());
    http1.ask("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
    assert_eq!(http1.response().unwrap().status(), 308);
}
