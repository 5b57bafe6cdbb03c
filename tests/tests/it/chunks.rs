//! Chunked bodies of requests.

use harness::{Backend, Document};

use crate::it::front::{Front, SMUGGLED};

const HEAD: &str = "POST /up HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n";

/// CVE-2023-47627; RUSTSEC-2021-0079; RFC 9112 section 7.1.
#[test]
fn a_chunk_size_that_is_no_number_completes_no_request() {
    let front = Front::new();
    let sizes: &[&[u8]] = &[
        b"0x5",
        b"5_",
        b"_5",
        b"+5",
        b"-5",
        b"5 5",
        b" 5",
        b"5\x0b",
        b"\t5",
        b"",
        b"g",
        b"5,5",
        b"5\0",
        b"\xef\xbc\x95",
        b"10000000000000005",
        b"fffffffffffffffff",
        b"000000000000000000005",
        b"-0",
        b"0x0",
    ];
    for size in sizes {
        let mut request = HEAD.as_bytes().to_vec();
        request.extend_from_slice(size);
        request.extend_from_slice(format!("\r\nhello\r\n0\r\n\r\n{SMUGGLED}").as_bytes());
        front.cuts(request, &[400, 413]);
    }
}

/// RFC 9112 section 7.1 with erratum 7633; "TERM.SPILL".
#[test]
fn a_chunk_that_does_not_end_as_it_must_completes_no_request() {
    let front = Front::new();
    for chunks in [
        "5\nhello\r\n0\r\n\r\n",
        "5\rhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello\r0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "5\r\nhello!\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\n\r\n",
        "5\r\nhello\r\n0\r\n\n",
        "5\r\nhello\r\n0\rX\r\n\r\n",
        "5\r\nhello\r\n0\r\nX\r\n\r\n",
        "5\r\nhello\r\n0\r\nX y: z\r\n\r\n",
        "5\r\nhello\r\n0\r\n folded: z\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: y\nZ: a\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: y\0\r\n\r\n",
    ] {
        front.cuts(format!("{HEAD}{chunks}{SMUGGLED}"), &[400]);
    }
}

/// "Funky chunks" (w4ke, 2025): refused, or the extension is dropped; [`Front`] takes no extension.
#[test]
fn a_chunk_extension_never_moves_the_end_of_a_chunk() {
    for extension in
        [";a\nb", ";a\rb", ";a\0b", ";a=\"b", ";a=\"\r\n", ";", ";;", ";a=b=c", "; a", " ;a", ";a=\"b\\\""]
    {
        let front = Front::new();
        let request = format!("{HEAD}5{extension}\r\nhello\r\n0\r\n\r\n");
        let answers = front.answers(format!("{request}{SMUGGLED}"));
        let statuses: Vec<u16> = answers.iter().map(harness::Message::status).collect();
        let seen = front.backend.requests();
        match statuses[..] {
            [400] => assert!(seen.is_empty(), "{extension:?}: {seen:#?}"),
            // What follows is a request of its own there, as it is for the client.
            [200, 200] => assert_eq!(seen[0].text(), "hello", "{extension:?}"),
            _ => panic!("{extension:?} has {answers:#?}"),
        }
    }
}

/// CVE-2023-39326.
#[test]
fn chunk_extensions_have_a_limit_in_one_and_in_all() {
    let front = Front::new();
    front.cuts(format!("{HEAD}1;{}\r\nx\r\n0\r\n\r\n", "a".repeat(20_000)), &[400, 413, 431]);
    let many = format!("1;{}\r\nx\r\n", "a".repeat(100)).repeat(400);
    front.cuts(format!("{HEAD}{many}0\r\n\r\n"), &[400, 413, 431]);
}

#[test]
fn a_chunk_extension_without_an_end_takes_no_memory() {
    let front = Front::new();
    let mut client = front.proxyd.connect();
    client.ask(format!("{HEAD}1;"));
    let before = front.proxyd.memory("VmRSS");
    let block = [b'a'; 64 * 1024];
    // The proxy stops reading, and closes, long before that.
    let taken = (0..200).take_while(|_| client.try_send(block).is_ok()).count();
    assert!(taken < 200, "12 MiB of an extension were taken");
    assert!(front.proxyd.memory("VmHWM") < before + (2 << 20));
    front.backend.wait_for_ends(front.backend.connections());
    assert!(front.backend.requests().is_empty());
}

/// RFC 9110 section 6.5.1.
#[test]
fn trailers_that_would_be_dangerous_as_fields_are_not_passed_on() {
    let front = Front::new();
    let dangerous = [
        "Content-Length: 9",
        "Transfer-Encoding: chunked",
        "Host: b.test",
        "X-Real-IP: 10.0.0.1",
        "X-Forwarded-For: 10.0.0.1",
        "Authorization: Basic eDp5",
        "Cookie: a=b",
        "Connection: close",
        "Trailer: X-Sum",
        "Te: trailers",
    ];
    let seen =
        front.passes(format!("{HEAD}5\r\nhello\r\n0\r\n{}\r\nX-Sum: 7\r\n\r\n", dangerous.join("\r\n")));
    assert_eq!(seen.text(), "hello");
    assert_eq!(seen.trailers, [("X-Sum".to_owned(), "7".to_owned())]);
    assert_eq!(seen.all("Content-Length"), [""; 0]);
    assert_eq!(seen.all("Host"), ["a.test"]);
    assert_eq!(seen.all("X-Real-IP"), ["127.0.0.1"]);
    assert_eq!(seen.all("Authorization"), [""; 0]);
}

/// RFC 9112 section 7.1.2.
#[test]
fn trailers_have_a_limit() {
    let front = Front::new();
    let big = format!("{HEAD}0\r\nX: {}\r\n\r\n", "a".repeat(20_000));
    front.cuts(big, &[400, 413, 431]);
    let many: String = (0..200).map(|number| format!("X-{number}: y\r\n")).collect();
    front.cuts(format!("{HEAD}0\r\n{many}\r\n"), &[400, 413, 431]);
}

#[test]
fn a_chunked_body_beyond_the_limit_is_answered_with_413_and_never_completed() {
    let front = Front::with(Backend::ok(), |backend| Document::to(backend).proxy("maxBodySize: 10"));
    assert_eq!(front.passes(format!("{HEAD}A\r\n0123456789\r\n0\r\n\r\n")).text(), "0123456789");
    let answer = front.cuts(format!("{HEAD}A\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n"), &[413]);
    assert_eq!(answer.reason(), "body_too_large");
}
