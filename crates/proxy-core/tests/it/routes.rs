//! Changes of a running proxy: no connection is closed for them.

use super::rig::*;
use proxy_core::spec::{Action, FieldEdits, PathPattern, RouteSpec, Template};
use proxy_core::{BuildError, Proxy, Reason};

fn fixed(id: &str, body: &str) -> RouteSpec {
    let action =
        Action::Respond { status: 200, content_type: "text/plain".to_owned(), body: body.to_owned() };
    RouteSpec::new(id, action).path(PathPattern::Exact(format!("/{id}")))
}

async fn ask(client: &mut Peer, path: &str) -> (String, String) {
    client.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")).await;
    client.message().await
}

#[tokio::test]
async fn routes_come_change_and_go_under_open_connections() {
    let (mut running, backend) = one().await;
    let (mut client, mut peer) = warm(&mut running, &backend).await;
    let handle = running.handle.clone();
    handle.put_route(fixed("new", "one")).unwrap();
    assert_eq!(ask(&mut client, "/new").await.1, "one");
    handle.put_route(fixed("new", "two")).unwrap();
    assert_eq!(ask(&mut client, "/new").await.1, "two");
    assert_eq!(handle.route_statistics("new").unwrap().requests(), 2);
    handle.remove_route("new").unwrap();
    assert_eq!(handle.remove_route("new"), Err(BuildError::Unknown { name: "new".to_owned() }));
    assert_eq!(handle.route_statistics("new"), None);

    // What matched it falls to the others, on the backend's connection of before.
    client.send("GET /new HTTP/1.1\r\nHost: a\r\n\r\n").await;
    peer.head().await;
    // A request that has begun is served as it was, whatever changes.
    handle.remove_route("all").unwrap();
    peer.answer_ok().await;
    assert_eq!(client.message().await.1, "ok");
    let (head, body) = ask(&mut client, "/new").await;
    assert!(head.starts_with("HTTP/1.1 404 ") && body.contains("no_route"), "{head}{body}");
    assert!(value(&head, "proxy-status").unwrap().contains("error=destination_not_found"));
    handle.put_route(RouteSpec::to("all", "app")).unwrap();
    client.send("GET /new HTTP/1.1\r\nHost: a\r\n\r\n").await;
    peer.head().await;
    for _ in 0..4 {
        running.ended().await;
    }
    assert_eq!(handle.request_reasons().get("no_route"), Some(&1));
}

#[tokio::test]
async fn a_change_that_fails_changes_nothing() {
    let (running, _backend) = one().await;
    let handle = &running.handle;
    assert!(matches!(
        handle.put_route(RouteSpec::to("all", "nobody")),
        Err(BuildError::UpstreamUnknown { .. })
    ));
    assert!(matches!(handle.remove_upstream("app"), Err(BuildError::UpstreamUnknown { .. })));
    assert_eq!(handle.blueprint().routes.len(), 1);
    assert_eq!(handle.blueprint().upstreams.len(), 1);
    handle.put_route(fixed("b", "b")).unwrap();
    assert_eq!(ask(&mut running.client().await, "/b").await.1, "b");
}

#[tokio::test]
async fn an_upstream_that_changes_keeps_connections_and_marks_of_backends_that_stay() {
    let (mut running, backend) = one().await;
    let (mut client, mut peer) = warm(&mut running, &backend).await;
    let other = Backend::new().await;
    let mut both = upstream(&[&backend, &other]);
    both.slow_start = None;
    running.handle.put_upstream(both).unwrap();
    let mut hits = [0, 0];
    let mut second = None;
    for _ in 0..4 {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        let second = async {
            let mut second = match second.take() {
                Some(second) => second,
                None => other.accept().await,
            };
            second.head().await;
            second
        };
        tokio::select! {
            _ = peer.head() => {
                hits[0] += 1;
                peer.answer_ok().await;
            }
            mut answered = second => {
                hits[1] += 1;
                answered.answer_ok().await;
            }
        }
        client.message().await;
    }
    assert!(backend.is_left_alone().await, "the connection of before is used");
    assert!(hits[0] > 0 && hits[1] > 0, "{hits:?}");
}

#[tokio::test]
async fn routes_answer_redirect_and_edit_by_themselves() {
    let (running, backend) = one().await;
    let mut redirect = RouteSpec::new(
        "moved",
        Action::Redirect { status: 308, to: Template::parse("https://$host/new$uri").unwrap() },
    )
    .path(PathPattern::Exact("/old".to_owned()));
    redirect.response_fields = edits(&[], &[("X-Route", "$route")], &[]);
    running.handle.put_route(redirect).unwrap();
    let mut client = running.client().await;
    let (head, body) = ask(&mut client, "/old").await;
    assert!(head.starts_with("HTTP/1.1 308 Permanent Redirect\r\n"), "{head}");
    assert_eq!((value(&head, "location"), body.as_str()), (Some("https://a/new/old"), ""));
    assert_eq!(value(&head, "x-route"), Some("moved"));

    // What a route sets on its own answer replaces what would stand there.
    let mut fixed = fixed("fixed", "hi");
    fixed.response_fields = edits(&["X-Request-Id"], &[("content-type", "text/css"), ("Server", "me")], &[]);
    running.handle.put_route(fixed).unwrap();
    let (head, body) = ask(&mut client, "/fixed").await;
    assert_eq!(body, "hi");
    assert_eq!(values(&head, "content-type").collect::<Vec<_>>(), ["text/css"]);
    assert_eq!(values(&head, "server").collect::<Vec<_>>(), ["me"]);
    assert_eq!(value(&head, "x-request-id"), None);

    let mut all = RouteSpec::to("all", "app");
    all.request_fields = edits(&["X-Forwarded-Port", "Secret"], &[("X-Tenant", "acme")], &[]);
    all.response_fields = edits(&["Date", "X-Powered-By"], &[("Server", "me")], &[("Vary", "Cookie")]);
    running.handle.put_route(all).unwrap();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nx-tenant: evil\r\nSecret: 1\r\n\r\n").await;
    let (mut peer, head) = backend.request().await;
    assert_eq!(values(&head, "x-tenant").collect::<Vec<_>>(), ["acme"]);
    assert_eq!((value(&head, "secret"), value(&head, "x-forwarded-port")), (None, None));
    peer.send(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: old\r\nVary: Accept\r\nX-Powered-By: x\r\n\r\nok",
    )
    .await;
    let (head, _) = client.message().await;
    assert_eq!(values(&head, "server").collect::<Vec<_>>(), ["me"]);
    assert_eq!(values(&head, "vary").collect::<Vec<_>>(), ["Accept", "Cookie"]);
    assert_eq!((value(&head, "x-powered-by"), value(&head, "date")), (None, None));
}

fn edits(remove: &[&str], set: &[(&str, &str)], add: &[(&str, &str)]) -> FieldEdits {
    let fields = |fields: &[(&str, &str)]| {
        let field = |(name, value): &(&str, &str)| ((*name).to_owned(), Template::parse(value).unwrap());
        fields.iter().map(field).collect()
    };
    let mut edits = FieldEdits::default();
    edits.remove = remove.iter().map(|name| (*name).to_owned()).collect();
    edits.set = fields(set);
    edits.add = fields(add);
    edits
}

#[tokio::test]
async fn each_end_of_a_request_is_observed_once() {
    let (mut running, backend) = one().await;
    let (mut client, mut peer) = warm(&mut running, &backend).await;
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc").await;
    peer.read_until("abc").await;
    peer.answer_ok().await;
    client.message().await;
    let ended = running.ended().await;
    assert_eq!((ended.status, ended.reason, ended.attempts), (200, None, 1));
    client.send("GET / HTTP/1.1\r\n\r\n").await;
    client.message().await;
    assert!(matches!(running.ended().await.reason, Some(Reason::BadRequest(_))));
    let statistics = running.handle.statistics();
    assert_eq!(statistics.by_class, [0, 0, 2, 0, 1, 0]);
    assert_eq!((statistics.bytes_in, statistics.latencies.total()), (3, 3));
    assert_eq!(running.handle.route_statistics("all").unwrap().by_class, [0, 0, 2, 0, 0, 0]);
}

#[tokio::test]
async fn what_is_prepared_is_served_once_it_is_installed_and_not_before() {
    let running = Running::start(Proxy::builder().route(fixed("one", "old"))).await;
    let handle = running.handle.clone();
    let mut client = running.client().await;
    let mut blueprint = handle.blueprint();
    blueprint.routes = vec![fixed("one", "new").into(), fixed("two", "other").into()];
    drop(handle.prepare(blueprint.clone()).unwrap());
    assert_eq!(ask(&mut client, "/one").await.1, "old");
    assert!(handle.route_statistics("two").is_none());
    // Dropped, it holds up no other change.
    handle.put_route(fixed("three", "third")).unwrap();
    blueprint.routes.push(fixed("three", "third").into());
    handle.install(handle.prepare(blueprint).unwrap());
    assert_eq!(ask(&mut client, "/one").await.1, "new");
    assert!(handle.route_statistics("two").is_some());
}

#[tokio::test]
async fn what_cannot_be_served_is_told_when_it_is_prepared() {
    let running = Running::start(Proxy::builder().route(fixed("one", "old"))).await;
    let mut blueprint = running.handle.blueprint();
    blueprint.routes = vec![RouteSpec::to("one", "nowhere").into()];
    let expected = BuildError::UpstreamUnknown { route: "one".to_owned(), upstream: "nowhere".to_owned() };
    assert_eq!(running.handle.prepare(blueprint).err(), Some(expected));
}
