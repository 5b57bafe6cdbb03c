//! Headers that backends get.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use harness::frames::{Fields, Http2};
use harness::tls::Version;
use harness::{Backend, Broken, Connection, Document, Proxyd, Session, proxyd};

use super::believed::ALL;
use super::header::{ARRIVAL, CLIENT, Said, read_v1, read_v2, v1, v2};
use crate::it::upstream_tls::trust::Trust;

const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

type Read = fn(&mut Connection) -> Result<Said, Broken>;

/// Both versions, and how a header of each is read.
const VERSIONS: [(&str, Read); 2] = [("v1", read_v1), ("v2", read_v2)];

/// What headers have said, in the order in which they came.
#[derive(Clone, Default)]
struct Heads(Arc<Mutex<Vec<Said>>>);

impl Heads {
    /// Reads one and notes it; false where the connection ends before.
    fn read(&self, session: &mut Session, read: Read) -> bool {
        let Ok(said) = read(&mut session.connection) else { return false };
        self.0.lock().unwrap().push(said);
        true
    }

    fn all(&self) -> Vec<Said> {
        self.0.lock().unwrap().clone()
    }
}

/// A backend that reads a header on each connection, and then requests.
fn backend(read: Read) -> (Backend, Heads) {
    backend_with(read, |session| session.answer_all(OK))
}

fn backend_with(read: Read, script: impl Fn(&mut Session) + Send + Sync + 'static) -> (Backend, Heads) {
    let heads = Heads::default();
    let noting = heads.clone();
    let backend = Backend::start(move |session| {
        if noting.read(session, read) {
            script(session);
        }
    });
    (backend, heads)
}

fn document(backend: &Backend, version: &str) -> Document {
    Document::new()
        .upstream("app", &[backend], &format!("sendProxyProtocol: {version}"))
        .route("id: all, path: /*, upstream: app")
}

fn said(source: &str, destination: &str) -> Said {
    Said::Ends(source.parse().unwrap(), destination.parse().unwrap())
}

#[test]
fn a_backend_is_told_of_the_client_before_its_request() {
    for (version, read) in VERSIONS {
        let (backend, heads) = backend(read);
        let proxyd = Proxyd::start(&document(&backend, version));
        let mut client = proxyd.connect();
        let (own, other): (SocketAddr, SocketAddr) = client.ends();
        client.ask(GET);
        assert_eq!(client.response().unwrap().text(), "ok", "{version}");
        assert_eq!(heads.all(), [Said::Ends(own, other)], "{version}");
        assert_eq!(backend.request().field("X-Forwarded-For"), Some("127.0.0.1"));
    }
}

/// A connection speaks of one client, and its next request may be another's.
#[test]
fn every_request_has_a_connection_of_its_own() {
    for (version, read) in VERSIONS {
        let (backend, heads) = backend(read);
        let proxyd = Proxyd::start(&document(&backend, version));
        let mut clients = [proxyd.connect(), proxyd.connect()];
        let mut expected = Vec::new();
        for _ in 0..3 {
            for client in &mut clients {
                client.ask("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello");
                assert_eq!(client.response().unwrap().text(), "ok", "{version}");
                let (own, other) = client.ends();
                expected.push(Said::Ends(own, other));
            }
        }
        assert_eq!(heads.all(), expected, "{version}");
        assert_eq!((backend.connections(), backend.request_count()), (6, 6), "{version}");
        backend.wait_for_ends(6);
    }
}

#[test]
fn what_one_load_balancer_says_is_said_to_the_next() {
    for (version, read) in VERSIONS {
        let (backend, heads) = backend(read);
        let proxyd = Proxyd::start(&document(&backend, version).listener_with("127.0.0.1:0", ALL));
        for header in [
            v1(CLIENT, ARRIVAL),
            v2(CLIENT, ARRIVAL),
            v2("[2001:db8::7]:4711", "[2001:db8::1]:443"),
            // What is IPv4 in truth is said so.
            v2("[::ffff:203.0.113.7]:4711", "[::ffff:198.51.100.2]:443"),
        ] {
            let mut client = proxyd.connect();
            client.ask([&header, GET.as_bytes()].concat());
            assert_eq!(client.response().unwrap().text(), "ok", "{version}");
        }
        let four = said(CLIENT, ARRIVAL);
        let six = said("[2001:db8::7]:4711", "[2001:db8::1]:443");
        assert_eq!(heads.all(), [four.clone(), four.clone(), six, four], "{version}");
    }
}

/// It is the proxy itself that asks.
#[test]
fn a_check_speaks_for_the_proxy_itself() {
    let quick = "interval: 50ms, fastInterval: 50ms";
    for (version, read) in VERSIONS {
        for kind in ["type: http, path: /health", "type: tcp"] {
            let (backend, heads) = backend(read);
            let document = Document::new()
                .upstream(
                    "app",
                    &[&backend],
                    &format!("sendProxyProtocol: {version}, healthCheck: {{ {kind}, {quick} }}"),
                )
                .route("path: /*, upstream: app");
            let proxyd = Proxyd::start(&document);
            if kind == "type: tcp" {
                backend.wait_for_ends(2);
            } else {
                backend.wait_for(2);
            }
            let all = heads.all();
            assert!(all.len() >= 2 && all.iter().all(|said| *said == Said::Own), "{version} {kind}: {all:?}");
            assert_eq!(proxyd.get("/").text(), "ok", "{version} {kind}");
        }
    }
}

#[test]
fn a_header_comes_before_tls() {
    let trust = Trust::new();
    for (version, read) in VERSIONS {
        for tls in [Version::V12, Version::V13] {
            let heads = Heads::default();
            let noting = heads.clone();
            // HTTP/2 is not offered, whatever the backend knows: its connections are shared.
            let backend = trust.server().version(tls).protocols(&["h2", "http/1.1"]).start_behind(
                move |session| {
                    noting.read(session, read);
                },
                |session| session.answer_all(OK),
            );
            let settings = format!("sendProxyProtocol: {version}");
            let proxyd = Proxyd::start(&trust.document(&backend, &settings));
            let mut expected = Vec::new();
            for _ in 0..3 {
                let mut client = proxyd.connect();
                let (own, other) = client.ends();
                client.ask(GET);
                assert_eq!(client.response().unwrap().text(), "ok", "{version} {tls:?}");
                expected.push(Said::Ends(own, other));
            }
            assert_eq!(heads.all(), expected, "{version} {tls:?}");
            let handshakes = backend.handshakes();
            assert!(handshakes.iter().all(|handshake| handshake.offered == ["http/1.1"]), "{handshakes:?}");
        }
    }
}

/// Another backend is told the same.
#[test]
fn a_request_that_is_tried_again_is_announced_again() {
    for (version, read) in VERSIONS {
        let (bad, bad_heads) = backend_with(read, |session| {
            let _ = session.request();
            session.reset();
        });
        let (good, good_heads) = backend(read);
        let document = Document::new()
            .upstream("app", &[&bad, &good], &format!("sendProxyProtocol: {version}"))
            .route("path: /*, upstream: app");
        let proxyd = Proxyd::start(&document);
        let mut client = proxyd.connect();
        let (own, other) = client.ends();
        for _ in 0..4 {
            client.ask(GET);
            assert_eq!(client.response().unwrap().text(), "ok", "{version}");
        }
        let all = [bad_heads.all(), good_heads.all()].concat();
        assert!(!bad_heads.all().is_empty(), "it was never tried");
        assert!(all.iter().all(|said| *said == Said::Ends(own, other)), "{version}: {all:?}");
        assert_eq!(good_heads.all().len(), 4);
    }
}

#[test]
fn a_tunnel_is_announced_as_a_request_is() {
    for (version, read) in VERSIONS {
        let (backend, heads) = backend_with(read, |session| {
            let _ = session.request();
            session.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
            let (all, _) = session.connection.rest();
            session.send(all);
        });
        let proxyd = Proxyd::start(&document(&backend, version));
        let mut client = proxyd.connect();
        let (own, other) = client.ends();
        client.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        assert_eq!(client.head().unwrap().status(), 101);
        client.send("hello");
        client.half_close();
        assert_eq!(client.rest().0, b"hello");
        assert_eq!(heads.all(), [Said::Ends(own, other)]);
    }
}

#[test]
fn a_client_of_a_unix_socket_has_no_address_to_tell() {
    for (version, read) in VERSIONS {
        let (backend, heads) = backend(read);
        let folder = tempfile::tempdir().unwrap();
        let address = format!("unix:{}", folder.path().join("in.sock").display());
        let proxyd = Proxyd::start(&document(&backend, version).listener(&address));
        assert_eq!(proxyd.get("/").text(), "ok", "{version}");
        assert_eq!(heads.all(), [Said::Own], "{version}");
    }
}

/// A connection of HTTP/2 is many clients'.
#[test]
fn http_2_is_not_spoken_behind_a_header() {
    let backend = Backend::ok();
    let text = Document::new()
        .upstream("app", &[&backend], "sendProxyProtocol: v2, protocol: http2")
        .route("path: /*, upstream: app")
        .text();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("proxyd.yaml");
    std::fs::write(&path, text).unwrap();
    let checked = proxyd(&["check", "--config", path.to_str().unwrap()]);
    assert_eq!(checked.code, Some(78), "{checked:?}");
    assert!(format!("{}{}", checked.output, checked.errors).contains("sendProxyProtocol"), "{checked:?}");
}

#[test]
fn large_bodies_pass_behind_a_header() {
    let body: Vec<u8> = (0..1_usize << 20).map(|at| (at ^ (at >> 8)) as u8).collect();
    for (version, read) in VERSIONS {
        let (backend, _) = backend_with(read, |session| {
            let Ok(request) = session.request() else { return };
            session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", request.body.len()));
            session.send(&request.body);
        });
        let proxyd = Proxyd::start(&document(&backend, version));
        let mut client = proxyd.connect();
        client.ask(format!("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n", body.len()));
        client.send(&body);
        assert!(client.response().unwrap().body == body, "another body came");
    }
}

/// Each stream is a request, and has its own connection and its own header.
#[test]
fn requests_of_one_http_2_client_are_announced_each() {
    for (version, read) in VERSIONS {
        let (backend, heads) = backend(read);
        let proxyd = Proxyd::start(&document(&backend, version));
        let mut client = Http2::to(&proxyd.address());
        let streams: Vec<u32> = (0..5).map(|_| client.ask(&Fields::request("GET", "/"))).collect();
        for stream in streams {
            assert_eq!(client.response(stream).text(), "ok", "{version}");
        }
        let (own, other) = client.connection.ends();
        assert_eq!(heads.all(), vec![Said::Ends(own, other); 5], "{version}");
        assert_eq!(backend.connections(), 5);
    }
}

/// A copy is of a client's request, and goes to a backend that need not be the first's kind.
#[test]
fn a_copy_of_a_request_is_sent_as_its_backend_has_it() {
    let trust = Trust::new();
    for (version, read) in VERSIONS {
        let (copied, heads) = backend(read);
        let original = trust.server().protocols(&["h2"]).saying("original");
        let document = trust
            .document(&original, "")
            .upstream("copies", &[&copied], &format!("sendProxyProtocol: {version}"))
            .route("id: copied, path: /copied, upstream: app, mirror: { upstream: copies }");
        let proxyd = Proxyd::start(&document);
        assert_eq!(proxyd.get("/copied").text(), "original");
        assert_eq!(copied.wait_for(1)[0].target(), "/copied");
        assert_eq!(heads.all().len(), 1, "{version}");
    }
}
