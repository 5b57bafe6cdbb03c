use super::*;

#[derive(Debug, PartialEq, Eq)]
struct Body {
    data: Vec<u8>,
    trailers: Vec<u8>,
    consumed: usize,
    is_done: bool,
}

/// Decodes `body` in pieces of `size` bytes.
fn decode(body: &[u8], size: usize) -> Result<Body, Rule> {
    let mut decoder = Decoder::default();
    let mut whole = Body { data: Vec::new(), trailers: Vec::new(), consumed: 0, is_done: false };
    for piece in body.chunks(size) {
        let mut piece = piece.to_vec();
        let decoded = decoder.decode(&mut piece)?;
        whole.data.extend_from_slice(&piece[decoded.data]);
        whole.consumed += decoded.consumed;
        whole.is_done = decoded.is_done;
        if whole.is_done {
            break;
        }
        assert_eq!(decoded.consumed, piece.len(), "only the end of a body leaves bytes over");
    }
    whole.trailers = decoder.trailers().to_vec();
    Ok(whole)
}

/// Whatever the cuts, the outcome is the same.
#[track_caller]
fn check(body: &[u8], expected: Result<(&[u8], &[u8]), Rule>, source: &str) {
    let shown = body.escape_ascii().to_string();
    for size in 1..=body.len().min(24) {
        let whole = decode(body, size);
        match (&whole, &expected) {
            (Ok(whole), Ok((data, trailers))) => {
                assert!(whole.is_done, "{source}: {shown}: not done in pieces of {size}");
                assert_eq!(whole.data, *data, "{source}: {shown} in pieces of {size}");
                assert_eq!(whole.trailers, *trailers, "{source}: {shown} in pieces of {size}");
            }
            (whole, expected) => assert_eq!(
                whole.as_ref().err(),
                expected.as_ref().err(),
                "{source}: {shown} in pieces of {size}"
            ),
        }
    }
}

#[test]
fn well_formed_bodies_are_taken_apart() {
    for (body, data, source) in [
        (&b"0\r\n\r\n"[..], &b""[..], "RFC 9112 section 7.1: last chunk alone"),
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello", "RFC 9112 section 7.1"),
        (
            b"5\r\nhello\r\n1\r\n \r\n5\r\nworld\r\n0\r\n\r\n",
            b"hello world",
            "several chunks become one piece",
        ),
        (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789", "upper-case digits"),
        (b"a\r\n0123456789\r\n0\r\n\r\n", b"0123456789", "lower-case digits"),
        (b"0005\r\nhello\r\n000\r\n\r\n", b"hello", "1*HEXDIG and 1*\"0\" allow leading zeros"),
        (b"3\r\n\r\n0\r\n0\r\n\r\n", b"\r\n0", "data that looks like framing"),
        (b"5;a\r\nhello\r\n0\r\n\r\n", b"hello", "RFC 9112 section 7.1.1: an extension is dropped"),
        (b"5;a=b;c=\"d;e\\\"\"\r\nhello\r\n0;last\r\n\r\n", b"hello", "quoted values too"),
        (
            b"5 ; a = b\r\nhello\r\n0\t;x\r\n\r\n",
            b"hello",
            "RFC 9112 section 7.1.1: BWS around the semicolon",
        ),
        (b"5;\"open\r\nhello\r\n0\r\n\r\n", b"hello", "threats B1 11: an open quote ends with the line"),
        (b"5;\xe9\r\nhello\r\n0\r\n\r\n", b"hello", "obs-text in a quoted value is dropped with it"),
    ] {
        check(body, Ok((data, b"")), source);
    }
}

#[test]
fn malformed_sizes_are_refused() {
    for body in [
        &b"\r\n"[..],
        b"0x5\r\nhello\r\n",
        b"x5\r\nhello\r\n",
        b"5h\r\nhello\r\n",
        b"5_0\r\nhello\r\n",
        b"+5\r\nhello\r\n",
        b"-5\r\nhello\r\n",
        b" 5\r\nhello\r\n",
        b"\t5\r\nhello\r\n",
        b"5 \r\nhello\r\n",
        b"5\t\r\nhello\r\n",
        b"5 5\r\nhello\r\n",
        b"5,\r\nhello\r\n",
        b"5.0\r\nhello\r\n",
        b"5=a\r\nhello\r\n",
        b"5\0\r\nhello\r\n",
        b"\xd9\xa5\r\nhello\r\n",
        b"\xef\xbc\x95\r\nhello\r\n",
        b"5\xa0\r\nhello\r\n",
        b"5\x0b\r\nhello\r\n",
        b"5\x0c\r\nhello\r\n",
        b"\"5\"\r\nhello\r\n",
        b"{5}\r\nhello\r\n",
        b";a\r\nhello\r\n",
        b"g\r\nhello\r\n",
        b"5\nhello\r\n0\r\n\r\n",
        b"\n5\r\nhello\r\n",
        b"5\rhello\r\n",
        b"5\r\rhello\r\n",
        b"10000000000000005\r\nhello\r\n",
        b"fffffffffffffffff\r\nhello\r\n",
        b"8000000000000000\r\nhello\r\n",
        b"0000000000000005\r\nhello\r\n",
        b"5\r\nhello\r\n\r\n0\r\n\r\n",
        b"5\r\nhello\r\n-1\r\n",
        b"5\r\nhello\r\n0 0\r\n\r\n",
    ] {
        check(body, Err(Rule::ChunkSize), "RFC 9112 section 7.1; threats B1 9, 10; CVE-2023-47627");
    }
}

#[test]
fn the_largest_size_has_fifteen_digits() {
    let mut decoder = Decoder::default();
    let mut body = *b"fffffffffffffff\r\nx";
    assert_eq!(decoder.decode(&mut body), Ok(Decoded { consumed: 18, data: 17..18, is_done: false }));
}

#[test]
fn data_must_be_followed_by_crlf() {
    for body in [
        &b"5\r\nhello0\r\n\r\n"[..],
        b"5\r\nhello \r\n0\r\n\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"5\r\nhello\r0\r\n\r\n",
        b"5\r\nhello\r\r\n0\r\n\r\n",
        b"5\r\nhello!\r\n0\r\n\r\n",
        b"4\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhelloXX0\r\n\r\n",
    ] {
        check(body, Err(Rule::ChunkEnd), "RFC 9112 section 7.1, erratum 7633; threats B1 10");
    }
}

#[test]
fn control_characters_in_extensions_are_refused() {
    for (body, rule) in [
        (&b"5;a\nhello\r\n0\r\n\r\n"[..], Rule::ChunkExtension),
        (b"5;a\n\r\nhello\r\n0\r\n\r\n", Rule::ChunkExtension),
        (b"5;a=\"\n\"\r\nhello\r\n0\r\n\r\n", Rule::ChunkExtension),
        (b"5;a\0\r\nhello\r\n0\r\n\r\n", Rule::ChunkExtension),
        (b"5;a\x0b\r\nhello\r\n0\r\n\r\n", Rule::ChunkExtension),
        (b"5;a\x7f\r\nhello\r\n0\r\n\r\n", Rule::ChunkExtension),
        (b"5;a\rb\r\nhello\r\n0\r\n\r\n", Rule::ChunkSize),
        (b"5;a\r\r\nhello\r\n0\r\n\r\n", Rule::ChunkSize),
        (b"5;a=\"\r\0\"\r\nhello\r\n0\r\n\r\n", Rule::ChunkSize),
    ] {
        check(body, Err(rule), "RFC 9112 sections 2.2 and 7.1.1; threats B1 11");
    }
}

#[test]
fn extensions_of_a_body_share_one_allowance() {
    let most = MOST_OVERHEAD as usize;
    let source = "RFC 9112 section 7.1.1; threats B1 12, CVE-2023-39326";
    // A semicolon counts as well, so that no byte of an extension is free.
    let one = |len: usize| [b"1;", &vec![b'a'; len - 1][..], b"\r\nx\r\n0\r\n\r\n"].concat();
    assert!(decode(&one(most), 4096).is_ok(), "{source}");
    assert_eq!(decode(&one(most + 1), 4096), Err(Rule::ChunkExtension), "{source}");
    let many = |chunks: usize, line: &[u8]| [&line.repeat(chunks)[..], b"0\r\n\r\n"].concat();
    assert!(decode(&many(most / 8, b"1;1234567\r\nx\r\n"), 4096).is_ok(), "{source}");
    assert_eq!(
        decode(&many(most / 8 + 1, b"1;1234567\r\nx\r\n"), 4096),
        Err(Rule::ChunkExtension),
        "{source}"
    );
    assert_eq!(decode(&many(most + 1, b"1;\r\nx\r\n"), 4096), Err(Rule::ChunkExtension), "{source}");
    assert_eq!(decode(&many(most, b"1 ;\r\nx\r\n"), 4096), Err(Rule::ChunkExtension), "{source}");
}

#[test]
fn trailers_are_kept_apart_whole() {
    let source = "RFC 9112 section 7.1.2";
    for section in [&b"A: b\r\n\r\n"[..], b"A: b\r\nContent-Length: 9\r\n\r\n", b"a:\r\n\r\n"] {
        let body = [b"1\r\nx\r\n0\r\n", section].concat();
        check(&body, Ok((b"x", section)), source);
    }
}

#[test]
fn trailers_that_end_in_a_bare_lf_are_refused() {
    for section in [&b"\n"[..], b"A: b\n\n", b"A: b\n\r\n", b"A: b\r\n\n", b"A: b\r\nC: d\n"] {
        let body = [b"0\r\n", section].concat();
        check(&body, Err(Rule::Trailer), "RFC 9112 section 2.2; threats B1 10");
    }
}

#[test]
fn trailers_have_at_most_16_kib() {
    let body = |len: usize| [b"0\r\nA: ", &vec![b'b'; len - 7][..], b"\r\n\r\n"].concat();
    let whole = decode(&body(MOST_TRAILERS), 4096).unwrap();
    assert!(whole.is_done);
    assert_eq!(whole.trailers.len(), MOST_TRAILERS);
    assert_eq!(decode(&body(MOST_TRAILERS + 1), 4096), Err(Rule::Trailer), "threats B1 13");
    let endless = [&b"0\r\n"[..], &b"a".repeat(1 << 20)].concat();
    assert_eq!(decode(&endless, 4096), Err(Rule::Trailer), "threats B1 13");
}

#[test]
fn what_follows_a_body_is_left_alone() {
    let body = b"1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1\r\n";
    let whole = decode(body, body.len()).unwrap();
    assert_eq!((whole.consumed, whole.is_done), (11, true), "RFC 9112 section 9.3.2: the next message");
    let mut decoder = Decoder::default();
    decoder.decode(&mut body[..11].to_vec()).unwrap();
    let after = decoder.decode(&mut b"GET / HTTP/1.1\r\n".to_vec());
    assert_eq!(after, Ok(Decoded { consumed: 0, data: 0..0, is_done: true }));
}

#[test]
fn a_body_that_is_cut_off_is_never_done() {
    let body = b"5\r\nhello\r\n0\r\nA: b\r\n\r\n";
    for len in 0..body.len() {
        let whole = decode(&body[..len], 3).unwrap();
        assert!(!whole.is_done, "RFC 9112 section 8: {len} bytes");
        assert_eq!(whole.consumed, len);
    }
    assert!(decode(body, 3).unwrap().is_done);
}

#[test]
fn what_is_written_is_read_again() {
    let mut out = Vec::new();
    for data in [&b"a"[..], b"0123456789abcdef", &[b'x'; 300]] {
        push_size(&mut out, data.len());
        out.extend_from_slice(data);
        out.extend_from_slice(END_OF_DATA);
    }
    out.extend_from_slice(LAST);
    assert!(out.starts_with(b"1\r\na\r\n10\r\n0123456789abcdef\r\n12c\r\nxxx"), "RFC 9112 section 7.1");
    assert_eq!(decode(&out, 7).unwrap().data.len(), 317);
}

#[test]
fn a_body_that_was_refused_stays_refused() {
    for (body, rule) in [
        (&b"x"[..], Rule::ChunkSize),
        (b"1;\0", Rule::ChunkExtension),
        (b"1\r\nab", Rule::ChunkEnd),
        (b"0\r\n\n", Rule::Trailer),
    ] {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.decode(&mut body.to_vec()), Err(rule));
        for rest in [&b"\r\n\r\n"[..], b"5\r\nhello\r\n0\r\n\r\n", b""] {
            assert_eq!(decoder.decode(&mut rest.to_vec()), Err(rule), "{}", body.escape_ascii());
        }
    }
}
