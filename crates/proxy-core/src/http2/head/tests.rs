use http::Request;
use http1::Name;

use super::*;

/// What becomes of a request: its first line and its fields, or the rule that it breaks.
fn written(request: http::request::Builder, is_over: bool) -> Result<String, Rule> {
    let (parts, ()) = request.body(()).expect("a request").into_parts();
    let mut incoming = Incoming::default();
    write(&parts, is_over, &Limits::default(), &mut incoming)?;
    let bytes = incoming.bytes.unread();
    let mut text = [incoming.head.method_text(bytes), b" ", incoming.head.target(bytes), b"\n"].concat();
    incoming.head.fields(bytes).write_to(&mut text);
    Ok(String::from_utf8_lossy(&text).replace('\r', ""))
}

fn get(uri: &str) -> http::request::Builder {
    Request::builder().uri(uri)
}

#[test]
fn the_authority_becomes_host() {
    #[track_caller]
    fn check(request: http::request::Builder, expected: Result<&str, Rule>) {
        assert_eq!(written(request, true), expected.map(str::to_owned));
    }
    check(get("http://a.test/x?y=1"), Ok("GET /x?y=1\nhost: a.test\n"));
    check(get("https://a.test:8443/"), Ok("GET /\nhost: a.test:8443\n"));
    check(get("/x").header("host", "a.test"), Ok("GET /x\nhost: a.test\n"));
    check(get("http://a.test/").header("host", "A.test"), Ok("GET /\nhost: a.test\n"));
    check(get("http://a.test/").header("host", "b.test"), Err(Rule::HostRepeated));
    check(
        get("/").header("host", "a.test").header("host", "b.test"),
        Ok("GET /\nhost: a.test\nhost: b.test\n"),
    );
    check(get("ftp://a.test/"), Err(Rule::TargetScheme));
}

#[test]
fn the_target_has_the_form_that_its_method_has() {
    #[track_caller]
    fn check(method: &str, uri: &str, expected: Result<&str, Rule>) {
        let text = written(get(uri).method(method), true);
        assert_eq!(
            text.map(|text| text.lines().next().unwrap_or_default().to_owned()),
            expected.map(str::to_owned)
        );
    }
    check("OPTIONS", "*", Ok("OPTIONS *"));
    check("CONNECT", "a.test:443", Ok("CONNECT a.test:443"));
    check("GET", "a.test:443", Err(Rule::Target));
    check("GET", &format!("/{}", "a".repeat(16 * 1024)), Err(Rule::TargetTooLong));
}

#[test]
fn a_body_is_framed_by_its_length_or_by_chunks() {
    #[track_caller]
    fn check(length: Option<&str>, is_over: bool, expected: Result<&str, Rule>) {
        let mut request = get("/").method("POST").header("host", "a");
        if let Some(length) = length {
            request = request.header("content-length", length);
        }
        let text = written(request, is_over);
        assert_eq!(text.map(|text| text.replace("POST /\nhost: a\n", "")), expected.map(str::to_owned));
    }
    check(None, true, Ok(""));
    check(Some("0"), true, Ok("content-length: 0\n"));
    check(Some("5"), true, Err(Rule::Incomplete));
    check(None, false, Ok("transfer-encoding: chunked\n"));
    check(Some("5"), false, Ok("content-length: 5\n"));
}

#[test]
fn extended_connect_becomes_an_upgrade_with_a_key_of_ours() {
    let (mut parts, ()) =
        get("http://a.test/chat").method("CONNECT").body(()).expect("a request").into_parts();
    parts.extensions.insert(h2::ext::Protocol::from("websocket"));
    let mut incoming = Incoming::default();
    assert_eq!(write(&parts, false, &Limits::default(), &mut incoming), Ok(()));
    let bytes = incoming.bytes.unread();
    assert_eq!(incoming.head.method_text(bytes), b"GET");
    assert_eq!(incoming.head.first(Name::Upgrade, bytes), Some(&b"websocket"[..]));
    assert_eq!(incoming.head.first(Name::Connection, bytes), Some(&b"upgrade"[..]));
    assert!(!incoming.head.present().contains(Name::TransferEncoding));
    let key = incoming.head.first(Name::SecWebSocketKey, bytes).expect("a key");
    assert_eq!(incoming.accept, Some(websocket::accept(key)));

    parts.extensions.insert(h2::ext::Protocol::from("connect-udp"));
    assert_eq!(write(&parts, false, &Limits::default(), &mut Incoming::default()), Err(Rule::Protocol));
}

#[test]
fn a_key_that_the_client_sends_along_is_not_believed_beside_ours() {
    let request = get("http://a.test/chat").method("CONNECT").header("sec-websocket-key", "abc");
    let (mut parts, ()) = request.body(()).expect("a request").into_parts();
    parts.extensions.insert(h2::ext::Protocol::from("websocket"));
    let mut incoming = Incoming::default();
    assert_eq!(write(&parts, false, &Limits::default(), &mut incoming), Ok(()));
    let mut text = Vec::new();
    incoming.fields().write_to(&mut text);
    let text = String::from_utf8_lossy(&text);
    assert_eq!(text.matches("sec-websocket-key: ").count(), 1, "{text}");
    assert!(!text.contains("abc"), "{text}");
}
