use super::*;

fn parse(bytes: &[u8]) -> Result<(ResponseHead, Parsed), Rule> {
    let mut head = ResponseHead::default();
    let parsed = head.parse(bytes, &Limits::default())?;
    Ok((head, parsed))
}

#[track_caller]
fn refused(bytes: &[u8], rule: Rule, source: &str) {
    let parsed = parse(bytes).map(|(_, parsed)| parsed);
    assert_eq!(parsed, Err(rule), "{source}: {}", bytes.escape_ascii());
}

#[test]
fn a_status_line_is_version_code_and_perhaps_a_reason() {
    for (line, status, reason, version) in [
        ("HTTP/1.1 200 OK", 200, "OK", Version::Http11),
        ("HTTP/1.0 404 Not Found", 404, "Not Found", Version::Http10),
        ("HTTP/1.1 200 ", 200, "", Version::Http11),
        ("HTTP/1.1 200", 200, "", Version::Http11),
        ("HTTP/1.1 100 Continue", 100, "Continue", Version::Http11),
        ("HTTP/1.1 101 Switching Protocols", 101, "Switching Protocols", Version::Http11),
        ("HTTP/1.1 103 Early Hints", 103, "Early Hints", Version::Http11),
        ("HTTP/1.1 599 \t a", 599, "\t a", Version::Http11),
        ("HTTP/1.1 299 Caf\u{e9}", 299, "", Version::Http11),
        ("HTTP/1.2 200 OK", 200, "OK", Version::Http11),
        ("HTTP/1.9 200 OK", 200, "OK", Version::Http11),
    ] {
        let bytes = format!("{line}\r\nServer: a\r\n\r\n").into_bytes();
        let (head, parsed) = parse(&bytes).unwrap();
        assert_eq!(parsed, Parsed::Complete { len: bytes.len() }, "RFC 9112 section 4: {line}");
        assert_eq!((head.status(), head.version()), (status, version), "{line}");
        assert_eq!(head.reason(&bytes), reason.as_bytes(), "{line}");
        assert_eq!(head.first(Name::Server, &bytes), Some(&b"a"[..]));
        assert!(head.present().contains(Name::Server) && head.lines().repeated() == NameSet::EMPTY);
    }
}

#[test]
fn garbage_instead_of_a_status_line_is_refused() {
    for (line, rule) in [
        (&b"220 smtp.example ESMTP"[..], Rule::StartLine),
        (b"SSH-2.0-OpenSSH_9.2", Rule::StartLine),
        (b"ICY 200 OK", Rule::StartLine),
        (b"<html></html>", Rule::StartLine),
        (b"\x15\x03\x01\x00\x02\x02\x28\x00", Rule::StartLine),
        (b"\0\0\0\0\0\0\0\0\0", Rule::StartLine),
        (b"http/1.1 200 OK", Rule::StartLine),
        (b"HTTP/1.1", Rule::StartLine),
        (b"HTTP/1.1200 OK", Rule::StartLine),
        (b"HTTP/1.1\t200 OK", Rule::StartLine),
        (b"HTTP/11 200 OK", Rule::StartLine),
        (b"HTTP/1.10 200 OK", Rule::StartLine),
        (b"HTTP/01.1 200 OK", Rule::StartLine),
        (b" HTTP/1.1 200 OK", Rule::StartLine),
        (b"\r\nHTTP/1.1 200 OK", Rule::StartLine),
        (b"\nHTTP/1.1 200 OK", Rule::StartLine),
        (b"HTTP/2.0 200 OK", Rule::Version),
        (b"HTTP/0.9 200 OK", Rule::Version),
        (b"HTTP/1.1  200 OK", Rule::Status),
        (b"HTTP/1.1 ", Rule::Status),
        (b"HTTP/1.1 20 OK", Rule::Status),
        (b"HTTP/1.1 2x0 OK", Rule::Status),
        (b"HTTP/1.1 -20 OK", Rule::Status),
        (b"HTTP/1.1 +200 OK", Rule::Status),
        (b"HTTP/1.1 2000 OK", Rule::Status),
        (b"HTTP/1.1 200OK", Rule::Status),
        (b"HTTP/1.1 200\tOK", Rule::Status),
        (b"HTTP/1.1 OK", Rule::Status),
        (b"HTTP/1.1 000 X", Rule::Status),
        (b"HTTP/1.1 099 X", Rule::Status),
        (b"HTTP/1.1 600 X", Rule::Status),
        (b"HTTP/1.1 999 X", Rule::Status),
        (b"HTTP/1.1 200 O\0K", Rule::Status),
        (b"HTTP/1.1 200 O\x7fK", Rule::Status),
        (b"HTTP/1.1 200 O\rK", Rule::Status),
        (b"HTTP/1.1 200 OK\r", Rule::Status),
        (b"HTTP/1.1 200\rOK", Rule::Status),
    ] {
        refused(&[line, b"\r\nServer: a\r\n\r\n"].concat(), rule, "RFC 9112 section 4; threats B1 23");
    }
}

#[test]
fn lines_that_end_in_a_bare_lf_are_refused() {
    for bytes in [
        &b"HTTP/1.1 200 OK\nServer: a\r\n\r\n"[..],
        b"HTTP/1.1 200\nServer: a\r\n\r\n",
        b"HTTP/1.1 200 OK\n\r\n",
        b"HTTP/1.1 200 OK\r\n\n",
        b"HTTP/1.1 200 OK\r\nServer: a\n\r\n",
        b"HTTP/1.1 200 OK\r\nServer: a\r\n\n",
        b"HTTP/1.1 200 OK\r\nServer:\n\r\n",
        b"HTTP/1.1 200 OK\r\nServer: a \n\r\n",
        b"HTTP/1.1 200 OK\n\n",
    ] {
        refused(bytes, Rule::BareLf, "RFC 9112 section 2.2; threats B1 10, 23");
    }
}

#[test]
fn malformed_fields_are_refused() {
    for (line, rule) in [
        (&b"Server : a"[..], Rule::FieldName),
        (b"Server\t: a", Rule::FieldName),
        (b"Server", Rule::FieldName),
        (b": a", Rule::FieldName),
        (b" Server: a", Rule::FieldName),
        (b"X: y\r\n Server: a", Rule::FieldValue),
        (b"Server: a\0", Rule::FieldValue),
        (b"Server: a\rb", Rule::FieldValue),
        (b"Server: \x7f", Rule::FieldValue),
    ] {
        refused(
            &[b"HTTP/1.1 200 OK\r\n", line, b"\r\n\r\n"].concat(),
            rule,
            "RFC 9112 section 5; threats B1 23",
        );
    }
}

#[test]
fn a_response_head_is_bounded() {
    let of = |count: usize| format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(count)).into_bytes();
    assert!(parse(&of(100)).is_ok());
    refused(&of(101), Rule::TooManyFields, "threats B1 43");
    let limits = Limits { fields: 500, ..Limits::default() };
    assert_eq!(ResponseHead::default().parse(&of(500), &limits), Ok(Parsed::Complete { len: of(500).len() }));
    assert_eq!(ResponseHead::default().parse(&of(501), &limits), Err(Rule::TooManyFields));
    let megabyte = [b"HTTP/1.1 200 OK\r\nA: ", &[b'b'; 1 << 20][..], b"\r\n\r\n"].concat();
    refused(&megabyte, Rule::HeadTooLarge, "threats B1 23");
    refused(&megabyte[..1 << 16], Rule::HeadTooLarge, "threats B1 23");
    assert_eq!(parse(&megabyte[..(1 << 16) - 1]).unwrap().1, Parsed::Partial);
    let reason = [b"HTTP/1.1 200 ", &[b'O'; 1 << 20][..], b"\r\n\r\n"].concat();
    refused(&reason, Rule::HeadTooLarge, "a reason phrase without end");
}

#[test]
fn a_head_may_come_in_any_pieces() {
    let bytes = b"HTTP/1.1 200 OK\r\nServer: a\r\nX:y\r\n\r\nrest";
    let whole = bytes.len() - 4;
    for len in 0..whole {
        assert_eq!(parse(&bytes[..len]).unwrap().1, Parsed::Partial, "{len}");
    }
    assert_eq!(parse(bytes).unwrap().1, Parsed::Complete { len: whole }, "what follows is not looked at");
    for step in 1..bytes.len() {
        let mut head = ResponseHead::default();
        let (mut seen, mut parsed) = (0, Parsed::Partial);
        while parsed == Parsed::Partial {
            let len = (seen + step).min(bytes.len());
            parsed = head.parse_more(&bytes[..len], seen, &Limits::default()).unwrap();
            assert_eq!(parsed == Parsed::Partial, len < whole, "{seen} {len}");
            seen = len;
        }
        assert_eq!((parsed, head.status()), (Parsed::Complete { len: whole }, 200));
    }
}

#[test]
fn a_head_is_reused_without_a_trace_of_the_one_before() {
    let mut head = ResponseHead::default();
    let first = b"HTTP/1.0 404 Not Found\r\nVia: a\r\nVia: b\r\nX: y\r\n\r\n";
    let second = b"HTTP/1.1 200\r\nAge: 1\r\n\r\n";
    head.parse(first, &Limits::default()).unwrap();
    head.parse(second, &Limits::default()).unwrap();
    assert_eq!((head.status(), head.reason(second), head.version()), (200, &b""[..], Version::Http11));
    assert_eq!((head.first(Name::Via, second), head.first(Name::Age, second)), (None, Some(&b"1"[..])));
    assert_eq!((head.fields(second).iter().count(), head.lines().repeated()), (1, NameSet::EMPTY));
    for (bytes, parsed) in [(&b"HTTP/1.1 2"[..], Ok(Parsed::Partial)), (b"garbage!", Err(Rule::StartLine))] {
        head.parse(first, &Limits::default()).unwrap();
        assert_eq!(head.parse(bytes, &Limits::default()), parsed);
        assert_eq!(head.fields(first).iter().count(), 0);
    }
}

#[test]
fn a_head_is_begun_without_bytes_of_http_1_1() {
    let (mut head, mut bytes) = (ResponseHead::default(), Vec::new());
    head.parse(b"HTTP/1.0 404 Not Found\r\nVia: a\r\n\r\n", &Limits::default()).unwrap();
    head.begin(201);
    head.lines_mut().push(&mut bytes, b"location", b"/a").unwrap();
    assert_eq!((head.status(), head.reason(&bytes), head.version()), (201, &b""[..], Version::Http11));
    assert_eq!((head.first(Name::Location, &bytes), head.first(Name::Via, &bytes)), (Some(&b"/a"[..]), None));
}

#[test]
fn a_length_that_no_body_can_have_is_not_passed_on() {
    for (status, is_passed_on) in
        [(100, false), (103, false), (101, false), (204, false), (200, true), (304, true)]
    {
        let bytes = format!("HTTP/1.1 {status} X\r\nVia: a\r\nContent-Length: 5\r\n\r\n").into_bytes();
        let (head, _) = parse(&bytes).unwrap();
        let mut out = Vec::new();
        head.fields(&bytes).write_to(&mut out);
        let expected: &[u8] = if is_passed_on { b"Via: a\r\nContent-Length: 5\r\n" } else { b"Via: a\r\n" };
        assert_eq!(out, expected, "RFC 9110 section 8.6: {status}");
        assert_eq!(head.first(Name::ContentLength, &bytes), Some(&b"5"[..]));
    }
}
