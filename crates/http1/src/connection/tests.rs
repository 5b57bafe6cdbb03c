use super::*;
use crate::{Limits, RequestHead, parse_trailers};

fn head_of(lines: &str) -> (RequestHead, Vec<u8>) {
    let bytes = format!("GET / HTTP/1.1\r\n{lines}\r\n").into_bytes();
    let mut head = RequestHead::default();
    head.parse(&bytes, &Limits::default()).unwrap();
    (head, bytes)
}

/// The options, and the names of the fields that are left.
fn applied(lines: &str) -> (Result<Options, Rule>, String) {
    let (mut head, bytes) = head_of(lines);
    let options = apply(head.lines_mut(), &bytes);
    let left: Vec<_> = head.fields(&bytes).iter().map(|field| String::from_utf8_lossy(field.name)).collect();
    (options, left.join(" "))
}

#[test]
fn options_are_read_in_any_case_and_from_any_list() {
    let options = |text: &str| Options {
        close: text.contains('c'),
        keep_alive: text.contains('k'),
        upgrade: text.contains('u'),
        te: text.contains('t'),
    };
    for (lines, expected) in [
        ("", ""),
        ("Connection: close\r\n", "c"),
        ("connection: CLOSE\r\n", "c"),
        ("Connection: keep-alive\r\n", "k"),
        ("Connection: Keep-Alive\r\n", "k"),
        ("Connection: Upgrade\r\n", "u"),
        ("Connection: keep-alive, Upgrade\r\n", "ku"),
        ("Connection: TE, close\r\n", "tc"),
        ("Connection: close, close\r\n", "c"),
        ("Connection: keep-alive, close\r\n", "kc"),
        ("Connection: close\r\nConnection: te\r\n", "ct"),
        ("Connection: keep-alive\r\nX: y\r\nconnection: close\r\n", "kc"),
        ("Connection:\r\n", ""),
        ("Connection: ,, close ,\t,\r\n", "c"),
        ("Connection: closed, xclose, close-\r\n", ""),
        ("X-Connection: close\r\n", ""),
    ] {
        assert_eq!(applied(lines).0, Ok(options(expected)), "RFC 9110 sections 5.6.1 and 7.6.1: {lines:?}");
    }
}

#[test]
fn fields_that_connection_names_are_dropped() {
    for (lines, left) in [
        ("Connection: X-A\r\nX-A: 1\r\nX-B: 2\r\nx-a: 3\r\n", "Connection X-B"),
        ("X-A: 1\r\nConnection: x-a, x-b\r\nX-B: 2\r\n", "Connection"),
        ("Connection: X-A\r\nX-A: 1\r\nConnection: X-B\r\nX-B: 2\r\n", "Connection Connection"),
        ("Connection: connection\r\nX-A: 1\r\n", "X-A"),
        ("Connection: connection\r\nConnection: X-A\r\nX-A: 1\r\n", ""),
        ("Connection: keep-alive, X-A\r\nKeep-Alive: 5\r\nX-A: 1\r\n", "Connection"),
        ("Connection: close\r\nClose: 1\r\nX-A: 1\r\n", "Connection X-A"),
        ("Connection: keep-alive\r\nKeep-Alive: 5\r\n", "Connection"),
        ("Connection: X-AA\r\nX-A: 1\r\n", "Connection X-A"),
        ("Connection: X-Real-IP, X-Forwarded-For\r\nX-Real-IP: 1\r\nX-Forwarded-For: 2\r\n", "Connection"),
        ("Connection: Authorization, Cookie\r\nCookie: a\r\nAuthorization: b\r\n", "Connection"),
    ] {
        assert_eq!(applied(lines).1, left, "RFC 9110 section 7.6.1; threats B2 32, 33: {lines:?}");
    }
}

#[test]
fn fields_that_frame_or_address_the_message_cannot_be_wished_away() {
    for name in ["Host", "Content-Length", "Transfer-Encoding"] {
        let lines = format!("Connection: {}\r\n{name}: 1\r\n", name.to_ascii_lowercase());
        assert_eq!(applied(&lines).1, format!("Connection {name}"), "CVE-2022-31813, CVE-2024-45410");
    }
}

#[test]
fn what_is_no_list_of_tokens_is_refused() {
    for value in ["a b", "close; x", "\"close\"", "close:", "clo/se", "keep-alive, \u{e9}", "a, (b)", "a=b"] {
        assert_eq!(
            applied(&format!("Connection: {value}\r\n")).0,
            Err(Rule::Connection),
            "RFC 9110 section 7.6.1: {value}"
        );
    }
}

#[test]
fn thirty_two_options_are_the_most() {
    let lines = |count: usize| format!("Connection: a{}\r\n", ",a".repeat(count - 1));
    assert_eq!(applied(&lines(32)).0, Ok(Options::default()));
    assert_eq!(applied(&lines(33)).0, Err(Rule::Connection));
    let spread = "Connection: a\r\n".repeat(33);
    assert_eq!(applied(&spread).0, Err(Rule::Connection), "a limit of the message, not of a line");
}

#[test]
fn what_connection_names_is_dropped_from_the_trailers_too() {
    let (head, bytes) = head_of("Connection: X-A\r\nConnection: close, x-b\r\n");
    let section = b"X-A: 1\r\nX-B: 2\r\nX-C: 3\r\n\r\n";
    let mut trailers = Lines::default();
    parse_trailers(section, &Limits::default(), &mut trailers).unwrap();
    apply_to_trailers(head.fields(&bytes).all(Name::Connection), &mut trailers, section);
    let mut out = Vec::new();
    trailers.fields(section).write_to(&mut out);
    assert_eq!(out, b"X-C: 3\r\n", "RFC 9110 section 7.6.1: header or trailer fields");
}
