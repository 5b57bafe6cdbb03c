//! What a client of HTTP/2 gets of a backend's answer in HTTP/1.1.

use harness::frames::{Fields, Frame, Http2, Received, code, setting};
use harness::{Backend, Document, Proxyd, Refusing, Session};

use super::limits::MEMORY;

fn ask(client: &mut Http2, method: &str) -> Received {
    let stream = client.ask(&Fields::request(method, "/").and("te", "trailers"));
    client.response(stream)
}

/// The answer to GET where a backend answers with these bytes and closes.
#[track_caller]
fn answer(bytes: &'static str) -> Received {
    let backend = Backend::start(move |session| {
        let _ = session.request();
        session.send(bytes);
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    ask(&mut Http2::to(&proxyd.address()), "GET")
}

/// RFC 9113 sections 8.2 and 8.3.2.
#[test]
fn a_head_becomes_one_of_http_2() {
    let answer = answer(
        "HTTP/1.1 203 Whatever\r\nContent-Type: text/x\r\nX-Own: 1\r\nx-own: 2\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\
         Connection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: v\r\nProxy-Connection: keep-alive\r\n\
         Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    );
    assert_eq!((answer.status(), answer.text().as_str()), (203, "hello"));
    assert_eq!((answer.head.all("content-type"), answer.head.all("x-own")), (vec!["text/x"], vec!["1", "2"]));
    assert_eq!(answer.head.all("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(answer.head.0[0].0, ":status");
    for name in ["connection", "keep-alive", "x-hop", "proxy-connection", "transfer-encoding", "upgrade"] {
        assert_eq!(answer.field(name), None, "{name}");
    }
    let is_upper = |name: &str| name.bytes().any(|byte| byte.is_ascii_uppercase());
    assert!(!answer.head.0.iter().any(|(name, _)| is_upper(name)), "{answer:?}");
    assert!(answer.field("date").is_some() && answer.field("x-request-id").is_some(), "{answer:?}");
}

#[test]
fn a_body_is_the_same_however_it_was_framed() {
    for bytes in [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
    ] {
        let answer = answer(bytes);
        assert_eq!((answer.text().as_str(), answer.trailers.is_empty()), ("hello", true), "{bytes:?}");
    }
}

/// RFC 9113 section 8.1.1; RFC 9110 section 6.4.1.
#[test]
fn an_answer_without_a_body_ends_with_its_head() {
    let cases = [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, Some("5")),
        ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, None),
        ("GET", "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", 204, None),
        ("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n", 304, None),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, Some("5")),
    ];
    for (method, bytes, status, length) in cases {
        let backend = Backend::answering(bytes);
        let proxyd = Proxyd::start(&Document::to(&backend));
        let mut client = Http2::to(&proxyd.address());
        for _ in 0..2 {
            let answer = ask(&mut client, method);
            assert!(answer.ends_with_head, "{method} {bytes:?}: {answer:?}");
            assert_eq!((answer.status(), answer.field("content-length")), (status, length), "{bytes:?}");
        }
    }
}

/// RFC 9113 section 8.1.
#[test]
fn trailers_come_behind_the_body() {
    let answer = answer(
        "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\
         Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    assert_eq!((answer.text().as_str(), answer.field("x-sum")), ("ok", None));
    assert_eq!(answer.trailers, Fields::new().and("x-sum", "7"));
}

/// RFC 9110 section 15.2; RFC 8297.
#[test]
fn interim_answers_come_at_once() {
    let backend = Backend::start(|session| {
        while let Ok(request) = session.request() {
            session.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nConnection: X-Y\r\nX-Y: z\r\n\r\n");
            session.send("HTTP/1.1 102 Processing\r\n\r\n");
            if request.target() == "/hold" {
                session.hold();
            }
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = Http2::to(&proxyd.address());
    let answer = ask(&mut client, "GET");
    let statuses: Vec<_> = answer.interim.iter().map(Fields::status).collect();
    assert_eq!((answer.text().as_str(), statuses), ("ok", vec![Some(103), Some(102)]));
    assert_eq!((answer.interim[0].field("link"), answer.interim[0].field("x-y")), (Some("</x>"), None));
    let held = client.ask(&Fields::request("GET", "/hold"));
    while client.received(held).interim.is_empty() {
        assert!(!client.read().is_last(), "no 103 comes before the answer");
    }
}

/// What has come is passed on before more comes.
#[test]
fn parts_of_a_body_are_passed_on_at_once() {
    let backend = Backend::start(|session| {
        let _ = session.request();
        session.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        session.hold();
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = Http2::to(&proxyd.address());
    let stream = client.ask(&Fields::request("GET", "/"));
    assert_eq!(client.body(stream, 5).text(), "hello");
}

/// RFC 9113 section 8.1: an answer that is not whole has no clean end.
#[test]
fn a_backend_that_breaks_off_in_a_body_resets_the_stream_and_no_other() {
    let starts = [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n",
    ];
    let ends: [fn(&mut Session); 2] = [|_| {}, |session| session.reset()];
    for (start, end) in starts.into_iter().flat_map(|start| ends.map(|end| (start, end))) {
        let backend = Backend::start(move |session| {
            let Ok(request) = session.request() else { return };
            if request.target() == "/ok" {
                session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            } else {
                session.send(start);
                end(session);
            }
        });
        let proxyd = Proxyd::start(&Document::to(&backend));
        let mut client = Http2::to(&proxyd.address());
        let cut = client.ask(&Fields::request("GET", "/"));
        assert_ne!(client.reset(cut), code::NO_ERROR, "{start:?}");
        assert!(!client.received(cut).has_ended);
        let whole = client.ask(&Fields::request("GET", "/ok"));
        assert_eq!(client.response(whole).text(), "ok");
    }
}

#[test]
fn a_backend_that_breaks_off_before_its_head_costs_a_502() {
    let backend = Backend::start(|session| {
        let _ = session.request();
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = Http2::to(&proxyd.address());
    let answer = ask(&mut client, "POST");
    assert_eq!(answer.status(), 502);
    assert!(answer.field("proxy-status").unwrap().contains("upstream_"), "{answer:?}");
}

/// What the proxy says itself is as in HTTP/1.1.
#[test]
fn the_proxy_s_own_answers_explain_themselves() {
    let refusing = Refusing::new();
    let document = Document::new()
        .upstream_at("app", &[refusing.address()], "retries: 0")
        .route("id: app, path: /app, upstream: app")
        .route("id: own, path: /own, respond: { status: 418, body: teapot }");
    let proxyd = Proxyd::start(&document);
    let mut client = Http2::to(&proxyd.address());
    for path in ["/none", "/app", "/own"] {
        let plain = proxyd.get(path);
        let stream = client.ask(&Fields::request("GET", path));
        let answer = client.response(stream);
        // The first request to the refusing backend marks it dead.
        let status = if path == "/app" { vec![502, 503] } else { vec![plain.status()] };
        assert!(status.contains(&answer.status()), "{path}: {answer:?}");
        assert_eq!(answer.field("content-type"), plain.field("Content-Type"), "{path}");
        assert!(answer.field("x-request-id").is_some(), "{path}");
        let head = client.ask(&Fields::request("HEAD", path));
        assert!(client.response(head).ends_with_head, "{path}");
    }
    assert!(client.received(1).field("proxy-status").unwrap().contains("no_route"));
}

/// RFC 9113 section 6.9: much more than any window, on several streams at once, to a client that gives little.
#[test]
fn large_bodies_arrive_whole() {
    const SIZE: usize = 2 << 20;
    let backend = Backend::start(|session| {
        let body: Vec<u8> = (0..SIZE).map(|at| (at % 251) as u8).collect();
        while session.request().is_ok() {
            session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n"));
            session.send(&body);
        }
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let before = proxyd.memory("VmRSS");
    for count in [1, 4, 1, 4, 1, 1, 1] {
        let mut client = Http2::to(&proxyd.address());
        let streams: Vec<u32> = (0..count).map(|_| client.ask(&Fields::request("GET", "/"))).collect();
        for stream in streams {
            let answer = client.response(stream);
            assert_eq!(answer.body.len(), SIZE);
            let wrong = answer.body.iter().enumerate().find(|(at, byte)| **byte != (at % 251) as u8);
            assert_eq!(wrong, None, "bytes were lost or came in another order");
        }
    }
    let most = proxyd.memory("VmHWM");
    assert!(most < before + MEMORY, "{before} bytes became {most}");
}

/// RFC 9113 section 4.2.
#[test]
fn frames_are_no_longer_than_the_client_takes() {
    let backend = Backend::saying(&"x".repeat(200_000));
    let proxyd = Proxyd::start(&Document::to(&backend));
    for size in [None, Some((setting::MAX_FRAME_SIZE, 16_384)), Some((setting::MAX_FRAME_SIZE, 1 << 20))] {
        let mut client = Http2::with(&proxyd.address(), size.as_slice());
        let stream = client.ask(&Fields::request("GET", "/"));
        let most = size.map_or(16_384, |(_, most)| most as usize);
        while !client.received(stream).is_over() {
            match client.read() {
                harness::frames::Event::Data { bytes, .. } => assert!(bytes.len() <= most, "{}", bytes.len()),
                event => assert!(!event.is_last(), "{event:?}"),
            }
        }
        assert_eq!(client.received(stream).body.len(), 200_000);
    }
}

/// RFC 9113 section 5.2: who does not take one answer may take another.
#[test]
fn a_stream_that_stands_still_does_not_hold_up_others() {
    let backend = Backend::start(|session| {
        while let Ok(request) = session.request() {
            let size = if request.target() == "/big" { 1 << 20 } else { 500 };
            session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n{}", "x".repeat(size)));
        }
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = Http2::with(&proxyd.address(), &[(setting::INITIAL_WINDOW_SIZE, 1_000)]);
    client.replenishes = false;
    let still = client.ask(&Fields::request("GET", "/big"));
    client.body(still, 1_000);
    for _ in 0..50 {
        let other = client.ask(&Fields::request("GET", "/small"));
        assert_eq!(client.response(other).body.len(), 500);
    }
    assert_eq!(client.received(still).body.len(), 1_000);
    client.send_all(&[Frame::window_update(0, 2 << 20), Frame::window_update(still, 2 << 20)]);
    assert_eq!(client.response(still).body.len(), 1 << 20);
}

/// RFC 9110 section 15.2.2; nothing switches protocols in HTTP/2.
#[test]
fn a_backend_that_switches_is_nonsense() {
    let answer =
        answer("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    assert_eq!(answer.status(), 502);
}
