//! How long a relayed connection stands.

use harness::{Backend, Connection, Document, Ending, Proxyd};

use super::place::{document, echo, greeted, is_echoed};

#[test]
fn an_idle_connection_is_closed_on_both_sides() {
    let backend = echo("e");
    let proxyd = Proxyd::start(&document(&[&backend], "", "").proxy("tunnelIdleTimeout: 200ms"));
    let (mut client, _) = greeted(&proxyd);
    is_echoed(&mut client, "hello");
    assert_eq!(client.rest(), (Vec::new(), Ending::Closed));
    backend.wait_for_ends(1);
    assert_eq!(proxyd.stop().connections("tunnel_timeout"), 1);
}

#[test]
fn a_connection_that_carries_something_is_not_idle() {
    let backend = echo("e");
    let proxyd = Proxyd::start(&document(&[&backend], "", "").proxy("tunnelIdleTimeout: 500ms"));
    let (mut client, _) = greeted(&proxyd);
    // Another one that is silent, and begins again whenever it is closed, is the clock: it tells that half a second is over.
    for round in 0..3 {
        let (mut silent, _) = greeted(&proxyd);
        let mut writer = client.writer();
        let is_over = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    writer.send(".");
                    std::thread::park_timeout(std::time::Duration::from_millis(50));
                }
            });
            assert_eq!(silent.rest().1, Ending::Closed, "round {round}");
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        assert!(client.exactly(1).is_ok(), "round {round}");
    }
}

#[test]
fn a_connection_goes_on_while_the_proxy_drains() {
    let backend = echo("e");
    let proxyd = Proxyd::start(&document(&[&backend], "", "").proxy("drainTimeout: 1m"));
    let address = proxyd.address();
    let (mut client, _) = greeted(&proxyd);
    proxyd.terminate();
    proxyd.log().wait_for("\"draining\"", 1);
    for _ in 0..5 {
        is_echoed(&mut client, "still here");
    }
    client.half_close();
    assert_eq!(client.rest(), (Vec::new(), Ending::Closed));
    let ended = proxyd.wait();
    assert_eq!(ended.code, Some(0), "{:#?}", ended.log);
    assert!(std::net::TcpStream::connect(("127.0.0.1", address.port())).is_err());
}

#[test]
fn a_connection_that_outlasts_the_drain_is_cut_off() {
    let backend = echo("e");
    let proxyd = Proxyd::start(&document(&[&backend], "", "").proxy("drainTimeout: 200ms"));
    let (mut client, _) = greeted(&proxyd);
    proxyd.terminate();
    proxyd.log().wait_for("\"draining\"", 1);
    // Whoever reads until the end must not take this for one.
    assert_eq!(client.rest(), (Vec::new(), Ending::Reset));
    backend.wait_for_ends(1);
    let ended = proxyd.wait();
    assert!(ended.log.iter().any(|line| line.contains("\"ended\"")), "{:#?}", ended.log);
}

/// Limits of requests are none of relayed connections'.
#[test]
fn timeouts_of_requests_are_none_of_connections() {
    let backend = echo("e");
    let settings = "timeout: 100ms, headerTimeout: 100ms, keepAliveTimeout: 100ms, bodyMinRate: 1mb";
    let document =
        document(&[&backend], "", "timeout: 100ms").proxy(settings).listener_with("127.0.0.1:0", "");
    let proxyd = Proxyd::start(&document);
    let (mut client, _) = greeted(&proxyd);
    // A client of HTTP that says nothing is the clock.
    assert_eq!(Connection::to(&proxyd.nth_address(2)).rest().1, Ending::Closed);
    assert_eq!(Connection::to(&proxyd.nth_address(2)).rest().1, Ending::Closed);
    is_echoed(&mut client, "still here");
}

#[test]
fn connections_of_one_client_are_bounded() {
    let backend = echo("e");
    let proxyd = Proxyd::start(&document(&[&backend], "", "").proxy("maxConnectionsPerClient: 2"));
    let mut held = [greeted(&proxyd).0, greeted(&proxyd).0];
    assert_eq!(proxyd.connect().rest().0, b"");
    for client in &mut held {
        is_echoed(client, "still here");
        client.half_close();
        assert_eq!(client.rest(), (Vec::new(), Ending::Closed));
    }
    assert_eq!(proxyd.stop().connections("client_limit"), 1);
}

/// HTTP is not known there, and none is answered.
#[test]
fn a_listener_of_each_kind_may_be_beside_the_other() {
    let (relayed, served) = (echo("e"), Backend::saying("served"));
    let document = Document::to(&served)
        .listener("127.0.0.1:0")
        .listener_with("127.0.0.1:0", "mode: tcp, upstream: db")
        .upstream("db", &[&relayed], "");
    let proxyd = Proxyd::start(&document);
    assert_eq!(proxyd.get("/").text(), "served");
    let mut client = Connection::to(&proxyd.nth_address(2));
    client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    client.half_close();
    assert_eq!(client.rest().0, b"eGET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
}
