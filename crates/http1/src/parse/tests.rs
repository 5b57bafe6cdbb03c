use super::*;
use crate::{Parsed, RequestHead};

const START: &[u8] = b"GET / HTTP/1.1\r\n";

fn parse(lines: &[u8]) -> Result<Parsed, Rule> {
    RequestHead::default().parse(&[START, lines, b"\r\n"].concat(), &Limits::default())
}

#[track_caller]
fn refused(lines: &[u8], rule: Rule, source: &str) {
    assert_eq!(parse(lines), Err(rule), "{source}: {}", lines.escape_ascii());
}

#[test]
fn a_field_name_is_a_token_and_its_colon_follows_at_once() {
    for byte in 0..=u8::MAX {
        // Once in the bytes that are looked at eight at a time, once at the edges.
        for name in
            [vec![byte], vec![b'a', byte], vec![byte, b'a'], [b"abcdefgh", &[byte][..], b"ij"].concat()]
        {
            let lines = [b"A: b\r\n", &name[..], b": c\r\n"].concat();
            if is_token(&name) {
                assert_eq!(
                    parse(&lines),
                    Ok(Parsed::Complete { len: START.len() + lines.len() + 2 }),
                    "{byte:#x}"
                );
            } else if byte == b':' && name[0] != b':' {
                // The name ends there, and the rest is the value.
                assert!(parse(&lines).is_ok());
            } else {
                let rule = parse(&lines).unwrap_err();
                let is_name = matches!(rule, Rule::FieldName | Rule::FieldValue)
                    || (byte == b'\n' && rule == Rule::BareLf);
                assert!(
                    is_name,
                    "RFC 9110 section 5.1, RFC 9112 section 5.1; threats B1 44: {byte:#x}: {rule:?}"
                );
            }
        }
    }
}

#[test]
fn a_field_value_holds_no_control_character_but_tab() {
    for byte in (0..=u8::MAX).filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        // Every offset in the windows of 8, 16 and 32 bytes in which values are scanned.
        for before in 0..40 {
            for after in [0, 1, 40] {
                let lines = [b"A: ", &vec![b'x'; before][..], &[byte], &vec![b'y'; after], b"\r\n"].concat();
                let is_allowed = byte == b'\t' || (byte >= 0x20 && byte != 0x7f);
                let expected = if is_allowed {
                    Ok(Parsed::Complete { len: START.len() + lines.len() + 2 })
                } else {
                    Err(Rule::FieldValue)
                };
                assert_eq!(
                    parse(&lines),
                    expected,
                    "RFC 9110 section 5.5; threats B1 44: {byte:#x} at {before}"
                );
            }
        }
    }
}

#[test]
fn names_and_values_at_the_edges() {
    for lines in [&b"A:\r\n"[..], b"a: \xff\x80\r\n", b"!#$%&'*+-.^_`|~: b\r\n", b"A: a: b\r\n", b"0: 1\r\n"]
    {
        assert!(parse(lines).is_ok(), "RFC 9110 section 5: {}", lines.escape_ascii());
    }
    for lines in [
        &b": b\r\n"[..],
        b"A\r\n",
        b"A b\r\n",
        b"A b: c\r\n",
        b"A: b\r\n: c\r\n",
        b"A: b\r\nC\r\n",
        b"(A): b\r\n",
    ] {
        refused(lines, Rule::FieldName, "RFC 9112 section 5");
    }
    for lines in [&b"A : b\r\n"[..], b"A\t: b\r\n", b"A: b\r\nC : d\r\n"] {
        refused(lines, Rule::FieldName, "RFC 9112 section 5.1: no space before the colon");
    }
}

#[test]
fn folded_lines_are_refused() {
    for lines in
        [&b"A: b\r\n c\r\n"[..], b"A: b\r\n\tc\r\n", b"A:\r\n b\r\n", b"A: b\r\n \r\n", b"A: b\r\n C: d\r\n"]
    {
        refused(lines, Rule::FieldValue, "RFC 9112 section 5.2");
    }
    for lines in [&b" A: b\r\n"[..], b"\tA: b\r\n", b" \r\n", b"  \r\nA: b\r\n"] {
        refused(lines, Rule::FieldName, "RFC 9112 section 2.2: space before the first field");
    }
}

#[test]
fn every_line_of_a_head_ends_in_crlf() {
    let whole = b"GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB: \r\nC: d \r\n\r\n";
    let ends: Vec<_> = (0..whole.len()).filter(|at| whole[*at] == b'\r').collect();
    assert_eq!(ends.len(), 6);
    for subset in 1_u32..1 << ends.len() {
        let without =
            |at: &usize| ends.iter().position(|end| end == at).is_some_and(|i| subset >> i & 1 == 1);
        let bytes: Vec<_> = (0..whole.len()).filter(|at| !without(at)).map(|at| whole[at]).collect();
        let parsed = RequestHead::default().parse(&bytes, &Limits::default());
        assert_eq!(parsed, Err(Rule::BareLf), "RFC 9112 section 2.2: {}", bytes.escape_ascii());
    }
    for end in ends {
        let mut bytes = whole.to_vec();
        bytes[end + 1] = b'X';
        let parsed = RequestHead::default().parse(&bytes, &Limits::default());
        assert!(parsed.is_err(), "RFC 9112 section 2.2: a bare CR: {}", bytes.escape_ascii());
    }
}

#[test]
fn a_name_has_at_most_65535_bytes() {
    let limits = Limits { head: 1 << 18, ..Limits::default() };
    let parse = |len: usize| {
        let bytes = [START, &vec![b'a'; len][..], b": b\r\n\r\n"].concat();
        RequestHead::default().parse(&bytes, &limits)
    };
    assert!(parse(65_535).is_ok());
    assert_eq!(parse(65_536), Err(Rule::FieldName));
}

fn trailers(section: &[u8]) -> Result<String, Rule> {
    let mut lines = Lines::default();
    parse_trailers(section, &Limits::default(), &mut lines)?;
    let mut out = Vec::new();
    lines.fields(section).write_to(&mut out);
    Ok(String::from_utf8_lossy(&out).into_owned())
}

#[test]
fn trailers_are_fields_of_their_own() {
    for (section, expected) in [
        (&b"\r\n"[..], ""),
        (b"grpc-status: 0\r\ngrpc-message:\r\n\r\n", "grpc-status: 0\r\ngrpc-message: \r\n"),
        (b"ETag:\"a\"\r\nServer-Timing: b\r\n\r\n", "ETag: \"a\"\r\nServer-Timing: b\r\n"),
        (b"Proxy-Status: a\r\n\r\n", "Proxy-Status: a\r\n"),
    ] {
        assert_eq!(trailers(section).as_deref(), Ok(expected), "RFC 9110 section 6.5, RFC 9209 section 2");
    }
}

#[test]
fn trailers_do_not_frame_route_or_identify() {
    for name in [
        "Content-Length",
        "Transfer-Encoding",
        "Host",
        "X-Real-IP",
        "X-Forwarded-For",
        "Forwarded",
        "Authorization",
        "Cookie",
        "Set-Cookie",
        "Content-Type",
        "Content-Encoding",
        "Content-Range",
        "Trailer",
        "TE",
        "Connection",
        "Via",
        "Expect",
        "Max-Forwards",
        "Cache-Control",
        "Proxy",
        "X_Real_IP",
        "content_length",
        "Location",
        "Range",
    ] {
        let section = format!("A: b\r\n{name}: 9\r\nC: d\r\n\r\n");
        assert_eq!(
            trailers(section.as_bytes()).as_deref(),
            Ok("A: b\r\nC: d\r\n"),
            "RFC 9110 section 6.5.1; threats B1 13: {name}"
        );
    }
}

#[test]
fn malformed_trailers_are_refused() {
    for section in [
        &b""[..],
        b"\n",
        b"A: b\r\n",
        b"A: b\n\n",
        b"A: b\n\r\n",
        b"A: b\r\n\n",
        b"A b\r\n\r\n",
        b"A : b\r\n\r\n",
        b" A: b\r\n\r\n",
        b"A: b\r\n c\r\n\r\n",
        b"A: b\rC: d\r\n\r\n",
        b"A: \0\r\n\r\n",
        b"A: b\r\n\r\nrest",
        b": b\r\n\r\n",
        b"\r\n\r\n",
    ] {
        assert_eq!(
            trailers(section),
            Err(Rule::Trailer),
            "RFC 9112 section 7.1.2: {}",
            section.escape_ascii()
        );
    }
    let many = |count: usize| [&b"A: b\r\n".repeat(count)[..], b"\r\n"].concat();
    assert!(trailers(&many(100)).is_ok());
    assert_eq!(trailers(&many(101)), Err(Rule::Trailer), "threats B1 43");
    for most in [0, 128, 129, 300] {
        let limits = Limits { fields: most, ..Limits::default() };
        assert_eq!(parse_trailers(&many(most), &limits, &mut Lines::default()), Ok(()), "{most}");
        assert_eq!(
            parse_trailers(&many(most + 1), &limits, &mut Lines::default()),
            Err(Rule::Trailer),
            "{most}"
        );
    }
    let limits = Limits { fields: usize::MAX, ..Limits::default() };
    assert_eq!(parse_trailers(&many(1000), &limits, &mut Lines::default()), Ok(()));
}

#[test]
fn refused_trailers_leave_nothing_of_those_before() {
    let mut lines = Lines::default();
    parse_trailers(b"A: b\r\nVia: c\r\n\r\n", &Limits::default(), &mut lines).unwrap();
    for section in [&b"A b\r\n\r\n"[..], b"A: b\r\nC: d\n\r\n"] {
        assert_eq!(parse_trailers(section, &Limits::default(), &mut lines), Err(Rule::Trailer));
        assert_eq!((lines.fields(section).iter().count(), lines.present()), (0, NameSet::EMPTY));
    }
}
