//! Clients and backends that do nothing wrong, and could be taken for some that do.

use std::time::{Duration, Instant};

use harness::frames::{Event, Fields, Frame, Http2, Http2Backend, bytes_of, code, setting};
use harness::{Backend, Document, Proxyd};

use super::backends::start;

/// A pace, not a wait: so slow is whoever sends.
fn pause(time: Duration) {
    std::thread::park_timeout(time);
}

/// RFC 9113 section 4.1 says nothing of how long a frame may take: the time for a head is not that of a body.
#[test]
fn a_body_may_take_longer_than_a_head() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend).proxy("headerTimeout: 300ms"));
    let mut client = Http2::to(&proxyd.address());
    let stream = client.stream();
    client.send(&Frame::headers(stream, &Fields::request("POST", "/")));
    let frames = bytes_of(&[Frame::data(stream, [b'x'; 8000]), Frame::data(stream, [b'x'; 8000]).end()]);
    // No piece ends where a frame does.
    for piece in frames.chunks(700) {
        client.connection.send(piece);
        pause(Duration::from_millis(40));
    }
    assert_eq!(client.response(stream).text(), "ok");
    assert_eq!(backend.request().body.len(), 16_000);
}

/// Whoever gets many small messages may acknowledge each of them on both windows.
#[test]
fn every_message_may_be_acknowledged_twice() {
    const MESSAGES: usize = 3_000;
    let backend = Http2Backend::start(|session| {
        let Some(stream) = session.request() else { return };
        session.send(&Frame::headers(stream, &Fields::response(200)));
        for _ in 0..MESSAGES {
            // One at a time: the client says with a ping that it has it.
            session.send(&Frame::data(stream, "hello"));
        }
        session.send(&Frame::data(stream, "").end());
        session.hold();
    });
    let proxyd = start(&backend, "");
    let mut client = Http2::to(&proxyd.address());
    client.replenishes = false;
    let stream = client.ask(&Fields::request("GET", "/"));
    let mut came = 0;
    loop {
        match client.read() {
            Event::Data { bytes, has_ended, .. } => {
                came += bytes.len();
                let updates =
                    [Frame::window_update(0, 5), Frame::window_update(stream, 5), Frame::ping([1; 8])];
                client.send_all(&updates);
                if has_ended {
                    break;
                }
            }
            Event::GoAway { .. } | Event::End(_) | Event::Silence => panic!("cut off behind {came} bytes"),
            _ => {}
        }
    }
    assert_eq!(came, 5 * MESSAGES);
}

/// RFC 9113 section 6.5.2: 0 is a legal number of streams, and may become another. Nobody dials meanwhile.
#[test]
fn a_backend_that_allows_nothing_is_waited_for() {
    let backend = Http2Backend::with(&[(setting::MAX_CONCURRENT_STREAMS, 0)], |session| {
        pause(Duration::from_millis(300));
        session.send(&Frame::settings(&[(setting::MAX_CONCURRENT_STREAMS, 10)]));
        session.answer_all("late");
    });
    let proxyd = start(&backend, "");
    assert_eq!(proxyd.get("/").text(), "late");
    assert_eq!(backend.connections(), 1);
}

/// A backend that ends each connection at once is not dialled for ever.
#[test]
fn a_backend_that_goes_at_once_is_dialled_a_few_times() {
    let backend = Http2Backend::start(|session| {
        session.send(&Frame::goaway(0, code::NO_ERROR));
        session.hold();
    });
    let proxyd = start(&backend, "");
    assert_eq!(proxyd.get("/").status(), 502);
    assert!(backend.connections() < 20, "{} connections", backend.connections());
}

/// RFC 9110 section 7.8: a wish that cannot be met is passed over. Some clients send this one with every request.
#[test]
fn an_upgrade_that_http_2_does_not_have_is_passed_over() {
    let backend = Http2Backend::saying("ok");
    let proxyd = start(&backend, "");
    let asked = "GET / HTTP/1.1\r\nHost: a.test\r\nUpgrade: TLS/1.2\r\nConnection: Upgrade\r\n\r\n";
    assert_eq!(proxyd.ask(asked).text(), "ok");
}

/// Whoever gives up while the backend takes nothing of its body is heard.
#[test]
fn a_cancel_is_heard_while_the_backend_takes_nothing() {
    let (cancelled, heard) = std::sync::mpsc::channel();
    let backend = Http2Backend::with(&[(setting::INITIAL_WINDOW_SIZE, 0)], move |session| {
        let Some(stream) = session.head() else { return };
        let _ = cancelled.send(None);
        let _ = cancelled.send(session.reset(stream));
    });
    let proxyd = start(&backend, "");
    let mut client = Http2::to(&proxyd.address());
    let stream = client.stream();
    client.send(&Frame::headers(stream, &Fields::request("POST", "/")));
    client.send_all(&[Frame::data(stream, [b'x'; 15_000]), Frame::data(stream, [b'x'; 15_000])]);
    assert_eq!(heard.recv_timeout(harness::PATIENCE), Ok(None));
    client.settle();
    client.send(&Frame::reset(stream, code::CANCEL));
    assert_eq!(heard.recv_timeout(harness::PATIENCE), Ok(Some(code::CANCEL)));
}

/// What a backend has refused is sent again whole, its body too.
#[test]
fn a_body_is_sent_again_with_its_request() {
    let body: Vec<u8> = (0..60_000).map(|at| (at % 251) as u8).collect();
    let refusing = |session: &mut harness::frames::Http2Session<'_>| {
        let mut is_first = true;
        while let Some(stream) = session.request() {
            if std::mem::take(&mut is_first) {
                session.send(&Frame::reset(stream, code::REFUSED_STREAM));
            } else {
                session.answer(stream, 200, "ok");
            }
        }
    };
    let backend = Http2Backend::start(refusing);
    let proxyd = start(&backend, "");
    let mut client = Http2::to(&proxyd.address());
    let stream = client.stream();
    client.send(&Frame::headers(stream, &Fields::request("POST", "/")));
    client.send_body(stream, &body).unwrap();
    assert_eq!(client.response(stream).text(), "ok");
    let requests = backend.wait_for(2);
    assert!(requests.iter().all(|request| request.body == body));

    let backend = Http2Backend::start(refusing);
    let proxyd = start(&backend, "");
    let head = format!("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n", body.len());
    assert_eq!(proxyd.ask([head.as_bytes(), &body].concat()).text(), "ok");
    let requests = backend.wait_for(2);
    assert!(requests.iter().all(|request| request.body == body));
}

/// A silent end is asked, and given up where it does not answer. RFC 9113 section 6.7.
#[test]
fn a_backend_that_gives_no_sign_of_life_is_given_up() {
    let mute = Http2Backend::start(|session| {
        let Some(stream) = session.request() else { return };
        session.send(&Frame::headers(stream, &Fields::response(200)));
        // It reads nothing from here on, so that it answers no ping either.
        std::thread::park_timeout(harness::PATIENCE);
    });
    let document = Document::new()
        .proxy("http2: { pingInterval: 1s, pingTimeout: 200ms }, bodyIdleTimeout: 1h")
        .upstream_at("app", &[mute.address().clone()], "protocol: http2")
        .route("id: all, path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    let mut client = proxyd.connect();
    client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let began = Instant::now();
    assert!(client.response().is_err());
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

/// The same of a client that has gone without a word while it is waited for.
#[test]
fn a_client_that_gives_no_sign_of_life_is_given_up() {
    let backend = Backend::start(|session| {
        let _ = session.head();
        session.hold();
    });
    let settings = "http2: { pingInterval: 1s, pingTimeout: 200ms }, timeout: 1h";
    let document = Document::new()
        .proxy(settings)
        .upstream("app", &[&backend], "timeout: 1h")
        .route("id: all, path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    let mut client = Http2::to(&proxyd.address());
    client.ask(&Fields::request("GET", "/"));
    // It reads nothing from here on.
    let began = Instant::now();
    backend.wait_for_ends(1);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    drop(client);
}

/// RFC 9113 section 6.8: a request that crosses GOAWAY, and is within what that promises, is answered in its own time.
#[test]
fn a_request_that_crosses_the_end_of_a_connection_is_answered() {
    let backend = Backend::start(|session| {
        let _ = session.request();
        // Longer than a connection without requests is given to close.
        pause(Duration::from_millis(2_600));
        session.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
    });
    let proxyd = Proxyd::start(&Document::to(&backend).proxy("keepAliveTimeout: 300ms"));
    let mut client = Http2::to(&proxyd.address());
    // The first of two GOAWAYs comes; the request is on its way by then.
    let came = client.until(|event| matches!(event, Event::GoAway { .. }));
    assert!(came.is_ok(), "{came:?}");
    let stream = client.ask(&Fields::request("GET", "/"));
    assert_eq!(client.response(stream).text(), "late");
}

/// What was served is sent to its end, also when the proxy is told to end meanwhile.
#[test]
fn an_answer_that_is_taken_slowly_is_whole_behind_a_signal() {
    const SIZE: usize = 1_000_000;
    let backend = Backend::start(|session| {
        let _ = session.request();
        session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n"));
        session.send([b'x'; SIZE]);
        session.hold();
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = Http2::to(&proxyd.address());
    let stream = client.ask(&Fields::request("GET", "/"));
    client.head(stream);
    proxyd.terminate();
    // All in all longer than a connection without requests is given to close.
    while !client.received(stream).is_over() {
        assert!(!client.read().is_last());
        pause(Duration::from_millis(40));
    }
    assert_eq!(client.response(stream).body.len(), SIZE);
    assert_eq!(proxyd.wait().code, Some(0));
}

/// A route's own answer to a wish for a WebSocket is none that opens one. RFC 8441 section 5.
#[test]
fn an_answer_of_the_proxy_s_own_opens_no_websocket() {
    let document = Document::new().route("id: all, path: /*, respond: { body: hello }");
    let proxyd = Proxyd::start(&document);
    let mut client = Http2::to(&proxyd.address());
    let head = Fields::request("CONNECT", "/").and(":protocol", "websocket");
    let stream = client.stream();
    client.send(&Frame::headers(stream, &head));
    assert_eq!(client.head(stream).status(), 400);
}

/// What merely says that it is a call is held to the pace of every other body.
#[test]
fn only_http_2_has_calls() {
    let backend = Backend::start(|session| {
        let _ = session.head();
        session.hold();
    });
    let proxyd = Proxyd::start(&Document::to(&backend).proxy("bodyIdleTimeout: 300ms"));
    let head =
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Type: application/grpc\r\nContent-Length: 9\r\n\r\nx";
    assert_eq!(proxyd.ask(head).status(), 408);
}
