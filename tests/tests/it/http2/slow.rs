//! Clients that are slow on purpose.

use harness::frames::{Event, Fields, Frame, Http2, PREFACE, code, setting};
use harness::{Backend, Document, Ending, Proxyd};

use super::limits::STREAMS;
use super::siege::{Siege, ended};

/// A proxy that waits for a head as long as that, and for anything else for long.
fn impatient(settings: &str) -> (Backend, Proxyd) {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend).proxy(settings));
    (backend, proxyd)
}

/// RFC 9113 section 3.4. A preface that takes too long ends the connection, wherever it stops.
#[test]
fn a_preface_that_does_not_come_whole_ends_the_connection() {
    let (backend, proxyd) = impatient("headerTimeout: 300ms, keepAliveTimeout: 1h");
    let settings = Frame::settings(&[(setting::ENABLE_PUSH, 0)]).bytes();
    let whole = [PREFACE, &settings].concat();
    for length in [1, 4, 16, PREFACE.len() - 1, PREFACE.len(), PREFACE.len() + 5, whole.len() - 1] {
        let mut client = Http2::silent(&proxyd.address());
        client.connection.send(&whole[..length]);
        drop(client.connection.rest());
    }
    assert_eq!(backend.connections(), 0);
}

/// nginx keeps such a connection for longer than it should.
#[test]
fn a_field_block_that_does_not_come_whole_ends_the_connection() {
    let (backend, proxyd) = impatient("headerTimeout: 300ms, keepAliveTimeout: 1h");
    let head = Frame::headers(1, &Fields::request("GET", "/")).end();
    let within = |bytes: &[u8]| {
        let mut client = Http2::to(&proxyd.address());
        client.connection.send(bytes);
        client.rest();
    };
    within(&head.clone().unfinished().bytes());
    within(&[head.clone().unfinished().bytes(), Frame::continuation(1, []).unfinished().bytes()].concat());
    let whole = head.bytes();
    within(&whole[..5]);
    within(&whole[..whole.len() - 1]);
    assert_eq!(backend.connections(), 0);
}

/// The time counts from the first frame: frames that trickle do not make it longer.
#[test]
fn a_field_block_that_trickles_ends_the_connection_as_well() {
    let (backend, proxyd) = impatient("headerTimeout: 300ms, keepAliveTimeout: 1h");
    let mut client = Http2::to(&proxyd.address());
    client.send(&Frame::headers(1, &Fields::request("GET", "/")).end().unfinished());
    let mut writing = client.connection.writer();
    std::thread::spawn(move || {
        let part = Frame::continuation(1, Fields::new().and("x", "y").block()).unfinished().bytes();
        // A pace, not a wait: so slow is this client.
        while writing.try_send(&part).is_ok() {
            std::thread::park_timeout(std::time::Duration::from_millis(50));
        }
    });
    client.rest();
    assert_eq!(backend.connections(), 0);
}

#[test]
fn a_connection_that_rests_for_too_long_is_closed() {
    let (_backend, proxyd) = impatient("keepAliveTimeout: 200ms, headerTimeout: 1h");
    let mut client = Http2::to(&proxyd.address());
    let stream = client.ask(&Fields::request("GET", "/"));
    assert_eq!(client.response(stream).status(), 200);
    let ended = ended(&mut client);
    assert_eq!((ended.code, ended.ending), (Some(code::NO_ERROR), Ending::Closed));
}

/// A request that takes long is no rest.
#[test]
fn a_connection_with_a_request_does_not_rest() {
    let backend = Backend::start(|session| {
        let _ = session.request();
        session.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for _ in 0..8 {
            session.send("1\r\nx\r\n");
            // A pace, not a wait: so slow is this backend.
            std::thread::park_timeout(std::time::Duration::from_millis(100));
        }
        session.send("0\r\n\r\n");
    });
    let proxyd =
        Proxyd::start(&Document::to(&backend).proxy("keepAliveTimeout: 200ms, headerTimeout: 200ms"));
    let mut client = Http2::to(&proxyd.address());
    let stream = client.ask(&Fields::request("GET", "/"));
    assert_eq!(client.response(stream).text(), "xxxxxxxx");
}

#[test]
fn a_request_s_body_that_stops_is_given_up() {
    let backend = Backend::start(|session| {
        let _ = session.request();
    });
    let proxyd = Proxyd::start(&Document::to(&backend).proxy("bodyIdleTimeout: 300ms"));
    let mut client = Http2::to(&proxyd.address());
    let stream = client.stream();
    client.send_all(&[Frame::headers(stream, &Fields::request("POST", "/")), Frame::data(stream, "hello")]);
    let received = client.try_response(stream).unwrap();
    assert!(received.reset.is_some() || received.status() == 408, "{received:?}");
    backend.wait_for_ends(1);
    assert!(backend.requests().is_empty());
    // The connection is none the worse for it.
    client.settle();
}

/// CVE-2019-9511, CVE-2019-9517: no window at all, on every stream.
#[test]
fn streams_whose_client_takes_nothing_are_given_up() {
    let siege = Siege::with("bodyIdleTimeout: 300ms", |session| {
        while session.request().is_ok() {
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n");
            session.send(vec![b'x'; 4 << 20]);
        }
    });
    // Whoever comes again costs nothing more.
    for _ in 0..3 {
        take_nothing(&siege);
    }
    siege.end();
}

/// Opens as many streams as there may be, without a window, and waits until each is given up.
#[track_caller]
fn take_nothing(siege: &Siege) {
    let mut client = Http2::with(&siege.proxyd.address(), &[(setting::INITIAL_WINDOW_SIZE, 0)]);
    client.replenishes = false;
    for _ in 0..STREAMS {
        client.ask(&Fields::request("GET", "/"));
    }
    let mut given_up = 0;
    while given_up < STREAMS {
        match client.read() {
            Event::Reset { .. } => given_up += 1,
            Event::End(_) => break,
            Event::Silence => panic!("{given_up} streams were given up, and no more"),
            Event::Data { bytes, .. } => assert!(bytes.is_empty(), "there is no window"),
            _ => {}
        }
    }
    siege.backend.wait_for_ends(siege.backend.connections());
}

/// The same with the window of the connection, and with a client that does not even read.
#[test]
fn a_client_that_reads_nothing_is_given_up() {
    let siege = Siege::with("bodyIdleTimeout: 300ms", |session| {
        while session.request().is_ok() {
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n");
            session.send(vec![b'x'; 4 << 20]);
        }
    });
    let mut client = Http2::with(&siege.proxyd.address(), &[(setting::INITIAL_WINDOW_SIZE, (1 << 31) - 1)]);
    for _ in 0..20 {
        client.ask(&Fields::request("GET", "/"));
    }
    siege.backend.wait_for(20);
    siege.backend.wait_for_ends(20);
    let mut deaf = Http2::with(&siege.proxyd.address(), &[(setting::INITIAL_WINDOW_SIZE, (1 << 31) - 1)]);
    deaf.send(&Frame::window_update(0, (1 << 31) - 65_536));
    for _ in 0..20 {
        deaf.ask(&Fields::request("GET", "/"));
    }
    siege.backend.wait_for(40);
    siege.backend.wait_for_ends(40);
    drop((client, deaf));
    siege.end();
}
