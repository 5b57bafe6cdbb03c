//! Which version of TLS is spoken, and which protocol within it.

use std::process::Command;

use harness::Ending;
use harness::frames::{Fields, Frame, Http2};
use harness::tls::{AlertDescription, Refused, Version, Wish};

use super::hello::{Heard, Hello, alert};
use super::place::Place;

#[test]
fn tls_1_3_and_1_2_are_spoken_and_nothing_older() {
    let place = Place::new();
    assert_eq!(place.client().to(&place.address(), "a.test").tls().version, "1.3");
    for (version, text) in [(Version::V12, "1.2"), (Version::V13, "1.3")] {
        let client = place.client().version(version);
        assert_eq!(client.to(&place.address(), "a.test").tls().version, text);
        assert_eq!(client.get(&place.address(), "a.test").status(), 200, "{text}");
    }
    let old = Hello::of("a.test").old().ask(&place.address());
    assert_eq!(old, Heard::Alert(2, alert::PROTOCOL_VERSION));
    assert_eq!(place.proxyd.stop().connections("handshake_failed:no_shared_parameters"), 1);
}

#[test]
fn an_older_version_than_the_oldest_is_refused() {
    let place =
        Place::with(|ground| ground.tls("minVersion: \"1.3\"").certificate(&ground.leaf(&["a.test"])));
    let refused = place.client().version(Version::V12).refused(&place.address(), "a.test");
    assert_eq!(refused, Refused::Alert(AlertDescription::ProtocolVersion));
    assert_eq!(place.client().to(&place.address(), "a.test").tls().version, "1.3");
    assert_eq!(place.proxyd.stop().connections("handshake_failed:no_shared_parameters"), 1);
}

/// RFC 9325 sections 4.1 and 4.2: forward secrecy, authenticated ciphers.
#[test]
fn weak_ciphers_are_not_spoken() {
    let place = Place::with(|ground| {
        let rsa = ground.authority.issue(Wish::of(&["a.test"]).rsa());
        ground.tls("").certificate(&ground.files.put("rsa", &rsa)).certificate(&ground.leaf(&["a.test"]))
    });
    let hello = |suites: &[u16]| Hello::of("a.test").suites(suites).ask(&place.address());
    for (name, suite) in [
        ("RSA with AES-128-GCM", 0x009c),
        ("RSA with AES-128-CBC", 0x002f),
        ("RSA with 3DES", 0x000a),
        ("RSA with RC4", 0x0005),
        ("RSA with nothing", 0x0001),
        ("ECDHE, ECDSA and AES-128-CBC", 0xc009),
        ("ECDHE, RSA and AES-128-CBC", 0xc013),
        ("ECDHE, RSA and 3DES", 0xc012),
        ("DHE, RSA and AES-128-GCM", 0x009e),
        ("anonymous ECDH", 0xc018),
        ("nobody knows it", 0x0a0a),
    ] {
        assert_eq!(hello(&[suite]), Heard::Alert(2, alert::HANDSHAKE_FAILURE), "{name}");
    }
    for suite in [0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8] {
        assert!(matches!(hello(&[suite]), Heard::Handshake(_)), "{suite:x}");
    }
}

/// RFC 9110 section 4.2.2: the scheme is that of the connection, whatever a request says.
#[test]
fn backends_learn_that_a_request_came_over_tls_whatever_it_says() {
    let place = Place::new();
    let mut http1 = place.client().to(&place.address(), "a.test");
    for request in [
        "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-Proto: http\r\n\r\n",
    ] {
        http1.ask(request);
        assert_eq!(http1.response().unwrap().status(), 200, "{request:?}");
    }
    let mut http2 = Http2::over(place.client().protocols(&["h2"]).to(&place.address(), "a.test"));
    let stream = http2.ask(&Fields::request("GET", "/").with(":scheme", "http"));
    assert!(matches!(http2.response(stream).status(), 200 | 400));
    let port = place.address().port().to_string();
    for seen in place.backend.requests() {
        assert_eq!(seen.all("X-Forwarded-Proto"), ["https"], "{seen:?}");
        assert_eq!(seen.all("X-Forwarded-Port"), [port.as_str()]);
        assert_eq!(seen.all("X-Forwarded-Host"), ["a.test"]);
    }
}

/// RFC 7301 section 3.2.
#[test]
fn what_is_spoken_inside_is_chosen_by_alpn() {
    let place = Place::new();
    for (offered, chosen) in [
        (&["h2", "http/1.1"][..], Some("h2")),
        (&["http/1.1", "h2"], Some("h2")),
        (&["h2"], Some("h2")),
        (&["http/1.1"], Some("http/1.1")),
        (&["spdy/3", "http/1.1"], Some("http/1.1")),
        (&[], None),
    ] {
        for version in [Version::V12, Version::V13] {
            let client = place.client().version(version).protocols(offered);
            let connection = client.to(&place.address(), "a.test");
            assert_eq!(connection.tls().protocol.as_deref(), chosen, "{offered:?}");
            if chosen == Some("h2") {
                let mut http2 = Http2::over(connection);
                let stream = http2.ask(&Fields::request("GET", "/").with(":scheme", "https"));
                assert_eq!(http2.response(stream).status(), 200);
            } else {
                assert_eq!(client.get(&place.address(), "a.test").status(), 200, "{offered:?}");
            }
        }
    }
    let refused = place.client().protocols(&["spdy/3"]).refused(&place.address(), "a.test");
    assert_eq!(refused, Refused::Alert(AlertDescription::NoApplicationProtocol));
}

#[test]
fn http_2_is_not_offered_where_it_is_switched_off() {
    let place = Place::with(|ground| {
        ground.tls("").proxy("http2: { enabled: false }").certificate(&ground.leaf(&["a.test"]))
    });
    let client = place.client().protocols(&["h2", "http/1.1"]);
    assert_eq!(client.to(&place.address(), "a.test").tls().protocol.as_deref(), Some("http/1.1"));
    let refused = place.client().protocols(&["h2"]).refused(&place.address(), "a.test");
    assert_eq!(refused, Refused::Alert(AlertDescription::NoApplicationProtocol));
}

#[test]
fn big_bodies_pass_both_ways_over_both_protocols() {
    let body = "0123456789abcdef".repeat(1 << 16);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let place = Place::answering(&answer);
    let mut http1 = place.client().to(&place.address(), "a.test");
    let head = format!("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n", body.len());
    http1.ask([head.as_str(), &body].concat());
    assert!(http1.response().unwrap().text() == body, "the answer is another one");
    let mut http2 = Http2::over(place.client().protocols(&["h2"]).to(&place.address(), "a.test"));
    let head = Fields::request("POST", "/").with(":scheme", "https");
    let stream = http2.stream();
    http2.send(&Frame::headers(stream, &head));
    let sent = http2.send_body(stream, body.as_bytes());
    assert!(sent.is_ok(), "{sent:?}: {:?}", http2.connection.tls_failure());
    assert!(http2.response(stream).text() == body, "the answer is another one");
    for seen in place.backend.requests() {
        assert!(seen.text() == body, "the backend got another one");
    }
}

/// RFC 8446 section 6.1: without it, nobody can tell the end from a cut.
#[test]
fn a_connection_that_the_proxy_ends_is_ended_within_tls() {
    let place = Place::new();
    for version in [Version::V12, Version::V13] {
        let mut client = place.client().version(version).to(&place.address(), "a.test");
        client.ask("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
        assert_eq!(client.response().unwrap().status(), 200);
        let (rest, ending) = client.rest();
        assert_eq!((rest.len(), ending), (0, Ending::Closed), "{version:?}: {:?}", client.tls_failure());
    }
}

#[test]
fn other_clients_speak_http_2_with_it() {
    let place = Place::new();
    let root = place.files.write("root.pem", place.authority.pem());
    let (name, port) = ("a.test", place.address().port());
    let output = Command::new("curl")
        .args(["--silent", "--show-error", "--http2", "--cacert", &root])
        .args(["--resolve", &format!("{name}:{port}:127.0.0.1")])
        .args(["--write-out", " %{http_version} %{response_code} %{ssl_verify_result}"])
        .arg(format!("https://{name}:{port}/x"))
        .output()
        .unwrap();
    let said = harness::latin1(&output.stdout);
    assert_eq!(said, "ok 2 200 0", "{}", harness::latin1(&output.stderr));
}
