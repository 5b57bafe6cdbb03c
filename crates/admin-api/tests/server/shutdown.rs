use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::house::{AMPLE, Answer, House, gated, in_time, request, rest, settings, until};

#[tokio::test]
async fn a_request_in_flight_ends_and_idle_connections_go() {
    let (begun, may_end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut settings = settings();
    settings.deadlines.drain = AMPLE;
    let mut house = House::with(settings, gated(&begun, &may_end));
    let address = house.tcp();
    let (mut idle, mut silent, mut working) =
        (house.connect().await, house.connect().await, house.connect().await);
    idle.write_all(b"GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    until(&mut idle, "local Write").await;
    working.write_all(b"GET /gated HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    in_time(begun.notified()).await;
    house.stop();
    assert!(rest(&mut idle).await.is_empty());
    assert!(rest(&mut silent).await.is_empty());
    assert!(TcpStream::connect(address).await.is_err());
    may_end.notify_one();
    let answer = Answer::parse(&rest(&mut working).await).unwrap();
    assert_eq!(answer.body, "done");
    house.ended().await;
}

#[tokio::test]
async fn event_streams_are_ended() {
    let mut settings = settings();
    settings.deadlines.drain = AMPLE * 10;
    let mut house = House::open(settings);
    let mut stream = house.connect().await;
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    until(&mut stream, "data: 1\n\n").await;
    house.stop();
    // The last chunk: the stream ends as it should, and is not cut off.
    assert!(String::from_utf8(rest(&mut stream).await).unwrap().ends_with("0\r\n\r\n"));
    house.ended().await;
}

#[tokio::test]
async fn what_does_not_end_is_cut_off() {
    let (begun, may_end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut settings = settings();
    settings.deadlines.drain = Duration::from_millis(100);
    let mut house = House::with(settings, gated(&begun, &may_end));
    let mut stream = house.connect().await;
    stream.write_all(request("GET /gated", "", "").as_bytes()).await.unwrap();
    in_time(begun.notified()).await;
    let start = Instant::now();
    house.stop();
    house.ended().await;
    assert!(start.elapsed() >= Duration::from_millis(100));
    assert!(rest(&mut stream).await.is_empty());
}

#[tokio::test]
async fn whoever_drops_the_server_closes_everything() {
    let house = House::open(settings());
    let mut stream = house.connect().await;
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    until(&mut stream, "data: 1\n\n").await;
    house.abort().await;
    assert!(!rest(&mut stream).await.ends_with(b"0\r\n\r\n"));
}
