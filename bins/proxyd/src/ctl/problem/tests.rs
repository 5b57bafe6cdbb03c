use super::*;
use bytes::Bytes;

fn told(status: u16, body: &str) -> Vec<String> {
    let status = StatusCode::from_u16(status).unwrap();
    lines(&Answer { status, tag: None, body: Bytes::copy_from_slice(body.as_bytes()) })
}

#[test]
fn every_problem_is_told_with_its_pointer_and_hint() {
    let body = r#"{"type":"/problems/invalid","title":"Unprocessable","status":422,"code":"invalid","detail":"the document would be wrong: 2 errors",
        "errors":[{"pointer":"/routes/0/upstream","detail":"there is no upstream `apo`","hint":"did you mean `app`?"},
                  {"pointer":"","detail":"something else"}]}"#;
    assert_eq!(
        told(422, body),
        [
            "422 Unprocessable Entity: the document would be wrong: 2 errors [invalid]",
            "  /routes/0/upstream: there is no upstream `apo`",
            "    hint: did you mean `app`?",
            "  something else",
        ]
    );
}

#[test]
fn candidates_and_what_waits_are_told() {
    let lines =
        told(409, r#"{"code":"ambiguous","detail":"two routes have that vHost","candidates":["a","b"]}"#);
    assert_eq!(lines, ["409 Conflict: two routes have that vHost [ambiguous]", "  it may be: a,b"]);
    let lines =
        told(409, r#"{"code":"pending","detail":"it waits","revision":7,"until":"2026-01-01T00:00:00Z"}"#);
    assert_eq!(
        lines[1],
        "  keep it with `proxyd ctl confirm 7`, or it is taken back at 2026-01-01T00:00:00Z"
    );
}

#[test]
fn a_way_out_is_told_where_there_is_one() {
    for (status, told_of) in [(401, "--token-file"), (412, "its tag of now"), (428, "--if-match")] {
        let lines = told(status, r#"{"detail":"no"}"#);
        assert!(lines[1].contains(told_of), "{lines:?}");
    }
}

#[test]
fn whatever_else_answers_is_shown_in_one_bounded_line() {
    assert_eq!(told(500, ""), ["500 Internal Server Error"]);
    assert_eq!(told(404, "no\u{1b}[31m such page\nsecond"), ["404 Not Found: no\\u{1b}[31m such page"]);
    assert!(told(502, &"x".repeat(5000))[0].len() < 300);
    assert!(told(302, "")[1].contains("not followed"));
    assert_eq!(told(404, "[1]"), ["404 Not Found: [1]"]);
    assert_eq!(told(404, "{}"), ["404 Not Found: it says no more"]);
}

#[test]
fn a_problem_cannot_steer_a_terminal() {
    let body = r#"{"detail":"\u001b[2J","code":"\u001b","errors":[{"pointer":"\u001b","detail":"\u001b","hint":"\u001b"}],"candidates":["\u001b"]}"#;
    assert!(!told(409, body).concat().contains('\u{1b}'));
}
