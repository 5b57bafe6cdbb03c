//! The tracker of a proxy that serves.

#![expect(clippy::unwrap_used, reason = "this is a test's code: whatever is not as expected fails the test")]

use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use metrics::{Scope, Settings, Tracker};
use proxy_core::spec::{Action, BackendSpec, PathPattern, RouteSpec, UpstreamSpec};
use proxy_core::{Handle, Proxy, ProxyService};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tower_service::Service;

fn fixed(id: &str, status: u16) -> RouteSpec {
    let action = Action::Respond { status, content_type: "text/plain".to_owned(), body: "x".to_owned() };
    RouteSpec::new(id, action).path(PathPattern::Exact(format!("/{id}")))
}

fn served(routes: impl IntoIterator<Item = RouteSpec>) -> (ProxyService, Handle) {
    let proxy = routes.into_iter().fold(Proxy::builder(), |builder, route| builder.route(route)).workers(2);
    let proxy = proxy.build().unwrap();
    (proxy.service(), proxy.handle())
}

async fn ask(service: &ProxyService, path: &str) {
    let request = http::Request::get(format!("http://a.test{path}")).body(Empty::<Bytes>::new()).unwrap();
    let answer = service.clone().call(request).await.unwrap();
    answer.into_body().collect().await.unwrap();
}

/// Looks so many seconds later.
async fn tick(tracker: &Tracker, seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tracker.tick(tokio::time::Instant::now().into_std());
}

fn tracker(handle: &Handle) -> Tracker {
    Tracker::new(handle.clone(), Settings::default())
}

#[tokio::test(start_paused = true)]
async fn figures_are_of_what_happened_since_the_tracker_began() {
    let (service, handle) = served([fixed("good", 200), fixed("bad", 503), fixed("idle", 200)]);
    ask(&service, "/good").await;
    let tracker = tracker(&handle);
    tick(&tracker, 1).await;
    assert_eq!((tracker.overall().requests, tracker.route("good").unwrap().requests), (0, 0));
    for path in ["/good", "/bad", "/good", "/bad", "/none"] {
        ask(&service, path).await;
    }
    tick(&tracker, 9).await;
    let told = |id: &str| tracker.route(id).map(|figures| (figures.requests, figures.errors));
    assert_eq!([told("good"), told("bad"), told("idle")], [Some((2, 0)), Some((2, 2)), Some((0, 0))]);
    let overall = tracker.overall();
    assert_eq!((overall.requests, overall.errors, overall.in_flight), (5, 2, 0));
    assert!((overall.requests_per_second - 0.5).abs() < 0.01, "{overall:?}");
    assert!(overall.window.as_secs_f64() > 9.9 && overall.window.as_secs_f64() < 10.1);
    assert!(overall.p50 <= overall.p95 && overall.p95 <= overall.p99 && overall.p50.is_some());
    assert_eq!(tracker.route("idle").unwrap().p50, None);
    assert_eq!((tracker.route("other"), tracker.upstream("other")), (None, None));
    let routes = tracker.routes();
    let ids: Vec<&str> = routes.iter().map(|(id, _)| &**id).collect();
    assert_eq!((ids, routes[1].1.errors), (vec!["good", "bad", "idle"], 2));

    // A minute later all of it is history.
    for _ in 0..90 {
        tick(&tracker, 1).await;
    }
    assert_eq!((tracker.overall().requests, told("bad")), (0, Some((0, 0))));
    let history = tracker.history(Scope::Route("bad")).unwrap();
    let requests: Vec<u64> = history.iter().map(|point| point.figures.requests).collect();
    assert_eq!((requests.iter().sum::<u64>(), requests[0]), (2, 2));
    assert!(history.windows(2).all(|two| two[0].at < two[1].at));
    assert_eq!(tracker.history(Scope::Route("other")), None);
}

#[tokio::test(start_paused = true)]
async fn a_route_that_goes_and_comes_back_counts_from_nought() {
    let (service, handle) = served([fixed("one", 503)]);
    let tracker = tracker(&handle);
    for _ in 0..9 {
        ask(&service, "/one").await;
    }
    tick(&tracker, 1).await;
    handle.remove_route("one").unwrap();
    tick(&tracker, 1).await;
    assert_eq!(tracker.route("one"), None);
    handle.put_route(fixed("one", 503)).unwrap();
    // Whether the proxy has its former counters still is not known: they are read before anything is made of them.
    tick(&tracker, 1).await;
    assert_eq!(tracker.route("one").unwrap().requests, 0);
    ask(&service, "/one").await;
    tick(&tracker, 1).await;
    assert_eq!(tracker.route("one").unwrap().requests, 1);
    // Gone and back between two looks, and with more than before.
    handle.remove_route("one").unwrap();
    handle.put_route(fixed("two", 200)).unwrap();
    handle.put_route(fixed("one", 503)).unwrap();
    for _ in 0..3 {
        ask(&service, "/one").await;
    }
    tick(&tracker, 1).await;
    assert_eq!(tracker.route("one").unwrap().requests, 4);
    assert_eq!(tracker.overall().requests, 13);
}

#[tokio::test(start_paused = true)]
async fn a_route_that_is_made_ready_before_a_look_and_served_behind_it_counts_from_its_first_request() {
    let (service, handle) = served([fixed("one", 200)]);
    let tracker = tracker(&handle);
    tick(&tracker, 1).await;
    tokio::time::advance(Duration::from_millis(900)).await;
    let mut blueprint = handle.blueprint();
    blueprint.routes.push(fixed("two", 200).into());
    let prepared = handle.prepare(blueprint).unwrap();
    tokio::time::advance(Duration::from_millis(100)).await;
    tracker.tick(tokio::time::Instant::now().into_std());
    handle.install(prepared);
    ask(&service, "/two").await;
    tick(&tracker, 1).await;
    assert_eq!(tracker.route("two").unwrap().requests, 1);
}

#[tokio::test(start_paused = true)]
async fn a_route_that_changes_goes_on() {
    let (service, handle) = served([fixed("one", 200)]);
    let tracker = tracker(&handle);
    for turn in 1..=5 {
        ask(&service, "/one").await;
        handle.put_route(fixed("one", 200)).unwrap();
        handle.put_route(fixed(&format!("other-{turn}"), 200)).unwrap();
        tick(&tracker, 1).await;
        assert_eq!(tracker.route("one").unwrap().requests, turn);
    }
}

/// A backend that answers everything in the same way, at its port.
async fn backend(answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut head = Vec::new();
                while stream.read_buf(&mut head).await.is_ok_and(|read| read > 0) {
                    if head.ends_with(b"\r\n\r\n") {
                        head.clear();
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn attempts_are_told_by_backend_and_by_upstream() {
    let good = backend("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let bad = backend("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n").await;
    let mut upstream = UpstreamSpec::new("app")
        .backend(BackendSpec::new("good", "127.0.0.1", good))
        .backend(BackendSpec::new("bad", "127.0.0.1", bad));
    upstream.outliers = None;
    let proxy = Proxy::builder().upstream(upstream.clone()).route(RouteSpec::to("all", "app")).workers(1);
    let proxy = proxy.build().unwrap();
    let (service, handle) = (proxy.service(), proxy.handle());
    let tracker = tracker(&handle);
    for _ in 0..6 {
        ask(&service, "/").await;
    }
    tracker.tick(Instant::now());
    let told = |id: &str| tracker.backend("app", id).map(|figures| (figures.requests, figures.errors));
    assert_eq!([told("good"), told("bad"), told("ba")], [Some((3, 0)), Some((3, 3)), None]);
    let told = |figures: metrics::Figures| (figures.requests, figures.errors, figures.in_flight);
    assert_eq!(tracker.upstream("app").map(told), Some((6, 3, 0)));
    assert_eq!(tracker.backends().len(), 2);

    // What an upstream has behind it stays its own when a backend goes.
    upstream.backends.retain(|backend| backend.id == "good");
    handle.put_upstream(upstream).unwrap();
    for _ in 0..2 {
        ask(&service, "/").await;
    }
    tracker.tick(Instant::now());
    assert_eq!(tracker.upstream("app").map(told), Some((8, 3, 0)));
    assert_eq!(tracker.backend("app", "bad"), None);
    assert_eq!(tracker.backend("app", "good").map(told), Some((5, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn it_looks_by_itself_once_a_step() {
    let (service, handle) = served([fixed("one", 200)]);
    let tracker = std::sync::Arc::new(Tracker::new(handle, Settings::default()));
    let running = tokio::spawn({
        let tracker = std::sync::Arc::clone(&tracker);
        async move { tracker.run().await }
    });
    for turn in 1..=3 {
        ask(&service, "/one").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        tokio::task::yield_now().await;
        assert_eq!(tracker.overall().requests, turn);
    }
    running.abort();
}
