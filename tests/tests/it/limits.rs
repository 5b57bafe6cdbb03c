//! Limits of heads, bodies and connections.

use harness::{Backend, Broken, Document};

use crate::it::front::Front;

/// RFC 9110 section 4.1; RFC 6585 section 5.
#[test]
fn a_head_is_bounded_in_size_number_and_target() {
    let front = Front::new();
    let many = |count: usize| -> String { (0..count).map(|number| format!("X-{number}: y\r\n")).collect() };
    let request =
        |target: &str, fields: &str| format!("GET {target} HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n");
    let path = |length: usize| format!("/{}", "a".repeat(length - 1));

    assert_eq!(front.passes(request(&path(8000), "")).target().len(), 8000);
    assert_eq!(front.passes(request("/", &many(99))).field("X-98"), Some("y"));
    assert_eq!(
        front.passes(request("/", &format!("X: {}\r\n", "a".repeat(60_000)))).field("X").unwrap().len(),
        60_000
    );

    let answer = front.refuses(request("/", &many(100)), &[431]);
    assert_eq!((answer.reason(), answer.proxy_error()), ("head_too_large", "http_request_error"));
    let answer = front.refuses(request("/", &format!("X: {}\r\n", "a".repeat(70_000))), &[431]);
    assert_eq!(answer.reason(), "head_too_large");
    let answer = front.refuses(request(&path(17_000), ""), &[414]);
    assert_eq!((answer.reason(), answer.proxy_error()), ("uri_too_long", "http_request_error"));
    front.refuses(format!("GET {}", path(70_000)), &[414, 431]);
}

#[test]
fn the_limits_of_a_head_can_be_set() {
    let front = Front::with(Backend::ok(), |backend| {
        Document::to(backend).proxy("maxHeadSize: 1kb, maxFields: 3, maxUriLength: 64")
    });
    let request =
        |target: &str, fields: &str| format!("GET {target} HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n");
    front.passes(request("/", "A: 1\r\nB: 2\r\n"));
    assert_eq!(front.refuses(request("/", "A: 1\r\nB: 2\r\nC: 3\r\n"), &[431]).reason(), "head_too_large");
    assert_eq!(
        front.refuses(request("/", &format!("A: {}\r\n", "x".repeat(1100))), &[431]).reason(),
        "head_too_large"
    );
    front.passes(request(&format!("/{}", "a".repeat(63)), ""));
    assert_eq!(front.refuses(request(&format!("/{}", "a".repeat(64)), ""), &[414]).reason(), "uri_too_long");
}

#[test]
fn a_body_beyond_the_limit_is_refused_before_it_is_sent_on() {
    let front = Front::with(Backend::ok(), |backend| {
        Document::to(backend)
            .proxy("maxBodySize: 10")
            .route("id: big, path: /big, upstream: app, maxBodySize: 20")
            .route("id: any, path: /any, upstream: app, maxBodySize: off")
    });
    let request = |path: &str, size: usize| {
        format!("POST {path} HTTP/1.1\r\nHost: a.test\r\nContent-Length: {size}\r\n\r\n{}", "x".repeat(size))
    };
    front.passes(request("/", 10));
    front.passes(request("/big", 20));
    front.passes(request("/any", 1000));
    for (path, size) in [("/", 11), ("/big", 21)] {
        let before = front.backend.request_count();
        let answer = front.proxyd.ask(request(path, size));
        assert_eq!((answer.status(), answer.reason()), (413, "body_too_large"));
        assert_eq!(answer.proxy_error(), "http_request_error");
        assert_eq!(front.backend.requests().len(), before);
    }
    // RFC 9110 section 10.1.1: the client is told before it sends anything.
    let answer = front
        .proxyd
        .ask("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 99999\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!((answer.status(), answer.interim.len()), (413, 0));
}

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

/// A proxy with one worker and this limit, and two connections that rest, the first for longer.
fn with_two_resting(settings: &str) -> (Front, Vec<harness::Connection>) {
    let front =
        Front::with(Backend::ok(), |backend| Document::to(backend).proxy("workers: 1").proxy(settings));
    let mut held: Vec<_> = (0..2).map(|_| front.proxyd.connect()).collect();
    for client in &mut held {
        client.ask(REQUEST);
        assert_eq!(client.response().unwrap().status(), 200);
    }
    (front, held)
}

#[test]
fn connections_are_bounded_per_client() {
    let (front, mut held) = with_two_resting("maxConnectionsPerClient: 2");
    let mut third = front.proxyd.connect();
    let _ = third.try_send(REQUEST);
    match third.response() {
        Ok(answer) => assert_eq!(answer.status(), 503),
        Err(Broken::End(_)) => {}
        other => panic!("{other:?}"),
    }
    // The others go on, and a place that is given back is taken again.
    held[0].ask(REQUEST);
    assert_eq!(held[0].response().unwrap().status(), 200);
    let mut gone = held.remove(1);
    gone.half_close();
    assert_eq!(gone.rest().0, b"");
    assert_eq!(front.proxyd.get("/").status(), 200);
    assert_eq!(front.proxyd.stop().connections("client_limit"), 1);
}

#[test]
fn where_connections_are_bounded_one_that_rests_goes_for_one_that_comes() {
    let (front, mut held) = with_two_resting("maxConnections: 2");
    assert_eq!(front.proxyd.get("/").status(), 200);
    let is_closed: Vec<_> = held.iter_mut().map(|client| client.try_ask(REQUEST).is_none()).collect();
    assert!(is_closed.contains(&true), "two rest and one came, where two may be");
    assert_eq!(front.proxyd.stop().connections("connection_limit"), 0);
}
