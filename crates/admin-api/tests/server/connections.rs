use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;

use super::house::{Answer, House, ask, gated, in_time, request, rest, settings, until};

#[tokio::test]
async fn a_hundred_idle_connections_keep_nobody_out() {
    let mut settings = settings();
    settings.max_connections = 8;
    let house = House::open(settings);
    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(house.connect().await);
    }
    for _ in 0..5 {
        assert_eq!(house.ask(request("GET /who", "", "")).await.verdict(), "200");
    }
    // The oldest had to go.
    for stream in &mut idle[..80] {
        assert!(rest(stream).await.is_empty());
    }
}

#[tokio::test]
async fn a_hundred_at_once_are_all_answered() {
    let mut settings = settings();
    settings.max_connections = 128;
    let house = Arc::new(House::open(settings));
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let house = Arc::clone(&house);
        all.spawn(
            async move { house.ask(request("POST /echo", "Content-Type: application/json", "{}")).await },
        );
    }
    while let Some(answer) = all.join_next().await {
        assert_eq!(answer.unwrap().body, "{}");
    }
}

#[tokio::test]
async fn where_all_are_at_work_a_further_one_is_told_so() {
    let (begun, may_end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut settings = settings();
    settings.max_connections = 2;
    let house = House::with(settings, gated(&begun, &may_end));
    let mut working = Vec::new();
    for _ in 0..2 {
        let mut stream = house.connect().await;
        stream.write_all(request("GET /gated", "", "").as_bytes()).await.unwrap();
        in_time(begun.notified()).await;
        working.push(stream);
    }
    let answer = house.ask(request("GET /who", "", "")).await;
    assert_eq!(answer.verdict(), "503 too_many_connections");
    assert_eq!(answer.field("retry-after"), "1");
    for mut stream in working {
        may_end.notify_one();
        assert_eq!(Answer::parse(&rest(&mut stream).await).unwrap().body, "done");
    }
    assert_eq!(house.ask(request("GET /who", "", "")).await.verdict(), "200");
}

#[tokio::test]
async fn a_connection_serves_one_request_after_another() {
    let house = House::open(settings());
    let mut stream = house.connect().await;
    for _ in 0..50 {
        let post = "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n\"end\"";
        stream.write_all(post.as_bytes()).await.unwrap();
        until(&mut stream, "\"end\"").await;
    }
    assert_eq!(ask(stream, request("GET /who", "", "")).await.verdict(), "200");
}
