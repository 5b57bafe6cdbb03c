//! What bounds connections of load balancers.

use harness::tls::{Authority, Files};
use harness::{Backend, Broken, Connection, Document, Proxyd};

use super::believed::ALL;
use super::header::{ARRIVAL, v1, v2};

const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

/// The limit of connections is one of clients, not one of load balancers.
#[test]
fn connections_are_counted_for_the_client_that_is_announced() {
    let backend = Backend::ok();
    let document =
        Document::to(&backend).listener_with("127.0.0.1:0", ALL).proxy("maxConnectionsPerClient: 2");
    let proxyd = Proxyd::start(&document);
    let connect = |client: &str| {
        let mut connection = proxyd.connect();
        connection.ask([&v2(client, ARRIVAL), GET.as_bytes()].concat());
        let is_served = match connection.response() {
            Ok(answer) => answer.status() == 200,
            Err(Broken::End(_)) => false,
            other => panic!("{other:?}"),
        };
        (connection, is_served)
    };
    let mut held: Vec<(Connection, bool)> =
        (1..=10).map(|number| connect(&format!("203.0.113.{number}:1"))).collect();
    held.extend((1..=10).map(|number| connect(&format!("203.0.113.{number}:2"))));
    assert!(held.iter().all(|(_, is_served)| *is_served), "a client has no more than it may have");
    for number in [1, 5, 10] {
        assert!(!connect(&format!("203.0.113.{number}:3")).1, "a third connection of client {number}");
    }
    // A place that is given back is taken again.
    let (mut gone, _) = held.remove(0);
    gone.half_close();
    assert_eq!(gone.rest().0, b"");
    assert!(connect("203.0.113.1:4").1);
    assert_eq!(proxyd.stop().connections("client_limit"), 3);
}

#[test]
fn a_load_balancer_that_says_nothing_has_until_the_handshake_timeout() {
    let (authority, files, backend) = (Authority::new("root"), Files::new(), Backend::ok());
    let listener = format!("tls: {{ handshakeTimeout: 100ms }}, {ALL}");
    let document = Document::to(&backend)
        .listener_with("127.0.0.1:0", &listener)
        .certificate(&files.put("a", &authority.leaf(&["a.test"])));
    let proxyd = Proxyd::start(&document);
    let header = v1("203.0.113.7:1", ARRIVAL);
    // Silent before the header, within it, and behind it.
    for count in [0, 9, header.len()] {
        let mut client = proxyd.connect();
        client.send(&header[..count]);
        assert_eq!(client.rest().0, b"", "{count}");
    }
    assert_eq!(proxyd.stop().connections("handshake_timeout"), 3);
}

/// The time is for all that comes before TLS, and TLS: a byte now and then gives no more of it.
#[test]
fn a_load_balancer_that_drips_has_no_more_time() {
    let (authority, files, backend) = (Authority::new("root"), Files::new(), Backend::ok());
    let listener = format!("tls: {{ handshakeTimeout: 300ms }}, {ALL}");
    let document = Document::to(&backend)
        .listener_with("127.0.0.1:0", &listener)
        .certificate(&files.put("a", &authority.leaf(&["a.test"])));
    let proxyd = Proxyd::start(&document);
    let mut client = proxyd.connect();
    let mut writer = client.writer();
    // A line that could go on for more than ten seconds.
    let dripping = std::thread::spawn(move || {
        for byte in format!("PROXY UNKNOWN {}", "x".repeat(90)).bytes() {
            if writer.try_send([byte]).is_err() {
                return true;
            }
            std::thread::park_timeout(std::time::Duration::from_millis(100));
        }
        false
    });
    assert_eq!(client.rest().0, b"");
    drop(client);
    assert!(dripping.join().unwrap(), "it was listened to to the end");
    assert_eq!(proxyd.stop().connections("handshake_timeout"), 1);
}

/// Nobody has asked for anything there.
#[test]
fn a_connection_without_a_header_does_not_hold_the_end_up() {
    let backend = Backend::ok();
    let document = Document::to(&backend).listener_with("127.0.0.1:0", ALL).proxy("drainTimeout: 1h");
    let proxyd = Proxyd::start(&document);
    let mut silent = proxyd.connect();
    let mut halfway = proxyd.connect();
    halfway.send(b"PROXY TCP4");
    // One that is served shows that the others have been accepted.
    let mut served = proxyd.connect();
    served.ask([&v1("203.0.113.7:1", ARRIVAL), GET.as_bytes()].concat());
    assert_eq!(served.response().unwrap().status(), 200);
    assert_eq!(proxyd.stop().code, Some(0));
    assert_eq!((silent.rest().0, halfway.rest().0), (Vec::new(), Vec::new()));
}

/// Behind a header, a client has as long as any other.
#[test]
fn a_client_that_is_announced_and_asks_for_nothing_is_given_up() {
    let backend = Backend::ok();
    let document = Document::to(&backend)
        .listener_with("127.0.0.1:0", ALL)
        .proxy("headerTimeout: 200ms, keepAliveTimeout: 200ms");
    let proxyd = Proxyd::start(&document);
    let header = v1("203.0.113.7:1", ARRIVAL);
    for begun in ["", "GET / HTTP/1.1\r\nHo"] {
        let mut client = proxyd.connect();
        client.send([&header, begun.as_bytes()].concat());
        let (answer, _) = client.rest();
        let answer = harness::latin1(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{answer}");
    }
    assert_eq!(backend.connections(), 0);
}
