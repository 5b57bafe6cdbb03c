//! HTTP/2 towards backends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::frames::{Event, Fields, Frame, Http2, Http2Backend, code, setting};
use harness::{Backend, Broken, Document, Proxyd};

pub(crate) fn start(backend: &Http2Backend, settings: &str) -> Proxyd {
    let document = Document::new()
        .upstream_at("app", &[backend.address().clone()], &format!("protocol: http2, {settings}"))
        .route("id: all, path: /*, upstream: app");
    Proxyd::start(&document)
}

/// RFC 9113 section 8.3.1.
#[test]
fn a_head_becomes_one_of_http_2() {
    let backend = Http2Backend::saying("ok");
    let proxyd = start(&backend, "");
    let answer = proxyd.ask(
        "GET /a?b HTTP/1.1\r\nHost: a.test\r\nX-Own: 1\r\nx-own: 2\r\nCookie: a=1; b=2\r\nTE: trailers\r\n\
         Connection: TE, X-Hop\r\nX-Hop: v\r\nKeep-Alive: 5\r\n\r\n",
    );
    assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"));
    let seen = backend.requests().remove(0);
    for (name, values) in [
        (":method", vec!["GET"]),
        (":scheme", vec!["http"]),
        (":path", vec!["/a?b"]),
        (":authority", vec!["a.test"]),
        ("x-own", vec!["1", "2"]),
        ("te", vec!["trailers"]),
        ("via", vec!["1.1 proxyd"]),
        ("x-forwarded-for", vec!["127.0.0.1"]),
        ("x-real-ip", vec!["127.0.0.1"]),
        ("x-forwarded-proto", vec!["http"]),
    ] {
        assert_eq!(seen.head.all(name), values, "{name}");
    }
    assert_eq!(seen.head.all("cookie").join("; "), "a=1; b=2");
    for name in ["host", "connection", "keep-alive", "x-hop", "transfer-encoding", "upgrade"] {
        assert_eq!(seen.field(name), None, "{name}");
    }
    let is_upper = |name: &str| name.bytes().any(|byte| byte.is_ascii_uppercase());
    assert!(!seen.head.0.iter().any(|(name, _)| is_upper(name)), "{seen:?}");
}

#[test]
fn http_2_on_both_sides_says_so() {
    let backend = Http2Backend::saying("ok");
    let proxyd = start(&backend, "");
    let mut client = Http2::to(&proxyd.address());
    let stream = client.ask(&Fields::request("GET", "/"));
    assert_eq!(client.response(stream).text(), "ok");
    assert_eq!(backend.requests()[0].head.all("via"), ["2.0 proxyd"]);
}

#[test]
fn bodies_and_trailers_pass_in_both_directions() {
    let backend = Http2Backend::start(|session| {
        while let Some(stream) = session.request() {
            let body = session.http2.received(stream).body;
            session.send(&Frame::headers(stream, &Fields::response(200).and("trailer", "x-sum")));
            session.send(&Frame::data(stream, body));
            session.send(&Frame::headers(stream, &Fields::new().and("x-sum", "7")).end());
        }
    });
    let proxyd = start(&backend, "");
    let chunked = "POST / HTTP/1.1\r\nHost: a.test\r\nTE: trailers\r\nConnection: TE\r\nTrailer: X-T\r\n\
        Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 5\r\n\r\n";
    let answer = proxyd.ask(chunked);
    assert_eq!((answer.text().as_str(), answer.trailers.len()), ("hello", 1));
    let answer = proxyd.ask("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(answer.text(), "hello");
    let seen = backend.requests();
    assert_eq!(seen[0].trailers, Fields::new().and("x-t", "5"));
    assert_eq!((seen[1].field("content-length"), seen[1].trailers.is_empty()), (Some("5"), true));
}

#[test]
fn interim_answers_are_passed_on() {
    let backend = Http2Backend::start(|session| {
        while let Some(stream) = session.request() {
            session.send(&Frame::headers(stream, &Fields::response(103).and("link", "</x>")));
            session.answer(stream, 200, "ok");
        }
    });
    let proxyd = start(&backend, "");
    let answer = proxyd.get("/");
    assert_eq!((answer.text().as_str(), answer.interim[0].field("Link")), ("ok", Some("</x>")));
    let mut client = Http2::to(&proxyd.address());
    let stream = client.ask(&Fields::request("GET", "/"));
    assert_eq!(client.response(stream).interim[0].status(), Some(103));
}

#[test]
fn many_requests_share_one_connection() {
    let backend = Http2Backend::saying("ok");
    let proxyd = start(&backend, "");
    assert_eq!(proxyd.get("/").status(), 200);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = Http2::to(&proxyd.address());
                let streams: Vec<u32> = (0..10).map(|_| client.ask(&Fields::request("GET", "/"))).collect();
                for stream in streams {
                    assert_eq!(client.response(stream).text(), "ok");
                }
            });
        }
    });
    assert_eq!((backend.requests().len(), backend.connections()), (81, 1));
}

/// RFC 9113 section 5.1.2: the backend's limit is kept to, and who finds no place waits or goes elsewhere.
#[test]
fn no_more_streams_are_open_than_the_backend_takes() {
    let most = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most);
    let backend = Http2Backend::with(&[(setting::MAX_CONCURRENT_STREAMS, 2)], move |session| {
        // Before it has read SETTINGS, the proxy knows of no limit.
        let Some(first) = session.request() else { return };
        session.answer(first, 200, "ok");
        if session.number > 0 {
            return session.answer_all("ok");
        }
        let mut open = std::collections::VecDeque::new();
        loop {
            match session.http2.read() {
                Event::Headers { stream, .. } => {
                    open.push_back(stream);
                    seen.fetch_max(open.len(), Ordering::Relaxed);
                    // Whoever else is there comes before the answer to this.
                    session.send(&Frame::ping([0; 8]));
                }
                Event::Pong(_) => {
                    let stream = open.pop_front().unwrap();
                    session.answer(stream, 200, "ok");
                }
                event if event.is_last() => return,
                _ => {}
            }
        }
    });
    let proxyd = start(&backend, "");
    assert_eq!(proxyd.get("/").text(), "ok");
    let mut client = Http2::to(&proxyd.address());
    let streams: Vec<u32> = (0..12).map(|_| client.ask(&Fields::request("GET", "/"))).collect();
    for stream in streams {
        assert_eq!(client.response(stream).text(), "ok");
    }
    assert!(most.load(Ordering::Relaxed) <= 2, "{most:?} streams were open at once");
}

/// RFC 9113 section 6.9.
#[test]
fn no_more_of_a_body_is_sent_than_the_backend_takes() {
    let backend = Http2Backend::with(&[(setting::INITIAL_WINDOW_SIZE, 5)], |session| {
        let Some(stream) = session.head() else { return };
        session.http2.body(stream, 5);
        session.http2.settle();
        assert_eq!(session.http2.received(stream).text(), "01234");
        session.send(&Frame::window_update(stream, 100));
        session.http2.response(stream);
        session.answer(stream, 200, "ok");
        session.hold();
    });
    let proxyd = start(&backend, "");
    let answer = proxyd.ask("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n0123456789");
    assert_eq!(answer.text(), "ok");
}

/// The attempt's time is up: that stream ends, and the connection does not.
#[test]
fn a_backend_that_does_not_answer_costs_a_504_and_a_stream() {
    let backend = Http2Backend::start(|session| {
        let Some(stream) = session.request() else { return };
        assert_eq!(session.reset(stream), Some(code::CANCEL));
        session.answer_all("ok");
    });
    let proxyd = start(&backend, "timeout: 300ms");
    let answer = proxyd.get("/");
    assert_eq!((answer.status(), answer.reason()), (504, "response_timeout"));
    assert_eq!((proxyd.get("/").text().as_str(), backend.connections()), ("ok", 1));
}

#[test]
fn a_client_that_goes_cancels_its_stream_at_the_backend() {
    let backend = Http2Backend::start(|session| {
        let Some(stream) = session.request() else { return };
        assert_eq!(session.reset(stream), Some(code::CANCEL));
        session.answer_all("ok");
    });
    let proxyd = start(&backend, "");
    let mut client = proxyd.connect();
    client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    backend.wait_for(1);
    client.reset();
    assert_eq!((proxyd.get("/").text().as_str(), backend.connections()), ("ok", 1));
}

/// RFC 9113 section 8.1.1: what is malformed is not passed on.
#[test]
fn an_answer_that_is_malformed_costs_a_502() {
    let ok = || Fields::response(200);
    let heads = [
        Fields::new().and("x-own", "v"),
        ok().and(":status", "200"),
        Fields::new().and(":status", "20"),
        Fields::new().and(":status", "2000"),
        Fields::new().and("x-own", "v").and(":status", "200"),
        ok().and("X-Upper", "v"),
        ok().and("x-own", "a\r\nb"),
        ok().and("x-own", "a\0b"),
        ok().and("x own", "v"),
        ok().and("", "v"),
        ok().and("connection", "close"),
        ok().and("transfer-encoding", "chunked"),
        ok().and("keep-alive", "timeout=5"),
        ok().and("content-length", "5").and("content-length", "6"),
        ok().and("content-length", "-5"),
        Fields::new().and(":status", "101"),
    ];
    let failed = heads.into_iter().filter_map(|head| {
        let sent = head.clone();
        let backend = Http2Backend::start(move |session| {
            while let Some(stream) = session.request() {
                session.send(&Frame::headers(stream, &sent));
                session.send(&Frame::data(stream, "hello").end());
            }
        });
        let answer = start(&backend, "retries: 0").get("/");
        (answer.status() != 502).then(|| format!("{head:?}: {answer:?}"))
    });
    let failed: Vec<String> = failed.collect();
    assert!(failed.is_empty(), "{} were taken:\n{}", failed.len(), failed.join("\n"));
}

/// The same of a body: it has no clean end.
#[test]
fn a_body_of_another_length_than_was_said_is_cut_off() {
    for (length, body) in [("10", "hello"), ("2", "hello")] {
        let backend = Http2Backend::start(move |session| {
            while let Some(stream) = session.request() {
                session.send(&Frame::headers(stream, &Fields::response(200).and("content-length", length)));
                session.send(&Frame::data(stream, body).end());
            }
        });
        let proxyd = start(&backend, "retries: 0");
        let mut client = proxyd.connect();
        client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
        match client.response() {
            Err(Broken::Cut(..)) => {}
            Ok(answer) => assert_eq!(answer.status(), 502, "{answer:?}"),
            other => panic!("{length}: {other:?}"),
        }
        let mut client = Http2::to(&proxyd.address());
        let stream = client.ask(&Fields::request("GET", "/"));
        let answer = client.try_response(stream).unwrap();
        assert!(answer.reset.is_some() || answer.status() == 502, "{length}: {answer:?}");
    }
}

#[test]
fn a_backend_that_speaks_no_http_2_costs_a_502() {
    for answer in ["HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", ""] {
        let backend = Backend::start(move |session| {
            let _ = session.connection.exactly(24);
            session.send(answer);
        });
        let document = Document::new()
            .upstream_at("app", &[backend.address().clone()], "protocol: http2, retries: 0")
            .route("id: all, path: /*, upstream: app");
        assert_eq!(Proxyd::start(&document).get("/").status(), 502, "{answer:?}");
    }
}

/// A backend may misbehave as a client may.
#[test]
fn a_backend_that_floods_the_proxy_is_cut_off() {
    let endless = Frame::block(1, Fields::response(200).block()).unfinished();
    let [head, interim] = [200, 103].map(|status| Frame::headers(1, &Fields::response(status)).bytes());
    let again = |frame: &Frame| frame.bytes().repeat(100_000);
    // Behind each: whether it is a matter of the connection, or of one stream.
    let floods = [
        ("PING", again(&Frame::ping([0; 8])), true),
        ("SETTINGS", again(&Frame::settings(&[])), true),
        ("CONTINUATION", [endless.bytes(), again(&Frame::continuation(1, []).unfinished())].concat(), true),
        ("DATA without bytes", [head, again(&Frame::data(1, []))].concat(), true),
        ("interim answers", interim.repeat(100_000), false),
    ];
    for (name, flood, is_of_connection) in floods {
        let backend = Http2Backend::start(move |session| {
            let Some(_) = session.request() else { return };
            let _ = session.http2.connection.try_send(&flood);
            session.hold();
        });
        let proxyd = start(&backend, "retries: 0");
        let before = proxyd.memory("VmRSS");
        let mut client = Http2::to(&proxyd.address());
        let stream = client.ask(&Fields::request("GET", "/"));
        let answer = client.try_response(stream);
        let answer = answer.unwrap_or_else(|_| panic!("{name}: nothing becomes of it"));
        assert!(answer.reset.is_some() || answer.status() == 502, "{name}: {answer:?}");
        if is_of_connection {
            backend.wait_for_ends(1);
        }
        let most = proxyd.memory("VmHWM");
        assert!(most < before + super::limits::MEMORY, "{name}: {before} bytes became {most}");
    }
}

/// RFC 9110 section 6.4.1: what comes behind a head that has no body would be read as the next answer.
#[test]
fn an_answer_that_has_no_body_gets_none() {
    const FORGED: &str = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
    for status in [204, 304] {
        let backend = Http2Backend::start(move |session| {
            while let Some(stream) = session.request() {
                session.send(&Frame::headers(stream, &Fields::response(status)));
                session.send(&Frame::data(stream, FORGED).end());
            }
        });
        let proxyd = start(&backend, "retries: 0");
        let mut client = proxyd.connect();
        client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
        let (bytes, _) = client.rest();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("forged"), "{status}: {text}");
        let mut client = Http2::to(&proxyd.address());
        let stream = client.ask(&Fields::request("GET", "/"));
        let answer = client.try_response(stream).unwrap();
        assert!(answer.body.is_empty() && answer.reset.is_some(), "{status}: {answer:?}");
    }
}

/// Trailers may follow a body that is empty by its length.
#[test]
fn trailers_behind_an_empty_body_arrive() {
    let backend = Http2Backend::start(|session| {
        while let Some(stream) = session.request() {
            let head = Fields::response(200).and("content-length", "0");
            session.send(&Frame::headers(stream, &head));
            session.send(&Frame::headers(stream, &Fields::new().and("x-sum", "7")).end());
        }
    });
    let proxyd = start(&backend, "");
    let mut client = Http2::to(&proxyd.address());
    let stream = client.ask(&Fields::request("GET", "/"));
    let answer = client.response(stream);
    assert_eq!(answer.trailers.field("x-sum"), Some("7"));
    assert_eq!(proxyd.get("/").status(), 200);
}

/// A connection on which the backend broke a rule takes no further request, whether the backend closes it or not.
#[test]
fn a_connection_that_broke_is_left_by_the_next_request() {
    let backend = Http2Backend::start(|session| {
        if session.number > 0 {
            return session.answer_all("second");
        }
        let Some(stream) = session.request() else { return };
        session.answer(stream, 200, "first");
        // RFC 9113 section 6.1: DATA belongs to a stream.
        session.send(&Frame::data(0, "x"));
        std::thread::park_timeout(harness::PATIENCE);
    });
    let proxyd = start(&backend, "retries: 0");
    assert_eq!(proxyd.get("/").text(), "first");
    let mut answers = (0..20).map(|_| proxyd.get("/"));
    assert!(answers.any(|answer| answer.text() == "second"));
    assert_eq!(proxyd.get("/").text(), "second");
}

/// Places that streams give back with a reset are used at once, and nobody fails for it.
#[test]
fn streams_that_follow_cancelled_ones_on_a_full_connection_are_served() {
    let settings = [(setting::MAX_CONCURRENT_STREAMS, 3)];
    let backend = Http2Backend::with(&settings, |session| {
        let held: Vec<_> = (0..3).map_while(|_| session.request()).collect();
        if held.len() == 3 {
            session.answer_all("ok");
        }
    });
    let proxyd = start(&backend, "retries: 0");
    let mut client = Http2::to(&proxyd.address());
    let first: Vec<u32> = (0..3).map(|_| client.ask(&Fields::request("GET", "/held"))).collect();
    backend.wait_for(3);
    let next: Vec<u32> = (0..3).map(|_| client.stream()).collect();
    let resets = first.iter().map(|stream| Frame::reset(*stream, code::CANCEL));
    let heads = next.iter().map(|stream| Frame::headers(*stream, &Fields::request("GET", "/")).end());
    client.send_all(&resets.chain(heads).collect::<Vec<_>>());
    for stream in next {
        assert_eq!(client.response(stream).text(), "ok");
    }
}
