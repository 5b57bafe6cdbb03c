//! What a backend of HTTP/2 has not looked at may be sent again: RFC 9113 sections 6.8 and 8.7.

use harness::frames::{Fields, Frame, Http2, Http2Backend, code};
use harness::{Broken, Document, Proxyd};

use super::backends::start;

/// Streams above the last one go elsewhere, whatever their method; the others are finished.
#[test]
fn streams_that_goaway_leaves_out_go_to_another_connection() {
    for method in ["GET", "POST"] {
        let backend = Http2Backend::start(|session| {
            if session.number > 0 {
                return session.answer_all("second");
            }
            let (Some(first), Some(_)) = (session.request(), session.request()) else { return };
            session.send(&Frame::goaway(first, code::NO_ERROR));
            session.answer(first, 200, "first");
            session.hold();
        });
        let proxyd = start(&backend, "");
        let mut clients = [Http2::to(&proxyd.address()), Http2::to(&proxyd.address())];
        let first = clients[0].ask(&Fields::request("GET", "/"));
        backend.wait_for(1);
        let second = clients[1].ask(&Fields::request(method, "/"));
        assert_eq!(clients[0].response(first).text(), "first");
        let answer = clients[1].response(second);
        assert_eq!((answer.status(), answer.text().as_str()), (200, "second"), "{method}");
        assert_eq!((backend.requests().len(), backend.connections()), (3, 2));
    }
}

#[test]
fn a_stream_below_the_last_one_is_finished_however_long_it_takes() {
    let backend = Http2Backend::start(|session| {
        if session.number > 0 {
            return session.answer_all("second");
        }
        let Some(stream) = session.head() else { return };
        session.send(&Frame::goaway(stream, code::NO_ERROR));
        session.send(&Frame::headers(stream, &Fields::response(200)));
        session.http2.body(stream, 10);
        session.send(&Frame::data(stream, "first").end());
        session.hold();
    });
    let proxyd = start(&backend, "");
    let mut client = Http2::to(&proxyd.address());
    let stream = client.stream();
    client.send_all(&[Frame::headers(stream, &Fields::request("POST", "/")), Frame::data(stream, "hello")]);
    client.head(stream);
    // What is new goes to a new connection meanwhile.
    let other = client.ask(&Fields::request("GET", "/"));
    assert_eq!(client.response(other).text(), "second");
    client.send(&Frame::data(stream, "world").end());
    assert_eq!(client.response(stream).text(), "first");
    // Nothing is left to do on the old one.
    backend.wait_for_ends(1);
}

#[test]
fn a_connection_that_rests_and_says_goaway_fails_nobody() {
    let backend = Http2Backend::start(|session| {
        if let Some(stream) = session.request() {
            session.answer(stream, 200, "ok");
            session.send(&Frame::goaway(stream, code::NO_ERROR));
            session.hold();
        }
    });
    let proxyd = start(&backend, "");
    for _ in 0..5 {
        assert_eq!(proxyd.get("/").text(), "ok");
    }
    assert_eq!(backend.connections(), 5);
}

/// A backend that goes in two steps: it takes what is on its way, and then nothing more.
#[test]
fn goaway_in_two_steps_fails_nobody() {
    let backend = Http2Backend::start(|session| {
        if session.number > 0 {
            return session.answer_all("second");
        }
        let Some(stream) = session.request() else { return };
        session.send(&Frame::goaway((1 << 31) - 1, code::NO_ERROR));
        session.http2.settle();
        session.send(&Frame::goaway(stream, code::NO_ERROR));
        session.answer(stream, 200, "first");
    });
    let proxyd = start(&backend, "");
    assert_eq!(proxyd.get("/").text(), "first");
    assert_eq!(proxyd.get("/").text(), "second");
}

/// Refuses so many streams, and answers those behind them.
fn refusing(count: u32) -> Http2Backend {
    Http2Backend::start(move |session| {
        let mut refused = 0;
        while let Some(stream) = session.request() {
            if refused < count {
                refused += 1;
                session.send(&Frame::reset(stream, code::REFUSED_STREAM));
            } else {
                session.answer(stream, 200, "ok");
            }
        }
    })
}

#[test]
fn a_stream_that_is_refused_is_tried_once_more() {
    for request in [
        "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n",
    ] {
        let backend = refusing(1);
        let answer = start(&backend, "").ask(request);
        assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"), "{request:?}");
        assert_eq!(backend.requests().len(), 2);
    }
}

#[test]
fn a_stream_that_is_refused_twice_costs_a_502() {
    let backend = refusing(u32::MAX);
    let proxyd = start(&backend, "retries: 5");
    let answer = proxyd.get("/");
    assert_eq!(answer.status(), 502, "{answer:?}");
    assert_eq!(backend.requests().len(), 2, "once more, and not oftener");
}

#[test]
fn a_stream_that_is_reset_otherwise_costs_a_502() {
    for reset in [code::NO_ERROR, code::PROTOCOL_ERROR, code::INTERNAL_ERROR, code::CANCEL, 0xff] {
        let backend = Http2Backend::start(move |session| {
            while let Some(stream) = session.request() {
                session.send(&Frame::reset(stream, reset));
            }
        });
        let proxyd = start(&backend, "");
        let answer = proxyd.ask("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello");
        assert_eq!(answer.status(), 502, "{reset:#x}: {answer:?}");
        assert_eq!(backend.requests().len(), 1, "a POST is not sent twice");
        let mut client = Http2::to(&proxyd.address());
        let stream = client.ask(&Fields::request("POST", "/"));
        assert_eq!(client.response(stream).status(), 502, "{reset:#x}");
    }
}

/// A client knows that its answer is not whole, whichever protocol it speaks.
#[test]
fn a_stream_that_is_reset_in_a_body_cuts_the_answer_off() {
    for length in [None, Some("10")] {
        let backend = Http2Backend::start(move |session| {
            while let Some(stream) = session.request() {
                let head = Fields::response(200);
                let head = length.map_or(head.clone(), |length| head.and("content-length", length));
                session.send(&Frame::headers(stream, &head));
                session.send(&Frame::data(stream, "hello"));
                session.send(&Frame::reset(stream, code::INTERNAL_ERROR));
            }
        });
        cuts(&start(&backend, ""));
    }
}

/// The same where the connection breaks, or GOAWAY names an error.
#[test]
fn a_connection_that_breaks_in_a_body_cuts_the_answer_off() {
    for says_goaway in [false, true] {
        let backend = Http2Backend::start(move |session| {
            let Some(stream) = session.request() else { return };
            session.send(&Frame::headers(stream, &Fields::response(200)));
            session.send(&Frame::data(stream, "hello"));
            session.http2.settle();
            if says_goaway {
                session.send(&Frame::goaway(stream, code::INTERNAL_ERROR));
            }
        });
        cuts(&start(&backend, ""));
    }
}

#[track_caller]
fn cuts(proxyd: &Proxyd) {
    let mut client = proxyd.connect();
    client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let answer = client.response();
    assert!(matches!(answer, Err(Broken::Cut(..))), "{answer:?}");
    let mut client = Http2::to(&proxyd.address());
    let stream = client.ask(&Fields::request("GET", "/"));
    assert_ne!(client.reset(stream), code::NO_ERROR);
    assert!(!client.received(stream).has_ended);
    client.settle();
}

/// A pool of two: what one of them refuses, the other may take.
#[test]
fn a_stream_that_is_refused_may_go_to_another_backend() {
    let (bad, good) = (refusing(u32::MAX), Http2Backend::saying("good"));
    let addresses = [bad.address().clone(), good.address().clone()];
    let document = Document::new()
        .upstream_at("app", &addresses, "protocol: http2")
        .route("id: all, path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    for _ in 0..4 {
        assert_eq!(proxyd.get("/").text(), "good");
    }
    assert!(!bad.requests().is_empty());
}
