use super::*;
use crate::channel::{Broken, Channel};
use crate::client::Http1Client;
use crate::incoming::parsed;
use crate::transport::{Stream, Transport};
use crate::wire::Wire;

/// The whole answer to a request with these fields: its head as text, and its body.
fn sent(answer: Answer, request: &str) -> (String, String) {
    let incoming = parsed(request);
    let (mut client, _other) = client();
    let id = RequestId::given(b"the-id").unwrap();
    let body = answer.begin(&mut client, incoming.head.method(), &id);
    let head = String::from_utf8(client.wire.output.unread().to_vec()).unwrap();
    (head, String::from_utf8(body).unwrap())
}

impl Transport for tokio::io::DuplexStream {}

fn client() -> (Http1Client, tokio::io::DuplexStream) {
    let (near, far) = tokio::io::duplex(1024);
    (Http1Client::new(Wire::new(Stream::new(near))), far)
}

fn failure(reason: Reason, request: &str) -> (String, String) {
    let answer = Answer::of_failure(reason, &parsed(request), &RequestId::given(b"the-id").unwrap());
    sent(answer, request)
}

fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    fields.find(|(held, _)| held.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

const PLAIN: &str = "GET / HTTP/1.1\r\nHost: a\r\n";

#[test]
fn a_failure_is_a_problem_with_its_reason_and_its_request() {
    // RFC 9457 section 3, RFC 9209 section 2.
    let (head, body) = failure(Reason::ConnectRefused, PLAIN);
    assert!(head.starts_with("HTTP/1.1 502 Bad Gateway\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    assert_eq!(
        value(&head, "proxy-status"),
        Some("proxyd; error=connection_refused; details=\"connect_refused\"")
    );
    assert_eq!(value(&head, "content-type"), Some("application/problem+json"));
    assert_eq!(value(&head, "cache-control"), Some("no-store"));
    assert_eq!(value(&head, "content-length"), Some(&*body.len().to_string()));
    assert_eq!(value(&head, "x-request-id"), Some("the-id"));
    assert!(value(&head, "date").is_some());
    assert_eq!(
        body,
        "{\"type\":\"about:blank\",\"title\":\"Bad Gateway\",\"status\":502,\
         \"detail\":\"The backend could not be reached.\",\"reason\":\"connect_refused\",\"requestId\":\"the-id\"}\n"
    );
}

#[test]
fn the_client_chooses_how_it_reads_a_failure() {
    for (accept, kind) in [
        ("", "application/problem+json"),
        ("Accept: */*\r\n", "application/problem+json"),
        ("Accept: application/json\r\n", "application/problem+json"),
        ("Accept: image/png\r\n", "application/problem+json"),
        ("Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n", "text/html; charset=utf-8"),
        ("Accept: TEXT/HTML\r\n", "text/html; charset=utf-8"),
        ("Accept: text/plain\r\n", "text/plain; charset=utf-8"),
    ] {
        let (head, body) = failure(Reason::NoRoute, &format!("{PLAIN}{accept}"));
        assert_eq!(value(&head, "content-type"), Some(kind), "{accept}");
        for part in ["404", "Not Found", "no_route", "the-id"] {
            assert!(body.contains(part), "{accept}: {body}");
        }
    }
}

#[test]
fn a_failure_of_some_kinds_says_what_to_do() {
    assert_eq!(value(&failure(Reason::NoBackend, PLAIN).0, "retry-after"), Some("1"));
    let (head, _) = failure(Reason::BadRequest(http1::Rule::Connect), PLAIN);
    assert!(value(&head, "allow").is_some(), "RFC 9110 section 15.5.6: {head}");
}

#[test]
fn head_is_told_how_long_the_answer_would_be() {
    // RFC 9110 section 9.3.2.
    let (head, body) = failure(Reason::NoRoute, "HEAD / HTTP/1.1\r\nHost: a\r\n");
    assert_eq!(body, "");
    let length: usize = value(&head, "content-length").unwrap().parse().unwrap();
    assert_eq!(length, failure(Reason::NoRoute, PLAIN).1.len());
}

#[test]
fn an_answer_that_can_have_no_body_has_no_length() {
    // RFC 9110 section 8.6.
    let (head, body) = sent(Answer::of_route(204, "text/plain", "ignored"), PLAIN);
    assert_eq!((value(&head, "content-length"), body.as_str()), (None, ""));
    // RFC 9110 section 15.3.6.
    let (head, body) = sent(Answer::of_route(205, "text/plain", "ignored"), PLAIN);
    assert_eq!((value(&head, "content-length"), body.as_str()), (Some("0"), ""));
}

#[test]
fn a_guards_answer_cannot_break_the_message() {
    let refusal = Refusal::new(401, "auth_missing", "<b>\"who\"</b>\n")
        .field("WWW-Authenticate", "Basic")
        .field("Content-Length", "9")
        .field("Transfer-Encoding", "chunked")
        .field("Connection", "x")
        .field("X-Split", "a\r\nX-Evil: 1")
        .field("bad name", "x");
    let id = RequestId::given(b"the-id").unwrap();
    let of = |request: &str| sent(Answer::of_refusal(&refusal, &parsed(request), &id), request);
    let (head, body) = of(PLAIN);
    assert!(head.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{head}");
    assert_eq!(value(&head, "www-authenticate"), Some("Basic"));
    assert_eq!(value(&head, "content-length"), Some(&*body.len().to_string()));
    for absent in ["transfer-encoding", "connection", "x-split", "x-evil", "bad name"] {
        assert_eq!(value(&head, absent), None, "{head}");
    }
    assert!(body.contains("\"detail\":\"<b>\\\"who\\\"</b> \""), "{body}");
    let (_, body) = of(&format!("{PLAIN}Accept: text/html\r\n"));
    assert!(body.contains("&lt;b&gt;&quot;who&quot;&lt;/b&gt;"), "{body}");
    // A status that says something else than no is none of a refusal's.
    let wrong = Refusal::new(200, "odd", "");
    let (head, _) = sent(Answer::of_refusal(&wrong, &parsed(PLAIN), &id), PLAIN);
    assert!(head.starts_with("HTTP/1.1 500 "), "{head}");
}

#[test]
fn the_last_hop_answers_for_itself() {
    // RFC 9110 sections 7.6.2 and 9.3.8.
    let options = parsed("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n");
    let (head, _) = sent(Answer::of_last_hop(&options), PLAIN);
    assert!(head.starts_with("HTTP/1.1 204 ") && value(&head, "allow").is_some(), "{head}");
    let mut trace = parsed("TRACE /x HTTP/1.1\r\nHost: a\r\nCookie: s\r\nAuthorization: s\r\nX-A: 1\r\n");
    trace.path = b"/x".to_vec();
    let (head, body) = sent(Answer::of_last_hop(&trace), PLAIN);
    assert_eq!(value(&head, "content-type"), Some("message/http"));
    assert_eq!(body, "TRACE /x HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n\r\n");
}

#[test]
fn an_answer_is_written_out_by_its_client() {
    let (mut client, _far) = client();
    let id = RequestId::given(b"the-id").unwrap();
    client.closes = true;
    let body = Answer::of_redirect(301, b"/there").begin(&mut client, Method::Get, &id);
    assert!(body.is_empty());
    let cx = &mut std::task::Context::from_waker(std::task::Waker::noop());
    assert_eq!(client.poll_flush(cx), std::task::Poll::Ready(Ok::<(), Broken>(())));
    assert!(!client.has_unsent());
}
