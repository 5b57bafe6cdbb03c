//! Other protocols, spoken through a tunnel once the backend has agreed. RFC 9110 sections 7.8 and 15.2.2.

use std::time::Duration;

use super::rig::*;
use proxy_core::Reason;

const ASKING: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
                      Sec-WebSocket-Key: k\r\n\r\n";
const AGREEING: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s\r\n\r\n";

/// A tunnel, open.
async fn tunnel(running: &Running, backend: &Backend) -> (Peer, Peer) {
    let mut client = running.client().await;
    client.send(ASKING).await;
    let (mut peer, head) = backend.request().await;
    assert_eq!(value(&head, "upgrade"), Some("websocket"));
    assert_eq!(value(&head, "connection"), Some("upgrade"));
    assert_eq!(value(&head, "sec-websocket-key"), Some("k"));
    peer.send(AGREEING).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{head}");
    assert_eq!(value(&head, "upgrade"), Some("websocket"));
    assert_eq!(values(&head, "connection").collect::<Vec<_>>(), ["upgrade"]);
    assert_eq!(value(&head, "sec-websocket-accept"), Some("s"));
    (client, peer)
}

#[tokio::test]
async fn bytes_pass_both_ways_and_each_direction_ends_by_itself() {
    let (mut running, backend) = one().await;
    let (mut client, mut peer) = tunnel(&running, &backend).await;
    for _ in 0..2 {
        client.send("\x00ping GET / HTTP/1.1\r\n\r\n").await;
        assert_eq!(peer.text(24).await, "\x00ping GET / HTTP/1.1\r\n\r\n");
        peer.send("pong").await;
        assert_eq!(client.text(4).await, "pong");
    }
    client.shut().await;
    assert_eq!(peer.remains().await, "");
    peer.send("and more").await;
    assert_eq!(client.text(8).await, "and more");
    peer.shut().await;
    assert_eq!(client.remains().await, "");
    let ended = running.ended().await;
    assert_eq!((ended.status, ended.reason), (101, None));
    running.connections(0).await;
}

#[tokio::test]
async fn much_passes_through_a_tunnel() {
    let (running, backend) = one().await;
    let (mut client, mut peer) = tunnel(&running, &backend).await;
    let much: Vec<u8> = (0..3_000_000_u32).map(|number| number as u8).collect();
    let (there, back) = tokio::join!(
        async {
            client.send(&much).await;
            client.exactly(much.len()).await
        },
        async {
            let got = peer.exactly(much.len()).await;
            peer.send(&got).await;
            got
        }
    );
    assert!(there == much && back == much);
}

#[tokio::test]
async fn what_the_client_sends_ahead_waits_for_the_backends_consent() {
    // CVE-2026-2833: a tunnel that opens by itself hides requests from policy.
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client.send(format!("{ASKING}GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    let (mut peer, _) = backend.request().await;
    peer.answer_ok().await;
    assert_eq!(client.message().await.1, "ok");
    // It was no tunnel, so that was a request: it goes down the line as any other.
    let head = peer.head().await;
    assert!(head.starts_with("GET /hidden HTTP/1.1\r\n") && value(&head, "x-request-id").is_some(), "{head}");

    let mut client = running.client().await;
    client.send(format!("{ASKING}early")).await;
    let (mut peer, _) = backend.request().await;
    peer.send(format!("{AGREEING}frame")).await;
    client.head().await;
    assert_eq!(client.text(5).await, "frame");
    assert_eq!(peer.text(5).await, "early");
}

#[tokio::test]
async fn a_protocol_that_nobody_offered_is_no_answer() {
    for (asking, answer) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", AGREEING),
        (ASKING, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n"),
        (
            ASKING,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket, other\r\nConnection: Upgrade\r\n\r\n",
        ),
        (ASKING, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n"),
        // Without `Connection: upgrade` it was not asked for; HTTP/1.0 has no such thing; h2c is gone.
        ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", AGREEING),
        ("GET / HTTP/1.0\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", AGREEING),
    ] {
        let (running, backend) = one().await;
        let mut client = running.client().await;
        client.send(asking).await;
        let (mut peer, _) = backend.request().await;
        peer.send(answer).await;
        let (head, body) = client.message().await;
        assert!(
            head.starts_with("HTTP/1.1 502 ") && body.contains("bad_response:upgrade"),
            "{answer} {head}"
        );
        assert_eq!(peer.remains().await, "");
    }
}

#[tokio::test]
async fn h2c_is_not_asked_for() {
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client
        .send("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n")
        .await;
    let (mut peer, head) = backend.request().await;
    assert_eq!((value(&head, "upgrade"), value(&head, "http2-settings")), (None, None));
    peer.answer_ok().await;
    assert_eq!(client.message().await.1, "ok");
}

#[tokio::test]
async fn a_tunnel_that_breaks_on_one_side_breaks_on_the_other() {
    let (running, backend) = one().await;
    let (client, mut peer) = tunnel(&running, &backend).await;
    client.reset();
    assert_eq!(peer.remains().await, "");
    running.connections(0).await;
    let (mut client, peer) = tunnel(&running, &backend).await;
    peer.reset();
    assert_eq!(client.remains().await, "");
    running.connections(0).await;
}

#[tokio::test]
async fn an_idle_tunnel_is_closed() {
    let backend = Backend::new().await;
    let short = Duration::from_millis(100);
    let mut running =
        Running::start(with(|settings| settings.tunnel_idle_timeout = short, &[&backend])).await;
    let (mut client, mut peer) = tunnel(&running, &backend).await;
    assert_eq!(client.remains().await, "");
    assert_eq!(peer.remains().await, "");
    assert_eq!(running.ended().await.reason, Some(Reason::TunnelTimeout));
}
