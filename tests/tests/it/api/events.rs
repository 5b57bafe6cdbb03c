//! Events as they are streamed.

use harness::{Api, Backend, Events, Proxyd, Refusing};
use serde_json::{Value, json};

use super::{ask, document, get, home, home_with};

/// A route that the proxy answers itself.
fn says(body: &str) -> Value {
    json!({ "id": "r", "vHost": "a.test", "respond": { "status": 200, "body": body } })
}

fn listening(types: &str) -> (Proxyd, Api, Events) {
    let proxyd = Proxyd::start_at(&home_with(""));
    let api = proxyd.api();
    let events = api.events(types);
    (proxyd, api, events)
}

#[test]
fn what_becomes_of_revisions_is_told() {
    let (proxyd, api, mut events) = listening("");
    let made = api.post("/routes", &says("one")).is(201);
    assert_eq!(made.status, 201);
    let first = events.wait_for("revision.applied");
    assert_eq!((&first.data["revision"], first.data["by"].is_string()), (&json!(2), true), "{first:?}");
    assert!(first.data["at"].is_string(), "{first:?}");
    api.post("/routes", &json!({ "vHost": 1 })).is(422);
    api.delete("/upstreams/none").is(404);
    api.put("/routes/r?confirm=1h", &says("two")).is(200);
    assert_eq!(events.wait_for("revision.applied").data["revision"], 3);
    api.post("/confirm", &json!({ "revision": 3 })).is(200);
    assert_eq!(events.wait_for("revision.confirmed").data["revision"], 3);
    api.put("/routes/r?confirm=1s", &says("three")).is(200);
    let reverted = events.wait_for("revision.reverted");
    assert!(reverted.id > first.id, "{reverted:?}");
    proxyd.home().write(&document("routes: [{ id: r, upstream: none }]"));
    proxyd.hang_up();
    let failed = events.wait_for("config.reload_failed");
    assert!(failed.data["path"].as_str().unwrap().ends_with("proxyd.yaml"), "{failed:?}");
}

#[test]
fn a_change_that_is_refused_is_told() {
    let (_proxyd, api, mut events) = listening("revision.refused");
    api.post("/routes", &json!({ "vHost": "a.test", "upstream": "none" })).is(422);
    assert_eq!(events.next().name, "revision.refused");
}

#[test]
fn only_the_types_that_are_asked_for_are_told() {
    let (proxyd, api, mut events) = listening("request.completed");
    api.post("/routes", &says("one")).is(201);
    assert_eq!(proxyd.get("/path?secret=1").status(), 200);
    let event = events.next();
    assert_eq!((event.name.as_str(), event.id), ("request.completed", 1), "{event:?}");
    assert_eq!((&event.data["status"], &event.data["route"]), (&json!(200), &json!("r")), "{event:?}");
    let others = api.get("/events?types=request.completed,nothing").refuses(400, "invalid_parameter");
    assert!(others.body["detail"].as_str().unwrap().contains("request.completed"));
}

#[test]
fn backends_that_are_set_and_marked_are_told() {
    let (backend, bad) = (Backend::ok(), Refusing::new());
    let proxyd = Proxyd::start_at(&home(&backend, "routes: [{ id: r, vHost: a.test, upstream: app }]"));
    let api = proxyd.api();
    let mut events = api.events("backend");
    api.post("/upstreams/app/backends/a/dead", &json!({})).is(200);
    let set = events.next();
    assert_eq!((set.name.as_str(), &set.data["upstream"]), ("backend.set", &json!("app")), "{set:?}");
    api.post("/upstreams/app/backends/a/ready", &json!({})).is(200);
    assert_eq!(events.next().name, "backend.set");
    let port = bad.address().port();
    api.put(
        "/upstreams/app",
        &json!({ "backends": [{ "id": "bad", "hostname": "127.0.0.1", "port": port }] }),
    )
    .is(200);
    assert!(proxyd.get("/").status() >= 502);
    let marked = events.wait_for("backend.marked");
    assert!(marked.data.to_string().contains("bad"), "{marked:?}");
}

/// No more events are held for a reader than a few thousand.
#[test]
fn a_slow_reader_loses_events_and_is_told_how_many() {
    const REQUESTS: usize = 10_000;
    const AT_ONCE: usize = 50;
    let (proxyd, api, mut events) = listening("request.completed,revision.applied");
    api.post("/routes", &says("one")).is(201);
    assert_eq!(events.next().name, "revision.applied");
    let mut client = proxyd.connect();
    for _ in 0..REQUESTS / AT_ONCE {
        client.send(get("a.test").repeat(AT_ONCE));
        for _ in 0..AT_ONCE {
            assert_eq!(client.response().unwrap().status(), 200);
        }
    }
    let (mut told, mut lost, mut last) = (0, 0, 1);
    let mut count = |event: &harness::Event| {
        assert_eq!(event.id, last + 1, "{event:?}");
        last = event.id;
        match event.name.as_str() {
            "lost" => lost += event.data["count"].as_u64().unwrap(),
            "request.completed" => told += 1,
            _ => return true,
        }
        false
    };
    // There is room for others now.
    for _ in 0..4096 {
        assert!(!count(&events.next()));
    }
    api.put("/routes/r", &says("two")).is(200);
    while !count(&events.next()) {}
    assert!(lost > 0, "nothing was lost of {told}");
    assert_eq!(told + lost, REQUESTS as u64);
    // Whoever is slow is in nobody's way.
    assert_eq!(ask(&mut client, "a.test").text(), "two");
}

#[test]
fn only_so_many_listen_at_once_and_who_leaves_makes_room() {
    let proxyd = Proxyd::start_at(&home_with(""));
    let api = proxyd.api();
    let mut all: Vec<Events> = (0..16).map(|_| api.events("")).collect();
    api.get("/events").refuses(503, "too_many_streams");
    drop(all.pop());
    let mut changes = 0;
    super::until("there is no room", || {
        // Who is gone is seen when something is to be told.
        changes += 1;
        api.put("/routes/r", &says(&changes.to_string())).is(if changes == 1 { 201 } else { 200 });
        api.try_ask("HEAD", "/events", &[], None).is_some_and(|answer| answer.status == 200)
    });
    // They keep nobody from ending.
    assert_eq!(proxyd.stop().code, Some(0));
}
