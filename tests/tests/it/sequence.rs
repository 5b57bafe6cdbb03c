//! One request after another on a connection: what belongs to which, and what is left over.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use harness::{Backend, Broken, Document};

use crate::it::front::{Front, SMUGGLED};

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n\r\n";

/// CVE-2026-2833.
#[test]
fn bytes_behind_an_upgrade_that_was_declined_are_requests_of_their_own() {
    for answer in ["200 OK", "426 Upgrade Required", "404 Not Found"] {
        let backend = Backend::answering(format!("HTTP/1.1 {answer}\r\nContent-Length: 2\r\n\r\nno"));
        let front = Front::with(backend, Document::to);
        let answers = front.answers(format!("{UPGRADE}GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n"));
        assert_eq!(answers.len(), 2, "{answer}: {answers:#?}");
        let seen = front.backend.requests();
        assert_eq!(seen[1].target(), "/next");
        assert_eq!(seen[1].all("Via"), ["1.1 proxyd"], "it was passed through");
    }
}

/// CVE-2026-2833.
#[test]
fn frames_behind_an_upgrade_that_was_declined_never_reach_the_backend() {
    let front = Front::new();
    let answers = front.answers([UPGRADE.as_bytes(), b"\x81\x05hello\r\n\r\n"].concat());
    let statuses: Vec<u16> = answers.iter().map(harness::Message::status).collect();
    assert_eq!(statuses, [200, 400]);
    assert!(front.backend.bytes().iter().all(|seen| !seen.windows(5).any(|part| part == b"hello")));
}

/// CVE-2025-4366; RUSTSEC-2020-0093.
#[test]
fn the_body_of_a_request_that_the_proxy_answers_itself_is_never_a_request() {
    let document = |backend: &Backend| {
        Document::new()
            .upstream("app", &[backend], "")
            .route("id: app, path: /app, upstream: app")
            .route("id: own, path: /own, respond: { status: 200, body: own }")
            .route("id: moved, path: /moved, redirect: { to: /app }")
            .route("id: smuggled, path: /smuggled, upstream: app")
    };
    let front = Front::with(Backend::ok(), document);
    let chunked =
        format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{SMUGGLED}\r\n0\r\n\r\n", SMUGGLED.len());
    let long = SMUGGLED.repeat(4000);
    for body in [
        format!("Content-Length: {}\r\n\r\n{SMUGGLED}", SMUGGLED.len()),
        chunked,
        format!("Content-Length: {}\r\n\r\n{long}", long.len()),
    ] {
        for (target, status) in [("/none", 404), ("/own", 200), ("/moved", 308)] {
            let next = "GET /app HTTP/1.1\r\nHost: a.test\r\n\r\n";
            let before = front.backend.request_count();
            let mut client = front.proxyd.connect();
            client.ask(format!("POST {target} HTTP/1.1\r\nHost: a.test\r\n{body}"));
            let answer = client.response().unwrap();
            assert_eq!(answer.status(), status);
            if answer.closes() {
                assert_eq!(client.rest().0, b"", "{target}");
                assert_eq!(front.backend.requests().len(), before);
            } else {
                client.ask(next);
                assert_eq!(client.response().unwrap().text(), "ok", "{target}");
                let seen = front.backend.requests_since(before);
                assert_eq!(seen.len(), 1, "{target}: {seen:#?}");
                assert_eq!(seen[0].target(), "/app");
            }
        }
    }
}

/// RUSTSEC-2020-0093: what is left of a small body is read, so that the connection can go on.
#[test]
fn a_small_body_does_not_cost_the_connection() {
    let front = Front::with(Backend::ok(), |backend| {
        Document::new().upstream("app", &[backend], "").route("id: app, path: /app, upstream: app")
    });
    let mut client = front.proxyd.connect();
    client.ask("POST /none HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(client.response().unwrap().status(), 404);
    client.ask("GET /app HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(client.response().unwrap().status(), 200);
}

/// "HTTP/1.1 must die" (Kettle 2025), 0.CL.
#[test]
fn a_backend_connection_whose_request_was_not_finished_is_not_used_again() {
    let backend = Backend::start(|session| {
        while session.head().is_ok() {
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    let front = Front::with(backend, Document::to);
    let mut client = front.proxyd.connect();
    client.ask("POST /early HTTP/1.1\r\nHost: a.test\r\nContent-Length: 60\r\n\r\n");
    assert_eq!(client.response().unwrap().status(), 200);
    assert_eq!(front.proxyd.get("/second").status(), 200);
    // The rest of the first request must not be taken for the beginning of another one.
    let _ = client.try_send(SMUGGLED);
    assert_eq!(front.proxyd.get("/third").status(), 200);
    let seen = front.backend.bytes();
    assert!(seen.len() >= 2, "one connection took both");
    assert!(!seen[0].windows(7).any(|part| part == b"/second"), "the first connection was used again");
}

/// RFC 9110 section 10.1.1; "HTTP/1.1 must die".
#[test]
fn odd_expectations_are_refused_or_plain() {
    let front = Front::new();
    for value in ["y 100-continue", "100-continue, y", "100-continu", "200-ok", ""] {
        let request =
            format!("POST / HTTP/1.1\r\nHost: a.test\r\nExpect: {value}\r\nContent-Length: 2\r\n\r\nhi");
        let answer = front.proxyd.ask(request);
        assert!(matches!(answer.status(), 417 | 200 | 400), "{value:?} has {answer:?}");
        assert!(answer.interim.len() <= 1);
    }
    let answer = front.proxyd.ask("GET / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\n\r\n");
    assert!(matches!(answer.status(), 417 | 200), "{answer:?}");
    assert!(front.backend.requests().iter().all(|seen| seen.field("Expect") != Some("y 100-continue")));
}

/// RFC 9110 section 10.1.1.
#[test]
fn the_client_gets_100_at_most_once() {
    let backend = Backend::start(|session| {
        let Ok(head) = session.head() else { return };
        session.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
        if session.body(head).is_ok() {
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    let front = Front::with(backend, Document::to);
    let mut client = front.proxyd.connect();
    client.ask("PUT / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(client.head().unwrap().status(), 100);
    client.send("hello");
    let answer = client.response().unwrap();
    assert_eq!((answer.status(), answer.interim.len()), (200, 0));
    assert_eq!(front.backend.request().text(), "hello");
}

/// RFC 9112 section 8: an incomplete request is not completed by the proxy.
#[test]
fn a_client_that_stops_within_its_body_leaves_the_backend_an_aborted_request() {
    for framing in ["Content-Length: 10\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"] {
        let (has_begun, begun) = channel();
        let (sender, outcome) = channel();
        let senders = Mutex::new((has_begun, sender));
        let backend = Backend::start(move |session| {
            let (has_begun, sender) = &*senders.lock().unwrap();
            let head = session.head().unwrap();
            has_begun.send(()).unwrap();
            sender.send(session.body(head)).unwrap();
        });
        let front = Front::with(backend, Document::to);
        let mut client = front.proxyd.connect();
        client.ask(format!("POST / HTTP/1.1\r\nHost: a.test\r\n{framing}"));
        begun.recv_timeout(harness::PATIENCE).unwrap();
        client.half_close();
        let read = outcome.recv_timeout(harness::PATIENCE).unwrap();
        assert!(matches!(read, Err(Broken::Cut(..))), "{framing}: {read:?}");
        assert!(!matches!(client.response(), Ok(answer) if answer.status() == 200));
    }
}

/// RFC 9112 section 9.3.2.
#[test]
fn pipelined_requests_are_answered_in_order_and_each_is_judged() {
    let backend = Backend::start(|session| {
        while let Ok(request) = session.request() {
            let target = request.target();
            session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{target}", target.len()));
        }
    });
    let front = Front::with(backend, |backend| {
        Document::new()
            .upstream("app", &[backend], "")
            .route("id: app, vHost: a.test, path: /*, upstream: app")
            .route("id: own, vHost: b.test, path: /own, respond: { status: 418, body: own }")
    });
    let answers = front.answers(
        "GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\n\
         GET /own HTTP/1.1\r\nHost: b.test\r\n\r\n\
         POST /2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc\
         GET /3 HTTP/1.1\r\nHost: c.test\r\n\r\n\
         GET /4 HTTP/1.1\r\nHost: a.test\r\nX-Real-IP: 9.9.9.9\r\n\r\n\
         GET /5 HTTP/1.1\r\n\r\n\
         GET /6 HTTP/1.1\r\nHost: a.test\r\n\r\n",
    );
    let seen: Vec<(u16, String)> = answers
        .iter()
        .map(|answer| (answer.status(), if answer.status() < 419 { answer.text() } else { String::new() }))
        .collect();
    let statuses: Vec<u16> = seen.iter().map(|(status, _)| *status).collect();
    assert_eq!(statuses, [200, 418, 200, 404, 200, 400], "nothing is served behind a request without Host");
    assert_eq!([&seen[0].1, &seen[1].1, &seen[2].1, &seen[4].1], ["/1", "own", "/2", "/4"]);
    let requests = front.backend.requests();
    assert_eq!(requests.last().unwrap().all("X-Real-IP"), ["127.0.0.1"]);
}

/// RFC 9112 section 9.6.
#[test]
fn nothing_is_served_behind_a_request_that_ends_the_connection() {
    for closing in [
        "GET /1 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
        "GET /1 HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Close\r\n\r\n",
        "GET /1 HTTP/1.0\r\nHost: a.test\r\n\r\n",
    ] {
        let front = Front::new();
        let answers = front.answers(format!("{closing}{SMUGGLED}"));
        assert_eq!(answers.len(), 1, "{closing:?}");
        assert!(answers[0].closes(), "{closing:?}");
        assert_eq!(front.backend.request().target(), "/1");
    }
}

/// RFC 9112 section 2.2: some clients send an empty line behind a body.
#[test]
fn an_empty_line_between_two_requests_is_skipped() {
    let front = Front::new();
    let first = "POST /1 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello\r\n";
    let answers = front.answers(format!("{first}GET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n"));
    assert_eq!(answers.len(), 2, "{answers:#?}");
    assert_eq!(front.backend.requests()[1].target(), "/2");
}

/// RFC 9110 section 15.2.1: 100 is for whoever waits for it.
#[test]
fn a_100_that_nobody_waits_for_is_dropped() {
    let backend =
        Backend::answering("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let front = Front::with(backend, Document::to);
    for request in ["GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "GET / HTTP/1.0\r\nHost: a.test\r\n\r\n"] {
        let answer = front.proxyd.ask(request);
        assert_eq!((answer.text().as_str(), answer.interim.len()), ("ok", 0));
    }
}

/// RFC 9112 section 6.3: what the proxy answers by itself has its end as well, whatever was asked.
#[test]
fn answers_of_the_proxy_keep_the_connection_in_step() {
    let front = Front::with(Backend::ok(), |_| Document::new());
    let mut client = front.proxyd.connect();
    for method in ["GET", "HEAD", "POST", "DELETE", "HEAD", "OPTIONS"] {
        client.ask(format!("{method} /none HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc"));
        let answer = client.response().unwrap();
        assert_eq!((answer.status(), answer.body.is_empty()), (404, method == "HEAD"));
        assert_ne!(answer.field("Content-Length"), Some("0"));
    }
}
