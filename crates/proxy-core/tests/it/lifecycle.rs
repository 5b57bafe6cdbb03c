//! Beginning, ending, and what a panic costs.

use std::time::Duration;

use super::rig::*;
use proxy_core::spec::RouteSpec;
use proxy_core::{Proxy, Reason, Request, Verdict};

#[tokio::test]
async fn what_is_in_flight_at_the_end_is_finished() {
    let (mut running, backend) = one().await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    running.stop();
    running.refuses().await;
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab").await;
    let head = client.head().await;
    assert_eq!(value(&head, "connection"), Some("close"));
    peer.send("cd").await;
    assert_eq!(client.remains().await, "abcd");
    running.end().await;
}

#[tokio::test]
async fn idle_connections_are_closed_at_the_end() {
    let (mut running, backend) = one().await;
    let (mut client, mut peer) = warm(&mut running, &backend).await;
    running.stop();
    assert_eq!(client.remains().await, "");
    assert_eq!(peer.remains().await, "");
    running.end().await;
}

#[tokio::test]
async fn a_request_that_is_already_there_at_the_end_is_served() {
    let (mut running, backend) = one().await;
    let (mut warm, mut peer) = warm(&mut running, &backend).await;
    // Both stand in the system's buffers when the proxy is told: one on an idle connection, one on a new one.
    let mut fresh = running.client().await;
    fresh.send("GET /fresh HTTP/1.1\r\nHost: a\r\n\r\n").await;
    warm.send("GET /warm HTTP/1.1\r\nHost: a\r\n\r\n").await;
    running.stop();
    // Either may get the connection to the backend that there is.
    let backends = async {
        let first = async {
            while peer.try_head().await.is_some() {
                peer.answer_ok().await;
            }
        };
        let others = async {
            loop {
                backend.request().await.0.answer_ok().await;
            }
        };
        tokio::join!(first, others);
    };
    let clients = async {
        for client in [&mut warm, &mut fresh] {
            let (head, body) = client.message().await;
            assert_eq!((value(&head, "connection"), body.as_str()), (Some("close"), "ok"));
            assert_eq!(client.remains().await, "");
        }
    };
    tokio::select! {
        () = clients => {}
        () = backends => unreachable!(),
    }
    running.end().await;
}

#[tokio::test]
async fn a_connection_without_a_request_does_not_hold_the_end_up() {
    let (mut running, _backend) = one().await;
    let mut client = running.client().await;
    running.connections(1).await;
    running.stop();
    assert_eq!(client.remains().await, "");
    running.end().await;
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut_off() {
    let backend = Backend::new().await;
    let short = Duration::from_millis(50);
    let mut running = Running::start(with(|settings| settings.drain_timeout = short, &[&backend])).await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    let handle = running.handle.clone();
    running.stop();
    running.end().await;
    // Nothing of it is left behind on the caller's runtime.
    assert_eq!(handle.connections(), 0);
    assert_eq!(handle.request_reasons().get("draining"), Some(&1));
    assert_eq!(client.remains().await, "");
    assert_eq!(peer.remains().await, "");
}

#[tokio::test]
async fn a_proxy_may_run_again_and_beside_itself() {
    let backend = Backend::new().await;
    let proxy = std::sync::Arc::new(to(&[&backend]).workers(1).build().unwrap());
    for _ in 0..2 {
        let mut kept = Running::again(&proxy).await;
        let mut first = Running::again(&proxy).await;
        first.stop();
        first.end().await;
        let mut client = kept.client().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let (mut peer, _) = backend.request().await;
        peer.answer_ok().await;
        let (head, body) = client.message().await;
        assert_eq!((value(&head, "connection"), body.as_str()), (None, "ok"));
        kept.stop();
        assert_eq!(client.remains().await, "");
        kept.end().await;
    }
}

#[tokio::test]
async fn dead_backends_are_probed_in_a_second_run_too() {
    let refusing = Refusing::new();
    let app = proxy_core::spec::UpstreamSpec::new("app").backend(proxy_core::spec::BackendSpec::new(
        "a",
        "127.0.0.1",
        refusing.port(),
    ));
    let proxy = Proxy::builder().upstream(app).route(RouteSpec::to("all", "app")).workers(1).build().unwrap();
    let proxy = std::sync::Arc::new(proxy);
    let mut first = Running::again(&proxy).await;
    let mut client = first.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(client.message().await.0.starts_with("HTTP/1.1 502 "));
    assert!(!first.handle.backends("app")[0].outage.is_none());
    first.stop();
    first.end().await;

    let second = Running::again(&proxy).await;
    let backend = refusing.accepts();
    let mut client = second.client().await;
    // Either it is believed alive again, or a probe finds it so.
    loop {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let answer = async {
            loop {
                let mut peer = backend.accept().await;
                if peer.try_head().await.is_some() {
                    peer.answer_ok().await;
                }
            }
        };
        let (head, _) = tokio::select! {
            message = client.message() => message,
            () = answer => unreachable!(),
        };
        if head.starts_with("HTTP/1.1 200 ") {
            break;
        }
        assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_guard_that_panics_costs_one_connection() {
    let backend = Backend::new().await;
    let guard = |request: &Request<'_>| {
        assert!(request.path() != b"/poison", "poisoned");
        Verdict::Pass
    };
    let builder =
        Proxy::builder().upstream(upstream(&[&backend])).route(RouteSpec::to("all", "app").guard(guard));
    let mut running = Running::start(builder).await;
    let (mut other, mut peer) = warm(&mut running, &backend).await;
    let mut client = running.client().await;
    client.send("GET /poison HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.remains().await, "");
    running.connections(1).await;
    assert_eq!(running.handle.connection_reasons().get("internal"), Some(&1));
    assert_eq!(running.handle.request_reasons().get("internal"), Some(&1));
    other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    peer.head().await;
    peer.answer_ok().await;
    assert_eq!(other.message().await.1, "ok");
    assert_eq!(running.ended().await.status, 200);
}

#[tokio::test]
async fn a_guard_may_refuse_wait_and_set_fields() {
    let backend = Backend::new().await;
    let guard = |request: &Request<'_>| match request.path() {
        b"/no" => Verdict::Refuse(
            proxy_core::Refusal::new(401, "auth_missing", "Say who you are.")
                .field("WWW-Authenticate", "Basic"),
        ),
        b"/late" => Verdict::Wait(Box::pin(async {
            tokio::task::yield_now().await;
            Verdict::PassWith(vec![("X-User".to_owned(), "late".to_owned())])
        })),
        b"/never" => Verdict::Wait(Box::pin(std::future::pending())),
        _ => Verdict::PassWith(vec![
            ("X-User".to_owned(), "ann".to_owned()),
            ("X-Real-IP".to_owned(), "192.0.2.9".to_owned()),
            ("Content-Length".to_owned(), "9".to_owned()),
            ("X-Bad".to_owned(), "a\r\nb: c".to_owned()),
        ]),
    };
    let mut settings = proxy_core::spec::Settings::default();
    settings.timeout = Duration::from_millis(100);
    let builder = Proxy::builder()
        .settings(settings)
        .upstream(upstream(&[&backend]))
        .route(RouteSpec::to("all", "app").guard(guard));
    let mut running = Running::start(builder).await;
    let mut client = running.client().await;
    client.send("GET /no HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (head, body) = client.message().await;
    assert!(head.starts_with("HTTP/1.1 401 ") && body.contains("auth_missing"), "{head}{body}");
    assert_eq!(value(&head, "www-authenticate"), Some("Basic"));
    assert_eq!(running.ended().await.reason, Some(Reason::Guarded));

    client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(client.message().await.0.starts_with("HTTP/1.1 504 "));
    running.ended().await;

    // A client cannot speak for a guard, in any spelling.
    client.send("GET / HTTP/1.1\r\nHost: a\r\nx-user: eve\r\nX_User: eve\r\n\r\n").await;
    let (mut peer, head) = backend.request().await;
    assert_eq!(values(&head, "x-user").collect::<Vec<_>>(), ["ann"]);
    assert_eq!(values(&head, "x-real-ip").collect::<Vec<_>>(), ["192.0.2.9"]);
    assert!(!head.contains("eve") && !head.contains("X-Bad") && !head.contains("Content-Length"), "{head}");
    peer.answer_ok().await;
    client.message().await;

    client.send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(value(&peer.head().await, "x-user"), Some("late"));
}

#[tokio::test]
async fn a_client_that_goes_while_a_guard_waits_is_let_go() {
    let backend = Backend::new().await;
    let guard = |_: &Request<'_>| Verdict::Wait(Box::pin(std::future::pending()));
    let builder =
        Proxy::builder().upstream(upstream(&[&backend])).route(RouteSpec::to("all", "app").guard(guard));
    let mut running = Running::start(builder).await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    running.connections(1).await;
    client.reset();
    assert_eq!(running.ended().await.reason, Some(Reason::ClientGone));
}
