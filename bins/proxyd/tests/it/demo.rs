use std::io::{BufRead, Read, Write};
use std::net::TcpStream;

use crate::process::{Running, proxyd};

/// What the demo prints, up to its last line.
fn start() -> (Running, Vec<String>) {
    let mut demo = Running::start(proxyd(&["demo"]));
    let mut lines = Vec::new();
    while lines.last().is_none_or(|line: &String| !line.contains("Ctrl-C")) {
        let mut line = String::new();
        assert_ne!(demo.stdout.read_line(&mut line).unwrap(), 0, "it ended: {lines:?}");
        lines.push(line.trim_end().to_owned());
    }
    (demo, lines)
}

/// The answer to one of the requests that are worth trying.
fn ask(curl: &str) -> String {
    let url = curl.split(' ').next_back().unwrap();
    let (address, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /{path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn every_request_that_it_names_shows_what_it_says_and_a_signal_ends_it() {
    let (demo, lines) = start();
    let named = |path: &str| {
        let curl = lines.iter().find(|line| line.trim_start().starts_with("curl ") && line.ends_with(path));
        ask(curl.unwrap_or_else(|| panic!("no {path}")))
    };
    let mut balanced: Vec<_> = (0..3).map(|_| named("/")).collect();
    balanced.iter_mut().for_each(|answer| *answer = answer.split("X-Backend: ").nth(1).unwrap()[..3].into());
    balanced.sort();
    assert_eq!(balanced, ["ash", "bir", "ced"]);
    let rewritten = named("/api/users");
    assert!(rewritten.contains("answers GET /users HTTP/1.1") && rewritten.contains("X-Tenant: demo"));
    assert!(
        rewritten.contains("X-Seen-By: 127.0.0.1 on route api") && rewritten.contains("X-Demo: request ")
    );
    assert!(named("/old/page").starts_with("HTTP/1.1 308 "));
    assert!(named("/teapot").ends_with("short and stout\n"));
    assert!(named("/down").contains("\"reason\":\"connect_refused\""));
    assert!(named("/rescued").contains("answers GET /rescued"));
    assert!(named("/impatient").starts_with("HTTP/1.1 504 "));
    assert!(named("/../../etc/passwd").contains("bad_request:escapes_root"));
    assert!(named("/stream").contains("says 5 of 5"));
    demo.signal("-INT");
    assert_eq!(demo.wait(), Some(0));
}
