use super::*;

const GOOD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab";

/// What comes of an answer that arrives in two parts, divided anywhere.
#[track_caller]
fn check(text: &str, expected: &Result<(Outcome, bool), String>) {
    for middle in 1..text.len() {
        let (first, second) = text.as_bytes().split_at(middle);
        let mut answer = Answer::default();
        let came = match answer.push(first) {
            Ok(None) => answer.push(second).map(Option::unwrap),
            Ok(Some(early)) => panic!("{early:?} after {middle} bytes"),
            Err(error) => Err(error),
        };
        assert_eq!(came, *expected, "{middle}");
    }
}

#[test]
fn answers_are_told_apart_by_status_and_reason() {
    let refused = |fields: &str| format!("HTTP/1.1 503 Busy\r\n{fields}content-length: 0\r\n\r\n");
    check(GOOD, &Ok((Outcome::Good, false)));
    check(&refused(""), &Ok((Outcome::Refused { at_once: false }, false)));
    check(&refused("Connection: close\r\n"), &Ok((Outcome::Refused { at_once: false }, true)));
    let status = "Proxy-Status: proxyd; error=connection_limit_reached; details=";
    check(&refused(&format!("{status}\"queue_full\"\r\n")), &Ok((Outcome::Refused { at_once: true }, false)));
    check(
        &refused(&format!("{status}\"queue_timeout\"\r\n")),
        &Ok((Outcome::Refused { at_once: false }, false)),
    );
    let other = Outcome::Failed("unexpected answer: HTTP/1.1 502 Bad Gateway".to_owned());
    check("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 1\r\n\r\na", &Ok((other, false)));
}

#[test]
fn an_answer_must_have_an_end_and_nothing_behind_it() {
    check("HTTP/1.1 200 OK\r\n\r\n", &Err("an answer has no Content-Length".to_owned()));
    let long = Answer::default().push(format!("{GOOD}c").as_bytes());
    assert_eq!(long, Err("1 bytes too many in an answer".to_owned()));
}
