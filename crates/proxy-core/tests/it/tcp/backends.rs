//! Whom a connection goes to, and whether to anybody: as for requests.

use std::time::Duration;

use health::BreakerSettings;
use lb_strategies::{ConsistentHash, First};
use proxy_core::Outage;
use proxy_core::spec::{Affinity, BackendSpec, BreakerSpec, GateSpec, OutlierSpec, Protocol, UpstreamSpec};

use super::*;

#[tokio::test]
async fn a_backend_that_refuses_is_marked_and_the_next_is_tried() {
    let (bad, good) = (Refusing::new(), Backend::new().await);
    let app = UpstreamSpec::new("app").backend(BackendSpec::new("bad", "127.0.0.1", bad.port()));
    let running =
        Running::start(relaying(app.backend(BackendSpec::new("good", "127.0.0.1", good.port())))).await;
    for _ in 0..3 {
        let (mut client, mut peer) = joined(&running, &good).await;
        peer.send("hello").await;
        assert_eq!(client.text(5).await, "hello");
    }
    let backends = running.handle.backends("app");
    assert!(backends[0].outage.has(Outage::CONNECT) && !backends[1].outage.has(Outage::CONNECT));
    assert!(running.handle.connection_reasons().is_empty());
}

#[tokio::test]
async fn no_backend_is_tried_twice() {
    let (bad, good) = (Refusing::new(), Backend::new().await);
    let app = UpstreamSpec::new("app").backend(BackendSpec::new("bad", "127.0.0.1", bad.port()));
    let mut app = app.backend(BackendSpec::new("good", "127.0.0.1", good.port())).strategy(First);
    // It is not taken for dead, so that only this connection's own memory keeps it away.
    app.passive.failures = 100;
    let running = Running::start(relaying(app)).await;
    let (mut client, mut peer) = joined(&running, &good).await;
    peer.send("hello").await;
    assert_eq!(client.text(5).await, "hello");
}

#[tokio::test]
async fn a_connection_gets_as_many_attempts_as_are_allowed_and_is_closed_then() {
    for (retries, tried) in [(0, 1), (2, 3)] {
        let refusing: Vec<_> = (0..4).map(|_| Refusing::new()).collect();
        let mut app = refusing.iter().enumerate().fold(UpstreamSpec::new("app"), |app, (place, backend)| {
            app.backend(BackendSpec::new(format!("b{place}"), "127.0.0.1", backend.port()))
        });
        app.retries = retries;
        let running = Running::start(relaying(app)).await;
        let mut client = running.client().await;
        assert_eq!(client.remains().await, "");
        running.counted("connect_refused", 1).await;
        let dead = running.handle.backends("app");
        assert_eq!(dead.iter().filter(|backend| backend.outage.has(Outage::CONNECT)).count(), tried);
        assert!(running.in_flight().iter().all(|count| *count == 0));
    }
}

#[tokio::test]
async fn nobody_to_be_asked_is_told_at_once() {
    let running = Running::start(relaying(UpstreamSpec::new("app"))).await;
    let mut client = running.client().await;
    assert_eq!(client.remains().await, "");
    running.counted("no_backend", 1).await;
    running.connections(0).await;
}

#[tokio::test]
async fn a_client_comes_to_the_same_backend_by_its_address() {
    let backends = [Backend::new().await, Backend::new().await, Backend::new().await];
    let mut app = upstream(&backends.each_ref()).strategy(ConsistentHash::default());
    app.affinity = Some(Affinity::ClientIp);
    let running = Running::start(relaying(app)).await;
    let mut clients = Vec::new();
    for count in 1..=4 {
        clients.push(running.client().await);
        soon(async {
            while running.in_flight().iter().sum::<u32>() != count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
        assert!(running.in_flight().contains(&count), "{:?}", running.in_flight());
    }
}

#[tokio::test]
async fn a_connection_counts_as_one_request_for_as_long_as_it_stands() {
    let backend = Backend::new().await;
    let mut app = upstream(&[&backend]);
    app.gate = Some(GateSpec::at(1));
    let running = Running::start(relaying(app)).await;
    let (mut first, mut peer) = joined(&running, &backend).await;
    first.send("a").await;
    peer.text(1).await;
    assert_eq!(running.in_flight(), [1]);
    let second = running.client().await;
    running.waiting(1).await;
    // As many wait as may.
    let mut third = running.client().await;
    assert_eq!(third.remains().await, "");
    running.counted("queue_full", 1).await;
    // Who leaves the queue makes room in it.
    second.reset();
    running.waiting(0).await;
    running.counted("client_gone", 1).await;
    let mut fourth = running.client().await;
    running.waiting(1).await;
    drop(first);
    drop(peer);
    let mut peer = backend.accept().await;
    peer.send("b").await;
    assert_eq!(fourth.text(1).await, "b");
    let mut late = running.client().await;
    assert_eq!(late.remains().await, "");
    running.counted("queue_timeout", 1).await;
}

#[tokio::test]
async fn connections_of_a_backend_are_limited() {
    // What a backend has no place for waits for one only where there is a queue, or a request is not a connection.
    for (limits_requests, has_queue, protocol) in [
        (false, false, Protocol::Http1),
        (true, false, Protocol::Http1),
        (false, true, Protocol::Http1),
        (true, true, Protocol::Http1),
        (false, false, Protocol::Http2),
    ] {
        let backend = Backend::new().await;
        let mut app = upstream(&[&backend]);
        let limit = &mut app.backends[0];
        *if limits_requests { &mut limit.max_requests } else { &mut limit.max_connections } = Some(1);
        app.gate = has_queue.then(|| GateSpec::at(10));
        app.protocol = protocol;
        let running = Running::start(relaying(app)).await;
        let first = joined(&running, &backend).await;
        let mut second = running.client().await;
        if has_queue || protocol == Protocol::Http2 {
            running.connections(2).await;
            assert!(backend.is_left_alone().await);
            drop(first);
            backend.accept().await.send("hello").await;
            assert_eq!(second.text(5).await, "hello");
        } else {
            assert_eq!(second.remains().await, "");
            running.counted("queue_full", 1).await;
        }
    }
}

/// A proxy in front of a backend that is asked again and again, so that only a circuit protects it.
async fn behind_a_circuit(port: u16, is_of_backend: bool) -> Running {
    let mut app = UpstreamSpec::new("app").backend(BackendSpec::new("a", "127.0.0.1", port));
    app.passive.failures = 100;
    let settings = BreakerSettings { consecutive: Some(2), open: SHORT, ramp: None, ..Default::default() };
    let breaker = Some(BreakerSpec::new(settings, Duration::from_secs(10)));
    *if is_of_backend { &mut app.backend_breaker } else { &mut app.breaker } = breaker;
    Running::start(relaying(app)).await
}

#[tokio::test]
async fn a_circuit_opens_for_connections_that_do_not_come_about() {
    for is_of_backend in [false, true] {
        let refusing = Refusing::new();
        let running = behind_a_circuit(refusing.port(), is_of_backend).await;
        for (reason, count) in [("connect_refused", 1), ("connect_refused", 2), ("circuit_open", 1)] {
            assert_eq!(running.client().await.remains().await, "");
            running.counted(reason, count).await;
        }
    }
}

#[tokio::test]
async fn a_circuit_closes_for_a_connection_that_came_about_while_that_still_stands() {
    for is_of_backend in [false, true] {
        let refusing = Refusing::new();
        let running = behind_a_circuit(refusing.port(), is_of_backend).await;
        for failed in 1..=2 {
            assert_eq!(running.client().await.remains().await, "");
            running.counted("connect_refused", failed).await;
        }
        let backend = refusing.accepts();
        let mut standing = Vec::new();
        soon(async {
            while standing.len() < 2 {
                let mut client = running.client().await;
                client.send("a").await;
                tokio::select! {
                    peer = backend.accept() => standing.push((client, peer)),
                    _ = client.remains() => tokio::time::sleep(SHORT / 10).await,
                }
            }
        })
        .await;
        drop(backend);
        // It takes two in a row again.
        for failed in 3..=4 {
            assert_eq!(running.client().await.remains().await, "");
            running.counted("connect_refused", failed).await;
        }
    }
}

#[tokio::test]
async fn a_backend_that_only_takes_connections_is_ejected() {
    let (bad, good) = (Backend::new().await, Backend::new().await);
    let mut app = upstream(&[&bad, &good]);
    let mut outliers = OutlierSpec::default();
    outliers.settings.consecutive_resets = Some(3);
    app.outliers = Some(outliers);
    let running = Running::start(relaying(app)).await;
    let outages = || -> Vec<_> {
        running.handle.backends("app").iter().map(|backend| backend.outage.has(Outage::EJECTED)).collect()
    };
    for broken in 0..3 {
        assert_eq!(outages(), [false, false]);
        // In turn, whoever is the first.
        for _ in 0..2 {
            let mut client = running.client().await;
            let (mut peer, speaks) = tokio::select! {
                peer = bad.accept() => (peer, false),
                peer = good.accept() => (peer, true),
            };
            client.send("hello").await;
            peer.text(5).await;
            if speaks {
                // Once it has said something, a reset is nothing that speaks against it.
                peer.send("well").await;
                assert_eq!(client.text(4).await, "well");
            }
            peer.reset();
            assert_eq!(client.rest().await, (Vec::new(), false));
        }
        running.counted("upstream_reset", 2 * (broken + 1)).await;
    }
    assert_eq!(outages(), [true, false]);
}
