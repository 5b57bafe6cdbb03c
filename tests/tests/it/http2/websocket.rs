//! WebSocket between HTTP/2 and HTTP/1.1: RFC 8441.

use harness::frames::{Event, Fields, Frame, Http2, Http2Backend, code, setting};
use harness::websocket::{accept, is_key};
use harness::{Backend, Document, Proxyd};

fn connect() -> Fields {
    Fields::request("CONNECT", "/chat?room=1")
        .and(":protocol", "websocket")
        .and("sec-websocket-version", "13")
        .and("sec-websocket-protocol", "chat")
        .and("origin", "http://a.test")
}

/// A backend of HTTP/1.1 that switches, and gives every byte back until its client ends.
fn echo() -> Backend {
    Backend::start(|session| {
        let Ok(request) = session.request() else { return };
        let key = request.field("Sec-WebSocket-Key").unwrap_or_default().to_owned();
        session.send(format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: chat\r\n\r\n",
            accept(&key)
        ));
        while session.connection.goes_on() {
            let byte = session.connection.exactly(1).unwrap();
            session.send(byte);
        }
    })
}

/// A client whose WebSocket stands, and its stream.
#[track_caller]
fn connected(proxyd: &Proxyd) -> (Http2, u32) {
    let mut client = Http2::to(&proxyd.address());
    let stream = client.stream();
    client.send(&Frame::headers(stream, &connect()));
    let head = client.head(stream);
    assert_eq!((head.status(), head.has_ended), (200, false), "{head:?}");
    (client, stream)
}

/// RFC 8441 section 3.
#[test]
fn the_proxy_says_that_connect_may_have_a_protocol() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend));
    assert_eq!(Http2::to(&proxyd.address()).setting(setting::ENABLE_CONNECT_PROTOCOL), Some(1));
}

/// RFC 8441 section 5.
#[test]
fn connect_becomes_an_upgrade() {
    let backend = echo();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let (mut client, stream) = connected(&proxyd);
    let head = client.received(stream);
    assert_eq!(head.field("sec-websocket-protocol"), Some("chat"));
    for name in ["sec-websocket-accept", "upgrade", "connection", "content-length"] {
        assert_eq!(head.field(name), None, "{name}");
    }
    let seen = backend.request();
    assert_eq!(seen.head.start, "GET /chat?room=1 HTTP/1.1");
    assert_eq!((seen.all("Host"), seen.all("Upgrade")), (vec!["a.test"], vec!["websocket"]));
    assert!(seen.field("Connection").unwrap().eq_ignore_ascii_case("upgrade"), "{seen:?}");
    assert_eq!(seen.all("Sec-WebSocket-Version"), ["13"]);
    assert_eq!(
        (seen.field("Sec-WebSocket-Protocol"), seen.field("Origin")),
        (Some("chat"), Some("http://a.test"))
    );
    assert!(is_key(seen.field("Sec-WebSocket-Key").unwrap()), "{seen:?}");
    let bytes: Vec<u8> = (0..=255).collect();
    client.send(&Frame::data(stream, &bytes));
    assert_eq!(client.body(stream, 256).body, bytes);
    client.send(&Frame::data(stream, "GET /smuggled HTTP/1.1\r\n\r\n").end());
    assert_eq!(client.response(stream).body[256..], *b"GET /smuggled HTTP/1.1\r\n\r\n");
    assert_eq!(backend.requests().len(), 1);
}

/// Each WebSocket is a stream of its own.
#[test]
fn websockets_and_requests_share_a_connection() {
    let (backend, plain) = (echo(), Backend::ok());
    let document = Document::new()
        .upstream("ws", &[&backend], "")
        .upstream("app", &[&plain], "")
        .route("id: ws, path: /chat, upstream: ws")
        .route("id: all, path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    let (mut client, first) = connected(&proxyd);
    let second = client.stream();
    client.send(&Frame::headers(second, &connect()));
    assert_eq!(client.head(second).status(), 200);
    for _ in 0..3 {
        client.send_all(&[Frame::data(first, "one"), Frame::data(second, "two")]);
        let stream = client.ask(&Fields::request("GET", "/"));
        assert_eq!(client.response(stream).text(), "ok");
    }
    assert_eq!(client.body(first, 9).text(), "oneoneone");
    assert_eq!(client.body(second, 9).text(), "twotwotwo");
}

/// RFC 8441 section 5.2: RST_STREAM with CANCEL is what a reset of TCP is.
#[test]
fn a_websocket_ends_with_either_side() {
    let backend = echo();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let (mut client, stream) = connected(&proxyd);
    client.send(&Frame::reset(stream, code::CANCEL));
    backend.wait_for_ends(1);
    client.settle();

    let breaking = Backend::start(|session| {
        let Ok(request) = session.request() else { return };
        let key = accept(request.field("Sec-WebSocket-Key").unwrap_or_default());
        session.send(format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {key}\r\n\r\nbye"
        ));
    });
    let proxyd = Proxyd::start(&Document::to(&breaking));
    let (mut client, stream) = connected(&proxyd);
    let ended = client.try_response(stream).unwrap();
    assert_eq!((ended.text().as_str(), ended.is_over()), ("bye", true));
}

#[test]
fn a_websocket_that_the_backend_refuses_is_refused() {
    let backend = Backend::answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = Http2::to(&proxyd.address());
    let stream = client.stream();
    client.send(&Frame::headers(stream, &connect()));
    assert_eq!(client.head(stream).status(), 403);
    assert_eq!(client.body(stream, 2).text(), "no");
}

/// RFC 6455 section 4.1: a backend that does not prove that it read the key did not switch.
#[test]
fn a_switch_without_the_right_proof_is_nonsense() {
    for proof in ["", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"] {
        let backend = Backend::answering(format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n{proof}\r\n"
        ));
        let proxyd = Proxyd::start(&Document::to(&backend));
        let mut client = Http2::to(&proxyd.address());
        let stream = client.stream();
        client.send(&Frame::headers(stream, &connect()));
        assert_eq!(client.head(stream).status(), 502, "{proof:?}");
    }
}

/// RFC 8441 section 4.
#[test]
fn connect_with_a_protocol_has_a_scheme_a_path_and_a_known_protocol() {
    let backend = echo();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let heads = [
        connect().without(":scheme"),
        connect().without(":path"),
        connect().without(":authority"),
        connect().with(":protocol", "connect-udp"),
        connect().with(":protocol", ""),
        connect().and(":protocol", "websocket"),
        connect().with(":protocol", "websocket\r\nX: y"),
    ];
    let taken = heads.into_iter().filter(|head| {
        let before = backend.connections();
        let mut client = Http2::to(&proxyd.address());
        let stream = client.stream();
        client.send(&Frame::headers(stream, head));
        let is_refused = match client.try_response(stream) {
            Ok(refused) => refused.reset.is_some() || refused.status() >= 400,
            Err(came) => matches!(came.last(), Some(Event::End(_))),
        };
        !is_refused || backend.connections() > before
    });
    assert_eq!(taken.collect::<Vec<_>>(), [], "these were taken");
}

/// RFC 9110 section 9.3.6: CONNECT has no content.
#[test]
fn connect_with_a_protocol_has_no_length() {
    let backend = echo();
    let proxyd = Proxyd::start(&Document::to(&backend));
    for length in ["0", "5"] {
        let mut client = Http2::to(&proxyd.address());
        let stream = client.stream();
        client.send(&Frame::headers(stream, &connect().and("content-length", length)));
        assert_eq!(client.head(stream).status(), 400, "{length}");
    }
    assert_eq!(backend.connections(), 0);
}

const UPGRADE: &str = "GET /chat?room=1 HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat\r\n\r\n";

/// An upgrade that says that it has no content.
fn upgrade_with_length() -> String {
    UPGRADE.replacen("Upgrade: websocket", "Upgrade: websocket\r\nContent-Length: 0", 1)
}

fn framed(backend: &Http2Backend) -> Proxyd {
    Proxyd::start(&Document::to_http2(backend))
}

const ALLOWED: &[(u16, u32)] = &[(setting::ENABLE_CONNECT_PROTOCOL, 1)];

/// The other way round: a client's upgrade becomes CONNECT.
#[test]
fn an_upgrade_becomes_connect() {
    let backend = Http2Backend::with(ALLOWED, |session| {
        let Some(stream) = session.head() else { return };
        let head = Fields::response(200).and("sec-websocket-protocol", "chat");
        session.send(&Frame::headers(stream, &head));
        session.http2.body(stream, 5);
        session.send(&Frame::data(stream, "world"));
        session.hold();
    });
    let proxyd = framed(&backend);
    let mut client = proxyd.connect();
    client.send(upgrade_with_length());
    let head = client.head().unwrap();
    assert_eq!(head.status(), 101);
    assert_eq!(head.field("Sec-WebSocket-Accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(
        (head.field("Upgrade"), head.field("Sec-WebSocket-Protocol")),
        (Some("websocket"), Some("chat"))
    );
    assert!(head.field("Connection").unwrap().eq_ignore_ascii_case("upgrade"), "{head:?}");
    client.send("hello");
    assert_eq!(client.exactly(5).unwrap(), b"world");
    let seen = backend.wait_for(1).remove(0);
    for (name, value) in [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "http"),
        (":path", "/chat?room=1"),
        (":authority", "a.test"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-protocol", "chat"),
    ] {
        assert_eq!(seen.head.all(name), [value], "{seen:?}");
    }
    for name in ["sec-websocket-key", "upgrade", "connection", "host", "content-length"] {
        assert_eq!(seen.field(name), None, "{name}");
    }
}

/// RFC 8441 section 3: who has not said that it takes CONNECT with a protocol does not get any.
#[test]
fn a_backend_that_does_not_know_connect_with_a_protocol_is_not_asked() {
    let backend = Http2Backend::saying("no");
    let proxyd = framed(&backend);
    let mut client = proxyd.connect();
    client.send(UPGRADE);
    assert!(client.head().unwrap().status() >= 400);
    assert_eq!(backend.requests(), []);
}

/// RFC 9110 section 8.6: a length of 0 says that the upgrade has no content; it is not the tunnel's length.
#[test]
fn an_upgrade_with_a_length_of_0_becomes_a_tunnel() {
    let backend = echo();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = proxyd.connect();
    client.send(upgrade_with_length());
    assert_eq!(client.head().unwrap().status(), 101);
    client.send("hello");
    assert_eq!(client.exactly(5).unwrap(), b"hello");
}

/// A refusal of an upgrade that says that it has no content leaves the connection to be used.
#[test]
fn a_refused_upgrade_with_a_length_of_0_leaves_the_connection_whole() {
    let http2 = Http2Backend::with(ALLOWED, |session| {
        while let Some(stream) = session.head() {
            session.send(&Frame::headers(stream, &Fields::response(403)).end());
        }
    });
    let http1 = Backend::answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    for proxyd in [framed(&http2), Proxyd::start(&Document::to(&http1))] {
        let mut client = proxyd.connect();
        for _ in 0..2 {
            client.send(upgrade_with_length());
            assert_eq!(client.response().unwrap().head.status(), 403);
        }
    }
}

/// WebSocket over HTTP/2 all the way.
#[test]
fn connect_stays_connect_towards_a_backend_of_http_2() {
    let backend = Http2Backend::with(ALLOWED, |session| {
        let Some(stream) = session.head() else { return };
        session.send(&Frame::headers(stream, &Fields::response(200)));
        session.http2.body(stream, 5);
        session.send(&Frame::data(stream, "world").end());
        session.hold();
    });
    let proxyd = framed(&backend);
    let (mut client, stream) = connected(&proxyd);
    client.send(&Frame::data(stream, "hello"));
    assert_eq!(client.response(stream).text(), "world");
    assert_eq!(backend.wait_for(1)[0].field(":protocol"), Some("websocket"));
}

#[test]
fn an_upgrade_that_a_backend_of_http_2_refuses_is_refused() {
    let backend = Http2Backend::with(ALLOWED, |session| {
        while let Some(stream) = session.head() {
            session.answer(stream, 403, "no");
        }
    });
    let proxyd = framed(&backend);
    let mut client = proxyd.connect();
    client.ask(UPGRADE);
    let answer = client.response().unwrap();
    assert_eq!((answer.status(), answer.text().as_str()), (403, "no"));
}

/// RFC 8441 section 5: a reset of TCP is RST_STREAM with CANCEL.
#[test]
fn a_backend_that_resets_a_websocket_cancels_its_stream() {
    let breaking = Backend::start(|session| {
        let Ok(request) = session.request() else { return };
        let key = accept(request.field("Sec-WebSocket-Key").unwrap_or_default());
        session.send(format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {key}\r\n\r\n"
        ));
        let _ = session.connection.exactly(1);
        session.reset();
    });
    let proxyd = Proxyd::start(&Document::to(&breaking));
    let (mut client, stream) = connected(&proxyd);
    client.send(&Frame::data(stream, "x"));
    let ended = client.try_response(stream).unwrap();
    assert_eq!(ended.reset, Some(code::CANCEL), "{ended:?}");
}

/// The same from a backend of HTTP/2.
#[test]
fn a_backend_of_http_2_that_cancels_a_websocket_cancels_its_stream() {
    let backend = Http2Backend::with(ALLOWED, |session| {
        let Some(stream) = session.head() else { return };
        session.send(&Frame::headers(stream, &Fields::response(200)));
        session.http2.body(stream, 1);
        session.send(&Frame::reset(stream, code::CANCEL));
        session.hold();
    });
    let proxyd = framed(&backend);
    let (mut client, stream) = connected(&proxyd);
    client.send(&Frame::data(stream, "x"));
    let ended = client.try_response(stream).unwrap();
    assert_eq!(ended.reset, Some(code::CANCEL), "{ended:?}");
}
