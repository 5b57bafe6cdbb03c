//! What is tried again, and what never is. RFC 9110 section 9.2.2.

use super::rig::*;
use proxy_core::Outage;
use proxy_core::spec::{BackendSpec, RouteSpec, UpstreamSpec};
use proxy_core::{Builder, Proxy, Reason};

/// A proxy whose upstream has backends at these ports, with that many further attempts, in written order.
fn at(ports: &[u16], retries: u32) -> Builder {
    proxy(app(ports, retries))
}

fn app(ports: &[u16], retries: u32) -> UpstreamSpec {
    let mut app = ports.iter().enumerate().fold(UpstreamSpec::new("app"), |app, (place, port)| {
        app.backend(BackendSpec::new(format!("b{place}"), "127.0.0.1", *port))
    });
    app.retries = retries;
    app
}

fn proxy(app: UpstreamSpec) -> Builder {
    Proxy::builder().upstream(app).route(RouteSpec::to("all", "app"))
}

/// The next request, whichever of them it goes to.
async fn any_request(backends: &[Backend; 4]) -> (Peer, String) {
    let [a, b, c, d] = backends;
    tokio::select! {
        request = a.request() => request,
        request = b.request() => request,
        request = c.request() => request,
        request = d.request() => request,
    }
}

#[tokio::test]
async fn a_refused_connect_goes_to_another_backend_whatever_the_method() {
    for request in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ] {
        let (good, bad) = (Backend::new().await, Refusing::new());
        let mut running = Running::start(at(&[bad.port(), good.port()], 2)).await;
        for _ in 0..2 {
            let mut client = running.client().await;
            client.send(request).await;
            let (mut peer, _) = good.request().await;
            if request.contains("abc") {
                peer.read_until("abc").await;
            }
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").await;
            assert_eq!(client.message().await.1, "ok");
            assert_eq!(running.ended().await.status, 200);
        }
    }
}

#[tokio::test]
async fn a_request_gets_as_many_further_attempts_as_are_allowed() {
    for (retries, attempts) in [(0, 1), (1, 2), (2, 3), (3, 4)] {
        let refusing: Vec<_> = (0..6).map(|_| Refusing::new()).collect();
        let ports: Vec<_> = refusing.iter().map(Refusing::port).collect();
        let mut running = Running::start(at(&ports, retries)).await;
        let mut client = running.client().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let (head, body) = client.message().await;
        assert!(head.starts_with("HTTP/1.1 502 ") && body.contains("connect_refused"), "{head}{body}");
        assert!(value(&head, "proxy-status").unwrap().contains("error=connection_refused"));
        let ended = running.ended().await;
        assert_eq!((ended.reason, ended.attempts), (Some(Reason::ConnectRefused), attempts));
    }
}

#[tokio::test]
async fn an_idempotent_request_is_repeated_on_other_backends_as_often_as_is_allowed() {
    for request in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n",
        "DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ] {
        let backends =
            [Backend::new().await, Backend::new().await, Backend::new().await, Backend::new().await];
        let mut running = Running::start(to(&backends.each_ref())).await;
        let mut client = running.client().await;
        client.send(request).await;
        for _ in 0..3 {
            let (mut peer, _) = any_request(&backends).await;
            // Sent again, a body is the whole body.
            if request.contains("abc") {
                peer.read_until("abc").await;
            }
        }
        let (head, body) = client.message().await;
        assert!(head.starts_with("HTTP/1.1 502 ") && body.contains("upstream_reset"), "{head}{body}");
        let ended = running.ended().await;
        assert_eq!((ended.reason, ended.attempts), (Some(Reason::UpstreamReset), 3), "{request}");
        for backend in &backends {
            assert!(backend.is_left_alone().await);
        }
    }
}

#[tokio::test]
async fn what_a_backend_may_have_done_is_never_done_twice() {
    for request in [
        "POST / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "PATCH / HTTP/1.1\r\nHost: a\r\n\r\n",
        "LOCK / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let backend = Backend::new().await;
        let mut running = Running::start(at(&[backend.port(), backend.port()], 2)).await;
        let mut client = running.client().await;
        client.send(request).await;
        drop(backend.request().await);
        assert!(client.message().await.0.starts_with("HTTP/1.1 502 "));
        assert_eq!(running.ended().await.attempts, 1, "{request}");
        assert!(backend.is_left_alone().await);
    }
}

#[tokio::test]
async fn nothing_is_repeated_once_part_of_an_answer_was_passed_on() {
    let backend = Backend::new().await;
    let mut running = Running::start(at(&[backend.port(), backend.port()], 2)).await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = backend.request().await;
    peer.send("HTTP/1.1 103 Early Hints\r\n\r\n").await;
    drop(peer);
    let ended = running.ended().await;
    assert_eq!((ended.status, ended.attempts), (502, 1));
    assert!(backend.is_left_alone().await);
}

#[tokio::test]
async fn a_head_that_breaks_off_is_nobodys_answer() {
    let backend = Backend::new().await;
    let mut running = Running::start(at(&[backend.port(), backend.port()], 2)).await;
    let mut client = running.client().await;
    for (request, is_repeated) in [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", false),
    ] {
        client.send(request).await;
        let (mut peer, _) = backend.request().await;
        peer.send("HTTP/1.1 200 O").await;
        drop(peer);
        if is_repeated {
            let (mut peer, _) = backend.request().await;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").await;
            assert_eq!(client.message().await.1, "ok");
        } else {
            assert!(client.message().await.0.starts_with("HTTP/1.1 502 "));
            assert!(backend.is_left_alone().await);
        }
        assert_eq!(running.ended().await.attempts, 1 + u32::from(is_repeated), "{request}");
    }
}

#[tokio::test]
async fn a_stale_connection_costs_nobody_an_error() {
    // With one backend and no further attempts allowed: this one is free.
    let backend = Backend::new().await;
    let mut running = Running::start(at(&[backend.port()], 0)).await;
    let (mut client, mut peer) = warm(&mut running, &backend).await;
    client.send("GET /second HTTP/1.1\r\nHost: a\r\n\r\n").await;
    // The backend closes just as the request comes.
    peer.head().await;
    drop(peer);
    let (mut peer, head) = backend.request().await;
    assert!(head.starts_with("GET /second "));
    peer.answer_ok().await;
    assert_eq!(client.message().await.1, "ok");
    let ended = running.ended().await;
    assert_eq!((ended.status, ended.attempts), (200, 2));

    // POST is not idempotent: the backend may have done it.
    client.send("POST /third HTTP/1.1\r\nHost: a\r\n\r\n").await;
    peer.head().await;
    drop(peer);
    assert!(client.message().await.0.starts_with("HTTP/1.1 502 "));
    assert!(backend.is_left_alone().await);
}

#[tokio::test]
async fn a_connection_that_the_backend_closed_meanwhile_is_not_used() {
    let backend = Backend::new().await;
    let mut running = Running::start(at(&[backend.port()], 0)).await;
    let (mut client, peer) = warm(&mut running, &backend).await;
    drop(peer);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    client.send("POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx").await;
    let (mut peer, _) = backend.request().await;
    peer.answer_ok().await;
    assert_eq!(client.message().await.1, "ok");
    assert_eq!(running.ended().await.attempts, 1);
}

#[tokio::test]
async fn repeating_has_a_budget() {
    let backend = Backend::new().await;
    let mut spec = app(&[backend.port(), backend.port()], 2);
    spec.outliers = None;
    let mut running = Running::start(proxy(spec)).await;
    let mut attempts = 0;
    for _ in 0..20 {
        let mut client = running.client().await;
        client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        drop(backend.request().await);
        let ended = loop {
            tokio::select! {
                ended = running.ended() => break ended,
                request = backend.request() => drop(request),
            }
        };
        attempts += ended.attempts;
    }
    // Three a second, and a fifth of the requests; who has been to both backends goes to none again.
    assert!((20 + 5..=20 + 10).contains(&attempts), "{attempts}");
}

#[tokio::test]
async fn a_backend_that_refuses_is_left_out_until_it_is_back() {
    let (good, bad) = (Backend::new().await, Refusing::new());
    let mut running = Running::start(at(&[bad.port(), good.port()], 1)).await;
    let mut client = running.client().await;
    let mut peer = None;
    let mut attempts = 0;
    for _ in 0..6 {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let peer = match &mut peer {
            Some(peer) => peer,
            none => none.insert(good.accept().await),
        };
        peer.head().await;
        peer.answer_ok().await;
        client.message().await;
        attempts += running.ended().await.attempts;
    }
    assert_eq!(attempts, 7, "only one request found out");
    let known = running.handle.backends("app");
    let dead: Vec<(&str, bool)> =
        known.iter().map(|one| (&*one.id, one.outage.has(Outage::CONNECT))).collect();
    assert_eq!(dead, [("b0", true), ("b1", false)]);

    let bad = bad.accepts();
    // The probe: a connection, and nothing else.
    assert_eq!(bad.accept().await.remains().await, "");
    soon(async {
        while !running.handle.backends("app")[0].outage.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn without_an_eligible_backend_the_fallback_serves_or_nobody_does() {
    let good = Backend::new().await;
    let app = UpstreamSpec::new("app");
    let route = RouteSpec::to("all", "app");
    let mut running = Running::start(Proxy::builder().upstream(app.clone()).route(route)).await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (head, body) = client.message().await;
    assert!(head.starts_with("HTTP/1.1 503 ") && body.contains("no_backend"), "{head}{body}");
    assert_eq!(value(&head, "retry-after"), Some("1"));
    assert_eq!(running.ended().await.reason, Some(Reason::NoBackend));

    let mut other = upstream(&[&good]);
    other.name = "other".to_owned();
    let action =
        proxy_core::spec::Action::Forward { upstream: "app".to_owned(), fallback: Some("other".to_owned()) };
    let builder = Proxy::builder().upstream(app).upstream(other).route(RouteSpec::new("all", action));
    let running = Running::start(builder).await;
    let mut client = running.client().await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let (mut peer, _) = good.request().await;
    peer.answer_ok().await;
    assert_eq!(client.message().await.1, "ok");
}
