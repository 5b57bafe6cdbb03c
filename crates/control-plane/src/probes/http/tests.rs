use config::HealthCheck;

use super::HttpProbe;
use crate::probes::rig::{Reply, connect, http1, http2, said};
use crate::probes::{Dialler, LONGEST_BODY};

/// A probe as `healthCheck` with these keys asks for it.
fn probe(keys: &str, speaks_http2: bool) -> HttpProbe {
    let text = format!(
        "upstreams: [{{ name: app, url: a, healthCheck: {{ type: http{keys} }} }}]\nroutes: [{{ upstream: app }}]"
    );
    let document = config::parse(&text, "proxyd.yaml").unwrap().document;
    let written: HealthCheck = document.upstreams[0].health_check.clone().unwrap();
    HttpProbe::new(&written, speaks_http2, Dialler::default()).unwrap()
}

/// What a probe with these keys says of a backend that answers so.
#[track_caller]
fn check(keys: &str, answer: impl Into<Vec<u8>>, expected: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let answer = answer.into();
    let said = runtime.block_on(async {
        let (address, serving) = http1(answer).await;
        let outcome = probe(keys, false).ask(connect(address).await, "app.test").await;
        serving.await.unwrap();
        said(outcome)
    });
    assert_eq!(said, expected, "{keys}");
}

#[tokio::test]
async fn the_request_is_the_one_that_was_asked_for() {
    let (address, serving) = http1(b"HTTP/1.1 200 OK\r\n\r\n".into()).await;
    let asking = probe(", method: HEAD, path: \"/health?deep=1\", host: \"other.test:81\"", false);
    asking.ask(connect(address).await, "app.test").await.unwrap();
    let (head, _) = serving.await.unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let mut lines: Vec<_> = head.trim_end().split("\r\n").collect();
    assert_eq!(lines.remove(0), "HEAD /health?deep=1 HTTP/1.1");
    lines.sort_unstable();
    let agent = format!("user-agent: proxyd-health/{version}");
    assert_eq!(lines, ["connection: close", "host: other.test:81", &agent]);
}

#[tokio::test]
async fn a_backend_is_asked_for_its_own_name_unless_another_is_given() {
    let (address, serving) = http1(b"HTTP/1.1 200 OK\r\n\r\n".into()).await;
    probe("", false).ask(connect(address).await, "app.test").await.unwrap();
    let (head, _) = serving.await.unwrap();
    assert!(head.starts_with("GET / HTTP/1.1\r\n") && head.contains("\r\nhost: app.test\r\n"), "{head}");
}

#[test]
fn a_status_is_a_success_where_it_is_expected() {
    let answer = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
    check("", answer("200 OK"), "well");
    check("", answer("399 Odd"), "well");
    check("", answer("400 Bad Request"), "expected status 200-399, came 400");
    check("", answer("503 Service Unavailable"), "expected status 200-399, came 503");
    let several = ", expect: { status: [204, 500-503] }";
    check(several, answer("503 Service Unavailable"), "well");
    check(several, answer("200 OK"), "expected status 204, 500-503, came 200");
}

#[test]
fn a_redirect_is_an_answer_and_nobody_follows_it() {
    // Nobody listens there.
    let answer = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    check("", answer, "well");
    check(", expect: { status: [200] }", answer, "expected status 200, came 302");
}

#[test]
fn interim_answers_are_passed_over() {
    check("", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "well");
}

#[test]
fn a_body_must_match() {
    let keys = ", expect: { body: \"stat(e|us): up$\" }";
    check(keys, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nstatus: up", "well");
    check(
        keys,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nstate\r\n4\r\n: up\r\n0\r\n\r\n",
        "well",
    );
    check(keys, "HTTP/1.1 200 OK\r\n\r\nstatus: up", "well");
    check(
        keys,
        "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nstatus: down",
        "expected a body that matches `stat(e|us): up$`, came 12 bytes that do not",
    );
    check(
        keys,
        "HTTP/1.1 500 Oops\r\nContent-Length: 10\r\n\r\nstatus: up",
        "expected status 200-399, came 500",
    );
    // Bodies need not be text.
    let mut bytes = b"HTTP/1.1 200 OK\r\n\r\n\xff\xfe".to_vec();
    bytes.extend_from_slice(b"status: up");
    check(keys, bytes, "well");
}

#[tokio::test]
async fn no_more_of_a_body_is_read_than_64_kilobytes() {
    let (needle, size) = ("needle", 32 << 20);
    for (place, expected) in [
        (LONGEST_BODY - needle.len(), "well"),
        (
            LONGEST_BODY - needle.len() + 1,
            "expected a body that matches `needle`, came 65536 bytes that do not",
        ),
    ] {
        let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n").into_bytes();
        let head = answer.len();
        answer.resize(head + size, b'.');
        answer[head + place..head + place + needle.len()].copy_from_slice(needle.as_bytes());
        let (address, serving) = http1(answer).await;
        let outcome =
            probe(", expect: { body: needle }", false).ask(connect(address).await, "app.test").await;
        assert_eq!(said(outcome), expected);
        let (_, sent) = serving.await.unwrap();
        assert!(sent < size, "the backend sent {sent} bytes");
    }
}

#[tokio::test]
async fn a_body_that_nobody_looks_at_is_not_waited_for() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 4096]).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
            .await
            .unwrap();
        // The probe has ended and closed where this ends.
        let mut rest = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut rest).await;
    });
    probe("", false).ask(connect(address).await, "app.test").await.unwrap();
    serving.await.unwrap();
}

#[test]
fn what_is_no_answer_is_a_failure_that_says_so() {
    for answer in
        ["", "HTTP/1.1 200", "220 mail.test ESMTP\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"]
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let said = runtime.block_on(async {
            let (address, serving) = http1(answer.into()).await;
            let outcome = probe("", false).ask(connect(address).await, "app.test").await;
            serving.await.unwrap();
            said(outcome)
        });
        assert!(said.starts_with("expected an answer in HTTP/1.1: "), "{answer:?}: {said}");
    }
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nup";
    check(
        ", expect: { body: up }",
        cut,
        "expected an answer in HTTP/1.1: error reading a body from connection",
    );
}

#[tokio::test]
async fn a_head_without_end_is_given_up() {
    let mut fields = b"HTTP/1.1 200 OK\r\n".to_vec();
    fields.extend(b"X: y\r\n".repeat(1 << 20));
    let interim = b"HTTP/1.1 102 P\r\n\r\n".repeat(1 << 19);
    for answer in [fields, interim] {
        let size = answer.len();
        let (address, serving) = http1(answer).await;
        let said = said(probe("", false).ask(connect(address).await, "app.test").await);
        assert!(said.starts_with("expected an answer in HTTP/1.1: "), "{said}");
        assert!(serving.await.unwrap().1 < size);
    }
}

#[tokio::test]
async fn upstreams_that_speak_http2_are_asked_in_it() {
    let answering = |status: u16, body: &str| Reply {
        head: http::Response::builder().status(status).body(()).unwrap(),
        body: body.into(),
        trailers: None,
    };
    for (status, body, expected) in [
        (200, "up", "well"),
        (200, "", "expected a body that matches `^up$`, came 0 bytes that do not"),
        (503, "up", "expected status 200-399, came 503"),
    ] {
        let (address, serving) = http2(answering(status, body)).await;
        let asking = probe(", path: \"/health?x\", expect: { body: ^up$ }", true);
        assert_eq!(said(asking.ask(connect(address).await, "app.test:81").await), expected);
        let request = serving.await.unwrap();
        assert_eq!(request.uri().to_string(), "http://app.test:81/health?x");
        assert_eq!(request.method(), "GET");
        let agent = format!("proxyd-health/{}", env!("CARGO_PKG_VERSION"));
        assert_eq!(request.headers()["user-agent"], agent.as_str());
        assert_eq!(request.headers().len(), 1);
    }
}

#[tokio::test]
async fn no_more_of_a_body_in_http2_is_read_than_64_kilobytes() {
    let reply = Reply { head: http::Response::new(()), body: vec![b'.'; 8 << 20], trailers: None };
    let (address, serving) = http2(reply).await;
    let outcome = probe(", expect: { body: needle }", true).ask(connect(address).await, "app.test").await;
    assert_eq!(said(outcome), "expected a body that matches `needle`, came 65536 bytes that do not");
    serving.await.unwrap();
}

#[tokio::test]
async fn who_does_not_speak_http2_is_not_well_where_it_is_spoken() {
    let (address, serving) = http1(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".into()).await;
    let said = said(probe("", true).ask(connect(address).await, "app.test").await);
    assert!(said.starts_with("expected an answer in HTTP/2: "), "{said}");
    serving.abort();
}
