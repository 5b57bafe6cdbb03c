use super::*;

fn event(kind: &str, data: &str) -> Event {
    Event { kind: kind.into(), data: data.into(), id: "7".into() }
}

#[test]
fn an_event_is_one_line() {
    let completed = event(
        "request.completed",
        r#"{"type":"request.completed","at":"10:00","status":200,"path":"/\u001b[2J"}"#,
    );
    assert_eq!(line(&completed, false), "10:00  request.completed  path=/\\u{1b}[2J  status=200\n");
    assert_eq!(line(&event("lost", "3"), false), "lost  3\n");
    assert_eq!(line(&event("x", "no\njson"), false), "x  no\\njson\n");
}

#[test]
fn for_programs_an_event_is_one_object_in_one_line() {
    let text = line(&event("x", "{\"a\":\n1}"), true);
    assert_eq!(text, "{\"data\":{\"a\":1},\"event\":\"x\",\"id\":\"7\"}\n");
    let nameless = Event { id: String::new(), ..event("x", "no\njson") };
    assert_eq!(line(&nameless, true), "{\"data\":\"no\\njson\",\"event\":\"x\"}\n");
}
