//! A handshake that fails has sent nothing of the request, so that another backend can have it.

use harness::tls::{Authority, Version, Wish};
use harness::{Backend, Document, Proxyd, TlsServer};

use super::trust::Trust;

const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const POST: &str = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED: &str =
    "PATCH / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

fn pool(trust: &Trust, backends: &[&Backend], settings: &str) -> Document {
    Document::new()
        .upstream("app", backends, &format!("tls: {{ {} }}, {settings}", trust.ca()))
        .route("path: /*, upstream: app")
}

#[test]
fn a_backend_with_a_bad_certificate_costs_no_request() {
    let trust = Trust::new();
    for leaf in [
        trust.authority.issue(Wish::of(&["127.0.0.1"]).expired()),
        trust.authority.leaf(&["b.test"]),
        Authority::new("stranger").leaf(&["127.0.0.1"]),
    ] {
        for request in [GET, POST, CHUNKED] {
            let (bad, good) = (TlsServer::new(&leaf).saying("bad"), trust.server().saying("good"));
            let proxyd = Proxyd::start(&pool(&trust, &[&bad, &good], ""));
            for _ in 0..4 {
                assert_eq!(proxyd.ask(request).text(), "good", "{request}");
            }
            assert!(bad.connections() > 0, "it was never tried");
            assert_eq!((bad.request_count(), good.request_count()), (0, 4), "{request}");
            let body = if request == GET { "" } else { "hello" };
            assert!(good.requests().iter().all(|seen| seen.text() == body), "{request}");
        }
    }
}

#[test]
fn a_backend_whose_handshake_breaks_costs_no_request() {
    let trust = Trust::new();
    for break_off in [
        |session: &mut harness::Session| session.reset(),
        |session: &mut harness::Session| session.send("220 smtp.test ESMTP\r\n"),
        |_: &mut harness::Session| {},
    ] {
        for request in [GET, POST, CHUNKED] {
            let bad = Backend::start(move |session| {
                session.connection.goes_on();
                break_off(session);
            });
            let good = trust.server().saying("good");
            let proxyd = Proxyd::start(&pool(&trust, &[&bad, &good], ""));
            for _ in 0..4 {
                assert_eq!(proxyd.ask(request).text(), "good", "{request}");
            }
            assert_eq!(good.request_count(), 4, "{request}");
        }
    }
}

#[test]
fn a_backend_whose_handshake_stands_still_costs_time_and_no_request() {
    let trust = Trust::new();
    let (bad, good) = (Backend::start(harness::Session::hold), trust.server().saying("good"));
    let proxyd = Proxyd::start(&pool(&trust, &[&bad, &good], "connectTimeout: 100ms"));
    for request in [POST, GET, CHUNKED] {
        assert_eq!(proxyd.ask(request).text(), "good", "{request}");
    }
    assert!(bad.connections() > 0, "it was never tried");
}

/// RFC 8446 section 4.4.2.4: in TLS 1.3 a backend that does not take our certificate says so when a request may be on its
/// way, so that a POST is not sent again.
#[test]
fn a_backend_that_refuses_late_may_have_seen_the_request() {
    let trust = Trust::new();
    let refusing =
        || trust.server().version(Version::V13).demanding(&Authority::new("clients")).saying("never");
    let (bad, good) = (refusing(), trust.server().saying("good"));
    let proxyd = Proxyd::start(&pool(&trust, &[&bad, &good], ""));
    for _ in 0..4 {
        assert_eq!(proxyd.ask(GET).text(), "good");
    }
    assert!(bad.connections() > 0, "it was never tried");
    let (bad, good) = (refusing(), trust.server().saying("good"));
    let proxyd = Proxyd::start(&pool(&trust, &[&bad, &good], ""));
    let reasons: Vec<String> = (0..4).map(|_| proxyd.ask(POST).reason().to_owned()).collect();
    let failed = reasons.iter().filter(|reason| !reason.is_empty()).count();
    assert!(failed > 0, "{reasons:?}");
    assert!(
        reasons.iter().all(|reason| reason.is_empty() || reason == "upstream_tls:late_alert"),
        "{reasons:?}"
    );
    assert_eq!(good.request_count(), 4 - failed);
}

#[test]
fn every_backend_is_tried_once_and_the_last_reason_is_told() {
    let trust = Trust::new();
    let bad: Vec<_> =
        (0..3).map(|_| TlsServer::new(&trust.authority.leaf(&["b.test"])).saying("bad")).collect();
    let all: Vec<&Backend> = bad.iter().map(|backend| &**backend).collect();
    let proxyd = Proxyd::start(&pool(&trust, &all, "retries: 5"));
    let answer = proxyd.ask(POST);
    assert_eq!((answer.status(), answer.reason()), (502, "upstream_tls:wrong_name"));
    assert_eq!(bad.iter().map(|backend| backend.connections()).collect::<Vec<_>>(), [1, 1, 1]);
}

/// The classic race, within TLS: the backend ends an idle connection just when it is used again.
#[test]
fn a_connection_that_was_stale_costs_no_request_that_may_be_repeated() {
    let trust = Trust::new();
    for version in [Version::V12, Version::V13] {
        let backend = trust.server().version(version).start(|session| {
            if session.request().is_ok() {
                session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                // The second request on this connection is not answered.
                let _ = session.connection.head();
            }
        });
        let proxyd = trust.start(&backend, "retries: 0");
        for number in 0..5 {
            assert_eq!(proxyd.get(&format!("/{number}")).status(), 200, "request {number}");
        }
        assert_eq!(backend.request_count(), 5);
    }
}

/// `close_notify` stands in a connection that rests; it is no answer, and no request goes there any more.
#[test]
fn a_connection_that_the_backend_has_ended_is_not_used() {
    let trust = Trust::new();
    for version in [Version::V12, Version::V13] {
        let (closed, is_closed) = std::sync::mpsc::channel();
        let closed = std::sync::Mutex::new(closed);
        let backend = trust.server().version(version).start(move |session| {
            if session.request().is_ok() {
                session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                session.connection.half_close();
                closed.lock().unwrap().send(()).unwrap();
            }
        });
        let proxyd = trust.start(&backend, "");
        for _ in 0..4 {
            assert_eq!(proxyd.ask(POST).status(), 200, "{version:?}");
            is_closed.recv_timeout(harness::PATIENCE).unwrap();
        }
        assert_eq!((backend.request_count(), backend.connections()), (4, 4), "{version:?}");
    }
}

/// RFC 9110 section 9.2.2: what was sent may have been done, however TLS breaks behind it.
#[test]
fn a_post_whose_answer_breaks_within_tls_is_never_sent_twice() {
    let trust = Trust::new();
    for version in [Version::V12, Version::V13] {
        // No record of TLS; one that nobody can decrypt; an alert in the clear; the end.
        for garbage in [&b"HTTP/1.1 200 OK\r\n"[..], &[23, 3, 3, 0, 32, 7], &[21, 3, 3, 0, 2, 2, 80], &[]] {
            let garbage = [garbage, &[7; 64]].concat();
            let bad = trust.server().version(version).start(move |session| {
                let _ = session.request();
                session.connection.send_below_tls(&garbage);
                session.connection.close_below_tls();
                session.hold();
            });
            let good = trust.server().saying("good");
            let proxyd = Proxyd::start(&pool(&trust, &[&bad, &good], ""));
            let statuses: Vec<u16> = (0..4).map(|_| proxyd.ask(POST).status()).collect();
            let failed = statuses.iter().filter(|status| **status == 502).count();
            assert!(failed > 0, "{version:?}: {statuses:?}");
            assert_eq!((bad.request_count(), good.request_count()), (failed, 4 - failed), "{version:?}");
            // A GET is.
            assert_eq!(proxyd.ask(GET).text(), "good", "{version:?}");
            assert_eq!(proxyd.ask(GET).text(), "good", "{version:?}");
        }
    }
}

/// Retries have a budget, which one bad backend does not use up: it is left alone as a dead one is.
#[test]
fn a_backend_with_a_bad_certificate_costs_no_request_however_many_come() {
    let trust = Trust::new();
    let bad = TlsServer::new(&Authority::new("stranger").leaf(&["127.0.0.1"])).saying("bad");
    let good = trust.server().saying("good");
    let proxyd = Proxyd::start(&pool(&trust, &[&bad, &good], ""));
    let answers: Vec<String> = (0..300).map(|_| proxyd.ask(POST).text()).collect();
    let failed = answers.iter().filter(|text| *text != "good").count();
    assert_eq!(failed, 0, "of 300 failed; {} connections to the bad one", bad.connections());
    assert!(bad.connections() < 20, "{} connections to the bad one", bad.connections());
}

/// A backend that has spoken HTTP/2, and whose certificate is bad from one day to the other.
#[test]
fn a_shared_connection_that_cannot_be_made_again_costs_no_request() {
    let trust = Trust::new();
    let (one, two) = (trust.server().protocols(&["h2"]), trust.server().protocols(&["h2"]));
    let (one, two) = (one.saying("one"), two.saying("two"));
    let proxyd = Proxyd::start(&pool(&trust, &[&one, &two], ""));
    let mut texts: Vec<String> = (0..4).map(|_| proxyd.ask(POST).text()).collect();
    texts.sort();
    assert_eq!(texts, ["one", "one", "two", "two"]);
    one.become_like(&TlsServer::new(&trust.authority.leaf(&["b.test"])).protocols(&["h2"]));
    one.cut();
    // What meets the broken connection may be sent again.
    for request in [GET, GET, GET, GET, POST, CHUNKED, POST, CHUNKED] {
        assert_eq!(proxyd.ask(request).text(), "two", "{request}");
    }
    assert!(one.handshakes().iter().any(|handshake| handshake.outcome.is_err()));
}
