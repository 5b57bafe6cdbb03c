//! Limits and deadlines. Deadlines are coarse: what is tested is that they pass, with the right reason, and again.

use std::time::Duration;

use super::rig::*;
use proxy_core::Reason;

const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_body_that_says_it_is_too_large_never_reaches_a_backend() {
    let backend = Backend::new().await;
    let mut running = Running::start(with(|settings| settings.max_body_size = 10, &[&backend])).await;
    let mut client = running.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789").await;
    let mut peer = backend.accept().await;
    assert_eq!(peer.message().await.1, "0123456789");
    peer.answer_ok().await;
    assert_eq!(client.message().await.1, "ok");
    running.ended().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n").await;
    let (head, body) = client.message().await;
    assert!(head.starts_with("HTTP/1.1 413 ") && body.contains("body_too_large"), "{head}{body}");
    assert!(value(&head, "proxy-status").unwrap().contains("error=http_request_error"));
    // What follows of it is read, for it is not much, and the connection goes on.
    client.send("0123456789aGET /next HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(running.ended().await.reason, Some(Reason::BodyTooLarge));
    assert!(peer.head().await.starts_with("GET /next "));
}

#[tokio::test]
async fn a_chunked_body_that_grows_too_large_is_cut_off() {
    let backend = Backend::new().await;
    let mut running = Running::start(with(|settings| settings.max_body_size = 10, &[&backend])).await;
    let mut client = running.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n").await;
    let (mut peer, _) = backend.request().await;
    assert_eq!(peer.text(13).await, "8\r\n01234567\r\n");
    client.send("3\r\nabc\r\n0\r\n\r\n").await;
    assert!(client.message().await.0.starts_with("HTTP/1.1 413 "));
    assert_eq!(peer.remains().await, "");
    assert_eq!(running.ended().await.reason, Some(Reason::BodyTooLarge));
    assert_eq!(client.remains().await, "");
}

#[tokio::test]
async fn heads_have_limits() {
    let long = |count| "x".repeat(count);
    for (request, status, reason) in [
        (format!("GET / HTTP/1.1\r\nHost: a\r\nA: {}\r\n\r\n", long(70_000)), 431, "head_too_large"),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "a: b\r\n".repeat(101)), 431, "head_too_large"),
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", long(20_000)), 414, "uri_too_long"),
    ] {
        let (running, backend) = one().await;
        let mut client = running.client().await;
        client.send(request).await;
        let (head, body) = client.message().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")) && body.contains(reason), "{head}{body}");
        client.remains().await;
        assert!(backend.is_left_alone().await);
    }
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client.send(format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", long(8000))).await;
    assert!(backend.request().await.1.len() > 8000);
}

#[tokio::test]
async fn an_answer_whose_head_is_too_large_is_refused() {
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    let endless = format!("HTTP/1.1 200 OK\r\nA: {}", "x".repeat(70_000));
    peer.send(endless).await;
    let (head, body) = client.message().await;
    assert!(head.starts_with("HTTP/1.1 502 ") && body.contains("bad_response:head_too_large"), "{body}");
}

#[tokio::test]
async fn connections_are_bounded_in_all_and_by_client() {
    for by_client in [false, true] {
        let backend = Backend::new().await;
        let builder = with(
            |settings| {
                if by_client {
                    settings.max_connections_per_client = Some(2);
                } else {
                    settings.max_connections = 2;
                }
            },
            &[&backend],
        );
        let running = Running::start(builder).await;
        let (mut first, mut second) = (running.client().await, running.client().await);
        first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let _held = backend.request().await;
        second.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let _held_too = backend.request().await;
        let mut third = running.client().await;
        assert_eq!(third.remains().await, "");
        let reason = if by_client { "client_limit" } else { "connection_limit" };
        assert_eq!(running.handle.connection_reasons().get(reason), Some(&1));
        drop(first);
        running.connections(1).await;
        let mut fourth = running.client().await;
        fourth.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        backend.request().await;
    }
}

#[tokio::test]
async fn who_rests_longest_goes_for_who_comes() {
    let backend = Backend::new().await;
    let running = Running::start(with(|settings| settings.max_connections = 2, &[&backend])).await;
    let mut busy = running.client().await;
    busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let _held = backend.request().await;
    let mut resting = running.client().await;
    running.connections(2).await;
    let mut third = running.client().await;
    third.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    backend.request().await;
    assert_eq!(resting.remains().await, "");
    assert_eq!(running.handle.connection_reasons().get("connection_limit"), None);
}

#[tokio::test]
async fn a_head_that_does_not_come_is_given_up() {
    for sent in ["", "GET / HTTP/1.1\r\nHo"] {
        let backend = Backend::new().await;
        let mut running = Running::start(with(|settings| settings.header_timeout = SHORT, &[&backend])).await;
        let mut client = running.client().await;
        client.send(sent).await;
        let answer = client.remains().await;
        if sent.is_empty() {
            // Nobody has asked for anything.
            assert_eq!(answer, "");
        } else {
            assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("header_timeout"), "{answer}");
            assert_eq!(running.ended().await.reason, Some(Reason::HeaderTimeout));
        }
        // Whether or not the client closes its side, its place is given back.
        running.connections(0).await;
        drop(client);
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let backend = Backend::new().await;
    let mut running = Running::start(with(|settings| settings.keep_alive_timeout = SHORT, &[&backend])).await;
    let (mut client, _peer) = warm(&mut running, &backend).await;
    assert_eq!(client.remains().await, "");
    assert_eq!(running.handle.connection_reasons().get("keep_alive_timeout"), Some(&1));
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_given_up_again_and_again() {
    let backend = Backend::new().await;
    let mut app = upstream(&[&backend]);
    app.timeout = SHORT;
    let builder =
        proxy_core::Proxy::builder().upstream(app).route(proxy_core::spec::RouteSpec::to("all", "app"));
    let mut running = Running::start(builder).await;
    let mut client = running.client().await;
    for _ in 0..3 {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let (mut peer, _) = backend.request().await;
        let (head, body) = client.message().await;
        assert!(head.starts_with("HTTP/1.1 504 ") && body.contains("response_timeout"), "{head}{body}");
        assert!(value(&head, "proxy-status").unwrap().contains("error=http_response_timeout"));
        assert_eq!(peer.remains().await, "");
        assert_eq!(running.ended().await.reason, Some(Reason::ResponseTimeout));
    }
}

#[tokio::test]
async fn the_whole_request_has_a_deadline_of_its_own() {
    let backend = Backend::new().await;
    let mut running = Running::start(with(|settings| settings.timeout = SHORT, &[&backend])).await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (_peer, _) = backend.request().await;
    let (head, body) = client.message().await;
    assert!(head.starts_with("HTTP/1.1 504 ") && body.contains("request_timeout"), "{head}{body}");
    assert_eq!(running.ended().await.reason, Some(Reason::RequestTimeout));
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    let backend = Backend::new().await;
    let mut running = Running::start(with(|settings| settings.body_idle_timeout = SHORT, &[&backend])).await;
    let mut client = running.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc").await;
    let (mut peer, _) = backend.request().await;
    assert_eq!(peer.text(3).await, "abc");
    let (head, body) = client.message().await;
    assert!(head.starts_with("HTTP/1.1 408 ") && body.contains("body_timeout"), "{head}{body}");
    assert_eq!(peer.remains().await, "");
    assert_eq!(running.ended().await.reason, Some(Reason::BodyTimeout));
}

#[tokio::test]
async fn an_answer_that_stops_is_broken_off() {
    let backend = Backend::new().await;
    let mut running = Running::start(with(|settings| settings.body_idle_timeout = SHORT, &[&backend])).await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab").await;
    client.head().await;
    assert_eq!(client.remains().await, "ab");
    assert_eq!(peer.remains().await, "");
    assert_eq!(running.ended().await.reason, Some(Reason::BodyTimeout));
}
