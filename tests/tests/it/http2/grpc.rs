//! Errors that the proxy answers to gRPC with, and the time that a caller gives.

use harness::frames::{Fields, Frame, Http2, Http2Backend, Received, code};
use harness::{Backend, Document, Proxyd, Refusing};

/// Codes of gRPC.
const DEADLINE_EXCEEDED: &str = "4";
const RESOURCE_EXHAUSTED: &str = "8";
const UNIMPLEMENTED: &str = "12";
const UNAVAILABLE: &str = "14";

fn call() -> Fields {
    Fields::request("POST", "/service/Method").and("content-type", "application/grpc").and("te", "trailers")
}

/// The answer to a call whose only message has so many bytes.
#[track_caller]
fn answer(proxyd: &Proxyd, head: &Fields, size: usize) -> Received {
    let mut client = Http2::to(&proxyd.address());
    let stream = client.stream();
    client.send_all(&[Frame::headers(stream, head), Frame::data(stream, vec![0; size])]);
    let _ = client.try_send(&Frame::data(stream, []).end());
    client.head(stream)
}

/// The answer is one head, which says what went wrong.
#[track_caller]
fn check(answer: &Received, status: &str) {
    assert_eq!((answer.status(), answer.field("grpc-status")), (200, Some(status)), "{answer:?}");
    assert!(answer.ends_with_head && answer.body.is_empty(), "{answer:?}");
    let kind = answer.field("content-type").unwrap_or_default();
    assert!(kind.starts_with("application/grpc"), "{answer:?}");
}

fn silent() -> Backend {
    Backend::start(|session| {
        let _ = session.request();
        session.hold();
    })
}

#[test]
fn what_the_proxy_refuses_is_a_status_of_grpc() {
    let (refusing, backend) = (Refusing::new(), Backend::ok());
    let document = Document::new()
        .upstream_at("refusing", &[refusing.address()], "retries: 0")
        .upstream("app", &[&backend], "")
        .route("id: refusing, vHost: refusing.test, upstream: refusing")
        .route("id: small, vHost: small.test, upstream: app, maxBodySize: 10");
    let proxyd = Proxyd::start(&document);
    let to = |host: &str| call().with(":authority", host);
    check(&answer(&proxyd, &to("none.test"), 5), UNIMPLEMENTED);
    check(&answer(&proxyd, &to("refusing.test"), 5), UNAVAILABLE);
    check(&answer(&proxyd, &to("refusing.test"), 5), UNAVAILABLE);
    check(&answer(&proxyd, &to("small.test"), 50), RESOURCE_EXHAUSTED);
    // Who does not speak gRPC gets what HTTP says.
    let plain = to("none.test").with("content-type", "application/json");
    assert_eq!(answer(&proxyd, &plain, 5).status(), 404);
    // Every form of its media type is gRPC.
    for kind in ["application/grpc+proto", "application/grpc;charset=utf-8"] {
        check(&answer(&proxyd, &to("none.test").with("content-type", kind), 5), UNIMPLEMENTED);
    }
    assert!(backend.requests().is_empty());
}

#[test]
fn a_backend_that_does_not_answer_has_exceeded_the_deadline() {
    let backend = silent();
    let document = Document::to(&backend).proxy("timeout: 300ms");
    let proxyd = Proxyd::start(&document);
    check(&answer(&proxyd, &call(), 5), DEADLINE_EXCEEDED);
    backend.wait_for_ends(1);
}

/// The caller's own time, which is shorter than the proxy's.
#[test]
fn the_time_that_a_caller_gives_is_kept() {
    let (plain, framed) = (
        silent(),
        Http2Backend::start(|session| {
            let Some(stream) = session.request() else { return };
            assert_eq!(session.reset(stream), Some(code::CANCEL));
            session.answer_all("ok");
        }),
    );
    let document = Document::new()
        .upstream("plain", &[&plain], "")
        .upstream_at("framed", &[framed.address().clone()], "protocol: http2")
        .route("id: plain, vHost: plain.test, upstream: plain")
        .route("id: framed, vHost: framed.test, upstream: framed");
    let proxyd = Proxyd::start(&document);
    for host in ["plain.test", "framed.test"] {
        let head = call().with(":authority", host).and("grpc-timeout", "200m");
        check(&answer(&proxyd, &head, 5), DEADLINE_EXCEEDED);
    }
    plain.wait_for_ends(1);
    // The backend hears how much time there is, and its connection goes on.
    let asked = framed.wait_for(1).remove(0);
    assert!(asked.field("grpc-timeout").is_some(), "{asked:?}");
    let again = answer(&proxyd, &call().with(":authority", "framed.test"), 5);
    assert_eq!((again.status(), framed.connections()), (200, 1));
}

/// A time that cannot be read is none.
#[test]
fn a_time_that_is_no_time_is_not_kept() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend));
    for time in ["", "m", "200", "-1m", "1.5S", "999999999m", "1x", "200 m"] {
        let answer = answer(&proxyd, &call().and("grpc-timeout", time), 5);
        assert_eq!(
            answer.field("grpc-status").filter(|status| *status == DEADLINE_EXCEEDED),
            None,
            "{time:?}"
        );
    }
}

/// Messages pass both ways as they come, and the status comes behind them.
#[test]
fn a_call_passes_in_both_directions_at_once() {
    let backend = Http2Backend::start(|session| {
        while let Some(stream) = session.head() {
            let head = Fields::response(200).and("content-type", "application/grpc");
            session.send(&Frame::headers(stream, &head));
            for turn in 1..=3 {
                session.http2.body(stream, 5 * turn);
                session.send(&Frame::data(stream, "world"));
            }
            let trailers = Fields::new().and("grpc-status", "0").and("grpc-message", "done");
            session.send(&Frame::headers(stream, &trailers).end());
        }
    });
    let proxyd = Proxyd::start(&Document::to_http2(&backend));
    let mut client = Http2::to(&proxyd.address());
    let stream = client.stream();
    client.send(&Frame::headers(stream, &call()));
    for turn in 1..=3 {
        client.send(&Frame::data(stream, "hello"));
        client.body(stream, 5 * turn);
    }
    let answer = client.response(stream);
    assert_eq!(answer.text(), "world".repeat(3));
    assert_eq!(answer.trailers, Fields::new().and("grpc-status", "0").and("grpc-message", "done"));
    assert_eq!(backend.requests()[0].field("te"), Some("trailers"));
}

/// A backend that answers with its status alone.
#[test]
fn a_status_without_messages_passes_as_one_head() {
    let backend = Http2Backend::start(|session| {
        while let Some(stream) = session.head() {
            let head = Fields::response(200).and("content-type", "application/grpc").and("grpc-status", "5");
            session.send(&Frame::headers(stream, &head).end());
        }
    });
    let proxyd = Proxyd::start(&Document::to_http2(&backend));
    check(&answer(&proxyd, &call(), 5), "5");
}

/// A caller that gives up has the backend give up.
#[test]
fn a_call_that_is_cancelled_is_cancelled_at_the_backend() {
    let backend = Http2Backend::start(|session| {
        let Some(stream) = session.head() else { return };
        assert_eq!(session.reset(stream), Some(code::CANCEL));
        session.answer_all("ok");
    });
    let proxyd = Proxyd::start(&Document::to_http2(&backend));
    let mut client = Http2::to(&proxyd.address());
    let stream = client.stream();
    client.send(&Frame::headers(stream, &call()));
    backend.wait_for(1);
    client.send(&Frame::reset(stream, code::CANCEL));
    let again = client.ask(&Fields::request("GET", "/"));
    assert_eq!((client.response(again).text().as_str(), backend.connections()), ("ok", 1));
}
