//! Interim answers. RFC 9110 sections 10.1.1 and 15.2.

use super::rig::*;

const EXPECTING: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";

#[tokio::test]
async fn the_backends_100_lets_the_client_send_its_body() {
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client.send(EXPECTING).await;
    let (mut peer, head) = backend.request().await;
    assert_eq!(value(&head, "expect"), Some("100-continue"));
    peer.send("HTTP/1.1 100 Continue\r\n\r\n").await;
    assert_eq!(client.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc").await;
    assert_eq!(peer.text(3).await, "abc");
    peer.answer_ok().await;
    assert_eq!(client.message().await.1, "ok");
}

#[tokio::test]
async fn a_100_behind_another_interim_answer_still_reaches_the_client() {
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client.send(EXPECTING).await;
    let (mut peer, _) = backend.request().await;
    peer.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n").await;
    assert!(client.head().await.starts_with("HTTP/1.1 103 "));
    assert!(client.head().await.starts_with("HTTP/1.1 100 "));
    client.send("abc").await;
    assert_eq!(peer.text(3).await, "abc");
    // Once is enough.
    peer.send("HTTP/1.1 100 Continue\r\n\r\n").await;
    peer.answer_ok().await;
    assert!(client.message().await.0.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_final_answer_in_place_of_100_ends_the_connection() {
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client.send(EXPECTING).await;
    let (mut peer, _) = backend.request().await;
    peer.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno").await;
    let (head, body) = client.message().await;
    assert_eq!((value(&head, "connection"), body.as_str()), (Some("close"), "no"));
    // Whether the client sends its body or a new request cannot be told apart: neither is passed on.
    client.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(peer.remains().await, "");
    assert_eq!(client.remains().await, "");
    assert!(backend.is_left_alone().await);
}

#[tokio::test]
async fn interim_answers_reach_only_those_who_understand_them() {
    for (version, is_passed_on) in [("HTTP/1.1", true), ("HTTP/1.0", false)] {
        let (running, backend) = one().await;
        let mut client = running.client().await;
        client.send(format!("GET / {version}\r\nHost: a\r\n\r\n")).await;
        let (mut peer, _) = backend.request().await;
        peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\nX: 1\r\n\r\n")
            .await;
        if is_passed_on {
            // The hint comes before the answer; the 100 that nobody waited for does not come at all.
            assert_eq!(client.head().await, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
        }
        peer.answer_ok().await;
        assert!(client.message().await.0.starts_with("HTTP/1.1 200 "));
    }
}

#[tokio::test]
async fn interim_answers_without_end_are_refused() {
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    peer.send("HTTP/1.1 102 Processing\r\n\r\n".repeat(1000)).await;
    for _ in 0..32 {
        assert!(client.head().await.starts_with("HTTP/1.1 102 "));
    }
    let (head, body) = client.message().await;
    assert!(head.starts_with("HTTP/1.1 502 ") && body.contains("bad_response:too_many_interim"), "{body}");
}

#[tokio::test]
async fn a_backend_that_sends_no_100_is_the_one_that_is_late() {
    // RFC 9110 section 10.1.1: the client may wait for it, and is not slow.
    let backend = Backend::new().await;
    let settings = |settings: &mut proxy_core::spec::Settings| {
        settings.body_idle_timeout = std::time::Duration::from_millis(100);
    };
    let running = Running::start(with(settings, &[&backend])).await;
    let mut client = running.client().await;
    client.send(EXPECTING).await;
    let (_peer, _) = backend.request().await;
    let (head, body) = client.message().await;
    assert!(head.starts_with("HTTP/1.1 504 ") && body.contains("response_timeout"), "{head}{body}");
}
