//! Messages end where they say, on both sides, and connections serve one message after another.

use super::rig::*;
use proxy_core::Reason;

#[tokio::test]
async fn both_connections_serve_one_request_after_another() {
    let (mut running, backend) = one().await;
    let (mut client, mut peer) = warm(&mut running, &backend).await;
    for _ in 0..3 {
        client.send("GET /again HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(peer.head().await.starts_with("GET /again HTTP/1.1\r\n"));
        peer.answer_ok().await;
        let (head, body) = client.message().await;
        assert_eq!((body.as_str(), value(&head, "connection")), ("ok", None));
    }
    assert!(backend.is_left_alone().await);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_and_each_is_judged() {
    // RFC 9112 section 9.3.2.
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client
        .send(
            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc\
             GET /3 HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nGET /4 HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        .await;
    let (mut peer, head) = backend.request().await;
    assert!(head.starts_with("GET /1 "));
    peer.answer_ok().await;
    let (head, body) = peer.message().await;
    assert!(head.starts_with("POST /2 ") && body == "abc");
    peer.answer_ok().await;
    assert_eq!(client.message().await.1, "ok");
    assert_eq!(client.message().await.1, "ok");
    let (head, body) = client.message().await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert!(body.contains("bad_request:content_length"), "{body}");
    assert_eq!(client.remains().await, "");
}

#[tokio::test]
async fn a_connection_ends_where_the_client_asks_for_it() {
    // RFC 9112 section 9.6.
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    peer.answer_ok().await;
    let (head, body) = client.message().await;
    assert_eq!((value(&head, "connection"), body.as_str()), (Some("close"), "ok"));
    assert_eq!(client.remains().await, "");
}

#[tokio::test]
async fn a_client_of_http10_gets_its_answer_and_the_end() {
    for (answer, body) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nT: 1\r\n\r\n", "ok"),
    ] {
        let (running, backend) = one().await;
        let mut client = running.client().await;
        client.send("GET / HTTP/1.0\r\n\r\n").await;
        let (mut peer, head) = backend.request().await;
        // RFC 9112 section 3.2: our own request is one of HTTP/1.1, and has a Host.
        assert!(head.starts_with("GET / HTTP/1.1\r\n"));
        assert_eq!(value(&head, "host"), Some(&*format!("127.0.0.1:{}", backend.port())));
        // RFC 9110 section 7.6.3: the version is that of the message that came in.
        assert_eq!(value(&head, "via"), Some("1.0 proxyd"));
        peer.send(answer).await;
        let head = client.head().await;
        assert_eq!(value(&head, "transfer-encoding"), None, "{head}");
        assert_eq!(value(&head, "connection"), Some("close"), "{head}");
        let (rest, in_order) = client.rest().await;
        assert_eq!((rest.as_slice(), in_order), (body.as_bytes(), true));
    }
}

#[tokio::test]
async fn a_backend_of_http10_is_served_and_its_connection_kept_only_where_it_says_so() {
    for (answer, is_kept) in [
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", false),
    ] {
        let (mut running, backend) = one().await;
        let mut client = running.client().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let (mut peer, _) = backend.request().await;
        peer.send(answer).await;
        assert_eq!(client.message().await.1, "ok");
        running.ended().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        if is_kept {
            peer.head().await;
        } else {
            assert_eq!(peer.remains().await, "", "{answer}");
            backend.request().await;
        }
    }
}

#[tokio::test]
async fn an_answer_that_ends_with_the_connection_comes_in_chunks() {
    let (running, backend) = one().await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    peer.send("HTTP/1.1 200 OK\r\n\r\nall of it").await;
    drop(peer);
    let head = client.head().await;
    assert_eq!(value(&head, "transfer-encoding"), Some("chunked"));
    assert_eq!(client.chunked().await, (b"all of it".to_vec(), String::new()));
    // The client's connection goes on.
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    backend.request().await;
}

#[tokio::test]
async fn chunks_and_trailers_pass_both_ways() {
    let (mut running, backend) = one().await;
    let mut client = running.client().await;
    client
        .send(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTE: trailers\r\nConnection: TE\r\n\r\n\
             3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\nContent-Length: 7\r\n\r\n",
        )
        .await;
    let (mut peer, head) = backend.request().await;
    assert_eq!(values(&head, "transfer-encoding").collect::<Vec<_>>(), ["chunked"]);
    assert_eq!((value(&head, "te"), value(&head, "connection")), (Some("trailers"), Some("TE")));
    assert_eq!(peer.chunked().await, (b"abcde".to_vec(), "X-Sum: 1\r\n".to_owned()));
    peer.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-End: 2\r\nHost: b\r\n\r\n",
    )
    .await;
    let head = client.head().await;
    assert_eq!(values(&head, "transfer-encoding").collect::<Vec<_>>(), ["chunked"]);
    assert_eq!(client.chunked().await, (b"hello".to_vec(), "X-End: 2\r\n".to_owned()));
    running.ended().await;
    client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(peer.head().await.starts_with("GET /next "));
}

#[tokio::test]
async fn answers_that_have_no_body_are_passed_on_as_such() {
    // RFC 9110 sections 8.6, 9.3.2, 15.3.5 and 15.4.5.
    for (method, answer, length) in [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", Some("10")),
        ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", None),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", Some("10")),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n", None),
        ("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 10\r\n\r\n", None),
        ("DELETE", "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", None),
    ] {
        let (mut running, backend) = one().await;
        let mut client = running.client().await;
        for _ in 0..2 {
            client.send(format!("{method} / HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        }
        let (mut peer, _) = backend.request().await;
        for turn in 0..2 {
            peer.send(answer).await;
            let head = client.head().await;
            assert_eq!(value(&head, "content-length"), length, "{method} {answer}");
            assert_eq!(value(&head, "transfer-encoding"), None, "{method} {answer}");
            running.ended().await;
            // A body that cannot be was promised: nobody knows what follows, so the connection is not used again.
            let is_at_odds = answer.contains(" 204 ") && answer.contains(": ");
            if turn == 0 && is_at_odds {
                peer = backend.request().await.0;
            } else if turn == 0 {
                peer.head().await;
            }
        }
    }
}

#[tokio::test]
async fn a_connection_with_surplus_bytes_serves_nobody_else() {
    // RFC 9112 section 9.3: the next client would get what was meant for nobody.
    for (method, answer) in [
        (
            "GET",
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        ),
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        ("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok"),
        ("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\n"),
    ] {
        let (mut running, backend) = one().await;
        let mut client = running.client().await;
        client.send(format!("{method} /first HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        let (mut peer, _) = backend.request().await;
        peer.send(answer).await;
        client.head().await;
        running.ended().await;
        assert_eq!(peer.remains().await, "", "{answer}");
        let mut other = running.client().await;
        other.send("GET /second HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let (mut peer, head) = backend.request().await;
        assert!(head.starts_with("GET /second "));
        peer.answer_ok().await;
        assert_eq!(other.message().await.1, "ok");
    }
}

#[tokio::test]
async fn surplus_bytes_that_come_later_are_seen_before_the_next_request() {
    let (mut running, backend) = one().await;
    let (mut client, mut peer) = warm(&mut running, &backend).await;
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil").await;
    // The proxy's runtime learns of them in its next turns.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    client.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut fresh, head) = backend.request().await;
    assert!(head.starts_with("GET /next "));
    fresh.answer_ok().await;
    assert_eq!(client.message().await.1, "ok");
}

#[tokio::test]
async fn a_malformed_answer_is_a_502_and_costs_one_connection() {
    for (answer, reason) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", "length_and_coding"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nab", "content_length_repeated"),
        ("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nab", "content_length"),
        ("HTTP/1.1 999 OK\r\n\r\n", "status"),
        ("SMTP ready\r\n\r\n", ""),
        ("HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", "field_name"),
        ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "upgrade"),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "coding_in_http10"),
    ] {
        let (mut running, backend) = one().await;
        let mut client = running.client().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let (mut peer, _) = backend.request().await;
        peer.send(answer).await;
        let (head, body) = client.message().await;
        assert!(head.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{answer}: {head}");
        assert!(value(&head, "proxy-status").unwrap().contains("error=http_protocol_error"), "{head}");
        assert!(body.contains(&format!("bad_response:{reason}")), "{answer}: {body}");
        assert_eq!(peer.remains().await, "", "{answer}");
        let ended = running.ended().await;
        assert!(matches!(ended.reason, Some(Reason::BadResponse(_))));
        // The client's connection goes on.
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        backend.request().await;
    }
}

#[tokio::test]
async fn a_malformed_request_never_reaches_a_backend() {
    for request in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\r\n\r\n",
    ] {
        let (mut running, backend) = one().await;
        let mut client = running.client().await;
        client.send(format!("{request}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")).await;
        let (head, _) = client.message().await;
        assert!(head.starts_with("HTTP/1.1 4"), "{request:?}: {head}");
        assert_eq!(value(&head, "connection"), Some("close"));
        assert_eq!(client.remains().await, "", "{request:?}");
        let ended = running.ended().await;
        assert!(matches!(ended.reason, Some(Reason::BadRequest(_) | Reason::BadPath(_))), "{ended:?}");
        assert!(backend.is_left_alone().await);
    }
}

#[tokio::test]
async fn a_malformed_chunk_ends_the_request_on_both_sides() {
    let (mut running, backend) = one().await;
    let mut client = running.client().await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n").await;
    let (mut peer, _) = backend.request().await;
    assert_eq!(peer.text(8).await, "3\r\nabc\r\n");
    client.send("0x2\r\nab\r\n0\r\n\r\n").await;
    let (head, body) = client.message().await;
    assert!(head.starts_with("HTTP/1.1 400 ") && body.contains("bad_request:chunk_size"), "{head}{body}");
    assert_eq!(peer.remains().await, "");
    assert!(matches!(running.ended().await.reason, Some(Reason::BadRequest(_))));
    assert_eq!(client.remains().await, "");
}
