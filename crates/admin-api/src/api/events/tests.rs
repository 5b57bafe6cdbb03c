use std::sync::Arc;
use std::time::UNIX_EPOCH;

use futures_util::stream::{empty, once, pending};
use serde_json::{Map, json};
use tokio::sync::Semaphore;

use super::*;

fn event(kind: &str, text: &str) -> Told {
    let fields = Map::from_iter([("route".to_owned(), json!(text))]);
    Told::Event { kind: kind.into(), at: UNIX_EPOCH, fields }
}

#[test]
fn an_event_is_three_lines_whatever_it_says() {
    let text = written(&event("request.completed", "a\nb\r\n\ndata: c"), 7);
    let data = r#"{"route":"a\nb\r\n\ndata: c","at":"1970-01-01T00:00:00.000Z"}"#;
    let other = r#"{"at":"1970-01-01T00:00:00.000Z","route":"a\nb\r\n\ndata: c"}"#;
    let expected = |data| format!("event: request.completed\nid: 7\ndata: {data}\n\n");
    assert!(text == expected(data) || text == expected(other), "{text}");
    assert!(written(&event("a\nb", ""), 1).starts_with("event: a b\nid: 1\n"));
    assert_eq!(written(&Told::Lost(3), 8), "event: lost\nid: 8\ndata: {\"count\":3}\n\n");
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_shows_that_it_lives_and_gives_its_place_back() {
    let streams = Arc::new(Semaphore::new(1));
    let permit = streams.clone().try_acquire_owned().unwrap();
    let quiet = once(std::future::ready(Told::Lost(1))).chain(pending());
    let mut sent = Box::pin(stream(quiet.boxed(), permit));
    let mut texts = Vec::new();
    let began = Instant::now();
    for _ in 0..4 {
        texts.push(String::from_utf8(sent.next().await.unwrap().unwrap().to_vec()).unwrap());
    }
    assert_eq!(texts[0], ": hello\n\n");
    assert!(texts[1].starts_with("event: lost\n"));
    assert_eq!((texts[2].as_str(), texts[3].as_str()), (":\n\n", ":\n\n"));
    assert_eq!(began.elapsed(), 2 * HEARTBEAT);
    assert_eq!(streams.available_permits(), 0);
    drop(sent);
    assert_eq!(streams.available_permits(), 1);
}

#[tokio::test]
async fn a_stream_ends_with_its_source() {
    let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    let sent = stream(empty().boxed(), permit);
    assert_eq!(sent.count().await, 1);
}
