//! Bodies of all sizes, copied or spliced, whole or cut.

use super::rig::*;
use proxy_core::Reason;

/// Bytes that show where they are.
fn bytes(len: usize) -> Vec<u8> {
    (0..len as u32).map(|number| (number ^ number >> 8 ^ number >> 16) as u8).collect()
}

/// From this size on, bodies pass by without being copied.
const SPLICED: usize = 64 * 1024;

const SIZES: [usize; 11] =
    [0, 1, 2048, 2049, 16 * 1024, SPLICED - 1, SPLICED, SPLICED + 1, 2 * SPLICED + 17, 600_000, 3_000_000];

#[tokio::test]
async fn answers_of_every_size_arrive_whole() {
    let (mut running, backend) = one().await;
    let (mut client, mut peer) = warm(&mut running, &backend).await;
    for size in SIZES {
        let body = bytes(size);
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        peer.head().await;
        let (got, ()) = tokio::join!(
            async {
                let head = client.head().await;
                assert_eq!(value(&head, "content-length"), Some(&*size.to_string()));
                client.exactly(size).await
            },
            async {
                // By itself, so that the body finds its head already passed on.
                peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n")).await;
                peer.send(&body).await;
            }
        );
        assert!(got == body, "{size}");
        assert_eq!(running.ended().await.reason, None);
    }
    assert!(backend.is_left_alone().await);
}

#[tokio::test]
async fn requests_of_every_size_arrive_whole() {
    let (mut running, backend) = one().await;
    let (mut client, mut peer) = warm(&mut running, &backend).await;
    for size in SIZES {
        let body = bytes(size);
        let ((), got) = tokio::join!(
            async {
                client.send(format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n")).await;
                client.send(&body).await;
            },
            async {
                let head = peer.head().await;
                assert_eq!(value(&head, "content-length"), Some(&*size.to_string()));
                peer.exactly(size).await
            }
        );
        assert!(got == body, "{size}");
        peer.answer_ok().await;
        assert_eq!(client.message().await.1, "ok");
        assert_eq!(running.ended().await.reason, None);
    }
    assert!(backend.is_left_alone().await);
}

#[tokio::test]
async fn chunked_bodies_of_every_size_arrive_whole() {
    let (mut running, backend) = one().await;
    let (mut client, mut peer) = warm(&mut running, &backend).await;
    for size in SIZES {
        for chunk in [7 * 1024 + 1, 100_000] {
            let body = bytes(size);
            let mut coded = Vec::new();
            for part in body.chunks(chunk) {
                coded.extend(format!("{:x}\r\n", part.len()).bytes());
                coded.extend(part);
                coded.extend(b"\r\n");
            }
            coded.extend(b"0\r\n\r\n");
            let ((), up) = tokio::join!(
                async {
                    client.send("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").await;
                    client.send(&coded).await;
                },
                async {
                    peer.head().await;
                    peer.chunked().await.0
                }
            );
            assert!(up == body, "{size} in chunks of {chunk}");
            let (down, ()) = tokio::join!(
                async {
                    client.head().await;
                    client.chunked().await.0
                },
                async {
                    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").await;
                    peer.send(&coded).await;
                }
            );
            assert!(down == body, "{size} in chunks of {chunk}");
            running.ended().await;
        }
    }
}

#[tokio::test]
async fn large_bodies_that_break_off_are_broken_on_the_other_side() {
    let (mut running, backend) = one().await;
    // The backend closes in the middle.
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").await;
    client.head().await;
    peer.send(bytes(300_000)).await;
    drop(peer);
    assert!(client.rest().await.0 == bytes(300_000));
    assert_eq!(running.ended().await.reason, Some(Reason::UpstreamReset));

    // The client closes in the middle of an answer.
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").await;
    peer.send(bytes(100_000)).await;
    client.head().await;
    client.exactly(50_000).await;
    drop(client);
    peer.rest().await;
    assert_eq!(running.ended().await.reason, Some(Reason::ClientGone));

    // The client closes in the middle of a request.
    let mut client = running.client().await;
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    client.send(bytes(100_000)).await;
    peer.exactly(100_000).await;
    drop(client);
    assert_eq!(peer.rest().await.0, b"");
    assert_eq!(running.ended().await.reason, Some(Reason::ClientGone));
}

#[tokio::test]
async fn the_next_request_behind_a_spliced_body_is_its_own() {
    let (mut running, backend) = one().await;
    let (mut client, mut peer) = warm(&mut running, &backend).await;
    let size = 200_000;
    client.send(format!("PUT /1 HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n")).await;
    let mut all = bytes(size);
    all.extend(b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    let (got, ()) = tokio::join!(
        async {
            peer.head().await;
            peer.exactly(size).await
        },
        async { client.send(&all).await }
    );
    assert!(got == bytes(size));
    peer.answer_ok().await;
    assert!(peer.head().await.starts_with("GET /2 "));
    peer.answer_ok().await;
    assert_eq!(client.message().await.1, "ok");
    assert_eq!(client.message().await.1, "ok");
}

#[tokio::test]
async fn an_answer_may_come_before_the_body_is_whole() {
    let (mut running, backend) = one().await;
    let mut client = running.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc").await;
    let (mut peer, _) = backend.request().await;
    assert_eq!(peer.text(3).await, "abc");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nea").await;
    let head = client.head().await;
    assert_eq!(value(&head, "connection"), Some("close"));
    assert_eq!(client.text(2).await, "ea");
    // The body goes on meanwhile.
    client.send("def").await;
    assert_eq!(peer.text(3).await, "def");
    peer.send("rl").await;
    assert_eq!(client.text(2).await, "rl");
    // The answer is whole: nobody waits for the rest, and neither connection serves anything else.
    assert_eq!(peer.remains().await, "");
    assert_eq!(client.remains().await, "");
    assert_eq!(running.ended().await.reason, None);
}

#[tokio::test]
async fn a_backend_that_answers_and_closes_before_the_body_is_whole_is_heard() {
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    let sending = async {
        let part = bytes(100_000);
        // Until the proxy has had enough.
        for _ in 0..90 {
            if tokio::io::AsyncWriteExt::write_all(client.stream(), &part).await.is_err() {
                break;
            }
        }
    };
    let answering = async {
        peer.exactly(200_000).await;
        peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno").await;
        peer.reset();
    };
    soon(async { tokio::join!(sending, answering) }).await;
    let answer = String::from_utf8_lossy(&client.rest().await.0).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413 ") || answer.starts_with("HTTP/1.1 502 "), "{answer:?}");
}

#[tokio::test]
async fn a_slow_reader_holds_the_backend_back() {
    let (mut running, backend) = one().await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    let size = 64 * 1024 * 1024;
    peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n")).await;
    let part = vec![b'x'; 1024 * 1024];
    let mut sent = 0;
    // Nobody reads: sooner or later nothing more is taken, long before all of it was.
    while let Some(count) = peer.send_some(&part).await {
        sent += count;
    }
    assert!(sent < size / 2, "{sent}");
    client.head().await;
    let (got, ()) = tokio::join!(client.exactly(size), async {
        while sent < size {
            let count = part.len().min(size - sent);
            peer.send(&part[..count]).await;
            sent += count;
        }
    });
    assert_eq!(got.len(), size);
    assert_eq!(running.ended().await.reason, None);
}
