use super::*;
use crate::{Limits, Parsed};

const HEAD_OF_REQUEST: &[u8] = b"POST / HTTP/1.1\r\nHost: a\r\n";

fn of(lines: &[u8], start: &[u8]) -> Result<BodyLength, Rule> {
    let bytes = [start, lines, b"\r\n"].concat();
    if start.starts_with(b"HTTP/") {
        let mut head = ResponseHead::default();
        assert_eq!(head.parse(&bytes, &Limits::default())?, Parsed::Complete { len: bytes.len() });
        return of_response(&head, Method::Get, &bytes);
    }
    let mut head = RequestHead::default();
    assert_eq!(head.parse(&bytes, &Limits::default())?, Parsed::Complete { len: bytes.len() });
    of_request(&head, &bytes)
}

#[track_caller]
fn check(lines: &[u8], expected: Result<BodyLength, Rule>, source: &str) {
    assert_eq!(of(lines, HEAD_OF_REQUEST), expected, "{source}: {}", lines.escape_ascii());
    // A response is judged by the same rules: what a backend says twice is no better. Threats B1 23.
    let expected =
        expected.map(|length| if length == BodyLength::None { BodyLength::UntilClose } else { length });
    let of_response = of(lines, b"HTTP/1.1 200 OK\r\nServer: a\r\n");
    assert_eq!(of_response, expected, "{source}, response: {}", lines.escape_ascii());
}

#[test]
fn bodies_are_framed_by_one_field_or_none() {
    for (lines, length, source) in [
        (&b""[..], BodyLength::None, "RFC 9112 section 6.3 (7): never until close; threats B1 4"),
        (b"Content-Length: 0\r\n", BodyLength::Bytes(0), "RFC 9112 section 6.3 (6)"),
        (b"content-length:5\r\n", BodyLength::Bytes(5), "RFC 9110 section 8.6"),
        (b"CONTENT-LENGTH: \t 5 \t\r\n", BodyLength::Bytes(5), "RFC 9112 section 5: space around a value"),
        (b"Content-Length: 005\r\n", BodyLength::Bytes(5), "RFC 9110 section 8.6: 1*DIGIT"),
        (
            b"Content-Length: 9223372036854775807\r\n",
            BodyLength::Bytes(i64::MAX as u64),
            "RFC 9110 section 8.6",
        ),
        (b"Transfer-Encoding: chunked\r\n", BodyLength::Chunked, "RFC 9112 section 6.3 (4)"),
        (
            b"transfer-encoding:ChunKed\r\n",
            BodyLength::Chunked,
            "RFC 9112 section 7: names of codings have no case",
        ),
        (b"Transfer-Encoding: \tchunked\t \r\n", BodyLength::Chunked, "RFC 9112 section 5; sozu #726"),
    ] {
        check(lines, Ok(length), source);
    }
}

#[test]
fn any_method_may_have_a_chunked_body() {
    for method in ["GET", "DELETE", "OPTIONS", "HEAD", "QUERY", "BREW"] {
        let start = format!("{method} / HTTP/1.1\r\nHost: a\r\n");
        let of_chunked = of(b"Transfer-Encoding: chunked\r\n", start.as_bytes());
        assert_eq!(of_chunked, Ok(BodyLength::Chunked), "CVE-2026-29057; threats B1 14: {method}");
        assert_eq!(of(b"Content-Length: 1\r\n", start.as_bytes()), Ok(BodyLength::Bytes(1)), "{method}");
    }
}

#[test]
fn bad_content_lengths_are_refused() {
    for value in [
        &b""[..],
        b" ",
        b"+5",
        b"-5",
        b"-0",
        b"0x5",
        b"5h",
        b"5_0",
        b"5.0",
        b"5e0",
        b"0 5",
        b"5 5",
        b"5,",
        b",5",
        b"5,5",
        b"5, 5",
        b"5, 6",
        b"5;5",
        b"\"5\"",
        b"'5'",
        b"5\xa0",
        b"\xd9\xa5",
        b"\xef\xbc\x95",
        b"9223372036854775808",
        b"18446744073709551615",
        b"18446744073709551621",
        b"99999999999999999999999",
        b"00000000000000000005",
        b"NaN",
        b"five",
        b"chunked",
    ] {
        let line = [b"Content-Length: ", value, b"\r\n"].concat();
        check(&line, Err(Rule::ContentLength), "RFC 9110 section 8.6; threats B1 7; RUSTSEC-2021-0078");
    }
    for value in [&b"5\0"[..], b"\x0b5", b"5\x0c", b"5\r", b"\r5", b"5\x7f"] {
        let line = [b"Content-Length: ", value, b"\r\n"].concat();
        check(&line, Err(Rule::FieldValue), "RFC 9110 section 5.5; threats B1 7");
    }
}

#[test]
fn a_second_content_length_is_refused_even_if_equal() {
    for lines in [
        &b"Content-Length: 5\r\nContent-Length: 5\r\n"[..],
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nX: y\r\ncontent-length: 0\r\n",
        b"Content-Length:\r\nContent-Length: 5\r\n",
    ] {
        check(lines, Err(Rule::ContentLengthRepeated), "RFC 9112 section 6.3 (5); threats B1 7, 8");
    }
}

#[test]
fn length_and_coding_together_are_refused() {
    for lines in [
        &b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"[..],
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\nX: y\r\nContent-Length: 0\r\n",
        b"Transfer-Encoding: identity\r\nContent-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: five\r\n",
        b"Transfer-Encoding:\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    ] {
        check(lines, Err(Rule::LengthAndCoding), "RFC 9112 section 6.3 (3); threats B1 1, 2; hyper #4123");
    }
}

#[test]
fn transfer_encoding_is_chunked_once_or_refused() {
    for lines in [
        &b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"[..],
        b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Transfer-Encoding: chunked, chunked\r\n",
        b"Transfer-Encoding: identity\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: identity, chunked\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Transfer-Encoding: chunkedx\r\n",
        b"Transfer-Encoding: chunk\r\n",
        b"Transfer-Encoding: x\r\n",
    ] {
        check(lines, Err(Rule::TransferEncoding), "RFC 9112 section 6.1; threats B1 5; RUSTSEC-2021-0020");
    }
}

#[test]
fn known_codings_that_are_not_decoded_here_are_told_apart() {
    for value in
        ["gzip, chunked", "gzip", "chunked, gzip", "deflate, chunked", "X-GZIP, chunked", "compress,chunked"]
    {
        let line = format!("Transfer-Encoding: {value}\r\n");
        check(line.as_bytes(), Err(Rule::TransferCoding), "RFC 9112 section 6.1: 501; threats B1 5");
    }
    assert_eq!(Rule::TransferCoding.status(), 501);
}

/// Each hides Transfer-Encoding from one parser and shows it to another. All of them are refused, or are read
/// as the standard says by everybody.
#[test]
fn no_hidden_spelling_of_transfer_encoding_is_taken_for_no_coding() {
    let source = "threats B1 6: Kettle 2019-2025; CVE-2026-54387";
    for (line, rule) in [
        (&b"Transfer-Encoding : chunked"[..], Rule::FieldName),
        (b"Transfer-Encoding\t: chunked", Rule::FieldName),
        (b"Transfer-Encoding\x0b: chunked", Rule::FieldName),
        (b"Transfer-Encoding\x0c: chunked", Rule::FieldName),
        (b"Transfer-Encoding\0: chunked", Rule::FieldName),
        (b"Transfer-Encoding\r: chunked", Rule::FieldName),
        (b"Transfer-Encoding\xa0: chunked", Rule::FieldName),
        (b"Transfer-Encoding\xff: chunked", Rule::FieldName),
        (b"Transfer-Encoding", Rule::FieldName),
        (b"Transfer-Encoding\r\n : chunked", Rule::FieldName),
        (b"Transfer-Encoding\n: chunked", Rule::FieldName),
        (b"\0Transfer-Encoding: chunked", Rule::FieldName),
        (b"\x0bTransfer-Encoding: chunked", Rule::FieldName),
        (b"\xffTransfer-Encoding: chunked", Rule::FieldName),
        (b"Transf\xc3\xa9r-Encoding: chunked", Rule::FieldName),
        (b"Transfer Encoding: chunked", Rule::FieldName),
        (b"\"Transfer-Encoding\": chunked", Rule::FieldName),
        (b":Transfer-Encoding: chunked", Rule::FieldName),
        (b" Transfer-Encoding: chunked", Rule::FieldValue),
        (b"\tTransfer-Encoding: chunked", Rule::FieldValue),
        (b"X: y\r\n Transfer-Encoding: chunked", Rule::FieldValue),
        (b"X: y\rTransfer-Encoding: chunked", Rule::FieldValue),
        (b"\rTransfer-Encoding: chunked", Rule::FieldValue),
        (b"X: y\nTransfer-Encoding: chunked", Rule::BareLf),
        (b"Transfer-Encoding: chunked\nX: y", Rule::BareLf),
        (b"Transfer-Encoding:\x0bchunked", Rule::FieldValue),
        (b"Transfer-Encoding: \x0bchunked", Rule::FieldValue),
        (b"Transfer-Encoding: \x0cchunked", Rule::FieldValue),
        (b"Transfer-Encoding: chunked\x0b", Rule::FieldValue),
        (b"Transfer-Encoding: chunked\0", Rule::FieldValue),
        (b"Transfer-Encoding: \0chunked", Rule::FieldValue),
        (b"Transfer-Encoding: chunked\r", Rule::FieldValue),
        (b"Transfer-Encoding: \rchunked", Rule::FieldValue),
        (b"Transfer-Encoding:\r\n chunked", Rule::FieldValue),
        (b"Transfer-Encoding:\n chunked", Rule::FieldValue),
        (b"Transfer-Encoding: chun\r\n ked", Rule::FieldValue),
        (b"Transfer-Encoding: chunked\x08", Rule::FieldValue),
        (b"Transfer-Encoding: chunked\x7f", Rule::FieldValue),
        (b"Transfer-Encoding: \"chunked\"", Rule::TransferEncoding),
        (b"Transfer-Encoding: 'chunked'", Rule::TransferEncoding),
        (b"Transfer-Encoding: chunked,", Rule::TransferEncoding),
        (b"Transfer-Encoding: ,chunked", Rule::TransferEncoding),
        (b"Transfer-Encoding: , chunked ,", Rule::TransferEncoding),
        (b"Transfer-Encoding: chunked;", Rule::TransferEncoding),
        (b"Transfer-Encoding: chunked;q=1", Rule::TransferEncoding),
        (b"Transfer-Encoding: chunked x", Rule::TransferEncoding),
        (b"Transfer-Encoding: x chunked", Rule::TransferEncoding),
        (b"Transfer-Encoding: \xffchunked", Rule::TransferEncoding),
        (b"Transfer-Encoding: chunked\xff", Rule::TransferEncoding),
        (b"Transfer-Encoding: chunked\xa0", Rule::TransferEncoding),
        (b"Transfer-Encoding: chunk\xc3\xa9d", Rule::TransferEncoding),
        (b"Transfer-Encoding: ch\xc5\xabnked", Rule::TransferEncoding),
        (b"Transfer-Encoding: chun\\ked", Rule::TransferEncoding),
        (b"Transfer-Encoding: : chunked", Rule::TransferEncoding),
        (b"Transfer-Encoding:", Rule::TransferEncoding),
    ] {
        check(&[line, b"\r\n"].concat(), Err(rule), source);
    }
}

#[test]
fn other_names_that_a_program_could_take_for_transfer_encoding_are_not_passed_on() {
    for name in
        ["Transfer_Encoding", "transfer.encoding", "TRANSFER~ENCODING", "Content_Length", "content!length"]
    {
        let bytes = [HEAD_OF_REQUEST, name.as_bytes(), b": chunked\r\n\r\n"].concat();
        let mut head = RequestHead::default();
        head.parse(&bytes, &Limits::default()).unwrap();
        assert_eq!(of_request(&head, &bytes), Ok(BodyLength::None), "{name}");
        let mut out = Vec::new();
        head.fields(&bytes).write_to(&mut out);
        assert_eq!(out, b"Host: a\r\n", "threats B1 6, 34: {name}");
    }
}

#[test]
fn http_1_0_has_no_transfer_encoding() {
    let source = "RFC 9112 section 6.1; threats B1 3; CVE-2026-2835";
    for lines in
        [&b"Transfer-Encoding: chunked\r\n"[..], b"Transfer-Encoding: identity\r\nContent-Length: 5\r\n"]
    {
        assert_eq!(of(lines, b"POST / HTTP/1.0\r\n"), Err(Rule::CodingInHttp10), "{source}");
        assert_eq!(of(lines, b"HTTP/1.0 200 OK\r\n"), Err(Rule::CodingInHttp10), "{source}");
    }
    assert_eq!(of(b"Content-Length: 5\r\n", b"POST / HTTP/1.0\r\n"), Ok(BodyLength::Bytes(5)));
    assert_eq!(of(b"", b"POST / HTTP/1.0\r\n"), Ok(BodyLength::None), "threats B1 4");
    assert_eq!(of(b"", b"HTTP/1.0 200 OK\r\n"), Ok(BodyLength::UntilClose));
}

#[test]
fn some_responses_have_no_body_whatever_they_say() {
    for (method, status) in [
        (Method::Head, 200),
        (Method::Head, 404),
        (Method::Get, 100),
        (Method::Get, 101),
        (Method::Get, 103),
        (Method::Post, 199),
        (Method::Get, 204),
        (Method::Get, 304),
    ] {
        for lines in ["", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"] {
            let bytes = format!("HTTP/1.1 {status} X\r\n{lines}\r\n");
            let mut head = ResponseHead::default();
            head.parse(bytes.as_bytes(), &Limits::default()).unwrap();
            let length = of_response(&head, method, bytes.as_bytes());
            assert_eq!(length, Ok(BodyLength::None), "RFC 9112 section 6.3 (1): {method:?} {bytes:?}");
        }
        let bytes = format!("HTTP/1.1 {status} X\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n");
        let mut head = ResponseHead::default();
        head.parse(bytes.as_bytes(), &Limits::default()).unwrap();
        let length = of_response(&head, method, bytes.as_bytes());
        assert_eq!(length, Err(Rule::LengthAndCoding), "nothing ambiguous is passed on: {method:?} {status}");
    }
}

#[test]
fn a_response_without_framing_ends_with_the_connection() {
    for status in [200, 205, 206, 302, 404, 500, 599] {
        let start = format!("HTTP/1.1 {status} X\r\n");
        assert_eq!(
            of(b"", start.as_bytes()),
            Ok(BodyLength::UntilClose),
            "RFC 9112 section 6.3 (8): {status}"
        );
    }
}
