//! Bodies, trailers and interim answers on their way through.

use std::sync::Mutex;
use std::sync::mpsc::channel;

use harness::{Backend, Broken, Connection, Document, PATIENCE, Proxyd, Session, Silent};

const MEBIBYTE: usize = 1 << 20;
/// So much goes through where memory is looked at.
const BIG: usize = 200 * MEBIBYTE;
/// So much more memory the proxy may have at its worst.
const GROWTH: u64 = 8 << 20;

fn send_big(connection: &mut Connection) {
    let block = vec![b'x'; MEBIBYTE];
    for _ in 0..BIG / MEBIBYTE {
        if connection.try_send(&block).is_err() {
            return;
        }
    }
}

fn warm(proxyd: &Proxyd) -> u64 {
    assert_eq!(proxyd.get("/warm").status(), 200);
    proxyd.memory("VmRSS")
}

#[test]
fn a_big_answer_goes_through_in_little_memory() {
    for framing in ["Content-Length: 209715200\r\n\r\n", "Connection: close\r\n\r\n"] {
        let backend = Backend::start(move |session| {
            while let Ok(request) = session.request() {
                if request.target() == "/warm" {
                    session.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                } else {
                    session.send(format!("HTTP/1.1 200 OK\r\n{framing}"));
                    send_big(&mut session.connection);
                    return;
                }
            }
        });
        let proxyd = Proxyd::start(&Document::to(&backend));
        let before = warm(&proxyd);
        let mut client = proxyd.connect();
        client.send("GET /big HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
        client.head().unwrap();
        let (count, _) = client.count_rest();
        assert!(count >= BIG as u64, "{count} bytes came with {framing}");
        assert!(count < (BIG + BIG / 100) as u64, "{count} bytes came with {framing}");
        let worst = proxyd.memory("VmHWM");
        assert!(worst < before + GROWTH, "{before} bytes became {worst} with {framing}");
    }
}

fn takes_big(session: &mut Session) {
    while let Ok(head) = session.head() {
        if head.target() == "/big" {
            session.connection.skip(BIG as u64).unwrap();
        }
        session.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
}

#[test]
fn a_big_request_goes_through_in_little_memory() {
    let backend = Backend::start(takes_big);
    let proxyd = Proxyd::start(&Document::to(&backend).proxy("maxBodySize: off"));
    let before = warm(&proxyd);
    let mut client = proxyd.connect();
    client.ask(format!("POST /big HTTP/1.1\r\nHost: a.test\r\nContent-Length: {BIG}\r\n\r\n"));
    send_big(&mut client);
    assert_eq!(client.response().unwrap().status(), 200);
    let worst = proxyd.memory("VmHWM");
    assert!(worst < before + GROWTH, "{before} bytes became {worst}");
}

/// Whoever reads slowly holds back whoever writes: the rest of the body waits at its sender, not in the proxy.
#[test]
fn a_side_that_does_not_read_holds_the_other_back() {
    let (go, gone) = channel::<()>();
    let gone = Mutex::new(gone);
    let backend = Backend::start(move |session| {
        let Ok(head) = session.head() else { return };
        if head.target() == "/warm" {
            // What is kept open could still be taken for open when it ends.
            return session.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        }
        gone.lock().unwrap().recv().unwrap();
        let read = session.body(head).unwrap();
        session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", read.body.len()));
        session.send(&read.body);
    });
    let document = Document::to(&backend).proxy("maxBodySize: off, bodyIdleTimeout: 20s");
    let proxyd = Proxyd::start(&document);
    let before = warm(&proxyd);
    let mut client = proxyd.connect();
    let size = 40 * MEBIBYTE;
    client.ask(format!("POST /held HTTP/1.1\r\nHost: a.test\r\nContent-Length: {size}\r\n\r\n"));
    let (sent, is_sent) = channel();
    let body = vec![b'x'; size];
    std::thread::scope(|scope| {
        let mut writing = client.writer();
        scope.spawn(move || {
            writing.send(&body);
            sent.send(()).unwrap();
        });
        // The backend does not read: the client gets stuck long before its end.
        assert!(is_sent.recv_timeout(std::time::Duration::from_millis(300)).is_err());
        assert!(proxyd.memory("VmHWM") < before + GROWTH);
        go.send(()).unwrap();
        is_sent.recv_timeout(PATIENCE).unwrap();
    });
    // Nor does the client read: the answer waits at the backend.
    client.head().unwrap();
    assert!(proxyd.memory("VmHWM") < before + GROWTH);
    client.skip(size as u64).unwrap();
    assert!(proxyd.memory("VmHWM") < before + GROWTH);
}

/// RFC 9112 section 7.1.2; RFC 9110 section 6.5.
#[test]
fn trailers_reach_the_client_that_asked_for_them() {
    let backend = Backend::answering(
        "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\
         Content-Length: 1\r\nSet-Cookie: a=b\r\n\r\n",
    );
    let proxyd = Proxyd::start(&Document::to(&backend));
    let answer = proxyd.ask("GET / HTTP/1.1\r\nHost: a.test\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
    assert_eq!(answer.text(), "ok");
    let names: Vec<&str> = answer.trailers.iter().map(|(name, _)| name.as_str()).collect();
    assert!(names.contains(&"X-Sum") && !names.contains(&"Content-Length"), "{names:?}");
    assert_eq!(answer.all("Content-Length"), [""; 0]);
}

/// RFC 8297; RFC 9110 section 15.2.
#[test]
fn early_hints_are_passed_on_at_once_and_never_to_http_1_0() {
    let (go, gone) = channel::<()>();
    let gone = Mutex::new(gone);
    let backend = Backend::start(move |session| {
        while session.request().is_ok() {
            session.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nConnection: X-Y\r\nX-Y: z\r\n\r\n");
            gone.lock().unwrap().recv().unwrap();
            session.send("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = proxyd.connect();
    client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let hints = client.head().unwrap();
    assert_eq!((hints.status(), hints.field("Link")), (103, Some("</x>")));
    assert_eq!((hints.field("Connection"), hints.field("X-Y")), (None, None));
    go.send(()).unwrap();
    let answer = client.response().unwrap();
    let interim: Vec<u16> = answer.interim.iter().map(harness::Head::status).collect();
    assert_eq!((answer.text().as_str(), interim), ("ok", vec![102]));

    go.send(()).unwrap();
    let answer = proxyd.ask("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n");
    assert_eq!((answer.status(), answer.interim.len()), (200, 0));
}

/// RFC 9110 section 10.1.1: the backend decides whether the body is wanted.
#[test]
fn an_expectation_is_passed_on_and_so_is_its_answer() {
    let backend = Backend::start(|session| {
        while let Ok(head) = session.head() {
            if head.field("Expect") != Some("100-continue") {
                return;
            }
            if head.target() == "/refused" {
                session.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
                return session.hold();
            }
            session.send("HTTP/1.1 100 Continue\r\n\r\n");
            let Ok(request) = session.body(head) else { return };
            session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", request.body.len()));
            session.send(&request.body);
        }
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    for framing in
        ["Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"]
    {
        let (field, body) = framing.split_once("\r\n\r\n").unwrap();
        let mut client = proxyd.connect();
        client.ask(format!("POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\n{field}\r\n\r\n"));
        assert_eq!(client.head().unwrap().status(), 100);
        client.send(body);
        assert_eq!(client.response().unwrap().text(), "hello");
    }
    let refused = proxyd
        .ask("POST /refused HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    assert_eq!((refused.status(), refused.interim.len(), refused.closes()), (403, 0, true));
}

/// RFC 9112 section 9.5: an answer may come before the request is whole; both go on.
#[test]
fn an_early_answer_reaches_the_client_while_it_still_sends() {
    let backend = Backend::start(|session| {
        let head = session.head().unwrap();
        session.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nearly\r\n");
        let request = session.body(head).unwrap();
        let text = request.text();
        session.send(format!("{:x}\r\n{text}\r\n0\r\n\r\n", text.len()));
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = proxyd.connect();
    client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    assert_eq!(client.head().unwrap().status(), 200);
    assert_eq!(client.exactly(10).unwrap(), b"5\r\nearly\r\n");
    client.send("3\r\ndef\r\n0\r\n\r\n");
    assert_eq!(client.exactly(16).unwrap(), b"6\r\nabcdef\r\n0\r\n\r\n");
}

/// RFC 9112 section 9.6: a client that has said all it wants to say still gets its answer.
#[test]
fn a_half_closed_client_gets_its_answer() {
    let backend = Backend::start(|session| {
        while session.request().is_ok() {
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n");
            session.send(vec![b'x'; 200_000]);
        }
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    for request in [
        "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi",
    ] {
        let mut client = proxyd.connect();
        client.ask(request);
        client.half_close();
        assert_eq!(client.response().unwrap().body.len(), 200_000);
        assert!(!client.goes_on());
    }
}

#[test]
fn a_client_that_goes_away_ends_the_backend_s_work_at_once() {
    for is_answering in [false, true] {
        let (begun, has_begun) = channel();
        let begun = Mutex::new(begun);
        let backend = Backend::start(move |session| {
            let Ok(_) = session.request() else { return };
            if is_answering {
                session.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            }
            begun.lock().unwrap().send(()).unwrap();
            session.hold();
        });
        let proxyd = Proxyd::start(&Document::to(&backend).line("logging: { level: debug }"));
        let mut client = proxyd.connect();
        client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
        has_begun.recv_timeout(PATIENCE).unwrap();
        if is_answering {
            client.head().unwrap();
        }
        client.reset();
        backend.wait_for_ends(1);
        proxyd.log().wait_for("client_gone", 1);
        assert_eq!(proxyd.stop().requests("client_gone"), 1, "is_answering: {is_answering}");
    }
}

/// What a client has sent ahead does not hide that it has gone.
#[test]
fn a_client_that_goes_away_behind_pipelined_requests_is_noticed() {
    let (begun, has_begun) = channel();
    let begun = Mutex::new(begun);
    let backend = Backend::start(move |session| {
        let Ok(_) = session.request() else { return };
        begun.lock().unwrap().send(()).unwrap();
        session.hold();
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = proxyd.connect();
    client.ask("GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\nGET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n");
    has_begun.recv_timeout(PATIENCE).unwrap();
    client.reset();
    backend.wait_for_ends(1);
    assert_eq!(proxyd.stop().requests("client_gone"), 1);
}

#[test]
fn a_client_that_goes_away_while_a_backend_is_dialled_is_noticed() {
    let silent = Silent::new();
    let document = Document::new()
        .upstream_at("app", &[silent.address()], "connectTimeout: 1h")
        .route("path: /*, upstream: app, timeout: 1h")
        .route("path: /own, respond: {}")
        .line("logging: { level: debug }");
    let proxyd = Proxyd::start(&document);
    let mut client = proxyd.connect();
    // Both come together: once the first is answered, the proxy has the second.
    client.ask("GET /own HTTP/1.1\r\nHost: a.test\r\n\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(client.response().unwrap().status(), 200);
    client.reset();
    proxyd.log().wait_for("client_gone", 1);
    assert_eq!(proxyd.stop().code, Some(0));
}

#[test]
fn a_backend_that_resets_within_its_answer_ends_the_client_s() {
    let backend = Backend::start(|session| {
        session.request().unwrap();
        session.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        // The proxy has what was sent before the reset takes it away.
        let _ = session.connection.exactly(0);
        session.reset();
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = proxyd.connect();
    client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    match client.response() {
        Err(Broken::Cut(..) | Broken::End(_)) => {}
        Ok(answer) => assert_eq!((answer.status(), answer.reason()), (502, "upstream_reset")),
        other => panic!("{other:?}"),
    }
}

/// RFC 9112 section 6.3: HTTP/1.0 knows no chunks.
#[test]
fn http_1_0_is_served_with_what_it_knows() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let backend = Backend::answering(chunked);
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = proxyd.connect();
    client.ask("GET / HTTP/1.0\r\n\r\n");
    let answer = client.response().unwrap();
    assert_eq!((answer.text().as_str(), answer.field("Transfer-Encoding")), ("ok", None));
    let seen = backend.request();
    assert_eq!(seen.head.start, "GET / HTTP/1.1");
    assert_eq!(seen.all("Host").len(), 1);
    // A body that ends with the backend's connection has an end that the client of HTTP/1.1 can see.
    let backend = Backend::start(|session| {
        session.request().unwrap();
        session.send("HTTP/1.0 200 OK\r\n\r\nuntil close");
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let answer = proxyd.get("/");
    assert_eq!((answer.text().as_str(), answer.field("Transfer-Encoding")), ("until close", Some("chunked")));
}

/// RFC 9110 sections 9.3.2, 15.3.5 and 15.4.5.
#[test]
fn answers_without_a_body_keep_the_length_that_they_speak_of() {
    let backend = Backend::start(|session| {
        while let Ok(request) = session.request() {
            session.send(match request.target() {
                "/head" => "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n",
                "/head-chunked" => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                "/304-chunked" => "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
                "/304" => "HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\nETag: \"x\"\r\n\r\n",
                _ => "HTTP/1.1 204 No Content\r\n\r\n",
            });
        }
    });
    let proxyd = Proxyd::start(&Document::to(&backend));
    let mut client = proxyd.connect();
    client.ask("HEAD /head HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(client.response().unwrap().field("Content-Length"), Some("1234"));
    client.ask("GET /304 HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(client.response().unwrap().status(), 304);
    client.ask("HEAD /head-chunked HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(client.response().unwrap().status(), 200);
    client.ask("GET /304-chunked HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(client.response().unwrap().status(), 304);
    client.ask("GET /204 HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let empty = client.response().unwrap();
    assert_eq!((empty.status(), empty.field("Content-Length")), (204, None));
    assert_eq!(backend.connections(), 1);
}
