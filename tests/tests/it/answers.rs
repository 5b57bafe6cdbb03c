//! The proxy's own answers: their form, and the table of reasons.

use harness::{Backend, Document, Proxyd, Refusing};

/// RFC 9457, RFC 9209.
#[test]
fn a_failure_says_why_in_the_form_that_the_client_accepts() {
    let proxyd = Proxyd::start(&Document::new().route("path: /only, respond: { status: 200 }"));
    let ask = |accept: &str| proxyd.ask(format!("GET /none HTTP/1.1\r\nHost: a.test\r\n{accept}\r\n"));
    for (accept, form) in [
        ("", "application/problem+json"),
        ("Accept: */*\r\n", "application/problem+json"),
        ("Accept: application/json\r\n", "application/problem+json"),
        ("Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n", "text/html"),
        ("Accept: text/plain\r\n", "text/plain"),
    ] {
        let answer = ask(accept);
        assert_eq!(answer.status(), 404);
        assert!(answer.field("Content-Type").unwrap().starts_with(form), "{accept:?}: {answer:?}");
        assert_eq!(
            answer.field("Proxy-Status"),
            Some("proxyd; error=destination_not_found; details=\"no_route\"")
        );
        let id = answer.field("X-Request-Id").unwrap();
        assert!(answer.text().contains("no_route") && answer.text().contains(id), "{answer:?}");
        assert_eq!(answer.field("Cache-Control"), Some("no-store"));
        assert_eq!(answer.all("Content-Length"), [answer.body.len().to_string()]);
    }
    // Nothing that the client says stands in it unescaped.
    let answer =
        proxyd.ask("GET /%3Cscript%3E?<script> HTTP/1.1\r\nHost: a.test\r\nAccept: text/html\r\n\r\n");
    assert!(!answer.text().contains("<script"), "{answer:?}");
}

#[test]
fn what_happens_at_backends_has_its_reason_and_nobody_s_address() {
    let refusing = Refusing::new();
    let resets = Backend::start(|session| {
        let _ = session.head();
        session.reset();
    });
    let nonsense = Backend::answering("garbage\r\n\r\n");
    let document = Document::new()
        .upstream_at("refuses", &[refusing.address()], "")
        .upstream("resets", &[&resets], "")
        .upstream("nonsense", &[&nonsense], "")
        .raw_upstream("name: nowhere, url: \"http://nowhere.invalid\", dnsTimeout: 300ms")
        .route("path: /refuses, upstream: refuses")
        .route("path: /resets, upstream: resets")
        .route("path: /nonsense, upstream: nonsense")
        .route("path: /nowhere, upstream: nowhere");
    let proxyd = Proxyd::start(&document);
    for (path, outcomes) in [
        ("/refuses", &[(502, "connect_refused", "connection_refused")][..]),
        ("/refuses", &[(503, "no_backend", "destination_unavailable")]),
        ("/resets", &[(502, "upstream_reset", "connection_terminated")]),
        ("/nonsense", &[(502, "bad_response:start_line", "http_protocol_error")]),
        // Who is asked for names is the system's business: it may say no, or nothing.
        ("/nowhere", &[(502, "dns_error", "dns_error"), (504, "dns_timeout", "dns_timeout")]),
    ] {
        let answer = proxyd.get(path);
        let seen = (answer.status(), answer.reason(), answer.proxy_error());
        assert!(outcomes.contains(&seen), "{path} has {seen:?}");
        let whole = harness::latin1(&answer.head.raw) + &answer.text();
        assert!(!whole.contains("127.0.0.1") && !whole.contains("nowhere"), "{path} shows {whole}");
    }
    let ended = proxyd.stop();
    for reason in ["connect_refused", "no_backend", "upstream_reset", "bad_response:start_line"] {
        assert_eq!(ended.requests(reason), 1, "{reason}");
    }
}

#[test]
fn a_backend_s_own_errors_are_passed_on_as_they_are() {
    for status in [400, 404, 429, 500, 502, 503] {
        let backend = Backend::answering(format!(
            "HTTP/1.1 {status} Own\r\nRetry-After: 7\r\nContent-Length: 3\r\n\r\nown"
        ));
        let proxyd = Proxyd::start(&Document::to(&backend));
        let answer = proxyd.get("/");
        assert_eq!((answer.status(), answer.text().as_str(), answer.reason()), (status, "own", ""));
        assert_eq!(answer.field("Retry-After"), Some("7"));
        assert_eq!(backend.requests().len(), 1, "{status} was tried again");
    }
}

/// A client that sends garbage gets 400 and a closed connection, with a counted reason.
#[test]
fn garbage_is_answered_with_400_and_counted() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend).proxy("http2: { enabled: false }"));
    let garbage: [&[u8]; 6] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"hello\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.0\r\n\r\n",
        b"\xff\xfe\xfd\r\n\r\n",
    ];
    for bytes in garbage {
        let mut client = proxyd.connect();
        client.ask(bytes);
        client.half_close();
        let answer = client.response().unwrap();
        assert!(matches!(answer.status(), 400 | 505), "{bytes:?} has {answer:?}");
        assert!(answer.closes());
        assert!(!client.goes_on());
    }
    assert_eq!(proxyd.get("/").status(), 200);
    let ended = proxyd.stop();
    let counted = ended.requests("bad_request:start_line") + ended.requests("bad_request:version");
    assert!(counted >= 5, "{:?}", ended.log.last());
    assert_eq!(backend.connections(), 1);
}
