//! The crate as those see it who use it: a message passes from one side to the other.

use http1::chunked::{self, Decoder};
use http1::framing::{self, BodyLength};
use http1::target::{Authority, Target};
use http1::{
    Limits, Lines, Method, Name, NameSet, Parsed, RequestHead, ResponseHead, Rule, Version, connection,
    parse_trailers,
};

/// What a proxy does with a request, as far as this crate goes: the bytes for the backend and the body's length.
fn forward(bytes: &[u8]) -> Result<(String, BodyLength), Rule> {
    let mut head = RequestHead::default();
    let Parsed::Complete { .. } = head.parse(bytes, &Limits::default())? else {
        return Err(Rule::Incomplete);
    };
    let length = framing::of_request(&head, bytes)?;
    let target = Target::parse(head.target(bytes), head.method())?;
    let host = match (target.authority, head.first(Name::Host, bytes)) {
        (Some(authority), _) | (None, Some(authority)) => authority,
        (None, None) => return Err(Rule::HostMissing),
    };
    if head.lines().repeated().contains(Name::Host) {
        return Err(Rule::HostRepeated);
    }
    Authority::parse(host)?;
    connection::apply(head.lines_mut(), bytes)?;
    let mut out =
        [head.method_text(bytes), b" ", target.path, b" HTTP/1.1\r\nHost: ", host, b"\r\n"].concat();
    let skip = NameSet::HOP_BY_HOP.with(Name::Host).with(Name::XForwardedFor);
    head.fields(bytes).write_without(skip, &mut out);
    out.extend_from_slice(b"X-Forwarded-For: 192.0.2.1\r\n");
    if length == BodyLength::Chunked {
        out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
    }
    out.extend_from_slice(b"\r\n");
    Ok((String::from_utf8_lossy(&out).into_owned(), length))
}

#[track_caller]
fn forwarded(bytes: &str, expected: &str, length: BodyLength) {
    assert_eq!(forward(bytes.as_bytes()), Ok((expected.to_owned(), length)), "{bytes:?}");
}

#[test]
fn a_request_is_passed_on_without_what_was_for_the_proxy_alone() {
    forwarded(
        "GET http://real.test/a HTTP/1.1\r\nHost: fake.test\r\nConnection: X-Hop, keep-alive\r\nX-Hop: 1\r\naccept:*/* \r\n\
         X-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6.6.6.6\r\nTE: trailers\r\nCookie: a\r\nCookie: b\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: real.test\r\naccept: */*\r\nCookie: a\r\nCookie: b\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n",
        BodyLength::None,
    );
    forwarded(
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: Host, Transfer-Encoding, X-Forwarded-For\r\nTransfer-Encoding:Chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        BodyLength::Chunked,
    );
}

#[test]
fn what_two_parsers_could_read_differently_is_not_passed_on() {
    for (bytes, rule) in [
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            Rule::LengthAndCoding,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            Rule::ContentLengthRepeated,
        ),
        ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", Rule::TransferEncoding),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", Rule::HostRepeated),
        ("GET / HTTP/1.1\r\n\r\n", Rule::HostMissing),
        ("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", Rule::Userinfo),
        ("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", Rule::Host),
        ("GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", Rule::Fragment),
        ("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", Rule::Connect),
        ("GET / HTTP/1.1\nHost: a\n\n", Rule::BareLf),
        ("GET / HTTP/1.1\r\nHost: a\r\n X: y\r\n\r\n", Rule::FieldValue),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: a b\r\n\r\n", Rule::Connection),
    ] {
        assert_eq!(forward(bytes.as_bytes()), Err(rule), "{bytes:?}");
        assert_eq!(rule.status() / 100, 4, "{rule}");
    }
}

#[test]
fn pipelined_requests_are_told_apart() {
    let bytes =
        b"POST /1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.0\r\n\r\n";
    let (mut at, mut head, mut targets) = (0, RequestHead::default(), Vec::new());
    while at < bytes.len() {
        let Ok(Parsed::Complete { len }) = head.parse(&bytes[at..], &Limits::default()) else {
            panic!("at {at}")
        };
        targets.push((head.target(&bytes[at..]), head.version()));
        let Ok(body) = framing::of_request(&head, &bytes[at..]) else { panic!("at {at}") };
        at += len + if let BodyLength::Bytes(len) = body { usize::try_from(len).unwrap() } else { 0 };
    }
    let expected = [(&b"/1"[..], Version::Http11), (b"/2", Version::Http11), (b"/3", Version::Http10)];
    assert_eq!(targets, expected, "RFC 9112 section 9.3.2");
}

#[test]
fn a_response_with_trailers_is_passed_on_whole() {
    let bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nServer:a\r\n\r\n\
                  5;x\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\nsurplus";
    let mut head = ResponseHead::default();
    let Ok(Parsed::Complete { len }) = head.parse(bytes, &Limits::default()) else { panic!("refused") };
    assert_eq!((head.status(), head.reason(bytes)), (200, &b"OK"[..]));
    assert_eq!(framing::of_response(&head, Method::Get, bytes), Ok(BodyLength::Chunked));
    assert_eq!(framing::of_response(&head, Method::Head, bytes), Ok(BodyLength::None));

    let (mut body, mut decoder) = (bytes[len..].to_vec(), Decoder::default());
    let decoded = decoder.decode(&mut body).unwrap();
    assert!(decoded.is_done);
    assert_eq!(&body[decoded.data.clone()], b"hello world");
    assert_eq!(&body[decoded.consumed..], b"surplus", "is nobody's: threats B1 22");

    let mut out = Vec::new();
    head.fields(bytes).write_without(NameSet::HOP_BY_HOP, &mut out);
    chunked::push_size(&mut out, decoded.data.len());
    out.extend_from_slice(&body[decoded.data]);
    out.extend_from_slice(b"\r\n0\r\n");
    let mut trailers = Lines::default();
    parse_trailers(decoder.trailers(), &Limits::default(), &mut trailers).unwrap();
    trailers.fields(decoder.trailers()).write_to(&mut out);
    assert_eq!(out, b"Server: a\r\nb\r\nhello world\r\n0\r\nX-Sum: 1\r\n");
}

#[test]
fn interim_responses_are_heads_of_their_own() {
    let bytes = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
    let mut head = ResponseHead::default();
    let Ok(Parsed::Complete { len }) = head.parse(bytes, &Limits::default()) else { panic!("refused") };
    assert_eq!((head.status(), framing::of_response(&head, Method::Get, bytes)), (103, Ok(BodyLength::None)));
    let rest = &bytes[len..];
    assert_eq!(head.parse(rest, &Limits::default()), Ok(Parsed::Complete { len: rest.len() }));
    assert_eq!((head.status(), framing::of_response(&head, Method::Get, rest)), (204, Ok(BodyLength::None)));
}

#[test]
fn every_rule_has_a_code_of_its_own_and_a_status() {
    let rules = [
        Rule::StartLine,
        Rule::Version,
        Rule::FieldName,
        Rule::FieldValue,
        Rule::BareLf,
        Rule::TooManyFields,
        Rule::HeadTooLarge,
        Rule::TargetTooLong,
        Rule::Target,
        Rule::TargetScheme,
        Rule::Fragment,
        Rule::Path,
        Rule::HostMissing,
        Rule::HostRepeated,
        Rule::Host,
        Rule::Userinfo,
        Rule::Connect,
        Rule::ContentLength,
        Rule::ContentLengthRepeated,
        Rule::LengthAndCoding,
        Rule::TransferEncoding,
        Rule::TransferCoding,
        Rule::CodingInHttp10,
        Rule::Connection,
        Rule::Expect,
        Rule::Upgrade,
        Rule::MaxForwards,
        Rule::ChunkSize,
        Rule::ChunkExtension,
        Rule::ChunkEnd,
        Rule::Trailer,
        Rule::Incomplete,
        Rule::Status,
        Rule::TooManyInterim,
        Rule::Frames,
        Rule::Protocol,
    ];
    let codes: std::collections::BTreeSet<_> = rules.iter().map(|rule| rule.code()).collect();
    assert_eq!(codes.len(), rules.len());
    for rule in rules {
        assert!(
            rule.code()
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        );
        assert!((400..=505).contains(&rule.status()) && !rule.to_string().is_empty());
    }
}
