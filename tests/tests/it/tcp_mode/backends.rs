//! Which backend gets a connection.

use harness::{Backend, Document, Ending, Proxyd, Refusing};

use super::place::{document, echo, echoes, greeted, is_echoed, start};
use crate::it::proxy_protocol::header::{ARRIVAL, v2};

#[track_caller]
fn names(proxyd: &Proxyd, count: usize) -> String {
    (0..count).map(|_| greeted(proxyd).1).collect()
}

#[test]
fn connections_go_to_one_backend_after_another() {
    let backends = [echo("a"), echo("b"), echo("c")];
    let proxyd = start(&backends.each_ref());
    let mut names: Vec<char> = names(&proxyd, 9).chars().collect();
    for round in names.chunks_mut(3) {
        round.sort_unstable();
        assert_eq!(round, ['a', 'b', 'c']);
    }
}

#[test]
fn backends_share_connections_by_their_weights() {
    let (heavy, light) = (echo("h"), echo("l"));
    let backend = |backend: &Backend, weight: u32| {
        format!("{{ hostname: 127.0.0.1, port: {}, weight: {weight} }}", backend.port())
    };
    let document = Document::new()
        .listener_with("127.0.0.1:0", "mode: tcp, upstream: db")
        .raw_upstream(&format!("name: db, backends: [{}, {}]", backend(&heavy, 3), backend(&light, 1)));
    let proxyd = Proxyd::start(&document);
    let names = names(&proxyd, 40);
    assert_eq!(names.matches('h').count(), 30, "{names}");
}

/// A connection counts for as long as it stands.
#[test]
fn the_backend_with_the_fewest_connections_is_next() {
    let backends = [echo("a"), echo("b")];
    let proxyd = Proxyd::start(&document(&backends.each_ref(), "", "strategy: LEAST_REQUESTS"));
    let (first, name) = greeted(&proxyd);
    for _ in 0..4 {
        let (mut client, other) = greeted(&proxyd);
        assert_ne!(other, name);
        client.half_close();
        assert_eq!(client.rest(), (Vec::new(), Ending::Closed));
        // The proxy knows of the end before the client does.
    }
    drop(first);
}

#[test]
fn a_client_stays_at_its_backend_by_its_address() {
    let backends = [echo("a"), echo("b"), echo("c")];
    let listener = "proxyProtocol: { from: [\"127.0.0.1\"] }";
    let proxyd = Proxyd::start(&document(&backends.each_ref(), listener, "strategy: IP_HASH"));
    let ask = |address: &str| {
        let mut client = proxyd.connect();
        client.send(v2(address, ARRIVAL));
        harness::latin1(&client.exactly(1).unwrap())
    };
    let first: Vec<String> = (1..20).map(|number| ask(&format!("203.0.113.{number}:1"))).collect();
    let again: Vec<String> = (1..20).map(|number| ask(&format!("203.0.113.{number}:2"))).collect();
    assert_eq!(first, again);
    for name in ["a", "b", "c"] {
        assert!(first.contains(&name.to_owned()), "{first:?}");
    }
}

#[test]
fn a_dead_backend_is_passed_over_and_comes_back() {
    let (refusing, good) = (Refusing::new(), echo("g"));
    let document = Document::new().listener_with("127.0.0.1:0", "mode: tcp, upstream: db").upstream_at(
        "db",
        &[refusing.address(), good.address().clone()],
        "slowStart: off",
    );
    let proxyd = Proxyd::start(&document);
    assert_eq!(names(&proxyd, 6), "gggggg");
    proxyd.log().wait_for("backend is dead", 1);
    let _back = refusing.rise(|session| echoes(session, "b"));
    proxyd.log().wait_for("backend is alive again", 1);
    let names = names(&proxyd, 4);
    assert!(names.contains('b') && names.contains('g'), "{names}");
}

#[test]
fn a_connection_to_nobody_is_closed() {
    let refusing = [Refusing::new(), Refusing::new()];
    let addresses = refusing.each_ref().map(Refusing::address);
    let document = Document::new()
        .listener_with("127.0.0.1:0", "mode: tcp, upstream: db")
        .upstream_at("db", &addresses, "");
    let proxyd = Proxyd::start(&document);
    for _ in 0..3 {
        assert_eq!(proxyd.connect().rest().0, b"");
    }
    let ended = proxyd.stop();
    let dead = ended.log.iter().filter(|line| line.contains("backend is dead")).count();
    assert_eq!(dead, 2, "{:#?}", ended.log);
    assert_eq!((ended.connections("connect_refused"), ended.connections("no_backend")), (1, 2));
}

/// What a client says before a backend is found out to be dead reaches the next one.
#[test]
fn what_a_client_has_said_goes_to_the_backend_that_takes_it() {
    let (refusing, good) = (Refusing::new(), echo("g"));
    let document = Document::new().listener_with("127.0.0.1:0", "mode: tcp, upstream: db").upstream_at(
        "db",
        &[refusing.address(), good.address().clone()],
        "",
    );
    let proxyd = Proxyd::start(&document);
    for _ in 0..4 {
        let mut client = proxyd.connect();
        client.send("hello");
        client.half_close();
        let (mut all, ending) = client.rest();
        all.sort_unstable();
        assert_eq!((harness::latin1(&all).as_str(), ending), ("eghllo", Ending::Closed));
    }
}

#[test]
fn a_backend_that_fails_its_checks_gets_no_connection() {
    let backends = [echo("a"), echo("b")];
    let check = "healthCheck: { interval: 50ms, fastInterval: 50ms, fall: 1 }, panic: { threshold: 0 }";
    let proxyd = Proxyd::start(&document(&backends.each_ref(), "", check));
    backends[0].kill();
    proxyd.log().wait_for("backend is out: active checks fail", 1);
    assert_eq!(names(&proxyd, 4), "bbbb");
}

#[test]
fn a_backend_has_no_more_connections_than_it_may() {
    let backends = [echo("a"), echo("b")];
    let proxyd = Proxyd::start(&document(&backends.each_ref(), "", "maxRequestsPerBackend: 1"));
    let (mut one, mut two) = (greeted(&proxyd), greeted(&proxyd));
    assert_ne!(one.1, two.1);
    assert_eq!(proxyd.connect().rest().0, b"");
    for (client, _) in [&mut one, &mut two] {
        is_echoed(client, "still here");
    }
    one.0.half_close();
    assert_eq!(one.0.rest(), (Vec::new(), Ending::Closed));
    assert_eq!(greeted(&proxyd).1, one.1);
}

/// A connection that waits for its place is served when one is given back.
#[test]
fn a_connection_waits_where_the_upstream_has_its_fill() {
    let backend = echo("e");
    let proxyd = Proxyd::start(&document(&[&backend], "", "maxRequests: 1, queueTimeout: 1m"));
    let (mut first, _) = greeted(&proxyd);
    let mut second = proxyd.connect();
    second.send("early");
    is_echoed(&mut first, "still alone");
    assert_eq!(backend.connections(), 1);
    first.half_close();
    assert_eq!(first.rest(), (Vec::new(), Ending::Closed));
    assert_eq!(second.exactly(6).unwrap(), b"eearly");
}
