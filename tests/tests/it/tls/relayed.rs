//! What is relayed over TLS, which no system call can do for us.

use harness::frames::{Fields, Http2};
use harness::tls::Version;
use harness::{Backend, Broken, Connection, Ending};

use super::place::Place;

const VERSIONS: [Version; 2] = [Version::V12, Version::V13];
const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
/// Many records, and more than the proxy's own buffers hold.
const MUCH: usize = 4 << 20;
/// More than all buffers on the way hold.
const TOO_MUCH: usize = 16 << 20;

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// Bytes that tell where they stand, a part at a time.
fn part(number: usize) -> Vec<u8> {
    (0..1 << 16).map(|at| (at ^ (at >> 8) ^ number) as u8).collect()
}

fn parts() -> impl Iterator<Item = Vec<u8>> {
    (0..MUCH >> 16).map(part)
}

fn too_many_parts() -> impl Iterator<Item = Vec<u8>> {
    (0..TOO_MUCH >> 16).map(part)
}

/// Reads all parts, and says whether they came as they were sent.
fn are_whole(connection: &mut Connection, mut parts: impl Iterator<Item = Vec<u8>>) -> bool {
    parts.all(|part| connection.exactly(part.len()).is_ok_and(|came| came == part))
}

fn before(backend: Backend) -> Place {
    Place::before(backend, |ground| ground.tls("").certificate(&ground.leaf(&["a.test"])))
}

#[test]
fn answers_of_any_framing_come_whole() {
    for head in [
        format!("HTTP/1.1 200 OK\r\nContent-Length: {MUCH}\r\n\r\n"),
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(),
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned(),
    ] {
        let is_chunked = head.contains("chunked");
        let place = before(Backend::start(move |session| {
            while session.request().is_ok() {
                session.send(&head);
                for part in parts() {
                    if is_chunked {
                        session.send(format!("{:x}\r\n", part.len()));
                    }
                    session.send(part);
                    if is_chunked {
                        session.send("\r\n");
                    }
                }
                if is_chunked {
                    session.send("0\r\nX-Trailer: 1\r\n\r\n");
                }
                if !is_chunked && !head.contains("Length") {
                    return;
                }
            }
        }));
        for version in VERSIONS {
            let mut client = place.client().version(version).to(&place.address(), "a.test");
            client.ask(GET);
            let answer =
                client.response().unwrap_or_else(|_| panic!("no whole answer: {:?}", client.tls_failure()));
            assert!(answer.body == parts().flatten().collect::<Vec<u8>>(), "another body came");
        }
        let mut http2 = Http2::over(place.client().protocols(&["h2"]).to(&place.address(), "a.test"));
        let stream = http2.ask(&Fields::request("GET", "/").with(":scheme", "https"));
        assert!(http2.response(stream).body == parts().flatten().collect::<Vec<u8>>(), "another body came");
    }
}

/// CVE-2019-9512 and others are about what is kept for those who do not read.
#[test]
fn a_client_that_does_not_read_takes_no_memory() {
    let place = before(Backend::start(|session| {
        while session.request().is_ok() {
            session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {TOO_MUCH}\r\n\r\n"));
            too_many_parts().for_each(|part| session.send(part));
        }
    }));
    let mut clients: Vec<Connection> =
        (0..8).map(|_| place.client().to(&place.address(), "a.test")).collect();
    let before = place.proxyd.memory("VmRSS");
    for client in &mut clients {
        client.ask(GET);
        assert_eq!(client.head().unwrap().status(), 200);
    }
    // What one may read while others do not shows that the proxy has gone as far as it goes.
    let mut other = place.client().to(&place.address(), "a.test");
    other.ask(GET);
    assert_eq!(other.response().unwrap().body.len(), TOO_MUCH);
    let grown = place.proxyd.memory("VmRSS").saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes more");
    for client in &mut clients {
        assert!(are_whole(client, too_many_parts()), "an answer is not whole");
    }
}

#[test]
fn every_byte_passes_a_tunnel_in_both_directions_at_once() {
    let place = before(Backend::start(|session| {
        let Ok(_) = session.request() else { return };
        session.send(SWITCH);
        let mut writer = session.connection.writer();
        let sending = std::thread::spawn(move || parts().all(|part| writer.try_send(part).is_ok()));
        let is_whole = are_whole(&mut session.connection, parts());
        let _ = sending.join();
        session.send(if is_whole { "whole" } else { "other" });
    }));
    for version in VERSIONS {
        let mut client = place.client().version(version).to(&place.address(), "a.test");
        client.send(UPGRADE);
        assert_eq!(client.head().unwrap().status(), 101);
        let mut writer = client.writer();
        let sending = std::thread::spawn(move || parts().all(|part| writer.try_send(part).is_ok()));
        assert!(are_whole(&mut client, parts()), "{version:?}: something else came");
        assert!(sending.join().unwrap_or(false), "{version:?}: not all was taken");
        assert_eq!(client.exactly(5).unwrap(), b"whole", "{version:?}");
        assert_eq!(client.rest().1, Ending::Closed, "{version:?}");
    }
}

/// Requests that stand in one record, and one that stands in many.
#[test]
fn records_are_no_borders_of_requests() {
    let place = Place::new();
    for version in VERSIONS {
        let mut client = place.client().version(version).to(&place.address(), "a.test");
        client.ask(GET);
        client.send("");
        let mut both = place.client().version(version).to(&place.address(), "a.test");
        both.send([GET, GET, GET].concat());
        for _ in 0..3 {
            assert_eq!(both.response().unwrap().text(), "ok", "{version:?}");
        }
        assert_eq!(client.response().unwrap().text(), "ok", "{version:?}");
        let post = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello";
        for byte in post.bytes() {
            client.send([byte]);
        }
        assert_eq!(client.response().unwrap().text(), "ok", "{version:?}");
    }
    assert_eq!(place.backend.requests().last().unwrap().text(), "hello");
}

/// RFC 9110 section 10.1.1.
#[test]
fn who_waits_for_100_gets_it() {
    let place = before(Backend::start(|session| {
        let Ok(head) = session.head() else { return };
        session.send("HTTP/1.1 100 Continue\r\n\r\n");
        let _ = session.body(head);
        session.send("HTTP/1.1 204 No Content\r\n\r\n");
    }));
    let mut client = place.client().to(&place.address(), "a.test");
    client.ask("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.head().unwrap().status(), 100);
    client.send("hello");
    assert_eq!(client.response().unwrap().status(), 204);
}

/// Who has said all may wait for the answer: RFC 8446 section 6.1.
#[test]
fn a_client_that_has_said_all_gets_its_answer() {
    let place = Place::new();
    for version in VERSIONS {
        let mut client = place.client().version(version).to(&place.address(), "a.test");
        client.ask(GET);
        client.half_close();
        assert_eq!(client.response().unwrap().text(), "ok", "{version:?}");
        assert_eq!(client.rest(), (Vec::new(), Ending::Closed), "{version:?}");
    }
}

/// RFC 9112 section 9.8: an answer whose end is that of the connection is whole only where the end is said.
#[test]
fn an_answer_that_a_backend_cuts_is_cut_for_the_client() {
    let place = before(Backend::start(|session| {
        let Ok(_) = session.request() else { return };
        session.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf");
        session.reset();
    }));
    for version in VERSIONS {
        let mut client = place.client().version(version).to(&place.address(), "a.test");
        client.ask(GET);
        let answer = client.response();
        assert!(
            matches!(&answer, Err(Broken::Cut(..)))
                || answer.as_ref().is_ok_and(|answer| answer.status() == 502),
            "{version:?}: {answer:?}"
        );
    }
}
