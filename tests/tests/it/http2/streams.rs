//! Streams of clients: how many there may be, and what their end means.

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use harness::frames::{Fields, Frame, Http2, code};
use harness::{Backend, Document, Ending, PATIENCE, Proxyd};

use super::limits::STREAMS;
use super::siege::ended;

/// A backend that answers nothing but `/go`.
fn holding() -> Backend {
    Backend::start(|session| {
        while let Ok(request) = session.request() {
            if request.target() == "/go" {
                session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            } else {
                session.hold();
            }
        }
    })
}

fn get(path: &str) -> Fields {
    Fields::request("GET", path)
}

#[test]
fn many_requests_are_answered_on_one_connection_at_once() {
    let backend = Backend::start(|session| {
        while let Ok(request) = session.request() {
            let body = request.target().to_owned();
            session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
        }
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = Http2::to(&proxyd.address());
    for _ in 0..5 {
        let streams: Vec<u32> = (0..STREAMS).map(|number| client.ask(&get(&format!("/{number}")))).collect();
        for (number, stream) in streams.into_iter().enumerate() {
            assert_eq!(client.response(stream).text(), format!("/{number}"));
        }
    }
}

/// RFC 9113 section 5.1.2.
#[test]
fn a_stream_beyond_the_limit_is_refused_and_nothing_is_begun() {
    let backend = holding();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = Http2::to(&proxyd.address());
    let streams: Vec<u32> = (0..STREAMS).map(|_| client.ask(&get("/hold"))).collect();
    backend.wait_for(streams.len());
    let refused = client.ask(&get("/go"));
    assert_eq!(client.reset(refused), code::REFUSED_STREAM);
    // A place that is given back is taken again.
    client.send(&Frame::reset(streams[7], code::CANCEL));
    let taken = client.ask(&get("/go"));
    assert_eq!(client.response(taken).text(), "ok");
    assert_eq!(backend.request_count(), streams.len() + 1);
}

/// What nobody waits for any more is not worked for.
#[test]
fn a_stream_that_its_client_cancels_is_cancelled_at_the_backend() {
    let backend = holding();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = Http2::to(&proxyd.address());
    let cancelled = client.ask(&get("/hold"));
    let other = client.ask(&get("/hold"));
    backend.wait_for(2);
    client.send(&Frame::reset(cancelled, code::CANCEL));
    backend.wait_for_ends(1);
    // The other one goes on, and so does the connection.
    let stream = client.ask(&get("/go"));
    assert_eq!(client.response(stream).text(), "ok");
    assert!(!client.received(other).is_over());
}

/// The same while a body comes, either way.
#[test]
fn a_body_that_its_client_cancels_is_cancelled_at_the_backend() {
    let backend = Backend::start(|session| {
        let Ok(head) = session.head() else { return };
        if head.method() == "GET" {
            session.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        }
        session.hold();
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = Http2::to(&proxyd.address());
    let answer = client.ask(&get("/"));
    client.body(answer, 5);
    client.send(&Frame::reset(answer, code::CANCEL));
    backend.wait_for_ends(1);
    let upload = client.stream();
    client.send_all(&[Frame::headers(upload, &Fields::request("POST", "/")), Frame::data(upload, "hello")]);
    client.settle();
    client.send(&Frame::reset(upload, code::CANCEL));
    backend.wait_for_ends(2);
}

#[test]
fn a_client_that_goes_cancels_all_that_it_asked_for() {
    let backend = holding();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = Http2::to(&proxyd.address());
    for _ in 0..10 {
        client.ask(&get("/hold"));
    }
    backend.wait_for(10);
    drop(client);
    backend.wait_for_ends(10);
}

/// A backend that answers each request once it is told to.
fn answering_when_told() -> (Backend, Sender<()>) {
    let (go, gone) = channel::<()>();
    let gone = Mutex::new(gone);
    let backend = Backend::start(move |session| {
        let Ok(_) = session.request() else { return };
        gone.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    (backend, go)
}

/// RFC 9113 section 6.8: what is in flight is finished, nothing new is taken, and the client knows which is which.
#[test]
fn a_proxy_that_stops_says_so_and_finishes_what_it_took() {
    let (backend, go) = answering_when_told();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = Http2::to(&proxyd.address());
    let stream = client.ask(&get("/"));
    backend.wait_for(1);
    proxyd.terminate();
    let (last, reason) = client.goaway();
    assert!(last >= stream && reason == code::NO_ERROR, "{last}, {reason}");
    go.send(()).unwrap();
    assert_eq!(client.response(stream).text(), "ok");
    assert_eq!(ended(&mut client).ending, Ending::Closed);
    assert_eq!(proxyd.wait().code, Some(0));
}

/// RFC 9113 section 6.8: a client that says goodbye still gets its answers.
#[test]
fn a_client_that_says_goaway_gets_what_it_asked_for() {
    let (backend, go) = answering_when_told();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = Http2::to(&proxyd.address());
    let stream = client.ask(&get("/"));
    client.send(&Frame::goaway(0, code::NO_ERROR));
    backend.wait_for(1);
    go.send(()).unwrap();
    assert_eq!(client.response(stream).text(), "ok");
    assert_eq!(ended(&mut client).ending, Ending::Closed);
}
