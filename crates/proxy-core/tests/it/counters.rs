//! What is counted of routes and backends, and when.

use super::rig::*;
use proxy_core::spec::RouteSpec;
use proxy_core::{Meters, Statistics};

fn of_backend(running: &Running) -> Statistics {
    running.handle.backend_statistics("app", "b0").unwrap()
}

fn of_route(running: &Running) -> Statistics {
    running.handle.route_statistics("all").unwrap()
}

#[tokio::test]
async fn requests_are_in_flight_from_their_head_to_their_end() {
    let (mut running, backend) = one().await;
    let (mut client, mut peer) = warm(&mut running, &backend).await;
    let in_flight = |running: &Running| {
        [running.handle.statistics(), of_route(running), of_backend(running)].map(|counted| counted.in_flight)
    };
    assert_eq!(in_flight(&running), [0; 3]);
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    peer.head().await;
    assert_eq!(in_flight(&running), [1; 3]);
    peer.send("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno").await;
    client.message().await;
    running.ended().await;
    assert_eq!(in_flight(&running), [0; 3]);
    for counted in [running.handle.statistics(), of_route(&running), of_backend(&running)] {
        assert_eq!((counted.by_class, counted.failed, counted.errors()), ([0, 0, 1, 0, 0, 1], 0, 1));
        assert_eq!(counted.latencies.total(), 2);
    }
    assert_eq!(running.handle.upstream_statistics("app"), Some(of_backend(&running)));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error_of_the_route_and_of_the_backend() {
    let (mut running, backend) = one().await;
    let (mut client, mut peer) = warm(&mut running, &backend).await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    peer.head().await;
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab").await;
    client.head().await;
    drop(peer);
    client.rest().await;
    running.ended().await;
    for counted in [running.handle.statistics(), of_route(&running), of_backend(&running)] {
        assert_eq!((counted.by_class, counted.failed, counted.errors()), ([0, 0, 2, 0, 0, 0], 1, 1));
    }
}

#[tokio::test]
async fn each_attempt_is_its_backends_whatever_the_request_comes_to() {
    let (dead, backend) = (Refusing::new(), Backend::new().await);
    let upstream =
        upstream(&[&backend]).backend(proxy_core::spec::BackendSpec::new("dead", "127.0.0.1", dead.port()));
    let builder = proxy_core::Proxy::builder().upstream(upstream).route(RouteSpec::to("all", "app"));
    let mut running = Running::start(builder).await;
    let mut client = running.client().await;
    for _ in 0..2 {
        client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n").await;
    }
    let (mut peer, _) = backend.request().await;
    peer.answer_ok().await;
    client.message().await;
    running.ended().await;
    peer.head().await;
    peer.answer_ok().await;
    client.message().await;
    running.ended().await;
    let dead = running.handle.backend_statistics("app", "dead").unwrap();
    assert_eq!((dead.by_class, dead.failed, dead.errors()), ([1, 0, 0, 0, 0, 0], 1, 1));
    assert_eq!(of_backend(&running).by_class, [0, 0, 2, 0, 0, 0]);
    let all = running.handle.upstream_statistics("app").unwrap();
    assert_eq!((all.requests(), all.errors(), all.latencies.total()), (3, 1, 3));
    assert_eq!((of_route(&running).requests(), of_route(&running).errors()), (2, 0));
    assert_eq!(running.handle.backend_statistics("app", "other"), None);
    assert_eq!(running.handle.backend_statistics("app", "b"), None);
    assert_eq!(running.handle.upstream_statistics("other"), None);
}

#[tokio::test]
async fn a_client_that_goes_is_no_error_and_leaves_nothing_in_flight() {
    let (mut running, backend) = one().await;
    let (mut client, mut peer) = warm(&mut running, &backend).await;
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    peer.head().await;
    client.reset();
    running.ended().await;
    for counted in [running.handle.statistics(), of_route(&running), of_backend(&running)] {
        assert_eq!((counted.by_class, counted.errors()), ([1, 0, 1, 0, 0, 0], 0));
        assert_eq!(counted.in_flight, 0);
    }
}

#[tokio::test]
async fn meters_are_found_again_after_a_change_and_only_then_looked_for() {
    let (mut running, backend) = one().await;
    let mut meters = Meters::default();
    let mut refresh = |running: &Running| {
        let refreshed = running.handle.refresh(&mut meters);
        (refreshed.routes.is_some(), refreshed.backends.is_some(), meters.clone())
    };
    let (routes, backends, first) = refresh(&running);
    assert!(routes && backends && first.routes.len() == 1 && first.backends.len() == 1);
    assert_eq!((&*first.backends[0].0.upstream, &*first.backends[0].0.id), ("app", "b0"));
    warm(&mut running, &backend).await;
    let (routes, backends, _) = refresh(&running);
    assert!(!routes && !backends);
    let meter = &first.routes[0].1;
    assert_eq!((meter.requests(), meter.in_flight(), meter.statistics().requests()), (1, 0, 1));
    assert_eq!(first.backends[0].1.requests(), 1);

    // Another route of the same id goes on with the same counters; one of another id does not.
    running.handle.put_route(RouteSpec::to("all", "app")).unwrap();
    assert!(!refresh(&running).0);
    running.handle.put_route(RouteSpec::to("more", "app")).unwrap();
    let (routes, _, second) = refresh(&running);
    let ids: Vec<&str> = second.routes.iter().map(|(id, _)| &**id).collect();
    assert!(routes && ids == ["all", "more"]);
    assert!(
        second.routes[0].1.is_same(&first.routes[0].1) && !second.routes[1].1.is_same(&first.routes[0].1)
    );
    assert_eq!(running.handle.route_ids().len(), 2);

    // What nobody holds is forgotten, and begins anew.
    running.handle.remove_route("all").unwrap();
    let (routes, _, third) = refresh(&running);
    assert!(routes && third.routes.len() == 1);
    running.handle.put_upstream(upstream(&[&Backend::new().await])).unwrap();
    let (_, backends, fourth) = refresh(&running);
    assert!(backends && !fourth.backends[0].1.is_same(&first.backends[0].1));
}
