//! The configuration of the demo.

use std::fmt::Write;
use std::net::SocketAddr;

use super::backend::Backend;

/// The routes of the demo. A port that refuses stands for a backend that is down.
const ROUTES: &str = r#"
routes:
  - { id: everything, path: /*, upstream: trees }
  - id: api
    path: /api/*
    upstream: trees
    stripPrefix: /api
    headers: { X-Tenant: demo, X-Seen-By: "$ip on route $route" }
    responseHeaders: { set: { X-Demo: "request $request_id" } }
  - { id: impatient, path: /impatient, upstream: trees, setPrefix: /slow, timeout: 500ms }
  - { id: down, path: /down, upstream: fallen }
  - { id: rescued, path: /rescued, upstream: fallen, fallback: trees }
  - { id: old, path: /old/*, redirect: { to: "/api$uri", status: 308 } }
  - { id: teapot, path: /teapot, respond: { status: 418, body: "short and stout\n" } }
"#;

/// The configuration, with these backends.
pub(super) fn text(backends: &[Backend], refusing: SocketAddr) -> String {
    let mut text = String::from(
        "listeners: [{ address: \"127.0.0.1:0\" }]\n\
         proxy: { workers: 1, drainTimeout: 2s }\n\
         logging: { level: warn, format: text }\n\
         upstreams:\n  - name: trees\n    backends:\n",
    );
    for backend in backends {
        let (name, port) = (backend.name(), backend.address().port());
        // Writing to a string cannot fail.
        let _ = writeln!(text, "      - {{ id: {name}, hostname: 127.0.0.1, port: {port} }}");
    }
    let _ = writeln!(text, "  - {{ name: fallen, url: \"http://{refusing}\" }}");
    text.push_str(ROUTES);
    text
}
