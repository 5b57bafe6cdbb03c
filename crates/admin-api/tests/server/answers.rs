use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::Notify;

use super::house::{Answer, House, ask, gated, in_time, request, rest, router, settings, until};

#[tokio::test]
async fn every_answer_is_named_and_kept_by_nobody() {
    let house = House::open(settings());
    let mut ids = std::collections::HashSet::new();
    for line in
        ["GET /who", "POST /change", "GET /none", "DELETE /who", "GET /panic", "GET /cors", "HEAD /who"]
    {
        let answer = house.ask(request(line, "X-Request-ID: forged", "")).await;
        answer.check_dress();
        assert!(ids.insert(answer.field("x-request-id").to_owned()));
    }
    let answer = house.ask(request("GET /who", "", "")).await;
    assert_eq!(answer.field("x-seen-id"), answer.field("x-request-id"));
    assert_eq!(answer.body, "local Write");
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let house = House::open(settings());
    for (line, expected, allow) in [
        ("GET /none", "404 not_found", ""),
        ("GET //who", "404 not_found", ""),
        ("GET /who/..", "404 not_found", ""),
        ("DELETE /who", "405 method_not_allowed", "GET,HEAD"),
        ("GET /change", "405 method_not_allowed", "POST,DELETE"),
        ("OPTIONS /who", "405 method_not_allowed", "GET,HEAD"),
        ("TRACE /who", "405 method_not_allowed", "GET,HEAD"),
        ("DELETE /teapot", "405 method_not_allowed", "GET,HEAD"),
        ("GET /teapot", "418 error", ""),
    ] {
        let answer = house.ask(request(line, "", "")).await;
        assert_eq!(answer.verdict(), expected, "{line}");
        assert_eq!(answer.field("allow"), allow, "{line}");
    }
}

#[tokio::test]
async fn a_router_without_fallbacks_is_helped_out() {
    let house = House::with(settings(), axum::Router::new().route("/a", axum::routing::get(|| async {})));
    assert_eq!(house.ask(request("GET /b", "", "")).await.verdict(), "404 not_found");
    let answer = house.ask(request("PUT /a", "", "")).await;
    assert_eq!((answer.verdict().as_str(), answer.field("allow")), ("405 method_not_allowed", "GET,HEAD"));
}

#[tokio::test]
async fn a_panic_costs_one_answer() {
    let house = House::open(settings());
    let mut stream = house.connect().await;
    stream.write_all(b"GET /panic HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let text = until(&mut stream, "}").await;
    assert_eq!(Answer::parse(text.as_bytes()).unwrap().verdict(), "500 internal");
    assert!(!text.contains("as the test wants it"));
    assert_eq!(ask(stream, request("GET /who", "", "")).await.verdict(), "200");
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let house = House::open(settings());
    let head = house.ask(request("HEAD /who", "", "")).await;
    let get = house.ask(request("GET /who", "", "")).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.field("content-length"), get.field("content-length"));
    let refused = house.ask(request("HEAD /who", "Host: evil.example", "")).await;
    assert_eq!((refused.status, refused.body.as_str()), (421, ""));
}

#[tokio::test]
async fn requests_that_come_at_once_are_answered_in_turn() {
    let house = House::open(settings());
    let one = "GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut stream = house.connect().await;
    let all = format!("{}{}{}garbage\r\n\r\n", one.repeat(20), one.replace("/who", "/none"), one);
    stream.write_all(all.as_bytes()).await.unwrap();
    let text = String::from_utf8(rest(&mut stream).await).unwrap();
    let statuses: Vec<_> = text
        .match_indices("HTTP/1.1 ")
        .filter_map(|(at, _)| text[at + 9..].get(..3)?.parse::<u16>().ok())
        .collect();
    let expected: Vec<_> = std::iter::repeat_n(200, 20).chain([404, 200, 400]).collect();
    assert_eq!(statuses, expected, "{text}");
    // The last is ours, too.
    let last = &text[text.rfind("HTTP/1.1 400").unwrap()..];
    assert_eq!(Answer::parse(last.as_bytes()).unwrap().verdict(), "400 bad_request");
}

#[tokio::test]
async fn a_client_that_has_closed_its_side_gets_its_answer() {
    let (begun, may_end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let house = House::with(settings(), gated(&begun, &may_end));
    let mut stream = house.connect().await;
    stream.write_all(b"GET /gated HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    stream.shutdown().await.unwrap();
    in_time(begun.notified()).await;
    may_end.notify_one();
    let bytes = rest(&mut stream).await;
    assert_eq!(Answer::parse(&bytes).unwrap().body, "done");
}

#[tokio::test]
async fn a_body_is_asked_for_only_where_it_is_wanted() {
    let house = House::open(settings());
    let expect = "Content-Type: application/json\nExpect: 100-continue\nContent-Length: 2";
    let mut stream = house.connect().await;
    stream.write_all(request("POST /echo", expect, "").as_bytes()).await.unwrap();
    until(&mut stream, "HTTP/1.1 100 Continue\r\n\r\n").await;
    assert_eq!(ask(stream, "{}").await.body, "{}");
    let foreign = format!("{expect}\nOrigin: http://evil.example");
    let answer = house.ask(request("POST /echo", &foreign, "")).await;
    assert_eq!(answer.verdict(), "403 foreign_origin");
}

#[tokio::test]
async fn an_answer_outlives_a_body_that_nobody_reads() {
    let mut settings = settings();
    settings.max_body = 100;
    let house = House::with(settings, router());
    for _ in 0..20 {
        let mut stream = house.connect().await;
        let fields = "Content-Type: application/json\nContent-Length: 921600";
        stream.write_all(request("POST /echo", fields, "").as_bytes()).await.unwrap();
        let answer = Answer::parse(until(&mut stream, "}").await.as_bytes()).unwrap();
        assert_eq!(answer.verdict(), "413 body_too_large");
        assert_eq!(answer.field("connection"), "close");
        // The rest is taken, so that the connection is not reset under a client that sends before it reads.
        for _ in 0..900 {
            in_time(stream.write_all(&[b'x'; 1024])).await.unwrap();
        }
        stream.shutdown().await.unwrap();
        assert_eq!(in_time(stream.read(&mut [0; 8])).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_request_of_http_1_0_is_answered() {
    let house = House::open(settings());
    let mut stream = house.connect().await;
    stream.write_all(b"GET /who HTTP/1.0\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert!(String::from_utf8(rest(&mut stream).await).unwrap().contains(" 200 OK\r\n"));
}
