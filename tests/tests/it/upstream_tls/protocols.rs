//! Which protocol is spoken with a backend, as ALPN decides it (RFC 7301).

use harness::{Document, Proxyd, TlsBackend};

use super::trust::Trust;

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// How many requests came over HTTP/1.1 and HTTP/2.
fn counts(backend: &TlsBackend) -> (usize, usize) {
    (backend.request_count(), backend.http2().requests().len())
}

#[test]
fn the_backend_chooses_among_what_is_offered() {
    let trust = Trust::new();
    for (settings, knows, offered, expected) in [
        ("", &["h2", "http/1.1"][..], &["h2", "http/1.1"][..], (0, 3)),
        ("", &["h2"], &["h2", "http/1.1"], (0, 3)),
        ("", &["http/1.1", "h2"], &["h2", "http/1.1"], (3, 0)),
        ("", &["http/1.1"], &["h2", "http/1.1"], (3, 0)),
        // It has never heard of ALPN: RFC 9113 section 3.2 leaves HTTP/1.1.
        ("", &[], &["h2", "http/1.1"], (3, 0)),
        ("protocol: auto", &["h2", "http/1.1"], &["h2", "http/1.1"], (0, 3)),
        ("protocol: http1", &["h2", "http/1.1"], &["http/1.1"], (3, 0)),
        ("protocol: http2", &["http/1.1", "h2"], &["h2"], (0, 3)),
    ] {
        let backend = trust.server().protocols(knows).saying("ok");
        let proxyd = trust.start(&backend, settings);
        for _ in 0..3 {
            assert_eq!(proxyd.get("/").text(), "ok", "{settings} {knows:?}");
        }
        assert_eq!(counts(&backend), expected, "{settings} {knows:?}");
        assert_eq!(backend.handshakes()[0].offered, offered, "{settings} {knows:?}");
        assert_eq!(backend.connections(), 1, "{settings} {knows:?}");
    }
}

#[test]
fn many_requests_share_a_connection_of_http_2() {
    let trust = Trust::new();
    let backend = trust.server().protocols(&["h2"]).saying("ok");
    let proxyd = trust.start(&backend, "");
    assert_eq!(proxyd.get("/").status(), 200);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert_eq!(proxyd.get("/").text(), "ok");
                }
            });
        }
    });
    assert_eq!((counts(&backend), backend.connections()), ((0, 81), 1));
}

/// A backend is replaced behind its address, by one that knows less or more.
#[test]
fn a_backend_that_changes_its_protocol_is_followed() {
    let trust = Trust::new();
    let old = trust.server().protocols(&["http/1.1"]);
    let new = trust.server().protocols(&["h2", "http/1.1"]);
    let backend = new.saying("ok");
    // No connection is used twice, so that each request meets what the backend is now.
    let proxyd = trust.start(&backend, "maxConnectionAge: 1ms, maxIdleConnections: 0");
    let mut expected = (0, 0);
    for (server, is_new) in [(&new, true), (&old, false), (&new, true), (&old, false), (&old, false)] {
        backend.become_like(server);
        // A connection that came about before may still be open.
        backend.cut();
        let answer = proxyd.get("/");
        assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"), "after {expected:?}");
        if is_new {
            expected.1 += 1;
        } else {
            expected.0 += 1;
        }
        assert_eq!(counts(&backend), expected);
    }
}

/// Requests that wait for one connection of HTTP/2 find that it is none.
#[test]
fn requests_that_came_together_are_all_answered_whatever_the_backend_chooses() {
    let trust = Trust::new();
    let backend = trust.server().protocols(&["h2"]).saying("ok");
    let proxyd = Proxyd::start(&trust.document(&backend, ""));
    assert_eq!(proxyd.get("/").text(), "ok");
    backend.become_like(&trust.server().protocols(&["http/1.1"]));
    backend.cut();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    assert_eq!(proxyd.get("/").text(), "ok");
                }
            });
        }
    });
    assert_eq!(counts(&backend), (40, 1));
}

/// Two backends of one upstream, each in its own protocol.
#[test]
fn backends_of_one_upstream_may_speak_differently() {
    let trust = Trust::new();
    let (one, two) = (trust.server().protocols(&["http/1.1"]), trust.server().protocols(&["h2"]));
    let (one, two) = (one.saying("one"), two.saying("two"));
    let document = Document::new()
        .upstream("app", &[&one, &two], &format!("tls: {{ {} }}", trust.ca()))
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    let texts: Vec<String> = (0..6).map(|_| proxyd.get("/").text()).collect();
    assert_eq!(texts.iter().filter(|text| *text == "one").count(), 3, "{texts:?}");
    assert_eq!((counts(&one), counts(&two)), ((3, 0), (0, 3)));
}

/// RFC 8441 section 3: a backend that speaks HTTP/2 need not know WebSockets there, and mostly knows them in HTTP/1.1.
#[test]
fn a_websocket_finds_a_backend_that_speaks_both() {
    let trust = Trust::new();
    let server = trust.server().protocols(&["h2", "http/1.1"]);
    let backend = server.start_either(
        |session| {
            let _ = session.request();
            session.send(SWITCH);
            let (all, _) = session.connection.rest();
            session.send(all);
        },
        |session| session.answer_all("ok"),
    );
    // Both where nothing is known of the backend yet, and where it is known to speak HTTP/2.
    let proxyd = trust.start(&backend, "");
    for _ in 0..3 {
        let mut client = proxyd.connect();
        client.send(UPGRADE);
        let head = client.head().unwrap();
        assert_eq!(head.status(), 101, "{head:?}");
        client.send("hello");
        client.half_close();
        assert_eq!(client.rest(), (b"hello".to_vec(), harness::Ending::Closed));
        assert_eq!(proxyd.get("/").text(), "ok");
    }
    assert_eq!(counts(&backend), (3, 3));
    let offered: Vec<Vec<String>> =
        backend.handshakes().into_iter().map(|handshake| handshake.offered).collect();
    // One that all requests share, and one for each WebSocket.
    assert_eq!(offered[0], ["h2", "http/1.1"]);
    assert!(offered.len() == 4 && offered[1..].iter().all(|offered| *offered == ["http/1.1"]), "{offered:?}");
    assert!(backend.handshakes()[1..].iter().all(|handshake| handshake.facts().is_resumed));
}

/// Where it speaks nothing else, nothing else is tried.
#[test]
fn a_websocket_does_not_find_a_backend_that_knows_it_in_no_way() {
    let trust = Trust::new();
    let backend = trust.server().protocols(&["h2"]).saying("ok");
    for (settings, reason) in [("", "upstream_tls:alert"), ("protocol: http2", "bad_response:upgrade")] {
        let proxyd = trust.start(&backend, settings);
        for _ in 0..2 {
            let answer = proxyd.ask(UPGRADE);
            assert_eq!((answer.status(), answer.reason()), (502, reason), "{settings}");
            assert_eq!(proxyd.get("/").text(), "ok", "{settings}");
        }
    }
}
