//! The API of the running binary.

use harness::{Backend, Home, Proxyd};
use serde_json::json;

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
