use super::*;

fn read_text(text: &str) -> Result<Head, Rule> {
    read(&Bytes::copy_from_slice(text.replace('\n', "\r\n").as_bytes()), false)
}

#[track_caller]
fn check(text: &str, first: &str, fields: &[(&str, &str)]) {
    let Head { request, .. } = read_text(text).unwrap_or_else(|rule| panic!("{rule}: {text:?}"));
    assert_eq!(format!("{} {}", request.method(), request.uri()), first, "{text:?}");
    let held: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
        .collect();
    assert_eq!(held, fields, "{text:?}");
}

#[test]
fn host_becomes_the_authority_and_names_lower_case() {
    check(
        "GET /a?b=c HTTP/1.1\nHost: a.test:80\nX-Forwarded-For: 1.2.3.4\nAccept: */*\n\n",
        "GET http://a.test:80/a?b=c",
        &[("x-forwarded-for", "1.2.3.4"), ("accept", "*/*")],
    );
    check("OPTIONS * HTTP/1.1\nHost: a\n\n", "OPTIONS http://a*", &[]);
}

#[test]
fn what_some_clients_leave_in_queries_is_encoded() {
    check("GET /a?x=\"{}|^`\\ HTTP/1.1\nHost: a\n\n", "GET http://a/a?x=%22%7B%7D%7C%5E%60%5C", &[]);
    check("GET /a?x=%22y HTTP/1.1\nHost: a\n\n", "GET http://a/a?x=%22y", &[]);
}

#[test]
fn what_is_for_neighbours_only_is_gone() {
    check(
        "POST / HTTP/1.1\nTransfer-Encoding: chunked\nTE: trailers\nConnection: TE\nHost: a\nVia: 2.0 proxyd\n\n",
        "POST http://a/",
        &[("te", "trailers"), ("via", "2.0 proxyd")],
    );
}

#[test]
fn an_upgrade_becomes_extended_connect() {
    let text = "GET /chat HTTP/1.1\nHost: a\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n\
                Sec-WebSocket-Version: 13\nContent-Length: 0\nUpgrade: WebSocket\nConnection: upgrade\n\n";
    check(text, "CONNECT http://a/chat", &[("sec-websocket-version", "13")]);
    let Ok(Head { request, upgrade: Some(upgrade) }) = read_text(text) else { panic!("no upgrade") };
    assert_eq!(request.extensions().get::<Protocol>().map(Protocol::as_str), Some("websocket"));
    assert_eq!(upgrade.protocol, b"WebSocket");
    assert_eq!(upgrade.accept.as_ref().map(|accept| &accept[..]), Some(&b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="[..]));
}

#[test]
fn what_http2_cannot_carry_is_refused() {
    for (text, rule) in [("GET / HTTP/1.1\nHost: a b\n\n", Rule::Host), ("GET / HTTP/1.1\n\n", Rule::Host)] {
        assert_eq!(read_text(text).map(|_| ()), Err(rule), "{text:?}");
    }
}

#[test]
fn a_wish_for_another_protocol_is_passed_over() {
    for upgrade in ["TLS/1.2", "foo, websocket", "websocket, foo", "h2c"] {
        let text = format!("GET / HTTP/1.1\nHost: a\nUpgrade: {upgrade}\nConnection: upgrade\nA: b\n\n");
        check(&text, "GET http://a/", &[("a", "b")]);
    }
}
