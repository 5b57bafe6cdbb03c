use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::Stream;
use proxy_core::events::{CertificateFailed, Events, ReloadFailed};
use tokio::sync::Semaphore;

use super::*;

fn permit() -> OwnedSemaphorePermit {
    Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap()
}

async fn next(sent: &mut (impl Stream<Item = Result<Bytes, Infallible>> + Unpin)) -> String {
    String::from_utf8(sent.next().await.unwrap().unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn an_event_is_three_lines_whatever_it_says() {
    let events = Events::new();
    let subscription = events.subscribe(Interest::ALL, 8).unwrap();
    let mut sent = Box::pin(stream(subscription, permit()));
    events.emit(CertificateFailed::new("a\nb", "x\r\n\ndata: y", true));
    assert_eq!(next(&mut sent).await, ": hello\n\n");
    let text = next(&mut sent).await;
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert_eq!((lines[0], lines[1], lines[3]), ("event: certificate.failed", "id: 1", ""));
    let data: serde_json::Value = serde_json::from_str(lines[2].strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!((&data["id"], &data["error"]), (&json!("a\nb"), &json!("x\r\n\ndata: y")));
    assert!(data["at"].as_str().unwrap().ends_with('Z'), "{data}");
}

#[tokio::test]
async fn a_slow_listener_is_told_how_much_it_lost() {
    let events = Events::new();
    let subscription = events.subscribe(Interest::ALL, 2).unwrap();
    let mut sent = Box::pin(stream(subscription, permit()));
    for number in 0..5 {
        events.emit(ReloadFailed::new("proxyd.yaml", number, "x"));
    }
    assert_eq!(next(&mut sent).await, ": hello\n\n");
    assert_eq!(next(&mut sent).await, "event: lost\nid: 1\ndata: {\"count\":3}\n\n");
    for id in 2..4 {
        assert!(next(&mut sent).await.starts_with(&format!("event: config.reload_failed\nid: {id}\n")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_shows_that_it_lives_and_gives_its_place_back() {
    let streams = Arc::new(Semaphore::new(1));
    let permit = streams.clone().try_acquire_owned().unwrap();
    let mut sent = Box::pin(stream(Events::new().subscribe(Interest::ALL, 1).unwrap(), permit));
    let began = Instant::now();
    let texts = [next(&mut sent).await, next(&mut sent).await, next(&mut sent).await];
    assert_eq!(texts, [": hello\n\n", ":\n\n", ":\n\n"]);
    assert_eq!(began.elapsed(), 2 * HEARTBEAT);
    assert_eq!(streams.available_permits(), 0);
    drop(sent);
    assert_eq!(streams.available_permits(), 1);
}

#[test]
fn types_are_kinds_or_what_they_are_about() {
    let some = interest("request.completed,circuit").unwrap();
    assert!(some.has(Kind::RequestCompleted) && some.has(Kind::CircuitOpened) && !some.has(Kind::BackendSet));
    for unknown in ["requests", "request.completed,", "a,circuit", "*"] {
        assert_eq!(interest(unknown).unwrap_err().code(), "invalid_parameter", "{unknown}");
    }
}
