use super::*;

fn parse(bytes: &[u8]) -> Result<(RequestHead, Parsed), Rule> {
    let mut head = RequestHead::default();
    let parsed = head.parse(bytes, &Limits::default())?;
    Ok((head, parsed))
}

#[track_caller]
fn refused(bytes: &[u8], rule: Rule, source: &str) {
    let parsed = parse(bytes).map(|(_, parsed)| parsed);
    assert_eq!(parsed, Err(rule), "{source}: {}", bytes.escape_ascii());
}

#[test]
fn a_request_line_is_method_target_and_version() {
    for (line, method, target, version) in [
        ("GET / HTTP/1.1", Method::Get, "/", Version::Http11),
        ("POST /a?b HTTP/1.0", Method::Post, "/a?b", Version::Http10),
        ("OPTIONS * HTTP/1.1", Method::Options, "*", Version::Http11),
        ("GET http://a/ HTTP/1.1", Method::Get, "http://a/", Version::Http11),
        ("CONNECT a:443 HTTP/1.1", Method::Connect, "a:443", Version::Http11),
        ("get / HTTP/1.1", Method::Other, "/", Version::Http11),
        ("PROPFIND / HTTP/1.1", Method::Other, "/", Version::Http11),
        ("!#$%&'*+-.^_`|~09aZ / HTTP/1.1", Method::Other, "/", Version::Http11),
        ("POSTS / HTTP/1.1", Method::Other, "/", Version::Http11),
    ] {
        let bytes = format!("{line}\r\nHost: a\r\n\r\n").into_bytes();
        let (head, parsed) = parse(&bytes).unwrap();
        assert_eq!(parsed, Parsed::Complete { len: bytes.len() }, "RFC 9112 section 3: {line}");
        assert_eq!((head.method(), head.version()), (method, version), "{line}");
        assert_eq!(head.method_text(&bytes), line.split(' ').next().unwrap().as_bytes());
        assert_eq!(head.target(&bytes), target.as_bytes(), "{line}");
        assert_eq!(head.first(Name::Host, &bytes), Some(&b"a"[..]));
        assert!(head.present().contains(Name::Host) && !head.lines().repeated().contains(Name::Host));
    }
}

#[test]
fn malformed_request_lines_are_refused() {
    for line in [
        &b" GET / HTTP/1.1"[..],
        b"\tGET / HTTP/1.1",
        b"GET  / HTTP/1.1",
        b"GET\t/ HTTP/1.1",
        b"GET /\tHTTP/1.1",
        b"GET /  HTTP/1.1",
        b"GET / HTTP/1.1 ",
        b"GET / HTTP/1.1\t",
        b"GET / HTTP/1.1 x",
        b"GET / x HTTP/1.1",
        b"GET /\x0bHTTP/1.1",
        b"GET\x0b/ HTTP/1.1",
        b"GET",
        b"GET ",
        b"GET /",
        b"GET / ",
        b"GET /a b HTTP/1.1",
        b"GET HTTP/1.1",
        b" HTTP/1.1",
        b"(GET) / HTTP/1.1",
        b"G:T / HTTP/1.1",
        b"G\xc3\x89T / HTTP/1.1",
        b"\"GET\" / HTTP/1.1",
        b"GET,POST / HTTP/1.1",
        b"\0GET / HTTP/1.1",
        b"GET / HTTP/1.1\0",
        b"GET / HTTP/1.1\rX",
        b"GET /\rHTTP/1.1",
        b"GET /\0 HTTP/1.1",
        b"GET /\x7f HTTP/1.1",
        b"GET /\x01 HTTP/1.1",
        b"GET /\xff HTTP/1.1",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"HTTP/1.1 200 OK",
        b"\rGET / HTTP/1.1",
    ] {
        let bytes = [line, b"\r\nHost: a\r\n\r\n"].concat();
        refused(&bytes, Rule::StartLine, "RFC 9112 sections 2.2 and 3; threats B1 44");
    }
}

#[test]
fn spellings_that_are_no_version_are_refused() {
    for version in [
        "http/1.1",
        "Http/1.1",
        "HTTP/1",
        "HTTP/1.",
        "HTTP/11",
        "HTTP/.1",
        "HTTP/1.1.1",
        "HTTP/1.10",
        "HTTP/01.1",
        "HTTP/1.01",
        "HTTP/1,1",
        "HTTP/1.x",
        "HTTP/x.1",
        "HTTP/-1.1",
        "HTTP/+1.1",
        "HTTP /1.1",
        "HTTP/ 1.1",
        "HTTP/1 .1",
        "HTTP/1. 1",
        "HTTP\\1.1",
        "HTTP1.1",
        "HTTP//1.1",
        "HTTPS/1.1",
        "HTP/1.1",
        "ICY/1.1",
        "HTTP/1.\u{661}",
        "1.1",
        "X",
        "HTTP/1.1HTTP/1.1",
        "HTTP/20",
        "HTTP/2",
    ] {
        let bytes = format!("GET / {version}\r\nHost: a\r\n\r\n");
        refused(bytes.as_bytes(), Rule::StartLine, "RFC 9112 section 2.3");
    }
    for version in ["HTTP/0.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9", "HTTP/0.0"] {
        let bytes = format!("GET / {version}\r\nHost: a\r\n\r\n");
        refused(bytes.as_bytes(), Rule::Version, "RFC 9110 section 15.6.6");
    }
    refused(
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        Rule::Version,
        "RFC 9113 section 3.4, where it is not served",
    );
    assert_eq!(Rule::Version.status(), 505);
}

#[test]
fn a_higher_minor_version_is_read_as_1_1() {
    for minor in 2..=9 {
        let bytes =
            format!("\r\nPUT /a HTTP/1.{minor}\r\nHost: HTTP/1.2\r\nA:b\r\n\r\nHTTP/1.3").into_bytes();
        let (head, parsed) = parse(&bytes).unwrap();
        assert_eq!(parsed, Parsed::Complete { len: bytes.len() - 8 }, "RFC 9110 section 2.5");
        assert_eq!((head.version(), head.target(&bytes)), (Version::Http11, &b"/a"[..]));
        assert_eq!(head.first(Name::Host, &bytes), Some(&b"HTTP/1.2"[..]));
        for len in 0..bytes.len() - 8 {
            assert_eq!(parse(&bytes[..len]).unwrap().1, Parsed::Partial, "{len}");
        }
        refused(
            format!("GET / HTTP/1.{minor}\nA: b\r\n\r\n").as_bytes(),
            Rule::BareLf,
            "RFC 9112 section 2.2",
        );
        refused(
            format!("GET / HTTP/1.{minor}\r\nA b\r\n\r\n").as_bytes(),
            Rule::FieldName,
            "RFC 9112 section 5",
        );
    }
}

#[test]
fn a_few_empty_lines_before_a_request_are_passed_over() {
    for count in 0..=MOST_EMPTY_LINES {
        let bytes = [&b"\r\n".repeat(count)[..], b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
        let (head, parsed) = parse(&bytes).unwrap();
        assert_eq!(parsed, Parsed::Complete { len: bytes.len() }, "RFC 9112 section 2.2: {count}");
        assert_eq!(head.method_text(&bytes), b"GET");
    }
    let flood = b"\r\n".repeat(MOST_EMPTY_LINES + 1);
    refused(&[&flood[..], b"GET / HTTP/1.1\r\n\r\n"].concat(), Rule::StartLine, "RFC 9112 section 2.2");
    refused(&flood, Rule::StartLine, "bounded before the request comes");
    for empty in [&b"\n"[..], b"\r\n\n", b"\n\r\n", b"\n\n"] {
        refused(&[empty, b"GET / HTTP/1.1\r\n\r\n"].concat(), Rule::BareLf, "RFC 9112 section 2.2");
    }
    refused(b"\r\rGET / HTTP/1.1\r\n\r\n", Rule::StartLine, "RFC 9112 section 2.2");
    refused(b"\r\n GET / HTTP/1.1\r\n\r\n", Rule::StartLine, "RFC 9112 section 2.2");
}

#[test]
fn a_head_may_come_in_any_pieces() {
    let bytes = b"\r\nGET /a HTTP/1.1\r\nHost: a\r\nX:y\r\n\r\nrest";
    let whole = bytes.len() - 4;
    for len in 0..whole {
        assert_eq!(parse(&bytes[..len]).unwrap().1, Parsed::Partial, "{len}");
    }
    for len in whole..=bytes.len() {
        assert_eq!(
            parse(&bytes[..len]).unwrap().1,
            Parsed::Complete { len: whole },
            "what follows is not looked at"
        );
    }
}

#[test]
fn bytes_that_break_a_rule_are_refused_before_the_head_is_whole() {
    for (bytes, rule) in [
        (&b"GET / HTTP/2.0"[..], Rule::Version),
        (b"GET / SMTP", Rule::StartLine),
        (b"(", Rule::StartLine),
        (b"GET / HTTP/1.1\r\nA b", Rule::FieldName),
        (b"GET / HTTP/1.1\r\nA: b\0", Rule::FieldValue),
        (b"GET / HTTP/1.1\r\nA: b\r\n c", Rule::FieldValue),
    ] {
        refused(bytes, rule, "RFC 9112 section 2.2");
    }
}

#[test]
fn a_head_has_at_most_as_many_bytes_as_allowed() {
    let limits = Limits { head: 100, ..Limits::default() };
    let of = |len: usize| {
        let start = b"GET / HTTP/1.1\r\nA: ";
        [&start[..], &vec![b'b'; len - start.len() - 4], b"\r\n\r\n"].concat()
    };
    let mut head = RequestHead::default();
    let source = "RFC 6585 section 5; threats B1 43";
    assert_eq!(head.parse(&of(100), &limits), Ok(Parsed::Complete { len: 100 }), "{source}");
    assert_eq!(
        head.parse(&[of(100), of(100)].concat(), &limits),
        Ok(Parsed::Complete { len: 100 }),
        "{source}"
    );
    assert_eq!(head.parse(&of(101), &limits), Err(Rule::HeadTooLarge), "{source}");
    assert_eq!(head.parse(&of(101)[..99], &limits), Ok(Parsed::Partial), "{source}");
    assert_eq!(head.parse(&of(101)[..100], &limits), Err(Rule::HeadTooLarge), "{source}");
    let large = [b"GET / HTTP/1.1\r\nA: ", &[b'b'; 1 << 16][..]].concat();
    refused(&large, Rule::HeadTooLarge, source);
    assert_eq!(Rule::HeadTooLarge.status(), 431);
}

#[test]
fn a_head_has_at_most_as_many_fields_as_allowed() {
    let of = |count: usize| format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(count)).into_bytes();
    let source = "RFC 6585 section 5; threats B1 43";
    for most in [0, 1, 100, 127, 128, 129, 1000] {
        let limits = Limits { fields: most, ..Limits::default() };
        let mut head = RequestHead::default();
        let len = of(most).len();
        assert_eq!(head.parse(&of(most), &limits), Ok(Parsed::Complete { len }), "{source}: {most}");
        assert_eq!(head.fields(&of(most)).iter().count(), most);
        assert_eq!(head.parse(&of(most + 1), &limits), Err(Rule::TooManyFields), "{source}: {most}");
    }
    assert_eq!(Rule::TooManyFields.status(), 431);
    let limits = Limits { fields: usize::MAX, ..Limits::default() };
    let shortest = format!("GET / HTTP/1.1\r\n{}\r\n", "A:\r\n".repeat(16_000)).into_bytes();
    assert_eq!(
        RequestHead::default().parse(&shortest, &limits),
        Ok(Parsed::Complete { len: shortest.len() })
    );
    let bare = format!("GET / HTTP/1.1\r\n{}\r\n", "A:\n".repeat(16_000)).into_bytes();
    assert_eq!(RequestHead::default().parse(&bare, &limits), Err(Rule::BareLf));
}

#[test]
fn a_target_has_at_most_as_many_bytes_as_allowed() {
    let of = |len: usize| format!("GET {} HTTP/1.1\r\nHost: a\r\n\r\n", "/".repeat(len)).into_bytes();
    let most = Limits::default().target;
    let source = "RFC 9110 sections 4.1 and 15.5.15; threats B1 43";
    for len in [1, 8000, most] {
        assert!(parse(&of(len)).is_ok(), "{source}: {len}");
    }
    refused(&of(most + 1), Rule::TargetTooLong, source);
    refused(&of(most + 1)[..most + 5], Rule::TargetTooLong, "before the line is whole");
    refused(&[b"\r\n", &of(most + 1)[..most + 5]].concat(), Rule::TargetTooLong, "after an empty line");
    refused(&of(1 << 17), Rule::TargetTooLong, source);
    refused(&[b"\r\n".to_vec(), of(1 << 17)].concat(), Rule::TargetTooLong, source);
    assert_eq!(Rule::TargetTooLong.status(), 414);
    let long_method = [b'A'; 1 << 17];
    refused(&long_method, Rule::HeadTooLarge, "a method without end has no target that could be too long");
}

#[test]
fn more_bytes_are_looked_at_once_a_line_ends() {
    let bytes = b"\r\nGET /a HTTP/1.1\r\nHost: a\r\nX:y\r\n\r\nrest";
    let whole = bytes.len() - 4;
    for step in 1..bytes.len() {
        let mut head = RequestHead::default();
        let (mut seen, mut parsed) = (0, Parsed::Partial);
        while parsed == Parsed::Partial {
            let len = (seen + step).min(bytes.len());
            parsed = head.parse_more(&bytes[..len], seen, &Limits::default()).unwrap();
            assert_eq!(parsed == Parsed::Partial, len < whole, "{seen} {len}");
            seen = len;
        }
        assert_eq!(parsed, Parsed::Complete { len: whole });
        assert_eq!(head.target(bytes), b"/a");
    }
}

#[test]
fn the_first_bytes_are_looked_at_in_any_case() {
    let mut head = RequestHead::default();
    assert_eq!(head.parse_more(b"\x16\x03\x01", 0, &Limits::default()), Err(Rule::StartLine));
    assert_eq!(head.parse_more(b"GET / HTTP/2.0", 0, &Limits::default()), Err(Rule::Version));
}

#[test]
fn a_head_that_comes_byte_by_byte_is_bounded_too() {
    let limits = Limits { head: 100, ..Limits::default() };
    for (bytes, rule) in [
        (vec![b'A'; 200], Rule::HeadTooLarge),
        ([b"GET / HTTP/1.1\r\nA: ".to_vec(), vec![b'b'; 200]].concat(), Rule::HeadTooLarge),
        (b"\r\n".repeat(100), Rule::StartLine),
        (b"GET / HTTP/1.1\r\n A: b\r\n".to_vec(), Rule::FieldName),
    ] {
        let mut head = RequestHead::default();
        let refused =
            (1..=bytes.len()).find_map(|len| head.parse_more(&bytes[..len], len - 1, &limits).err());
        assert_eq!(refused, Some(rule), "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_head_is_reused_without_a_trace_of_the_one_before() {
    let mut head = RequestHead::default();
    let first = b"POST /first HTTP/1.0\r\nHost: a\r\nHost: b\r\nX: y\r\n\r\n";
    let second = b"GET /2 HTTP/1.1\r\nVia: c\r\n\r\n";
    for _ in 0..2 {
        head.parse(first, &Limits::default()).unwrap();
        assert!(head.lines().repeated().contains(Name::Host));
        head.parse(second, &Limits::default()).unwrap();
        assert_eq!((head.method(), head.version()), (Method::Get, Version::Http11));
        assert_eq!(head.target(second), b"/2");
        assert_eq!(head.fields(second).iter().count(), 1);
        assert_eq!((head.first(Name::Host, second), head.first(Name::Via, second)), (None, Some(&b"c"[..])));
        assert!(!head.lines().repeated().contains(Name::Host));
    }
    for (bytes, parsed) in [(&b"GET / HT"[..], Ok(Parsed::Partial)), (b"(", Err(Rule::StartLine))] {
        head.parse(first, &Limits::default()).unwrap();
        assert_eq!(head.parse(bytes, &Limits::default()), parsed);
        assert_eq!(head.fields(first).iter().count(), 0);
        assert_eq!(head.present(), NameSet::EMPTY);
    }
}

#[test]
fn a_head_is_begun_without_bytes_of_http_1_1() {
    let (mut head, mut bytes) = (RequestHead::default(), b"scheme".to_vec());
    head.begin(&mut bytes, b"GET", b"/a?b").unwrap();
    head.lines_mut().push(&mut bytes, b"host", b"a").unwrap();
    assert_eq!(
        (head.method(), head.method_text(&bytes), head.target(&bytes)),
        (Method::Get, &b"GET"[..], &b"/a?b"[..])
    );
    assert_eq!(head.first(Name::Host, &bytes), Some(&b"a"[..]));
    for (method, target) in [
        (&b""[..], &b"/"[..]),
        (b"G T", b"/"),
        (b"GET", b""),
        (b"GET", b"/ HTTP/1.1"),
        (b"GET", b"/\r\n"),
        (b"GET", b"/\0"),
        (b"GET", b"/\x7f"),
        (b"GET\r\n", b"/"),
    ] {
        let mut bytes = Vec::new();
        assert_eq!(
            head.begin(&mut bytes, method, target),
            Err(Rule::StartLine),
            "RFC 9113 section 8.3.1; threats B3 45"
        );
        assert!(bytes.is_empty());
    }
}

#[test]
fn names_without_an_id_are_never_among_those_present() {
    for lines in ["X: y\r\nX: y\r\n", "X:y \r\nX:y\t\r\n", "X_Real_IP: a\r\nX_Real_IP: a\r\n"] {
        let bytes = format!("GET / HTTP/1.1\r\n{lines}\r\n").into_bytes();
        let (head, _) = parse(&bytes).unwrap();
        assert_eq!((head.present(), head.lines().repeated()), (NameSet::EMPTY, NameSet::EMPTY), "{lines:?}");
        assert_eq!(head.first(Name::Other, &bytes), None);
    }
}

#[test]
fn each_well_known_name_is_noted_once_and_twice_in_any_case_and_spacing() {
    for name in
        ["Host", "te", "VIA", "Age", "Accept", "transfer-encoding", "X-Forwarded-Port", "X-Forwarded-Host"]
    {
        let id = Name::of(name.as_bytes());
        for (lines, is_repeated) in [
            (format!("{name}: a\r\n"), false),
            (format!("{name}:a \r\n"), false),
            (format!("{name}: a\r\n{}: b\r\n", name.to_ascii_uppercase()), true),
            (format!("{name}:a \r\nX: y\r\n{}: b \r\n", name.to_ascii_lowercase()), true),
        ] {
            let bytes = format!("GET / HTTP/1.1\r\n{lines}\r\n").into_bytes();
            let (head, _) = parse(&bytes).unwrap();
            assert!(head.present().contains(id), "{lines:?}");
            assert_eq!(head.lines().repeated().contains(id), is_repeated, "{lines:?}");
        }
    }
}
