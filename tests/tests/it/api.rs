//! The API of the running binary.

mod access;
mod contract;
mod ctl;
mod events;
mod files;
mod objects;
mod revisions;

use std::time::{Duration, Instant};

use harness::{Backend, Connection, Home, PATIENCE, Proxyd};
use serde_json::{Value, json};

/// A home whose proxy has one upstream, `app`, with that backend, and these routes.
fn home(backend: &Backend, routes: &str) -> Home {
    let home = Home::new();
    let port = backend.address().port();
    home.write(&format!(
        "listeners: [{{ address: 127.0.0.1:0 }}]\n\
         upstreams: [{{ name: app, backends: [{{ id: a, hostname: 127.0.0.1, port: {port} }}] }}]\n{routes}"
    ));
    home
}

/// A home whose proxy has one listener, one worker, and else what is said.
fn home_with(text: &str) -> Home {
    let home = Home::new();
    home.write(&document(text));
    home
}

/// The text of a file with one listener, one worker, and else what is said.
fn document(text: &str) -> String {
    format!("proxy: {{ workers: 1 }}\nlisteners: [{{ address: 127.0.0.1:0 }}]\n{text}")
}

/// An upstream in YAML, with these backends, which are `a`, `b` and so on.
fn upstream(name: &str, backends: &[&Backend]) -> String {
    let backends: Vec<String> = backends
        .iter()
        .zip('a'..)
        .map(|(backend, id)| format!("{{ id: {id}, hostname: 127.0.0.1, port: {} }}", backend.port()))
        .collect();
    format!("upstreams: [{{ name: {name}, backends: [{}] }}]\n", backends.join(", "))
}

/// A backend as the API has it.
fn at(backend: &Backend) -> Value {
    json!({ "hostname": "127.0.0.1", "port": backend.port() })
}

/// Looks again and again until that is so.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let ends = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < ends, "{what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// What is answered to GET of `/` of a host, on a connection that is there.
#[track_caller]
fn ask(connection: &mut Connection, host: &str) -> harness::Message {
    connection.ask(get(host));
    connection.response().unwrap_or_else(|broken| panic!("no answer of {host}: {broken:?}"))
}

/// A request for `/` of a host.
fn get(host: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

#[test]
fn a_route_that_is_posted_is_served_at_once() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start_at(&home(&backend, ""));
    assert_eq!(proxyd.get("/").status(), 404);
    let answer = proxyd.api().post("/routes", &json!({ "vHost": "a.test", "upstream": "app" }));
    assert_eq!((answer.status, answer.field("location").as_str()), (201, "/api/v1/routes/a.test%2F%2A"));
    assert_eq!(proxyd.get("/").status(), 200);
    let gone = proxyd.api().delete("/routes/a.test");
    assert_eq!(gone.status, 204);
    assert_eq!(proxyd.get("/").status(), 404);
}
