//! What goes in comes out: every byte, however it was cut into pieces.

use harness::{Backend, Broken, Document, Proxyd};

/// Bytes that do not repeat within any usual buffer.
fn pattern(count: usize) -> Vec<u8> {
    let mut word = 0x9e37_79b9_7f4a_7c15_u64;
    let next = |_| {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        word.to_le_bytes()[3]
    };
    (0..count).map(next).collect()
}

fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut framed = Vec::new();
    for part in body.chunks(size) {
        framed.extend_from_slice(format!("{:X}\r\n", part.len()).as_bytes());
        framed.extend_from_slice(part);
        framed.extend_from_slice(b"\r\n");
    }
    framed.extend_from_slice(b"0\r\n\r\n");
    framed
}

/// Gives each body back, in chunks where the target says so.
fn mirror() -> Backend {
    Backend::start(|session| {
        while let Ok(request) = session.request() {
            let body = &request.body;
            if request.target() == "/chunked" {
                session.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                session.send(chunked(body, 4097));
            } else {
                session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()));
                session.send(body);
            }
        }
    })
}

#[test]
fn bodies_of_many_sizes_arrive_as_they_were() {
    let backend = mirror();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = proxyd.connect();
    for size in [
        0,
        1,
        2,
        100,
        4095,
        4096,
        4097,
        16_383,
        16_384,
        16_385,
        65_535,
        65_536,
        65_537,
        1 << 20,
        (3 << 20) + 7,
    ] {
        let body = pattern(size);
        for target in ["/", "/chunked"] {
            let mut writing = client.writer();
            for is_chunked in [false, true] {
                let head = format!("POST {target} HTTP/1.1\r\nHost: a.test\r\n");
                let (framing, framed) = if is_chunked {
                    ("Transfer-Encoding: chunked".to_owned(), chunked(&body, 1000))
                } else {
                    (format!("Content-Length: {size}"), body.clone())
                };
                let answer = std::thread::scope(|scope| {
                    scope.spawn(|| {
                        writing.send(format!("{head}{framing}\r\n\r\n"));
                        writing.send(framed);
                    });
                    client.response().unwrap()
                });
                assert!(answer.body == body, "{size} bytes to {target} came back as {}", answer.body.len());
            }
        }
    }
    assert_eq!(backend.connections(), 1);
}

/// RFC 9112 section 2.1: a message is a sequence of bytes, not of packets.
#[test]
fn messages_may_come_byte_by_byte() {
    let backend = Backend::start(|session| {
        while session.request().is_ok() {
            let answer = b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                2\r\nok\r\n3;x=y\r\nay!\r\n0\r\nX-Sum: 7\r\n\r\n";
            for byte in answer {
                session.send([*byte]);
            }
        }
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = proxyd.connect();
    for _ in 0..2 {
        let request = "POST /x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;a=\"b\"\r\n!\r\n0\r\nX-T: 1\r\n\r\n";
        for byte in request.bytes() {
            client.send([byte]);
        }
        let answer = client.response().unwrap();
        assert_eq!((answer.text().as_str(), answer.interim.len()), ("okay!", 1));
    }
    let seen = backend.requests();
    assert_eq!((seen[1].text().as_str(), seen[1].trailers.len()), ("hello!", 1));
    assert_eq!(backend.connections(), 1);
}

#[test]
fn many_pipelined_requests_are_all_answered_in_order() {
    let backend = mirror();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = proxyd.connect();
    let all: String = (0..200)
        .map(|number| {
            let body = number.to_string();
            format!("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        })
        .collect();
    client.send(all);
    for number in 0..200 {
        assert_eq!(client.response().unwrap().text(), number.to_string());
    }
}

/// RFC 9112 section 8: also where the body goes through the kernel alone.
#[test]
fn a_long_answer_that_was_cut_short_never_looks_whole() {
    let backend = Backend::start(|session| {
        let _ = session.request();
        session.send("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n");
        session.send(vec![b'x'; 1_500_000]);
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = proxyd.connect();
    client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    match client.response() {
        Err(Broken::Cut(_, body)) => assert!(body.len() <= 1_500_000),
        other => panic!("it ended as {:?}", other.map(|answer| answer.body.len())),
    }
}

/// RFC 9112 section 9.6, and HTTP/1.0's rule in section 9.3.
#[test]
fn connections_to_backends_that_are_to_be_closed_are_not_used_again() {
    for head in
        ["HTTP/1.1 200 OK\r\nConnection: close", "HTTP/1.1 200 OK\r\nConnection: x, Close", "HTTP/1.0 200 OK"]
    {
        let backend = Backend::answering(format!("{head}\r\nContent-Length: 2\r\n\r\nok"));
        let proxyd = Proxyd::start(&Document::to(&backend));
        let mut client = proxyd.connect();
        for _ in 0..2 {
            client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
            let answer = client.response().unwrap();
            assert_eq!(
                (answer.text().as_str(), answer.closes()),
                ("ok", false),
                "{head}: the client's goes on"
            );
        }
        assert_eq!(backend.connections(), 2, "{head}");
    }
}

/// RFC 9112 section 9.6.
#[test]
fn a_client_that_wants_to_close_is_obeyed_and_the_backend_s_connection_kept() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend));
    for _ in 0..2 {
        let mut client = proxyd.connect();
        client.ask("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
        assert!(client.response().unwrap().closes());
        assert!(!client.goes_on());
    }
    assert_eq!(backend.connections(), 1);
}
