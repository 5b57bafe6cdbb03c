//! Every time limit has its outcome and its reason. The engine looks ten times a second; times are not judged here.

use std::time::Duration;

use harness::{Backend, Broken, Document, Proxyd, Silent};

const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

/// Sends nothing but asks for failures to be logged.
fn debug(document: Document) -> Document {
    document.line("logging: { level: debug }")
}

#[test]
fn a_head_that_does_not_come_whole_is_answered_with_408() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend).proxy("headerTimeout: 300ms, keepAliveTimeout: 1h"));
    let mut client = proxyd.connect();
    client.ask("GET / HTTP/1.1\r\nHost: a.te");
    let answer = client.response().unwrap();
    assert_eq!((answer.status(), answer.reason(), answer.closes()), (408, "header_timeout", true));
    assert_eq!(answer.proxy_error(), "http_request_error");
    assert_eq!(backend.connections(), 0);
    assert_eq!(proxyd.stop().requests("header_timeout"), 1);
}

/// The time counts from the first byte: bytes that trickle do not make it longer.
#[test]
fn a_head_that_trickles_is_cut_off_as_well() {
    let proxyd = Proxyd::start(&Document::to(&Backend::ok()).proxy("headerTimeout: 300ms"));
    let mut client = proxyd.connect();
    client.ask(GET);
    assert!(client.response().is_ok());
    let mut writing = client.writer();
    std::thread::spawn(move || {
        let _ = writing.try_send("GET / HTTP/1.1\r\nX: ");
        // A pace, not a wait: so slow is this client.
        while writing.try_send("x").is_ok() {
            std::thread::park_timeout(Duration::from_millis(20));
        }
    });
    client.ask("");
    assert_eq!(client.response().unwrap().reason(), "header_timeout");
}

#[test]
fn a_connection_that_says_nothing_is_closed() {
    let proxyd =
        Proxyd::start(&Document::to(&Backend::ok()).proxy("headerTimeout: 200ms, keepAliveTimeout: 1h"));
    assert_eq!(proxyd.connect().rest().0, b"");
}

#[test]
fn a_connection_that_rests_for_too_long_is_closed() {
    let proxyd =
        Proxyd::start(&Document::to(&Backend::ok()).proxy("keepAliveTimeout: 200ms, headerTimeout: 1h"));
    let mut client = proxyd.connect();
    client.ask(GET);
    assert!(!client.response().unwrap().closes());
    assert_eq!(client.rest().0, b"");
    assert_eq!(proxyd.stop().connections("keep_alive_timeout"), 1);
}

#[test]
fn a_connect_that_takes_too_long_ends_in_504_or_at_another_backend() {
    let silent = Silent::new();
    let backend = Backend::ok();
    let document = Document::new()
        .upstream_at("alone", &[silent.address()], "connectTimeout: 200ms")
        .upstream_at("both", &[silent.address(), backend.address().clone()], "connectTimeout: 200ms")
        .route("path: /alone, upstream: alone")
        .route("path: /both, upstream: both");
    let proxyd = Proxyd::start(&document);
    let answer = proxyd.get("/alone");
    assert_eq!((answer.status(), answer.reason()), (504, "connect_timeout"));
    assert_eq!(answer.proxy_error(), "connection_timeout");
    for _ in 0..4 {
        assert_eq!(proxyd.get("/both").text(), "ok");
    }
    assert_eq!(backend.requests().len(), 4);
}

#[test]
fn a_backend_that_does_not_answer_costs_a_504() {
    let backend = Backend::start(|session| {
        let _ = session.request();
        session.hold();
    });
    let document = Document::new()
        .upstream("short", &[&backend], "timeout: 300ms")
        .upstream("long", &[&backend], "timeout: 1h")
        .route("path: /attempt, upstream: short")
        .route("path: /request, upstream: long, timeout: 300ms");
    let proxyd = Proxyd::start(&debug(document));
    let (attempt, request) = (proxyd.get("/attempt"), proxyd.get("/request"));
    assert_eq!((attempt.status(), attempt.reason()), (504, "response_timeout"));
    assert_eq!(
        (attempt.proxy_error(), request.proxy_error()),
        ("http_response_timeout", "http_response_timeout")
    );
    assert_eq!(request.status(), 504);
    // The route's time is less than the attempt's only where the route sets the attempt's as well.
    assert!(matches!(request.reason(), "request_timeout" | "response_timeout"), "{request:?}");
    backend.wait_for_ends(2);
    assert_eq!(backend.requests().len(), 2, "a backend that may be at work is not asked again");
}

#[test]
fn a_proxy_s_own_time_for_a_request_is_request_timeout() {
    let backend = Backend::start(|session| session.hold());
    let document = Document::new()
        .proxy("timeout: 300ms")
        .upstream("app", &[&backend], "timeout: 1h")
        .route("path: /*, upstream: app");
    let answer = Proxyd::start(&document).get("/");
    assert_eq!((answer.status(), answer.reason()), (504, "request_timeout"));
}

#[test]
fn a_request_s_body_that_stops_is_answered_with_408() {
    let backend = Backend::start(|session| {
        let _ = session.request();
    });
    let document = debug(Document::to(&backend).proxy("bodyIdleTimeout: 300ms"));
    for framing in ["Content-Length: 10\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"] {
        let proxyd = Proxyd::start(&document);
        let mut client = proxyd.connect();
        client.ask(format!("POST / HTTP/1.1\r\nHost: a.test\r\n{framing}"));
        let answer = client.response().unwrap();
        assert_eq!((answer.status(), answer.reason(), answer.closes()), (408, "body_timeout", true));
        assert_eq!(proxyd.stop().requests("body_timeout"), 1);
    }
    backend.wait_for_ends(2);
    assert!(backend.requests().is_empty());
}

#[test]
fn an_answer_s_body_that_stops_is_cut_off() {
    let backend = Backend::start(|session| {
        session.request().unwrap();
        session.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        session.hold();
    });
    let proxyd = Proxyd::start(&debug(Document::to(&backend).proxy("bodyIdleTimeout: 300ms")));
    let mut client = proxyd.connect();
    client.ask(GET);
    assert!(matches!(client.response(), Err(Broken::Cut(_, body)) if body == b"hello"));
    backend.wait_for_ends(1);
    assert_eq!(proxyd.stop().requests("body_timeout"), 1);
}

#[test]
fn a_client_that_does_not_read_its_answer_is_cut_off() {
    let backend = Backend::start(|session| {
        session.request().unwrap();
        session.send("HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n");
        session.send(vec![b'x'; 100 << 20]);
    });
    let proxyd = Proxyd::start(&debug(Document::to(&backend).proxy("bodyIdleTimeout: 300ms")));
    let mut client = proxyd.connect();
    client.ask(GET);
    backend.wait_for_ends(1);
    proxyd.log().wait_for("body_timeout", 1);
    assert!(client.count_rest().0 < 100 << 20);
    assert_eq!(proxyd.stop().requests("body_timeout"), 1);
}

/// "Slow body": progress alone is not enough.
#[test]
fn a_body_that_trickles_is_cut_off() {
    let backend = Backend::start(|session| {
        let _ = session.request();
    });
    let proxyd = Proxyd::start(&Document::to(&backend).proxy("bodyMinRate: 1kb"));
    let mut client = proxyd.connect();
    client.ask("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n");
    let mut writing = client.writer();
    std::thread::spawn(move || {
        while writing.try_send("x").is_ok() {
            std::thread::park_timeout(Duration::from_millis(50));
        }
    });
    let answer = client.response().unwrap();
    assert_eq!((answer.status(), answer.reason()), (408, "body_timeout"));
}

#[test]
fn connections_to_backends_are_kept_as_long_and_as_many_as_configured() {
    let ask = |settings: &str| {
        let backend = Backend::ok();
        let document =
            Document::new().upstream("app", &[&backend], settings).route("path: /*, upstream: app");
        let proxyd = Proxyd::start(&document);
        for _ in 0..3 {
            assert_eq!(proxyd.get("/").status(), 200);
        }
        (backend, proxyd)
    };
    let (backend, _proxyd) = ask("");
    assert_eq!(backend.connections(), 1);
    let (backend, _proxyd) = ask("maxIdleConnections: 0");
    assert_eq!(backend.connections(), 3);
    let (backend, proxyd) = ask("idleTimeout: 200ms");
    backend.wait_for_ends(1);
    assert_eq!(proxyd.get("/").status(), 200);
    assert!(backend.connections() >= 2);
    let (backend, proxyd) = ask("maxConnectionAge: 200ms");
    backend.wait_for_ends(1);
    assert_eq!(proxyd.get("/").status(), 200);
    assert!(backend.connections() >= 2);
}

/// "Slow headers", "slow body" and "slow read": they cost a little memory, and no worker.
#[test]
fn slow_clients_of_every_kind_do_not_hold_up_others() {
    let backend = Backend::start(|session| {
        while let Ok(request) = session.request() {
            if request.target() == "/big" {
                session.send("HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n");
                session.send(vec![b'x'; 4 << 20]);
            } else {
                session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        }
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    assert_eq!(proxyd.get("/").status(), 200);
    let before = proxyd.memory("VmRSS");
    let slow: Vec<_> = (0..300)
        .map(|number| {
            let mut client = proxyd.connect();
            client.send(match number % 3 {
                0 => "GET / HTTP/1.1\r\nHost: a.t",
                1 => "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nx",
                _ => "GET /big HTTP/1.1\r\nHost: a.test\r\n\r\n",
            });
            client
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(proxyd.get("/").text(), "ok");
    }
    let after = proxyd.memory("VmHWM");
    assert!(after < before + 300 * 128 * 1024, "{before} bytes became {after}");
    drop(slow);
}
