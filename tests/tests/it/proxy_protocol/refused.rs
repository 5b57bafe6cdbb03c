//! Who is not believed, and what is no header.

use harness::{Backend, Document, Ending, Proxyd, latin1};

use super::believed::{ALL, OPTIONAL};
use super::header::{ARRIVAL, CLIENT, PROXY, TCP4, binary, v1, v2, v2_checked, v2_with, vector};

const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

fn start(backend: &Backend, listener: &str) -> Proxyd {
    Proxyd::start(&Document::to(backend).listener_with("127.0.0.1:0", listener))
}

/// From a stranger, a header is a request like any other, and a bad one.
#[test]
fn a_header_of_a_stranger_is_a_bad_request() {
    for listener in [
        "proxyProtocol: { from: [\"10.0.0.0/8\", \"::1\"] }",
        "proxyProtocol: { from: [\"10.0.0.0/8\"], required: false }",
        "",
    ] {
        let backend = Backend::ok();
        let proxyd = start(&backend, listener);
        for header in [v1(CLIENT, ARRIVAL), v2(CLIENT, ARRIVAL), b"PROXY UNKNOWN\r\n".to_vec()] {
            let mut client = proxyd.connect();
            client.ask([&header, GET.as_bytes()].concat());
            let answer = client.response().unwrap();
            assert_eq!(answer.status(), 400, "{answer:?}");
            assert!(answer.closes());
            assert_eq!(client.rest().0, b"");
        }
        assert_eq!(backend.request_count(), 0);
        // It is no load balancer, so that nothing is asked of it.
        assert_eq!(proxyd.get("/").status(), 200);
        assert_eq!(backend.requests().last().unwrap().all("X-Forwarded-For"), ["127.0.0.1"]);
    }
}

/// The connection ends without an answer, and nothing of it goes anywhere.
#[track_caller]
fn check_closed(listener: &str, bytes: &[u8]) {
    let backend = Backend::ok();
    let proxyd = start(&backend, listener);
    let mut client = proxyd.connect();
    let _ = client.try_send(bytes);
    assert_eq!(latin1(&client.rest().0), "", "{:?}", latin1(bytes));
    assert_eq!(backend.connections(), 0, "{:?}", latin1(bytes));
    let ended = proxyd.stop();
    assert_eq!(ended.connections("bad_proxy_header"), 1, "{:?}: {:#?}", latin1(bytes), ended.log);
}

#[test]
fn where_a_header_is_required_a_connection_without_one_is_closed() {
    for bytes in
        [GET.as_bytes(), b"G", b"\r\n\r\nGET", b"\x16\x03\x01\x00\x05hello", b"PRI * HTTP/2.0\r\n\r\n"]
    {
        check_closed(ALL, bytes);
    }
}

/// What begins as a header and is none is not taken for data, where a header is optional either.
#[test]
fn a_malformed_header_closes_the_connection() {
    let line = |line: &str| format!("{line}\r\n{GET}").into_bytes();
    let behind = |header: Vec<u8>| [&header, GET.as_bytes()].concat();
    let mut wrong_checksum = v2_checked(CLIENT, ARRIVAL, &[]);
    *wrong_checksum.last_mut().unwrap() ^= 1;
    for bytes in [
        line("PROXY TCP5 1.1.1.1 2.2.2.2 1 2"),
        line("PROXY TCP4 1.1.1.1 2.2.2.2 1"),
        line("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3"),
        line("PROXY TCP4 1.1.1.1  2.2.2.2 1 2"),
        line("PROXY TCP4 1.1.1.256 2.2.2.2 1 2"),
        line("PROXY TCP4 01.1.1.1 2.2.2.2 1 2"),
        line("PROXY TCP4 ::1 ::2 1 2"),
        line("PROXY TCP6 1.1.1.1 2.2.2.2 1 2"),
        line("PROXY TCP4 1.1.1.1 2.2.2.2 1 65536"),
        line("PROXY TCP4 1.1.1.1 2.2.2.2 -1 2"),
        line("PROXY TCP4 a.test b.test 1 2"),
        format!("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n{GET}").into_bytes(),
        format!("PROXY UNKNOWN {}\r\n{GET}", "x".repeat(100)).into_bytes(),
        behind(binary(0x11, TCP4, &[0; 12])),
        behind(binary(0x22, TCP4, &[0; 12])),
        behind(binary(PROXY, 0x12, &[0; 12])),
        behind(binary(PROXY, 0x41, &[0; 12])),
        behind(binary(PROXY, TCP4, &[0; 11])),
        behind(v2_with(CLIENT, ARRIVAL, &[1])),
        behind(v2_with(CLIENT, ARRIVAL, &[1, 0, 9, 1])),
        behind(v2_with(CLIENT, ARRIVAL, &[vector(3, &[0; 4]), vector(3, &[0; 4])].concat())),
        behind(wrong_checksum),
        behind(v2_with(CLIENT, ARRIVAL, &vector(4, &[0; 60_000]))),
    ] {
        check_closed(ALL, &bytes);
        check_closed(OPTIONAL, &bytes);
    }
}

/// One header is read; another one is a request, and a bad one.
#[test]
fn a_second_header_is_a_bad_request() {
    let backend = Backend::ok();
    for listener in [ALL, OPTIONAL] {
        let proxyd = start(&backend, listener);
        for second in [v1("192.0.2.66:1", ARRIVAL), v2("192.0.2.66:1", ARRIVAL)] {
            let mut client = proxyd.connect();
            client.ask([&v1(CLIENT, ARRIVAL), &second, GET.as_bytes()].concat());
            assert_eq!(client.response().unwrap().status(), 400);
        }
        // Nor is one read between two requests.
        let mut client = proxyd.connect();
        client.ask([&v1(CLIENT, ARRIVAL), GET.as_bytes()].concat());
        assert_eq!(client.response().unwrap().status(), 200);
        client.ask([&v1("192.0.2.66:1", ARRIVAL), GET.as_bytes()].concat());
        assert_eq!(client.response().unwrap().status(), 400);
    }
    let forwarded: Vec<_> = backend.requests();
    assert!(forwarded.iter().all(|request| request.field("X-Forwarded-For") == Some("203.0.113.7")));
    assert_eq!(forwarded.len(), 2);
}

#[test]
fn a_load_balancer_that_leaves_within_a_header_leaves_nothing_behind() {
    let backend = Backend::ok();
    let proxyd = start(&backend, ALL);
    for header in [v1(CLIENT, ARRIVAL), v2(CLIENT, ARRIVAL)] {
        for count in [0, 1, header.len() - 1] {
            let mut client = proxyd.connect();
            client.send(&header[..count]);
            client.half_close();
            assert_eq!(client.rest(), (Vec::new(), Ending::Closed), "{count}");
        }
    }
    let ended = proxyd.stop();
    assert_eq!((ended.connections("client_gone"), backend.connections()), (6, 0), "{:#?}", ended.log.last());
}
