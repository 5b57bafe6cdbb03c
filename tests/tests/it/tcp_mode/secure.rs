//! TLS that ends here, and TLS that begins here, around what is relayed.

use harness::tls::{Authority, Client, Refused, Version, Wish};
use harness::{Backend, Connection, Document, Ending, Proxyd, TlsServer, latin1};

use super::place::{document, echo, echoes, exchange, greeted, is_echoed, much};
use crate::it::upstream_tls::trust::Trust;

const VERSIONS: [Version; 2] = [Version::V12, Version::V13];

/// A listener that ends TLS for `a.test` and relays what is inside to this backend.
fn terminating(trust: &Trust, backend: &Backend, tls: &str, settings: &str) -> Proxyd {
    let own = trust.files.put("a", &trust.authority.leaf(&["a.test"]));
    Proxyd::start(&document(&[backend], &format!("tls: {{ {tls} }}"), settings).certificate(&own))
}

#[test]
fn what_is_inside_of_tls_is_relayed() {
    let trust = Trust::new();
    let backend = echo("e");
    let proxyd = terminating(&trust, &backend, "", "");
    for version in VERSIONS {
        let client = Client::new(&trust.authority).version(version);
        let mut client = client.to(&proxyd.address(), "a.test");
        assert_eq!(client.exactly(1).unwrap(), b"e");
        is_echoed(&mut client, "hello");
        client.half_close();
        assert_eq!(client.rest(), (Vec::new(), Ending::Closed), "{version:?}");
    }
    assert_eq!(backend.bytes(), [b"hello", b"hello"]);
}

#[test]
fn much_passes_in_both_directions_at_once_whoever_speaks_tls() {
    let trust = Trust::new();
    let (up, down) = (much(3 << 20), much(2 << 20));
    for version in VERSIONS {
        let script = |down: &[u8], up: &[u8]| {
            let (down, up) = (down.to_vec(), up.to_vec());
            move |session: &mut harness::Session| exchange(&mut session.connection, &down, &up)
        };
        let plain = Backend::start(script(&down, &up));
        let secure = trust.server().version(version).start(script(&down, &up));
        let tls = format!("tls: {{ {} }}", trust.ca());
        let client = Client::new(&trust.authority).version(version);
        let to = |proxyd: &Proxyd| client.to(&proxyd.address(), "a.test");

        exchange(&mut to(&terminating(&trust, &plain, "", "")), &up, &down);
        exchange(&mut to(&terminating(&trust, &secure, "", &tls)), &up, &down);
        let proxyd = Proxyd::start(&document(&[&secure], "", &tls));
        exchange(&mut proxyd.connect(), &up, &down);
    }
}

#[test]
fn a_backend_is_spoken_to_in_tls() {
    let trust = Trust::new();
    for version in VERSIONS {
        let backend = trust.server().version(version).start(|session| echoes(session, "e"));
        let proxyd = Proxyd::start(&document(&[&backend], "", &format!("tls: {{ {} }}", trust.ca())));
        let (mut client, _) = greeted(&proxyd);
        is_echoed(&mut client, "hello");
        client.half_close();
        assert_eq!(client.rest(), (Vec::new(), Ending::Closed), "{version:?}");
        assert_eq!(backend.bytes(), [b"hello"]);
    }
}

/// Nobody knows here what is spoken inside.
#[test]
fn no_protocol_of_http_is_agreed_upon() {
    let trust = Trust::new();
    let backend = trust.server().protocols(&["h2", "http/1.1"]).start(|session| echoes(session, "e"));
    let proxyd = terminating(&trust, &backend, "", &format!("tls: {{ {} }}", trust.ca()));
    let client = Client::new(&trust.authority);
    let mut connection = client.to(&proxyd.address(), "a.test");
    assert_eq!(connection.exactly(1).unwrap(), b"e");
    assert_eq!(backend.handshakes()[0].offered, [""; 0]);
    let mut connection = client.protocols(&["h2", "http/1.1"]).to(&proxyd.address(), "a.test");
    assert_eq!(connection.exactly(1).unwrap(), b"e");
    assert_eq!(connection.tls().protocol, None);
}

/// RFC 8446 section 6.1: without `close_notify`, somebody else may have cut it off.
#[test]
fn an_end_below_tls_is_not_passed_on_as_one() {
    let trust = Trust::new();
    for version in VERSIONS {
        let (heard, is_heard) = std::sync::mpsc::channel();
        let heard = std::sync::Mutex::new(heard);
        let backend = Backend::start(move |session| {
            session.send("e");
            heard.lock().unwrap().send(session.connection.rest()).unwrap();
        });
        let proxyd = terminating(&trust, &backend, "", "");
        let client = Client::new(&trust.authority).version(version);
        let mut client = client.to(&proxyd.address(), "a.test");
        assert_eq!(client.exactly(1).unwrap(), b"e");
        client.send("half of it");
        client.close_below_tls();
        assert_eq!(is_heard.recv_timeout(harness::PATIENCE).unwrap().1, Ending::Reset, "{version:?}");

        let backend = trust.server().version(version).start(|session| {
            session.send("half of it");
            session.connection.close_below_tls();
            session.hold();
        });
        let proxyd = Proxyd::start(&document(&[&backend], "", &format!("tls: {{ {} }}", trust.ca())));
        assert_eq!(proxyd.connect().rest().1, Ending::Reset, "{version:?}");
    }
}

#[test]
fn a_backend_with_a_bad_certificate_is_passed_over() {
    let trust = Trust::new();
    let bad = TlsServer::new(&trust.authority.issue(Wish::of(&["127.0.0.1"]).expired()));
    let bad = bad.start(|session| echoes(session, "b"));
    let good = trust.server().start(|session| echoes(session, "g"));
    let tls = format!("tls: {{ {} }}", trust.ca());
    let proxyd = Proxyd::start(&document(&[&bad, &good], "", &tls));
    for _ in 0..4 {
        assert_eq!(greeted(&proxyd).1, "g");
    }
    assert!(bad.connections() > 0, "it was never tried");

    let proxyd = Proxyd::start(&document(&[&bad], "", &tls));
    assert_eq!(proxyd.connect().rest().0, b"");
    assert_eq!(proxyd.stop().connections("upstream_tls:expired"), 1);
}

#[test]
fn clients_may_have_to_show_certificates() {
    let trust = Trust::new();
    let clients = Authority::new("clients");
    let ca = trust.files.write("clients.pem", clients.pem());
    let backend = echo("e");
    let proxyd =
        terminating(&trust, &backend, &format!("clientAuth: {{ mode: required, ca: \"{ca}\" }}"), "");
    let client = Client::new(&trust.authority);
    let mut connection = client.clone().with(&clients.client("alice")).to(&proxyd.address(), "a.test");
    assert_eq!(connection.exactly(1).unwrap(), b"e");
    match client.try_to(&proxyd.address(), "a.test") {
        Err(Refused::Alert(_)) => {}
        Err(other) => panic!("{other:?}"),
        // In TLS 1.3 the alert comes behind the handshake.
        Ok(mut connection) => assert_eq!(latin1(&connection.rest().0), ""),
    }
    assert_eq!(backend.connections(), 1);
}

#[test]
fn a_header_comes_before_tls_on_both_sides() {
    use crate::it::proxy_protocol::header::{ARRIVAL, CLIENT, Said, read_v2, v1};
    let trust = Trust::new();
    let said = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let noting = std::sync::Arc::clone(&said);
    let backend = trust.server().start_behind(
        move |session| noting.lock().unwrap().push(read_v2(&mut session.connection).unwrap()),
        |session| echoes(session, "e"),
    );
    let own = trust.files.put("a", &trust.authority.leaf(&["a.test"]));
    let document = Document::new()
        .listener_with(
            "127.0.0.1:0",
            "mode: tcp, upstream: db, tls: {}, proxyProtocol: { from: [\"127.0.0.1\"] }",
        )
        .upstream("db", &[&backend], &format!("tls: {{ {} }}, sendProxyProtocol: v2", trust.ca()))
        .certificate(&own);
    let proxyd = Proxyd::start(&document);
    let mut client = Client::new(&trust.authority)
        .begin(Connection::to(&proxyd.address()), "a.test", |flight| {
            vec![[v1(CLIENT, ARRIVAL), flight].concat()]
        })
        .unwrap();
    assert_eq!(client.exactly(1).unwrap(), b"e");
    is_echoed(&mut client, "hello");
    let expected = Said::Ends(CLIENT.parse().unwrap(), ARRIVAL.parse().unwrap());
    assert_eq!(*said.lock().unwrap(), [expected]);
}
