//! WebSocket and other upgrades.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use harness::{Backend, Connection, Document, Ending, PATIENCE, Proxyd};

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

fn upgraded(proxyd: &Proxyd) -> Connection {
    let mut client = proxyd.connect();
    client.send(format!("{UPGRADE}\r\n"));
    let head = client.head().unwrap();
    assert_eq!(head.status(), 101);
    assert_eq!(head.field("Upgrade"), Some("websocket"));
    assert!(head.field("Connection").unwrap().eq_ignore_ascii_case("upgrade"));
    assert_eq!(head.field("Sec-WebSocket-Accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    client
}

/// A backend that switches and gives every byte back.
fn echo() -> Backend {
    Backend::start(|session| {
        let Ok(request) = session.request() else { return };
        assert_eq!(request.field("Upgrade"), Some("websocket"));
        session.send(SWITCH);
        while session.connection.goes_on() {
            let byte = session.connection.exactly(1).unwrap();
            session.send(byte);
        }
    })
}

/// RFC 6455; RFC 9110 section 7.8. Whatever the frames are, right or wrong, they pass as they are.
#[test]
fn every_byte_passes_a_tunnel_in_both_directions() {
    let backend = echo();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = upgraded(&proxyd);
    let seen = backend.request();
    assert_eq!(seen.field("Sec-WebSocket-Key"), Some("dGhlIHNhbXBsZSBub25jZQ=="));
    assert_eq!(seen.all("X-Real-IP"), ["127.0.0.1"]);
    let bytes: Vec<u8> = (0..=255).collect();
    client.send(&bytes);
    assert_eq!(client.exactly(256).unwrap(), bytes);
    client.send("GET /smuggled HTTP/1.1\r\n\r\n");
    assert_eq!(client.exactly(26).unwrap(), b"GET /smuggled HTTP/1.1\r\n\r\n");
    assert_eq!(backend.requests().len(), 1);
}

/// Frames that come with the head of either side belong to the tunnel.
#[test]
fn bytes_that_come_with_the_heads_are_not_lost() {
    let backend = Backend::start(|session| {
        let Ok(_) = session.request() else { return };
        session.send(format!("{SWITCH}first"));
        let read = session.connection.exactly(5).unwrap();
        session.send(read);
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = proxyd.connect();
    client.send(format!("{UPGRADE}\r\nearly"));
    assert_eq!(client.head().unwrap().status(), 101);
    assert_eq!(client.exactly(10).unwrap(), b"firstearly");
}

/// RFC 6455 section 7.1.1: each side may end its half.
#[test]
fn the_end_of_one_half_is_passed_on() {
    let backend = Backend::start(|session| {
        let Ok(_) = session.request() else { return };
        session.send(SWITCH);
        let (read, _) = session.connection.rest();
        session.send(read);
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = upgraded(&proxyd);
    client.send("all of it");
    client.half_close();
    assert_eq!(client.rest(), (b"all of it".to_vec(), Ending::Closed));
}

/// CVE-2026-2833: an upgrade that nobody asked for, or to something else.
#[test]
fn a_switch_that_was_not_asked_for_is_nonsense() {
    let backend = Backend::answering(SWITCH);
    let proxyd = Proxyd::start(&Document::to(&backend));
    let plain = proxyd.get("/");
    assert_eq!((plain.status(), plain.reason()), (502, "bad_response:upgrade"));
    let other = proxyd.ask("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n");
    assert_eq!((other.status(), other.reason()), (502, "bad_response:upgrade"));
}

/// RFC 9110 section 7.8: Upgrade counts only where Connection names it, and never in HTTP/1.0.
#[test]
fn an_upgrade_is_passed_on_only_where_it_is_one() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend));
    for request in [
        "GET / HTTP/1.1\r\nHost: a.test\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
    ] {
        assert_eq!(proxyd.ask(request).status(), 200);
        let seen = backend.requests().pop().unwrap();
        assert_eq!((seen.field("Upgrade"), seen.field("HTTP2-Settings")), (None, None), "{request:?}");
    }
}

#[test]
fn a_silent_tunnel_ends_and_one_that_speaks_does_not() {
    let backend = echo();
    let proxyd = Proxyd::start(
        &Document::to(&backend)
            .proxy("tunnelIdleTimeout: 500ms, bodyIdleTimeout: 300ms, timeout: 300ms")
            .line("logging: { level: debug }"),
    );
    let mut client = upgraded(&proxyd);
    let began = std::time::Instant::now();
    while began.elapsed() < std::time::Duration::from_millis(1000) {
        client.send("x");
        assert_eq!(client.exactly(1).unwrap(), b"x");
    }
    assert_eq!(client.rest().0, b"");
    proxyd.log().wait_for("tunnel_timeout", 1);
    backend.wait_for_ends(1);
}

#[test]
fn a_tunnel_ends_at_once_with_either_side() {
    let (go, gone) = channel::<()>();
    let gone = Mutex::new(gone);
    let backend = Backend::start(move |session| {
        let Ok(_) = session.request() else { return };
        session.send(SWITCH);
        if session.number == 0 {
            gone.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            session.reset();
        } else {
            session.hold();
        }
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = upgraded(&proxyd);
    go.send(()).unwrap();
    assert_eq!(client.rest().0, b"");
    upgraded(&proxyd).reset();
    backend.wait_for_ends(2);
}

/// Both directions at once, more than any buffer holds: neither side waits for the other for ever.
#[test]
fn a_tunnel_carries_much_in_both_directions_at_once() {
    const SIZE: usize = 32 << 20;
    let backend = Backend::start(|session| {
        let Ok(_) = session.request() else { return };
        session.send(SWITCH);
        let mut writing = session.connection.writer();
        std::thread::scope(|scope| {
            scope.spawn(|| writing.send(vec![b'b'; SIZE]));
            session.connection.skip(SIZE as u64).unwrap();
        });
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let before = proxyd.memory("VmRSS");
    let mut client = upgraded(&proxyd);
    let mut writing = client.writer();
    std::thread::scope(|scope| {
        scope.spawn(|| writing.send(vec![b'c'; SIZE]));
        client.skip(SIZE as u64).unwrap();
    });
    assert!(proxyd.memory("VmHWM") < before + (8 << 20));
    assert!(!client.goes_on());
}

#[test]
fn a_tunnel_does_not_hold_up_the_end_beyond_the_drain_timeout() {
    let backend = echo();
    let proxyd = Proxyd::start(&Document::to(&backend).proxy("drainTimeout: 300ms"));
    let mut client = upgraded(&proxyd);
    proxyd.terminate();
    client.send("x");
    assert_eq!(client.exactly(1).unwrap(), b"x", "until then it goes on");
    assert_eq!(proxyd.wait().code, Some(0));
    assert_eq!(client.rest().0, b"");
}
