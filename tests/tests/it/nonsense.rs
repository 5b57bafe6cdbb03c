//! What backends answer that they must not, and what the client sees of it.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use harness::{Backend, Broken, Document, Ending, Proxyd};

use crate::it::front::Front;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Response queue poisoning: RFC 9112 section 6.3.
#[test]
fn a_body_where_none_may_be_costs_the_backend_its_connection() {
    for (method, answer) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nevil!"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\nevil!"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\nevil!"),
        (
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        ),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nevil"),
    ] {
        let first = answer.to_owned();
        let backend = Backend::start(move |session| {
            if session.number == 0 && session.request().is_ok() {
                session.send(&first);
            }
            session.answer_all(OK.as_bytes());
        });
        let proxyd = Proxyd::start(&Document::to(&backend));
        let mut client = proxyd.connect();
        client.ask(format!("{method} /1 HTTP/1.1\r\nHost: a.test\r\n\r\n"));
        client.response().unwrap();
        client.ask("GET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n");
        assert_eq!(client.response().unwrap().text(), "ok", "behind {method} {answer:?}");
        assert_eq!(backend.connections(), 2, "{method} {answer:?} went on");
    }
}

/// RFC 9112 section 9.2: bytes that nobody asked for, even those that come later.
#[test]
fn an_answer_that_nobody_asked_for_is_never_given_to_the_next_client() {
    let (go, gone) = channel::<()>();
    let (done, is_done) = channel();
    let state = Mutex::new((gone, done));
    let backend = Backend::start(move |session| {
        if session.number == 0 {
            let (gone, done) = &*state.lock().unwrap();
            session.request().unwrap();
            session.send(OK);
            gone.recv().unwrap();
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
            done.send(()).unwrap();
        }
        session.answer_all(OK.as_bytes());
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    assert_eq!(proxyd.get("/1").text(), "ok");
    go.send(()).unwrap();
    is_done.recv().unwrap();
    assert_eq!(proxyd.get("/2").text(), "ok");
    assert_eq!(proxyd.get("/3").text(), "ok");
}

/// RFC 9112 section 6.3 and RFC 9110 sections 8.6 and 15: 502, and the connection is not used again.
#[test]
fn nonsense_costs_one_request_a_502() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(1000);
    let big = format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n", "a".repeat(1 << 20));
    let many = format!("HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n", "X: y\r\n".repeat(5000));
    let cases = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", ""),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nabc", ""),
        ("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok", "bad_response:content_length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", "bad_response:content_length"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", ""),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""),
        ("garbage\r\n\r\n", "bad_response:start_line"),
        ("HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n", ""),
        ("HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n", ""),
        ("HTTP/1.1 abc Odd\r\nContent-Length: 0\r\n\r\n", ""),
        ("HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
        ("ICY 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
        ("HTTP/1.1 200 OK\r\nX y: z\r\nContent-Length: 0\r\n\r\n", "bad_response:field_name"),
        ("HTTP/1.1 200 OK\r\nX : z\r\nContent-Length: 0\r\n\r\n", "bad_response:field_name"),
        ("HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n", "bad_response:field_value"),
        ("HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n", "bad_response:field_value"),
        (
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
            "bad_response:upgrade",
        ),
        (interim.as_str(), "bad_response:too_many_interim"),
        (big.as_str(), "bad_response:head_too_large"),
        (many.as_str(), ""),
    ];
    for (answer, reason) in cases {
        let front = Front::with(Backend::answering(answer), Document::to);
        let seen = front.proxyd.get("/");
        let shown = &answer[..answer.len().min(120)];
        assert_eq!(seen.status(), 502, "{shown:?} has {seen:?}");
        assert!(seen.reason().starts_with("bad_response:"), "{shown:?} has {seen:?}");
        assert!(reason.is_empty() || seen.reason() == reason, "{shown:?} has {:?}", seen.reason());
        assert_eq!(seen.proxy_error(), "http_protocol_error");
        assert_eq!(front.proxyd.get("/").status(), 502);
        assert_eq!(front.backend.connections(), 2, "{shown:?}: the connection went on");
    }
}

/// RFC 9112 section 6.3: what is legal but seldom is passed on, in a canonical form.
#[test]
fn seldom_answers_that_are_right_are_passed_on() {
    for (answer, body) in [
        ("HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 299 Own\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n0\r\n\r\n", "ok"),
        ("HTTP/1.1 200 OK\r\nX: \u{ff}\u{fe}\r\nContent-Length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 599 Odd\r\nContent-Length: 0\r\n\r\n", ""),
    ] {
        let raw: Vec<u8> = answer.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let front = Front::with(Backend::answering(raw), Document::to);
        let seen = front.proxyd.get("/");
        assert_eq!(seen.text(), body, "{answer:?} has {seen:?}");
        assert_eq!(seen.reason(), "", "{answer:?} has {seen:?}");
    }
}

/// RFC 9112 section 8: an incomplete answer stays incomplete.
#[test]
fn an_answer_that_was_cut_short_never_looks_whole() {
    for (answer, so_far) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nhello", "hello"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", "hello"),
    ] {
        let backend = Backend::start(move |session| {
            session.request().unwrap();
            session.send(answer);
        });
        let proxyd = Proxyd::start(&Document::to(&backend));
        let mut client = proxyd.connect();
        client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
        match client.response() {
            Err(Broken::Cut(_, came)) => assert!(so_far.as_bytes().starts_with(&came), "{answer:?}"),
            // Nothing of it had been passed on yet.
            Err(Broken::End(_)) => {}
            Ok(own) if own.status() == 502 => {}
            other => panic!("{answer:?} ended as {other:?}"),
        }
    }
}

/// RFC 9112 section 8: a client of HTTP/1.0 has nothing but the end of the connection to go by.
#[test]
fn an_answer_to_http_1_0_that_was_cut_short_ends_by_a_reset() {
    let backend = Backend::start(|session| {
        session.request().unwrap();
        session.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = proxyd.connect();
    client.ask("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
    let read = client.response();
    assert!(matches!(read, Err(Broken::Cut(Ending::Reset, _) | Broken::End(Ending::Reset))), "{read:?}");
}
