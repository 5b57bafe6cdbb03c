//! What a backend of HTTP/1.1 gets of a client's request in HTTP/2.

use harness::frames::{Fields, Frame, Http2, code};
use harness::{Backend, Document, Message};

use super::limits::MEMORY;
use crate::it::front::Front;

fn front() -> Front {
    Front::with(Backend::ok(), Document::to)
}

/// What the backend saw of a request without a body, which was answered with 200.
#[track_caller]
fn seen(front: &Front, head: &Fields) -> Message {
    let before = front.backend.request_count();
    let mut client = Http2::to(&front.proxyd.address());
    let stream = client.ask(head);
    let answer = client.response(stream);
    assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"), "{answer:?}");
    front.backend.requests_since(before).remove(0)
}

/// RFC 9113 section 8.3.1.
#[test]
fn a_head_becomes_one_of_http_1_1() {
    let front = front();
    let head =
        Fields::request("GET", "/a/b?c=d&e").and("accept", "text/*").and("x-own", "1").and("x-own", "2");
    let seen = seen(&front, &head);
    assert_eq!(seen.head.start, "GET /a/b?c=d&e HTTP/1.1");
    assert_eq!(seen.all("Host"), ["a.test"]);
    assert_eq!((seen.all("Accept"), seen.all("X-Own")), (vec!["text/*"], vec!["1", "2"]));
    assert!(!seen.head.fields.iter().any(|(name, _)| name.starts_with(':')), "{seen:?}");
    assert_eq!((seen.field("Content-Length"), seen.field("Transfer-Encoding")), (None, None));
}

#[test]
fn the_backend_learns_who_asked_and_how() {
    let front = front();
    let head = Fields::request("GET", "/").and("x-forwarded-for", "9.9.9.9").and("x-real-ip", "9.9.9.9");
    let seen = seen(&front, &head.and("via", "1.1 other"));
    let port = front.proxyd.address().port().to_string();
    for (name, value) in [
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Real-IP", "127.0.0.1"),
        ("X-Forwarded-Proto", "http"),
        ("X-Forwarded-Host", "a.test"),
        ("X-Forwarded-Port", port.as_str()),
    ] {
        assert_eq!(seen.all(name), [value], "{name}");
    }
    // RFC 9110 section 7.6.3: how the proxy received it.
    assert_eq!(seen.all("Via").join(", "), "1.1 other, 2.0 proxyd");
    assert!(seen.field("X-Request-Id").is_some());
}

/// RFC 9113 section 8.2.3.
#[test]
fn crumbs_of_cookies_are_joined() {
    let front = front();
    let head = Fields::request("GET", "/").and("cookie", "a=1").and("x-other", "v").and("cookie", "b=2; c=3");
    assert_eq!(seen(&front, &head.and("cookie", "d=4")).all("Cookie"), ["a=1; b=2; c=3; d=4"]);
    assert_eq!(seen(&front, &Fields::request("GET", "/").and("cookie", "a=1")).all("Cookie"), ["a=1"]);
}

/// RFC 9113 section 8.2.2; RFC 9110 section 10.1.4.
#[test]
fn the_wish_for_trailers_is_passed_on() {
    let front = front();
    let seen = seen(&front, &Fields::request("GET", "/").and("te", "trailers"));
    assert_eq!((seen.all("TE"), seen.all("Connection")), (vec!["trailers"], vec!["TE"]));
}

/// RFC 9113 section 8.3.1.
#[test]
fn host_and_authority_are_one() {
    let front = front();
    let get = || Fields::request("GET", "/");
    assert_eq!(seen(&front, &get().and("host", "a.test")).all("Host"), ["a.test"]);
    assert_eq!(seen(&front, &get().without(":authority").and("host", "b.test")).all("Host"), ["b.test"]);
    assert_eq!(seen(&front, &get().with(":authority", "a.test:8080")).all("Host"), ["a.test:8080"]);
}

/// Routes are matched as for HTTP/1.1.
#[test]
fn hosts_paths_methods_and_fields_choose_the_route() {
    let backends = ["one", "two"].map(Backend::saying);
    let document = Document::new()
        .upstream("one", &[&backends[0]], "")
        .upstream("two", &[&backends[1]], "")
        .route("id: one, vHost: one.test, path: /p/*, methods: [GET], upstream: one")
        .route("id: two, vHost: two.test, upstream: two");
    let proxyd = harness::Proxyd::start(&document);
    let mut client = Http2::to(&proxyd.address());
    let get = |host: &str, path: &str| Fields::request("GET", path).with(":authority", host);
    for (head, text) in [
        (get("one.test", "/p/x"), "one"),
        (get("two.test", "/"), "two"),
        (get("TWO.test", "/"), "two"),
        (get("two.test", "/").without(":authority").and("host", "two.test"), "two"),
    ] {
        let stream = client.ask(&head);
        assert_eq!(client.response(stream).text(), text, "{head:?}");
    }
    let stream = client.ask(&get("three.test", "/"));
    assert_eq!(client.response(stream).status(), 404);
}

#[test]
fn a_body_comes_with_its_length_or_in_chunks() {
    let front = front();
    let post = Fields::request("POST", "/");
    let mut client = Http2::to(&front.proxyd.address());
    let seen = |client: &mut Http2, head: &Fields, frames: &dyn Fn(u32) -> Vec<Frame>| {
        let stream = client.stream();
        let frames = [vec![Frame::headers(stream, head)], frames(stream)].concat();
        client.send_all(&frames);
        assert_eq!(client.response(stream).status(), 200);
        front.backend.requests().pop().unwrap()
    };
    let whole = seen(&mut client, &post.clone().and("content-length", "5"), &|stream| {
        vec![Frame::data(stream, "hel"), Frame::data(stream, "lo").end()]
    });
    assert_eq!((whole.all("Content-Length"), whole.text().as_str()), (vec!["5"], "hello"));
    let chunked = seen(&mut client, &post, &|stream| {
        vec![
            Frame::data(stream, "hel").padded(9),
            Frame::data(stream, "lo").padded(0),
            Frame::data(stream, "").end(),
        ]
    });
    assert_eq!((chunked.all("Transfer-Encoding"), chunked.text().as_str()), (vec!["chunked"], "hello"));
    let none = seen(&mut client, &post, &|stream| vec![Frame::data(stream, "").end()]);
    assert_eq!(none.text(), "");
    // A body may look like anything.
    let hostile = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n";
    let passed = seen(&mut client, &post, &|stream| vec![Frame::data(stream, hostile).end()]);
    assert_eq!(passed.text(), hostile);
}

/// RFC 9113 section 8.1; RFC 9112 section 7.1.2.
#[test]
fn trailers_come_behind_the_last_chunk() {
    let front = front();
    let mut client = Http2::to(&front.proxyd.address());
    let stream = client.stream();
    let trailers = Fields::new().and("x-sum", "7").and("host", "evil.test").and("content-length", "3");
    client.send_all(&[
        Frame::headers(stream, &Fields::request("POST", "/").and("trailer", "x-sum")),
        Frame::data(stream, "hello"),
        Frame::headers(stream, &trailers).end(),
    ]);
    assert_eq!(client.response(stream).status(), 200);
    let seen = front.backend.request();
    assert_eq!((seen.text().as_str(), seen.all("Transfer-Encoding")), ("hello", vec!["chunked"]));
    let names: Vec<String> = seen.trailers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    assert_eq!((names, seen.trailers[0].1.as_str()), (vec!["x-sum".to_owned()], "7"));
}

/// RFC 9113 section 6.9: much more than any window, on several streams at once.
#[test]
fn large_bodies_arrive_whole() {
    const SIZE: usize = 3 << 20;
    let front = front();
    let body: Vec<u8> = (0..SIZE).map(|at| (at % 251) as u8).collect();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut client = Http2::to(&front.proxyd.address());
                let stream = client.stream();
                client.send(&Frame::headers(stream, &Fields::request("PUT", "/")));
                client.send_body(stream, &body).unwrap();
                assert_eq!(client.response(stream).status(), 200);
            });
        }
    });
    assert!(front.backend.requests().iter().all(|request| request.body == body));
}

/// What the proxy takes of a body is bounded by what the backend takes.
#[test]
fn a_backend_that_does_not_read_holds_up_its_client() {
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let gone = std::sync::Mutex::new(gone);
    let backend = Backend::start(move |session| {
        let Ok(head) = session.head() else { return };
        gone.lock().unwrap().recv_timeout(harness::PATIENCE).unwrap();
        if session.body(head).is_ok() {
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    let proxyd = harness::Proxyd::start(&Document::to(&backend).proxy("maxBodySize: off"));
    let mut client = Http2::to(&proxyd.address());
    let before = proxyd.memory("VmRSS");
    let stream = client.stream();
    client.send(&Frame::headers(stream, &Fields::request("PUT", "/")));
    let body = vec![b'x'; 24 << 20];
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| {
            client.send_body(stream, &body).unwrap();
            client.response(stream)
        });
        backend_has_connection(&backend);
        go.send(()).unwrap();
        assert_eq!(sending.join().unwrap().text(), "ok");
    });
    assert_eq!(backend.request().body.len(), body.len());
    let most = proxyd.memory("VmHWM");
    assert!(most < before + MEMORY, "{before} bytes became {most}");
}

/// Waits until somebody has connected.
#[track_caller]
fn backend_has_connection(backend: &Backend) {
    let ends = std::time::Instant::now() + harness::PATIENCE;
    while backend.connections() == 0 {
        assert!(std::time::Instant::now() < ends, "nobody connects");
        std::thread::yield_now();
    }
}

/// RFC 9110 section 10.1.1.
#[test]
fn a_body_is_waited_for_where_its_client_expects_that() {
    let backend = Backend::start(|session| {
        let Ok(head) = session.head() else { return };
        assert_eq!(head.field("Expect"), Some("100-continue"));
        session.send("HTTP/1.1 100 Continue\r\n\r\n");
        let _ = session.body(head);
        session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    let front = Front::with(backend, Document::to);
    let mut client = Http2::to(&front.proxyd.address());
    let stream = client.stream();
    let head = Fields::request("POST", "/").and("expect", "100-continue").and("content-length", "5");
    client.send(&Frame::headers(stream, &head));
    while client.received(stream).interim.is_empty() {
        assert!(!client.read().is_last(), "no 100 comes");
    }
    client.send(&Frame::data(stream, "hello").end());
    let answer = client.response(stream);
    assert_eq!((answer.status(), answer.interim[0].status()), (200, Some(100)));
    assert_eq!(front.backend.request().text(), "hello");
}

/// RFC 9113 section 8.1: an answer that needs no more of the request.
#[test]
fn a_body_beyond_the_limit_is_answered_with_413() {
    let backend = Backend::ok();
    let front = Front::with(backend, |backend| Document::to(backend).proxy("maxBodySize: 10"));
    let mut client = Http2::to(&front.proxyd.address());
    for length in [None, Some("11")] {
        let post = Fields::request("POST", "/");
        let head = length.map_or(post.clone(), |length| post.and("content-length", length));
        let stream = client.stream();
        client.send_all(&[Frame::headers(stream, &head), Frame::data(stream, "hello world")]);
        let head = client.head(stream);
        assert_eq!(head.status(), 413, "{head:?}");
        let over = client.try_response(stream).unwrap();
        assert!(over.has_ended || over.reset == Some(code::NO_ERROR), "{over:?}");
    }
    client.settle();
    assert!(front.backend.requests().is_empty());
}

/// RFC 9110 sections 9.3.6 and 9.3.7.
#[test]
fn odd_targets_are_taken_as_in_http_1_1() {
    let front = front();
    assert_eq!(seen(&front, &Fields::request("OPTIONS", "*")).head.start, "OPTIONS * HTTP/1.1");
    let mut client = Http2::to(&front.proxyd.address());
    let connect = Fields::new().and(":method", "CONNECT").and(":authority", "a.test:443");
    let stream = client.stream();
    client.send(&Frame::headers(stream, &connect));
    let refused = client.try_response(stream).unwrap();
    assert!(refused.reset.is_some() || refused.status() >= 400, "{refused:?}");
    client.settle();
    assert_eq!(front.backend.requests().len(), 1);
}

#[test]
fn paths_are_checked_as_in_http_1_1() {
    let front = front();
    let mut client = Http2::to(&front.proxyd.address());
    for path in ["/a/../../b", "/%2e%2e/b", "/a\\b", "/%00", "/%zz"] {
        let plain = front.proxyd.get(path).status();
        let stream = client.ask(&Fields::request("GET", path));
        assert_eq!(client.response(stream).status(), plain, "{path}");
    }
    assert_eq!(seen(&front, &Fields::request("GET", "/a%20b/%C3%A4")).target(), "/a%20b/%C3%A4");
}
