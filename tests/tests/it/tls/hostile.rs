//! Clients that do not shake hands as they should.

use harness::tls::{Refused, Version};
use harness::{Broken, Connection, Ending, latin1};

use super::hello::{Heard, Hello, hear, record};
use super::place::Place;

/// A place where TLS is ended, and one where connections for some names are passed on before it is: there the first bytes
/// are read by somebody else.
fn places(settings: &str) -> [Place; 2] {
    [false, true].map(|passes| {
        Place::with(|ground| {
            let document = ground.tls(settings).certificate(&ground.leaf(&["a.test"]));
            if passes { document.route("vHost: passed.test, mode: tcp, upstream: app") } else { document }
        })
    })
}

/// The next client is served as if nothing had been.
#[track_caller]
fn serves(place: &Place) {
    assert_eq!(place.client().get(&place.address(), "a.test").status(), 200);
}

#[test]
fn a_hello_in_pieces_is_a_hello() {
    for place in places("") {
        // As the network may cut it.
        for version in [Version::V12, Version::V13] {
            let client = place.client().version(version);
            let connection = Connection::to(&place.address());
            let bytes = |flight: Vec<u8>| flight.into_iter().map(|byte| vec![byte]).collect();
            let mut connection = client.begin(connection, "a.test", bytes).unwrap();
            connection.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
            assert_eq!(connection.response().unwrap().status(), 200, "{version:?}");
        }
        // RFC 8446 section 5.1: as records may cut it.
        for version in [Version::V12, Version::V13] {
            let client = place.client().version(version);
            for size in [1, 7, 100] {
                let records = |flight: Vec<u8>| flight[5..].chunks(size).map(record).collect();
                let connection = Connection::to(&place.address());
                let connection = client.begin(connection, "a.test", records);
                let mut connection =
                    connection.unwrap_or_else(|refused| panic!("{version:?}, {size}: {refused:?}"));
                connection.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
                assert_eq!(connection.response().unwrap().status(), 200, "{version:?}, {size}");
            }
        }
    }
}

/// A padding of ClientHellos: RFC 7685.
const PADDING: u16 = 21;

/// A hello of less than 64 kB may be one, as keys that resist quantum computers grow; one that promises more is none.
#[test]
fn a_hello_that_is_too_large_is_refused_and_takes_no_memory() {
    for place in places("") {
        let large = Hello::of("a.test").with(PADDING, &vec![0; 60_000]).message();
        let mut client = Connection::to(&place.address());
        large.chunks(16_000).for_each(|part| client.send(record(part)));
        assert!(matches!(hear(&mut client), Heard::Handshake(_)));
        client.half_close();
        let before = place.proxyd.memory("VmRSS");
        for promise in [&[1, 1, 0, 0, 3, 3], &[1, 0xff, 0xff, 0xff, 3, 3]] {
            let mut clients: Vec<Connection> = (0..50).map(|_| Connection::to(&place.address())).collect();
            for client in &mut clients {
                let _ = client.try_send(record(promise));
                // It is refused somewhere on the way.
                let parts = std::iter::repeat_n(record(&[7; 16_000]), 1_000);
                let sent = parts.map_while(|part| client.try_send(part).ok()).count();
                assert!(sent < 1_000, "{promise:?}: all was taken");
            }
        }
        serves(&place);
        let grown = place.proxyd.memory("VmRSS").saturating_sub(before);
        assert!(grown < 16 << 20, "{grown} bytes more");
        assert_eq!(place.proxyd.stop().connections("handshake_failed:not_tls"), 100);
    }
}

#[test]
fn what_is_no_tls_is_refused_at_once() {
    for place in places("") {
        let garbage: [&[u8]; 8] = [
            b"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"SSH-2.0-OpenSSH_9.6\r\n",
            &[0; 100],
            &[0xff; 100],
            // A record that is too long, one of data, an empty one: RFC 8446 section 5.1.
            &[22, 3, 1, 0xff, 0xff, 1, 2, 3],
            &[23, 3, 3, 0, 5, 1, 2, 3, 4, 5],
            &[22, 3, 1, 0, 0],
        ];
        for bytes in garbage {
            let mut client = Connection::to(&place.address());
            client.send(bytes);
            client.half_close();
            let (rest, _) = client.rest();
            assert!(rest.is_empty() || rest[0] == 21, "{:?} has {:?}", latin1(bytes), latin1(&rest));
            serves(&place);
        }
        assert_eq!(place.backend.request_count(), garbage.len());
        let ended = place.proxyd.stop();
        let counted =
            ended.connections("handshake_failed:not_tls") + ended.connections("handshake_failed:closed");
        assert_eq!(counted, garbage.len() as u64, "{:#?}", ended.log);
        assert!(ended.connections("handshake_failed:not_tls") >= 6, "{:#?}", ended.log);
    }
}

#[test]
fn a_hello_with_any_bit_turned_breaks_nothing() {
    for place in places("") {
        let hello = Hello::of("a.test").bytes();
        for at in 0..hello.len() {
            let mut bytes = hello.clone();
            bytes[at] ^= 1 << (at % 8);
            let mut client = Connection::to(&place.address());
            client.send(&bytes);
            client.half_close();
            let _ = client.rest();
        }
        serves(&place);
        assert_eq!(place.proxyd.stop().code, Some(0));
    }
}

#[test]
fn a_client_that_leaves_within_the_handshake_is_counted_as_gone() {
    for place in places("") {
        for bytes in [&[][..], &Hello::of("a.test").bytes()[..20], &Hello::of("a.test").bytes()] {
            let mut client = Connection::to(&place.address());
            client.send(bytes);
            client.half_close();
            let _ = client.rest();
        }
        // One is cut off behind the answer.
        let mut client = Connection::to(&place.address());
        client.send(Hello::of("a.test").bytes());
        assert!(matches!(hear(&mut client), Heard::Handshake(_)));
        client.reset();
        serves(&place);
        let ended = place.proxyd.stop();
        // Before the name is known, nobody knows whether it would have been a handshake here.
        let gone = ended.connections("handshake_failed:closed") + ended.connections("client_gone");
        assert_eq!(gone, 3, "{:#?}", ended.log);
    }
}

/// CWE-400: whoever says nothing, or not all, holds nothing for long.
#[test]
fn a_handshake_has_its_time_and_no_more() {
    for place in places("handshakeTimeout: 300ms") {
        let hello = Hello::of("a.test").bytes();
        let starts: [&[u8]; 4] = [&[], &hello[..1], &hello[..hello.len() / 2], &hello];
        let mut clients: Vec<Connection> = starts
            .iter()
            .map(|bytes| {
                let mut client = Connection::to(&place.address());
                client.send(bytes);
                client
            })
            .collect();
        serves(&place);
        for client in &mut clients {
            let _ = client.rest();
        }
        assert_eq!(place.proxyd.stop().connections("handshake_timeout"), starts.len() as u64);
    }
}

#[test]
fn a_handshake_that_goes_on_and_on_has_no_more_time_than_another() {
    for place in places("handshakeTimeout: 300ms") {
        let hello = Hello::of("a.test").with(PADDING, &vec![0; 8_000]).message();
        let mut client = Connection::to(&place.address());
        let mut reader = client.writer();
        let ended = std::thread::spawn(move || reader.rest());
        let mut bytes = hello.chunks(1).map(record);
        let sent = std::iter::from_fn(|| {
            std::thread::park_timeout(std::time::Duration::from_millis(1));
            client.try_send(bytes.next()?).ok()
        });
        assert!(sent.count() < hello.len(), "it could say all");
        let _ = ended.join();
        serves(&place);
        assert_eq!(place.proxyd.stop().connections("handshake_timeout"), 1);
    }
}

#[test]
fn the_time_of_a_handshake_is_not_that_of_requests() {
    let place = Place::with(|ground| {
        ground
            .tls("handshakeTimeout: 200ms")
            .listener_with("127.0.0.1:0", "tls: { handshakeTimeout: 200ms }")
            .certificate(&ground.leaf(&["a.test"]))
    });
    let mut early = place.client().to(&place.address(), "a.test");
    // Meanwhile another one runs out of its time.
    let mut silent = Connection::to(&place.address());
    assert_eq!(silent.rest().0.len(), 0);
    early.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(early.response().unwrap().status(), 200);
}

/// RFC 8446 section 4.1.2: there is no renegotiation; RFC 5746.
#[test]
fn a_second_hello_within_a_connection_ends_it() {
    let place = Place::new();
    let mut client = place.client().version(Version::V12).to(&place.address(), "a.test");
    client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(client.response().unwrap().status(), 200);
    // In the clear it breaks the record layer.
    client.send_below_tls(Hello::of("a.test").bytes());
    assert!(matches!(client.rest().1, Ending::Reset | Ending::Closed));
    assert!(matches!(client.tls_failure(), Some(Refused::Alert(_)) | None), "{:?}", client.tls_failure());
    serves(&place);
}

/// RFC 8446 section 6.1: an end without `close_notify` may be a cut, so that a body which it would end is none.
#[test]
fn a_request_that_is_cut_below_tls_does_not_reach_a_backend_as_a_whole() {
    let place = Place::new();
    let mut client = place.client().to(&place.address(), "a.test");
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n12345");
    client.close_below_tls();
    let answer = client.head();
    assert!(!matches!(&answer, Ok(head) if head.status() == 200), "{answer:?}");
    assert_eq!(place.backend.request_count(), 0);
    serves(&place);
}

#[test]
fn an_alert_of_the_client_ends_the_handshake() {
    let place = Place::new();
    // A client that believes another authority.
    let stranger = harness::tls::Client::new(&harness::tls::Authority::new("others"));
    for version in [Version::V12, Version::V13] {
        let refused = stranger.clone().version(version).refused(&place.address(), "a.test");
        assert!(matches!(refused, Refused::Own(_)), "{refused:?}");
    }
    serves(&place);
    assert_eq!(place.proxyd.stop().connections("handshake_failed:alert"), 2);
}

#[test]
fn a_plain_request_at_the_port_of_tls_gets_no_answer_in_http() {
    let place = Place::new();
    let mut client = Connection::to(&place.address());
    client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let answer = client.head();
    assert!(matches!(answer, Err(Broken::End(_) | Broken::Cut(..))), "{answer:?}");
    assert_eq!(place.backend.connections(), 0);
    assert_eq!(place.proxyd.stop().connections("handshake_failed:not_tls"), 1);
}

#[test]
fn a_handshake_that_is_under_way_when_the_proxy_ends_does_not_keep_it() {
    for place in places("") {
        let mut silent = Connection::to(&place.address());
        let mut half = Connection::to(&place.address());
        half.send(Hello::of("a.test").bytes());
        assert!(matches!(hear(&mut half), Heard::Handshake(_)));
        serves(&place);
        let ended = place.proxyd.stop();
        assert_eq!(ended.code, Some(0), "{:#?}", ended.log);
        assert_eq!(silent.rest().0.len(), 0);
    }
}
