//! Whoever breaks off, the other side learns of it at once, and never takes half a message for a whole one.

use super::rig::*;
use proxy_core::Reason;

#[tokio::test]
async fn a_client_that_resets_while_it_waits_frees_the_backend() {
    let (mut running, backend) = one().await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    client.reset();
    assert_eq!(peer.remains().await, "");
    let ended = running.ended().await;
    assert_eq!((ended.status, ended.reason), (499, Some(Reason::ClientGone)));
}

#[tokio::test]
async fn a_client_that_closes_while_it_waits_frees_the_backend() {
    let (mut running, backend) = one().await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    drop(client);
    assert_eq!(peer.remains().await, "");
    assert_eq!(running.ended().await.reason, Some(Reason::ClientGone));
}

#[tokio::test]
async fn a_client_that_closes_while_the_answer_pauses_frees_the_backend() {
    for framing in ["Content-Length: 10\r\n", "Transfer-Encoding: chunked\r\n"] {
        let (mut running, backend) = one().await;
        let mut client = running.client().await;
        client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let (mut peer, _) = backend.request().await;
        peer.send(format!("HTTP/1.1 200 OK\r\n{framing}\r\n2\r\nab\r\n")).await;
        client.head().await;
        drop(client);
        assert_eq!(peer.remains().await, "");
        let ended = running.ended().await;
        assert_eq!((ended.status, ended.reason), (200, Some(Reason::ClientGone)));
    }
}

#[tokio::test]
async fn a_client_that_resets_while_the_answer_pauses_frees_the_backend() {
    let (mut running, backend) = one().await;
    let mut client = running.client().await;
    client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab").await;
    client.head().await;
    client.reset();
    assert_eq!(peer.remains().await, "");
    assert_eq!(running.ended().await.reason, Some(Reason::ClientGone));
}

#[tokio::test]
async fn a_client_that_stops_in_its_body_leaves_an_incomplete_request() {
    // RFC 9112 section 8: what is cut short is never completed.
    for (framing, sent, passed_on) in
        [("Content-Length: 10", "abc", "abc"), ("Transfer-Encoding: chunked", "3\r\nabc\r\n", "3\r\nabc\r\n")]
    {
        let (mut running, backend) = one().await;
        let mut client = running.client().await;
        client.send(format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{sent}")).await;
        let (mut peer, _) = backend.request().await;
        assert_eq!(peer.text(passed_on.len()).await, passed_on);
        client.shut().await;
        assert_eq!(peer.remains().await, "", "{framing}");
        assert_eq!(running.ended().await.reason, Some(Reason::ClientGone));
    }
}

#[tokio::test]
async fn a_client_that_only_shut_its_sending_side_gets_its_answer() {
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    client.shut().await;
    let (mut peer, _) = backend.request().await;
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab").await;
    assert!(client.head().await.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(client.text(2).await, "ab");
    peer.send("cd").await;
    assert_eq!(client.remains().await, "cd");
}

#[tokio::test]
async fn a_backend_that_stops_in_its_body_breaks_the_answer() {
    let cases = [
        ("HTTP/1.1", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab", "ab"),
        ("HTTP/1.1", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "2\r\nab\r\n"),
        ("HTTP/1.1", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nab", "2\r\nab\r\n"),
    ];
    for (version, answer, passed_on) in cases {
        let (mut running, backend) = one().await;
        let mut client = running.client().await;
        client.send(format!("GET / {version}\r\nHost: a\r\n\r\n")).await;
        let (mut peer, _) = backend.request().await;
        peer.send(answer).await;
        client.head().await;
        drop(peer);
        assert_eq!(client.remains().await, passed_on, "{answer}");
        let ended = running.ended().await;
        assert_eq!((ended.status, ended.reason), (200, Some(Reason::UpstreamReset)));
    }
}

#[tokio::test]
async fn what_came_before_the_backend_broke_off_reaches_the_client() {
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    // Head, half a body and the end: all there before the proxy looks.
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab").await;
    drop(peer);
    let (all, _) = client.rest().await;
    let all = String::from_utf8(all).unwrap();
    assert!(all.starts_with("HTTP/1.1 200 OK\r\n") && all.ends_with("\r\n\r\nab"), "{all:?}");
}

#[tokio::test]
async fn an_answer_without_length_that_breaks_off_is_never_taken_for_whole() {
    // The body of a client of HTTP/1.0 ends with its connection: only a reset tells that it is not whole.
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.0\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n").await;
    client.head().await;
    assert_eq!(client.text(2).await, "ab");
    drop(peer);
    let (rest, in_order) = client.rest().await;
    assert_eq!((rest, in_order), (Vec::new(), false));

    // The backend's body ends with its connection, and the connection is reset.
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    peer.send("HTTP/1.1 200 OK\r\n\r\nab").await;
    client.head().await;
    assert_eq!(client.text(7).await, "2\r\nab\r\n");
    peer.reset();
    assert_eq!(client.remains().await, "");
}
