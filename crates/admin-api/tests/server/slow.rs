//! Clients that take their time. Deadlines are short here, and far apart from those that must not strike.

use std::time::{Duration, Instant};

use admin_api::AdminSettings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::house::{AMPLE, Answer, House, ask, in_time, request, rest, settings, until};

const SHORT: Duration = Duration::from_millis(150);

/// Every deadline is ample, but for those that a test shortens.
fn patient() -> AdminSettings {
    let mut settings = settings();
    let deadlines = &mut settings.deadlines;
    for deadline in [
        &mut deadlines.handshake,
        &mut deadlines.head,
        &mut deadlines.body,
        &mut deadlines.idle,
        &mut deadlines.write,
    ] {
        *deadline = AMPLE * 10;
    }
    settings
}

#[tokio::test]
async fn a_client_that_says_nothing_is_let_go() {
    let mut settings = patient();
    settings.deadlines.head = SHORT;
    let house = House::open(settings);
    let start = Instant::now();
    assert!(rest(&mut house.connect().await).await.is_empty());
    assert!(start.elapsed() >= SHORT);
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_cut_off() {
    for sent in ["G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: localhost\r\n", "PRI * HTTP/2.0\r\n"] {
        let mut settings = patient();
        settings.deadlines.head = SHORT;
        let house = House::open(settings);
        let (mut read, mut write) = house.connect().await.into_split();
        write.write_all(sent.as_bytes()).await.unwrap();
        let start = Instant::now();
        let drip = async {
            loop {
                tokio::time::sleep(SHORT / 10).await;
                if write.write_all(b"a").await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let mut bytes = Vec::new();
        tokio::select! {
            () = drip => unreachable!(),
            _ = in_time(read.read_to_end(&mut bytes)) => {}
        }
        assert!(start.elapsed() < AMPLE / 2, "{sent}");
    }
}

#[tokio::test]
async fn a_second_head_has_its_deadline_too() {
    let mut settings = patient();
    settings.deadlines.head = SHORT;
    let house = House::open(settings);
    let mut stream = house.connect().await;
    stream.write_all(b"GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    until(&mut stream, "local Write").await;
    stream.write_all(b"GET /wh").await.unwrap();
    assert!(rest(&mut stream).await.is_empty());
}

#[tokio::test]
async fn a_body_that_does_not_come_is_told_so() {
    let mut settings = patient();
    settings.deadlines.body = SHORT;
    let house = House::open(settings);
    let length = "Content-Type: application/json\nContent-Length: 10";
    let chunked = "Content-Type: application/json\nTransfer-Encoding: chunked";
    for (fields, part) in
        [(length, ""), (length, "{"), (chunked, ""), (chunked, "1\r\n{\r\n"), (chunked, "ffff")]
    {
        let answer = house.ask(format!("{}{part}", request("POST /echo", fields, ""))).await;
        assert_eq!(answer.verdict(), "408 body_timeout", "{fields} {part}");
    }
}

#[tokio::test]
async fn a_connection_between_requests_is_let_go() {
    let mut settings = patient();
    settings.deadlines.idle = SHORT;
    let house = House::open(settings);
    let mut stream = house.connect().await;
    stream.write_all(b"GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    until(&mut stream, "local Write").await;
    let start = Instant::now();
    assert!(rest(&mut stream).await.is_empty());
    assert!(start.elapsed() >= SHORT / 2);
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_let_go() {
    let mut settings = patient();
    settings.deadlines.write = SHORT;
    settings.max_connections = 1;
    let house = House::open(settings);
    let mut stream = house.connect().await;
    stream.write_all(b"GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    until(&mut stream, "\r\n\r\n").await;
    // It keeps its place, the only one, until it is given up.
    let start = Instant::now();
    in_time(async { while ask(house.connect().await, request("GET /who", "", "")).await.status != 200 {} })
        .await;
    assert!(start.elapsed() >= SHORT / 2);
    let bytes = rest(&mut stream).await;
    assert!(bytes.len() < 32 * 1024 * 1024, "{}", bytes.len());
}

#[tokio::test]
async fn a_client_that_reads_slowly_gets_everything() {
    let mut settings = patient();
    settings.deadlines.write = Duration::from_secs(5);
    settings.deadlines.head = Duration::from_secs(1);
    settings.deadlines.idle = Duration::from_secs(1);
    let house = House::open(settings);
    let mut stream = house.connect().await;
    stream.write_all(request("GET /long", "", "").as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let mut piece = vec![0; 1024 * 1024];
    loop {
        let count = in_time(stream.read(&mut piece)).await.unwrap();
        if count == 0 {
            break;
        }
        bytes.extend_from_slice(&piece[..count]);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(Answer::parse(&bytes).unwrap().body.len(), 32 * 1024 * 1024);
}

#[tokio::test]
async fn an_event_stream_outlives_the_deadlines_of_others() {
    let mut settings = settings();
    let deadlines = &mut settings.deadlines;
    (deadlines.head, deadlines.idle, deadlines.body, deadlines.write) = (SHORT, SHORT, SHORT, SHORT);
    let house = House::open(settings);
    let mut stream = house.connect().await;
    stream.write_all(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    until(&mut stream, "data: 1\n\n\r\n").await;
    assert!(
        tokio::time::timeout(SHORT * 4, stream.read_u8()).await.is_err(),
        "nothing comes, not even an end"
    );
}
