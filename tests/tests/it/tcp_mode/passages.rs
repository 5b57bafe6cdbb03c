//! Connections that are passed on undecrypted, by the name that their TLS asks for.

use std::sync::{Arc, Mutex};

use harness::tls::{AlertDescription, Authority, Client, Files, Leaf, Refused, Version};
use harness::{Backend, Connection, Document, Ending, Proxyd, Socket, TlsBackend, TlsServer, latin1};

use super::place::{echoes, exchange, is_echoed, much};
use crate::it::proxy_protocol::header::{ARRIVAL, CLIENT, Said, read_v1, read_v2, v2};

/// A backend behind TLS of its own, and a proxy that passes connections on to it at its second listener, and at its first
/// one, which serves `a.test` itself.
struct Place {
    authority: Authority,
    _files: Files,
    leaf: Leaf,
    passed: TlsBackend,
    _served: Backend,
    proxyd: Proxyd,
}

const NAMES: &[&str] = &["pass.test", "a.wild.test", "deep.b.wild.test"];

impl Place {
    fn new() -> Self {
        Self::with(|server| server, "", "")
    }

    fn with(server: impl FnOnce(TlsServer) -> TlsServer, listener: &str, upstream: &str) -> Self {
        Self::of(
            |leaf| server(TlsServer::new(leaf)).start(|session| echoes(session, "p")),
            listener,
            upstream,
        )
    }

    fn of(backend: impl FnOnce(&Leaf) -> TlsBackend, listener: &str, upstream: &str) -> Self {
        let (authority, files, served) = (Authority::new("root"), Files::new(), Backend::saying("served"));
        let leaf = authority.leaf(NAMES);
        let passed = backend(&leaf);
        let document = Document::to(&served)
            .listener_with("127.0.0.1:0", &format!("tls: {{}}, {listener}"))
            .listener_with("127.0.0.1:0", &format!("mode: tcp, {listener}"))
            .certificate(&files.put("a", &authority.leaf(&["a.test"])))
            .upstream("passed", &[&passed], upstream)
            .route("vHost: pass.test, mode: tcp, upstream: passed")
            .route("vHost: \"*.wild.test\", mode: tcp, upstream: passed");
        let proxyd = Proxyd::start(&document);
        Self { authority, _files: files, leaf, passed, _served: served, proxyd }
    }

    fn client(&self) -> Client {
        Client::new(&self.authority)
    }

    /// The one that ends TLS, too, and the one that only passes on.
    fn addresses(&self) -> [Socket; 2] {
        [self.proxyd.nth_address(1), self.proxyd.nth_address(2)]
    }

    /// The backend itself is at the other end.
    #[track_caller]
    fn is_passed(&self, connection: &mut Connection) {
        assert_eq!(connection.tls().leaf, self.leaf.der(), "somebody else is there");
        assert_eq!(connection.exactly(1).unwrap(), b"p");
        is_echoed(connection, "hello");
    }
}

#[test]
fn the_client_speaks_with_the_backend_itself() {
    let place = Place::new();
    for address in place.addresses() {
        for version in [Version::V12, Version::V13] {
            for name in NAMES {
                let mut client = place.client().version(version).to(&address, name);
                place.is_passed(&mut client);
                client.half_close();
                assert_eq!(client.rest(), (Vec::new(), Ending::Closed), "{name} {version:?}");
            }
        }
    }
    assert!(place.passed.handshakes().iter().all(|handshake| handshake.name.is_some()));
}

#[test]
fn other_names_are_served_where_tls_ends_and_refused_where_it_does_not() {
    let place = Place::new();
    let [both, passing] = place.addresses();
    assert_eq!(place.client().get(&both, "a.test").text(), "served");
    let unknown = Refused::Alert(AlertDescription::UnrecognisedName);
    for name in ["a.test", "b.test", "wild.test", "xpass.test", "pass.test.b.test"] {
        assert_eq!(place.client().refused(&passing, name), unknown, "{name}");
        if name != "a.test" {
            assert_eq!(place.client().refused(&both, name), unknown, "{name}");
        }
    }
    // And who tells no name.
    assert_eq!(place.client().nameless().refused(&passing, "pass.test"), unknown);
    assert_eq!(place.passed.connections(), 0);
    assert!(place.proxyd.stop().connections("handshake_failed:unknown_name") >= 6);
}

#[test]
fn names_are_the_same_in_any_case() {
    let place = Place::new();
    for address in place.addresses() {
        let mut client = Connection::to(&address);
        client.send(shouting(place.client().hello("pass.test")));
        // It answers, and is no alert.
        assert_eq!(client.exactly(1).unwrap(), [22]);
    }
    place.passed.cut();
    assert_eq!(place.passed.connections(), 2);

    /// The name stands in the ClientHello as it is.
    fn shouting(mut hello: Vec<u8>) -> Vec<u8> {
        let at = hello.windows(9).position(|part| part == b"pass.test").unwrap();
        hello[at..at + 9].make_ascii_uppercase();
        hello
    }
}

#[test]
fn a_client_hello_may_come_in_any_pieces() {
    let place = Place::new();
    for address in place.addresses() {
        for size in [1, 5, 100] {
            let pieces = |flight: Vec<u8>| flight.chunks(size).map(<[u8]>::to_vec).collect();
            let client = place.client().begin(Connection::to(&address), "pass.test", pieces);
            place.is_passed(&mut client.unwrap());
        }
        // RFC 8446 section 5.1: a message may be cut in records, too.
        for size in [1, 50, 200] {
            let client = place
                .client()
                .begin(Connection::to(&address), "pass.test", |flight| vec![records(&flight, size)]);
            place.is_passed(&mut client.unwrap());
        }
    }
}

/// The one record of a flight, cut in records of so many bytes.
fn records(flight: &[u8], size: usize) -> Vec<u8> {
    let length = usize::from(u16::from_be_bytes([flight[3], flight[4]]));
    assert_eq!(flight.len(), 5 + length, "it is one record");
    let record = |part: &[u8]| {
        let length = u16::try_from(part.len()).unwrap().to_be_bytes();
        [&flight[..3], &length, part].concat()
    };
    flight[5..].chunks(size).flat_map(record).collect()
}

#[test]
fn much_passes_in_both_directions_at_once() {
    let (up, down) = (much(4 << 20), much(3 << 20));
    let (sent, expected) = (down.clone(), up.clone());
    let start = move |leaf: &Leaf| {
        TlsServer::new(leaf).start(move |session| exchange(&mut session.connection, &sent, &expected))
    };
    let place = Place::of(start, "", "");
    for address in place.addresses() {
        exchange(&mut place.client().to(&address, "pass.test"), &up, &down);
    }
}

/// All that TLS agrees upon is between the two.
#[test]
fn protocols_certificates_and_sessions_are_the_backends() {
    let clients = Authority::new("clients");
    let place = Place::with(|server| server.protocols(&["h2"]).demanding(&clients), "", "");
    let alice = clients.client("alice");
    for address in place.addresses() {
        let before = place.passed.handshakes().len();
        let client = place.client().protocols(&["h2", "http/1.1"]).with(&alice).resuming();
        for is_resumed in [false, true] {
            let mut connection = client.to(&address, "pass.test");
            place.is_passed(&mut connection);
            let facts = connection.tls();
            assert_eq!((facts.protocol.as_deref(), facts.is_resumed), (Some("h2"), is_resumed));
        }
        let handshakes = place.passed.wait_for_handshakes(before + 2);
        assert_eq!(handshakes[before].facts().leaf, alice.der());
    }
}

#[test]
fn what_is_no_tls_is_not_passed_on() {
    let place = Place::new();
    let [_, passing] = place.addresses();
    for bytes in [
        "GET / HTTP/1.1\r\nHost: pass.test\r\n\r\n",
        "SSH-2.0-x\r\n",
        "\x16\x02\x00\x00\x05",
        "\x15\x03\x01\x00\x02",
    ] {
        let mut client = Connection::to(&passing);
        let _ = client.try_send(bytes.chars().map(|byte| byte as u8).collect::<Vec<u8>>());
        assert_eq!(latin1(&client.rest().0), "", "{bytes:?}");
    }
    assert_eq!(place.passed.connections(), 0);
    assert_eq!(place.proxyd.stop().connections("handshake_failed:not_tls"), 4);
}

#[test]
fn a_backend_is_told_of_the_client_before_tls() {
    for (version, read) in [("v1", read_v1 as fn(&mut Connection) -> _), ("v2", read_v2)] {
        let said: Arc<Mutex<Vec<Said>>> = Arc::default();
        let noting = Arc::clone(&said);
        let start = move |leaf: &Leaf| {
            TlsServer::new(leaf).start_behind(
                move |session| noting.lock().unwrap().push(read(&mut session.connection).unwrap()),
                |session| echoes(session, "p"),
            )
        };
        let place = Place::of(start, "", &format!("sendProxyProtocol: {version}"));
        let mut expected = Vec::new();
        for address in place.addresses() {
            let mut client = place.client().to(&address, "pass.test");
            place.is_passed(&mut client);
            let (own, other) = client.ends();
            expected.push(Said::Ends(own, other));
        }
        assert_eq!(*said.lock().unwrap(), expected);
    }
}

#[test]
fn a_client_that_is_announced_is_passed_on_by_its_name() {
    let said: Arc<Mutex<Vec<Said>>> = Arc::default();
    let noting = Arc::clone(&said);
    let start = move |leaf: &Leaf| {
        TlsServer::new(leaf).start_behind(
            move |session| noting.lock().unwrap().push(read_v1(&mut session.connection).unwrap()),
            |session| echoes(session, "p"),
        )
    };
    let place = Place::of(start, "proxyProtocol: { from: [\"127.0.0.1\"] }", "sendProxyProtocol: v1");
    let header = v2(CLIENT, ARRIVAL);
    for address in place.addresses() {
        for size in [1, usize::MAX] {
            let pieces =
                |flight: Vec<u8>| [&header[..], &flight].concat().chunks(size).map(<[u8]>::to_vec).collect();
            let client = place.client().begin(Connection::to(&address), "pass.test", pieces);
            place.is_passed(&mut client.unwrap());
        }
    }
    let expected = Said::Ends(CLIENT.parse().unwrap(), ARRIVAL.parse().unwrap());
    assert_eq!(*said.lock().unwrap(), vec![expected; 4]);
}

#[test]
fn a_dead_backend_is_passed_over() {
    let (authority, refusing) = (Authority::new("root"), harness::Refusing::new());
    let good = TlsServer::new(&authority.leaf(&["pass.test"])).start(|session| echoes(session, "g"));
    let document = Document::new()
        .listener_with("127.0.0.1:0", "mode: tcp")
        .upstream_at("passed", &[refusing.address(), good.address().clone()], "")
        .route("vHost: pass.test, mode: tcp, upstream: passed");
    let proxyd = Proxyd::start(&document);
    for _ in 0..4 {
        let mut client = Client::new(&authority).to(&proxyd.address(), "pass.test");
        assert_eq!(client.exactly(1).unwrap(), b"g");
    }
}

/// The time for the beginning is none for what follows.
#[test]
fn the_handshake_timeout_ends_with_the_client_hello() {
    let (authority, files) = (Authority::new("root"), Files::new());
    let passed = TlsServer::new(&authority.leaf(&["pass.test"])).start(|session| echoes(session, "p"));
    let document = Document::new()
        .listener_with("127.0.0.1:0", "tls: { handshakeTimeout: 200ms }")
        .certificate(&files.put("a", &authority.leaf(&["a.test"])))
        .upstream("passed", &[&passed], "")
        .route("vHost: pass.test, mode: tcp, upstream: passed");
    let proxyd = Proxyd::start(&document);
    let mut client = Client::new(&authority).to(&proxyd.address(), "pass.test");
    assert_eq!(client.exactly(1).unwrap(), b"p");
    // One that is silent, and one that says half of what it has to say, are the clock.
    for count in [0, 20] {
        let mut silent = proxyd.connect();
        silent.send(&Client::new(&authority).hello("pass.test")[..count]);
        assert_eq!(silent.rest().0, b"");
    }
    is_echoed(&mut client, "still here");
    client.half_close();
    assert_eq!(client.rest(), (Vec::new(), Ending::Closed));
    assert_eq!(proxyd.stop().connections("handshake_timeout"), 2);
}

/// A listener that ends TLS and relays what is inside passes others on, too; one that relays everything looks at nothing.
#[test]
fn listeners_that_relay_pass_on_by_names_where_they_end_tls() {
    let (authority, files) = (Authority::new("root"), Files::new());
    let passed = TlsServer::new(&authority.leaf(&["pass.test"])).start(|session| echoes(session, "p"));
    let relayed = super::place::echo("r");
    let document = Document::new()
        .listener_with("127.0.0.1:0", "mode: tcp, upstream: relayed, tls: {}")
        .listener_with("127.0.0.1:0", "mode: tcp, upstream: relayed")
        .certificate(&files.put("a", &authority.leaf(&["a.test"])))
        .upstream("relayed", &[&relayed], "")
        .upstream("passed", &[&passed], "")
        .route("vHost: pass.test, mode: tcp, upstream: passed");
    let proxyd = Proxyd::start(&document);
    for (name, expected) in [("pass.test", b"p"), ("a.test", b"r")] {
        let mut client = Client::new(&authority).to(&proxyd.nth_address(1), name);
        assert_eq!(client.exactly(1).unwrap(), expected, "{name}");
        is_echoed(&mut client, "hello");
    }
    let mut client = Connection::to(&proxyd.nth_address(2));
    let hello = Client::new(&authority).hello("pass.test");
    client.send(&hello);
    assert_eq!(client.exactly(1 + hello.len()).unwrap(), [b"r", &hello[..]].concat());
    assert_eq!(passed.connections(), 1);
}
