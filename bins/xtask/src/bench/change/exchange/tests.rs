use std::collections::VecDeque;

use super::*;

/// Somebody who answers in these parts whatever is sent.
struct Script(VecDeque<&'static str>);

impl Read for Script {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let part = self.0.pop_front().unwrap_or_default();
        into[..part.len()].copy_from_slice(part.as_bytes());
        Ok(part.len())
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn answer<const PARTS: usize>(parts: [&'static str; PARTS]) -> Result<Answer> {
    exchange(&mut Script(parts.into()), b"GET / HTTP/1.1\r\n\r\n")
}

#[test]
fn an_answer_may_come_in_parts() {
    let parts = ["HTTP/1.1 200 OK\r\nx-change: ", "17\r\nContent-Length: 4\r\n\r", "\n", "bo", "dy"];
    let answer = answer(parts).unwrap();
    assert_eq!((answer.status, answer.field("X-Change"), answer.body.as_str()), (200, Some("17"), "body"));
}

#[test]
fn an_answer_without_content_is_whole() {
    assert_eq!(answer(["HTTP/1.1 204 No Content\r\n\r\n"]).unwrap().status, 204);
}

#[test]
fn what_is_no_whole_answer_is_an_error() {
    let said = |answer: Result<Answer>| answer.unwrap_err().to_string();
    let closed = "a connection was closed before its answer";
    assert_eq!(said(answer([])), closed);
    assert_eq!(said(answer(["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo"])), closed);
    assert_eq!(said(answer(["HTTP/1.1 200 OK\r\n\r\n"])), "an answer does not tell its length");
    assert_eq!(said(answer(["nonsense\r\n\r\n"])), "an odd answer: nonsense");
}
