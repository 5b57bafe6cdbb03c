//! Where a request ends: Content-Length and Transfer-Encoding.

use harness::latin1;

use crate::it::front::{Front, SMUGGLED};

/// RFC 9112 sections 6.1 and 6.3: whoever sends both may be smuggling.
#[test]
fn a_length_beside_a_coding_is_refused_in_either_order() {
    let front = Front::new();
    let body = format!("0\r\n\r\n{SMUGGLED}");
    let length = format!("Content-Length: {}\r\n", body.len());
    let coding = "Transfer-Encoding: chunked\r\n";
    for fields in
        [format!("{length}{coding}"), format!("{coding}{length}"), format!("{coding}X: y\r\n{length}")]
    {
        front.refuses(format!("POST / HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n{body}"), &[400]);
    }
}

/// CVE-2026-2835; RFC 9112 section 6.1.
#[test]
fn a_coding_in_http_1_0_is_refused() {
    let front = Front::new();
    for fields in ["", "Connection: keep-alive\r\n", "Content-Length: 5\r\n"] {
        let request = format!(
            "POST / HTTP/1.0\r\nHost: a.test\r\n{fields}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{SMUGGLED}"
        );
        front.refuses(request, &[400, 501, 505]);
    }
}

/// CVE-2026-2835; RFC 9112 section 6.3, rule 7.
#[test]
fn a_request_without_framing_has_no_body_and_what_follows_is_a_request() {
    let front = Front::new();
    let first = "POST /first HTTP/1.1\r\nHost: a.test\r\n\r\n";
    let second = "GET /second HTTP/1.1\r\nHost: b.test\r\n\r\n";
    let answers = front.answers(format!("{first}{second}"));
    assert_eq!(answers.len(), 2, "{answers:#?}");
    let seen = front.backend.requests();
    assert_eq!([seen[0].target(), seen[1].target()], ["/first", "/second"]);
    assert_eq!([seen[0].body.as_slice(), seen[1].body.as_slice()], [b"", b""]);
    assert_eq!(seen[1].field("Via"), Some("1.1 proxyd"), "the second was passed through unseen");
}

/// RUSTSEC-2021-0020, GHSA-753j (Tornado); RFC 9112 section 6.1.
#[test]
fn a_coding_that_is_not_chunked_alone_is_refused() {
    let front = Front::new();
    for codings in [
        &["chunked, gzip"][..],
        &["gzip, chunked"],
        &["chunked, chunked"],
        &["chunked", "chunked"],
        &["gzip", "chunked"],
        &["chunked", "identity"],
        &["identity"],
        &["identity, chunked"],
        &["cow"],
        &["xchunked"],
        &["chunked;q=1"],
        &[""],
    ] {
        let lines: String = codings.iter().map(|coding| format!("Transfer-Encoding: {coding}\r\n")).collect();
        let request = format!("POST / HTTP/1.1\r\nHost: a.test\r\n{lines}\r\n0\r\n\r\n{SMUGGLED}");
        front.refuses(request, &[400, 501]);
    }
}

/// RFC 9112 section 7: codings have no case.
#[test]
fn a_chunked_body_reaches_the_backend_whole() {
    let front = Front::new();
    for coding in ["chunked", "Chunked", "CHUNKED"] {
        let seen = front.passes(format!(
            "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: {coding}\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n"
        ));
        assert_eq!(seen.text(), "abc0123456789");
    }
}

/// RFC 9110 section 8.6; RUSTSEC-2021-0078.
#[test]
fn a_length_that_is_not_one_number_is_refused() {
    let front = Front::new();
    let values: &[&[u8]] = &[
        b"5, 6",
        b"5,6",
        b"-5",
        b"+5",
        b"0x5",
        b"5_0",
        b"5.0",
        b"0 5",
        b"",
        b",5",
        b"5,",
        b"5;",
        b"\"5\"",
        b"five",
        b"\xef\xbc\x95",
        b"9223372036854775808",
        b"18446744073709551621",
        b"99999999999999999999999999",
        b"5\0",
        b"\x005",
        b"5\x0b",
    ];
    for value in values {
        let mut request = b"POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ".to_vec();
        request.extend_from_slice(value);
        request.extend_from_slice(b"\r\n\r\nhello");
        request.extend_from_slice(SMUGGLED.as_bytes());
        front.refuses(request, &[400, 413]);
    }
    front.refuses(
        format!(
            "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello{SMUGGLED}"
        ),
        &[400],
    );
}

/// RFC 9112 section 6.3: refused, or made one.
#[test]
fn a_length_given_twice_never_reaches_the_backend_twice() {
    for fields in ["Content-Length: 5\r\nContent-Length: 5\r\n", "Content-Length: 5, 5\r\n"] {
        let front = Front::new();
        let answer = front.proxyd.ask(format!("POST / HTTP/1.1\r\nHost: a.test\r\n{fields}\r\nhello"));
        match answer.status() {
            400 => assert_eq!(front.backend.connections(), 0),
            200 => assert_eq!(front.backend.request().all("Content-Length"), ["5"]),
            _ => panic!("{answer:?}"),
        }
    }
}

/// CVE-2026-29057: methods that usually have no body may have one.
#[test]
fn bodies_of_any_method_keep_their_framing() {
    let front = Front::new();
    for method in ["DELETE", "OPTIONS", "GET", "PATCH", "QUERY", "X-OWN"] {
        let seen = front.passes(format!(
            "{method} /x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        ));
        assert_eq!((seen.head.method(), seen.text().as_str()), (method, "hello"));
        let seen =
            front.passes(format!("{method} /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello"));
        assert_eq!((seen.head.method(), seen.text().as_str()), (method, "hello"));
    }
}

/// RFC 9112 section 2.2: one empty line before a request is skipped; a bare LF is not taken for a line's end.
#[test]
fn lines_end_in_cr_lf_and_nothing_else() {
    let front = Front::new();
    assert_eq!(front.passes("\r\nGET /x HTTP/1.1\r\nHost: a.test\r\n\r\n").target(), "/x");
    for request in [
        "GET / HTTP/1.1\nHost: a.test\n\n",
        "GET / HTTP/1.1\r\nHost: a.test\nX: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.test\r\n\n",
        "GET / HTTP/1.1\rHost: a.test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.test\rX: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.test\r\r\n\r\n",
    ] {
        front.refuses(request, &[400]);
    }
}

/// Kettle, "HTTP desync attacks" 2019 to 2025; sozu #726; CVE-2026-54387 (tinyproxy).
#[test]
fn a_hidden_coding_is_refused_or_leaves_no_trace() {
    let spellings: &[&[u8]] = &[
        b"Transfer-Encoding : chunked",
        b"Transfer-Encoding\t: chunked",
        b"Transfer-Encoding\x0b: chunked",
        b"Transfer-Encoding\x0c: chunked",
        b"Transfer-Encoding\0: chunked",
        b"Transfer-Encoding\r: chunked",
        b" Transfer-Encoding: chunked",
        b"\tTransfer-Encoding: chunked",
        b"\x0bTransfer-Encoding: chunked",
        b"\0Transfer-Encoding: chunked",
        b"\rTransfer-Encoding: chunked",
        b"\xffTransfer-Encoding: chunked",
        b"Transfer-Encoding: \x0bchunked",
        b"Transfer-Encoding: \x0cchunked",
        b"Transfer-Encoding: \0chunked",
        b"Transfer-Encoding: \rchunked",
        b"Transfer-Encoding:\xa0chunked",
        b"Transfer-Encoding: chunked\x0b",
        b"Transfer-Encoding: chunked\0",
        b"Transfer-Encoding: chunked\xff",
        b"Transfer-Encoding: chunked\t",
        b"Transfer-Encoding: chunked ",
        b"Transfer-Encoding:\tchunked",
        b"Transfer-Encoding:chunked",
        b"Transfer-Encoding:\r\n chunked",
        b"Transfer-Encoding:\r\n\tchunked",
        b"X: y\r\n Transfer-Encoding: chunked",
        b"X: y\nTransfer-Encoding: chunked",
        b"X: y\rTransfer-Encoding: chunked",
        b"X: y\0Transfer-Encoding: chunked",
        b"Transfer_Encoding: chunked",
        b"Transfer Encoding: chunked",
        b"Transfer-Encoding: \"chunked\"",
        b"Transfer-Encoding: 'chunked'",
        b"Transfer-Encoding: chunked,",
        b"Transfer-Encoding: ,chunked",
        b"Transfer-Encoding: chunked, ",
        b"Transfer-Encoding: chunk\xc3\xa9d",
        b"Tr\xc3\xa4nsfer-Encoding: chunked",
        b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
        b"transfer-encoding: chunked\r\nTransfer-Encoding: cow",
        b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
        b"TE: chunked",
        b"Transfer-Encoding",
        b": chunked",
    ];
    let front = Front::new();
    for hidden in spellings {
        let body = format!("0\r\n\r\n{SMUGGLED}");
        let mut request =
            format!("POST /first HTTP/1.1\r\nHost: a.test\r\nContent-Length: {}\r\n", body.len())
                .into_bytes();
        request.extend_from_slice(hidden);
        request.extend_from_slice(format!("\r\n\r\n{body}").as_bytes());
        let before = front.backend.request_count();
        let answers = front.answers(&request);
        let seen = front.backend.requests_since(before);
        assert_eq!(answers.len(), 1, "{:?} has {answers:#?}", latin1(hidden));
        match seen.as_slice() {
            [] => assert!(matches!(answers[0].status(), 400 | 501), "{:?} has {answers:#?}", latin1(hidden)),
            [seen] => {
                let head = latin1(&seen.head.raw).to_ascii_lowercase();
                assert!(!head.contains("chunked"), "{:?} reached the backend: {head}", latin1(hidden));
                assert_eq!(seen.text(), body, "of {:?}", latin1(hidden));
            }
            more => panic!("{:?} came as {more:#?}", latin1(hidden)),
        }
    }
}
