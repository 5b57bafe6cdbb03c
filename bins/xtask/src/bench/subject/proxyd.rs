//! proxyd: one worker, everything else as it is by default.

use std::fmt::Write;

use super::Assignment;
use crate::bench::messages;

pub(super) fn configuration(assignment: Assignment<'_>) -> String {
    let Assignment { port, backend, protocol, routes, .. } = assignment;
    // Clients may speak HTTP/2 to every listener; what a backend speaks must be said.
    let to_backend = if protocol.is_http2_to_backend() { " protocol: http2," } else { "" };
    let mut text = format!(
        "proxy: {{ workers: 1 }}
listeners: [ {{ address: \"127.0.0.1:{port}\" }} ]
upstreams: [ {{ name: app,{to_backend} backends: [ {{ id: a, hostname: 127.0.0.1, port: {backend} }} ] }} ]
routes:
"
    );
    match routes {
        None => text.push_str("  - { path: \"/*\", upstream: app }\n"),
        Some(routes) => {
            for index in 0..routes {
                let (host, path) = messages::route(index);
                // Writing to a string cannot fail.
                let _ = writeln!(text, "  - {{ vHost: {host}, path: \"{path}/*\", upstream: app }}");
            }
        }
    }
    text
}
