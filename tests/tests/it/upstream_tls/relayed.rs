//! What is relayed over TLS to backends.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use harness::frames::{Fields, Frame, Http2};
use harness::tls::{Client, Version};
use harness::{Connection, PATIENCE, Proxyd};

use super::both::{GET, VERSIONS, before, much};
use super::trust::Trust;

#[test]
fn large_bodies_pass_in_both_directions() {
    for version in VERSIONS {
        let both = before(version, |session| {
            while let Ok(request) = session.request() {
                session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", request.body.len()));
                session.send(&request.body);
            }
        });
        for mut client in both.clients() {
            client
                .ask(format!("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n", much().len()));
            client.send(much());
            assert!(client.response().unwrap().body == much(), "{version:?}: another body came");
            client.ask("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
            for part in much().chunks(10_000) {
                client.send([format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat());
            }
            client.send("0\r\n\r\n");
            assert!(client.response().unwrap().body == much(), "{version:?}: another body came");
        }
    }
}

#[test]
fn large_bodies_pass_in_both_directions_over_http_2() {
    let trust = Trust::new();
    let backend = trust.server().start_http2(|session| {
        while let Some(stream) = session.request() {
            let body = session.http2.received(stream).body;
            session.send(&Frame::headers(stream, &Fields::response(200)));
            let _ = session.http2.send_body(stream, &body);
        }
    });
    let own = trust.files.put("a", &trust.authority.leaf(&["a.test"]));
    let document = trust.document(&backend, "").listener_with("127.0.0.1:0", "tls: {}").certificate(&own);
    let proxyd = Proxyd::start(&document);
    let client = Client::new(&trust.authority).protocols(&["h2"]);
    let mut client = Http2::over(client.to(&proxyd.address(), "a.test"));
    let stream = client.stream();
    let head = Fields::request("POST", "/").with(":scheme", "https");
    client.send(&Frame::headers(stream, &head));
    client.send_body(stream, &much()).unwrap();
    assert!(client.response(stream).body == much(), "another body came");
    assert_eq!(backend.http2().requests()[0].field(":scheme"), Some("https"));
}

/// Each byte is a record of its own.
#[test]
fn an_answer_of_many_small_records_comes_whole() {
    for version in VERSIONS {
        let both = before(version, |session| {
            while session.request().is_ok() {
                let body = "x".repeat(2000);
                for byte in format!("HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n{body}").bytes() {
                    session.send([byte]);
                }
            }
        });
        for mut client in both.clients() {
            for _ in 0..2 {
                client.ask(GET);
                assert_eq!(client.response().unwrap().text(), "x".repeat(2000), "{version:?}");
            }
        }
    }
}

/// What a backend says is passed on when it is said: server-sent events live of that.
#[test]
fn chunks_arrive_one_by_one() {
    for version in VERSIONS {
        let (go, goes) = channel::<()>();
        let goes = Mutex::new(goes);
        let both = before(version, move |session| {
            while session.request().is_ok() {
                session.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
                for number in 0..5 {
                    let event = format!("data: {number}\n\n");
                    session.send(format!("{:x}\r\n{event}\r\n", event.len()));
                    // The next one is not sent before this one has arrived.
                    goes.lock().unwrap().recv_timeout(PATIENCE).unwrap();
                }
                session.send("0\r\n\r\n");
            }
        });
        for mut client in both.clients() {
            client.send(GET);
            assert_eq!(client.head().unwrap().status(), 200);
            for number in 0..5 {
                let expected = format!("9\r\ndata: {number}\n\n\r\n");
                assert_eq!(client.exactly(expected.len()).unwrap(), expected.as_bytes(), "{version:?}");
                go.send(()).unwrap();
            }
            assert_eq!(client.exactly(5).unwrap(), b"0\r\n\r\n");
        }
    }
}

/// A request's body, too, passes while it comes.
#[test]
fn parts_of_a_request_arrive_one_by_one() {
    for version in VERSIONS {
        let both = before(version, |session| {
            while session.head().is_ok() {
                for number in 0..5 {
                    let expected = format!("5\r\npart{number}\r\n");
                    assert_eq!(session.connection.exactly(expected.len()).unwrap(), expected.as_bytes());
                    session.send(format!("HTTP/1.1 103 Early Hints\r\nX-Got: {number}\r\n\r\n"));
                }
                assert_eq!(session.connection.exactly(5).unwrap(), b"0\r\n\r\n");
                session.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }
        });
        for mut client in both.clients() {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
            for number in 0..5 {
                client.send(format!("5\r\npart{number}\r\n"));
                let head = client.head().unwrap();
                assert_eq!((head.status(), head.field("X-Got")), (103, Some(number.to_string().as_str())));
            }
            client.send("0\r\n\r\n");
            assert_eq!(client.response().unwrap().status(), 200);
        }
    }
}

/// What one says within TLS is for the other: forwarding fields tell of the client's side.
#[test]
fn a_backend_learns_over_what_the_client_has_come() {
    let both =
        before(Version::V13, |session| session.answer_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    for (mut client, scheme) in both.clients().into_iter().zip(["https", "http"]) {
        client.ask(GET);
        assert_eq!(client.response().unwrap().status(), 200);
        let requests = both.backend.requests();
        assert_eq!(requests.last().unwrap().field("X-Forwarded-Proto"), Some(scheme));
    }
}

/// Trailers tell how a call of gRPC has ended.
#[test]
fn a_call_of_grpc_passes_with_its_trailers() {
    let trust = Trust::new();
    let backend = trust.server().start_http2(|session| {
        while let Some(stream) = session.request() {
            let body = session.http2.received(stream).body;
            let head =
                Fields::response(200).and("content-type", "application/grpc").and("trailer", "grpc-status");
            session.send(&Frame::headers(stream, &head));
            session.send(&Frame::data(stream, body));
            session.send(&Frame::headers(stream, &Fields::new().and("grpc-status", "0")).end());
        }
    });
    let own = trust.files.put("a", &trust.authority.leaf(&["a.test"]));
    let document = trust.document(&backend, "").listener_with("127.0.0.1:0", "tls: {}").certificate(&own);
    let proxyd = Proxyd::start(&document);
    let mut client =
        Http2::over(Client::new(&trust.authority).protocols(&["h2"]).to(&proxyd.address(), "a.test"));
    let head = Fields::request("POST", "/a.Service/Call").with(":scheme", "https");
    let head = head.and("content-type", "application/grpc").and("te", "trailers");
    let stream = client.ask_with(&head, b"\0\0\0\0\x02hi");
    let answer = client.response(stream);
    assert_eq!((answer.text().as_str(), answer.trailers.field("grpc-status")), ("\0\0\0\0\x02hi", Some("0")));
}

/// What a client does not take is not kept for it without a bound.
#[test]
fn a_backend_that_says_much_takes_no_memory() {
    const TOO_MUCH: usize = 16 << 20;
    let both = before(Version::V13, |session| {
        while session.request().is_ok() {
            session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {TOO_MUCH}\r\n\r\n"));
            (0..TOO_MUCH >> 20).for_each(|_| session.send(much()));
        }
    });
    let mut clients: Vec<Connection> = (0..4).flat_map(|_| both.clients()).collect();
    let before = both.proxyd.memory("VmRSS");
    for client in &mut clients {
        client.ask(GET);
        assert_eq!(client.head().unwrap().status(), 200);
    }
    // What one may read while others do not shows that the proxy has gone as far as it goes.
    let [_, mut other] = both.clients();
    other.ask(GET);
    assert_eq!(other.response().unwrap().body.len(), TOO_MUCH);
    let grown = both.proxyd.memory("VmRSS").saturating_sub(before);
    assert!(grown < 24 << 20, "{grown} bytes more");
    for client in &mut clients {
        client.skip(TOO_MUCH as u64).unwrap();
    }
}

/// RFC 8446 section 4.6.3: either side may change its keys at any time.
#[test]
fn keys_may_change_in_the_midst_of_all() {
    let both = before(Version::V13, |session| {
        while let Ok(request) = session.request() {
            session.connection.change_keys();
            session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", request.body.len()));
            for part in request.body.chunks(100_000) {
                session.send(part);
                session.connection.change_keys();
            }
        }
    });
    let [mut client, _] = both.clients();
    for _ in 0..5 {
        client.ask(format!("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n", much().len()));
        for part in much().chunks(100_000) {
            client.change_keys();
            client.send(part);
        }
        client.change_keys();
        assert!(client.response().unwrap().body == much(), "another body came");
    }
}
