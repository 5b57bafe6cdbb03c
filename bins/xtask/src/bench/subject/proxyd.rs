//! proxyd: one worker, everything else as it is by default, but for what a scenario is about.

use std::fmt::Write;

use super::{Assignment, Pair, Subject};
use crate::bench::messages;
use crate::bench::scenario::Task;

pub(super) fn configuration(subject: Subject, assignment: Assignment<'_>) -> String {
    let Assignment { port, protocol, routes, task, .. } = assignment;
    // Clients may speak HTTP/2 to every listener; what a backend speaks must be said.
    let to_backend = if protocol.is_http2_to_backend() { " protocol: http2," } else { "" };
    let (upstream, route) = match (task, subject) {
        (Task::Forward, _) => ("", ""),
        (Task::Balance, _) => (" strategy: LEAST_LATENCY,", ""),
        (Task::Limit, Subject::ProxydAuto) => (" maxRequests: auto,", ""),
        (Task::Limit, _) => ("", ", reqActiveLength: 8, reqQueueLength: 64, queueTimeout: 500ms"),
    };
    let backends = assignment.backends.iter().fold(String::new(), |mut list, backend| {
        // Writing to a string cannot fail.
        let _ = write!(list, "{{ hostname: 127.0.0.1, port: {backend} }}, ");
        list
    });
    let tls = if assignment.certificates.is_empty() { "" } else { ", tls: {}" };
    let certificates = certificates(assignment.certificates);
    let mut text = format!(
        "proxy: {{ workers: 1 }}
listeners: [ {{ address: \"127.0.0.1:{port}\"{tls} }} ]
{certificates}upstreams: [ {{ name: app,{to_backend}{upstream} backends: [ {backends}] }} ]
routes:
"
    );
    match routes {
        None => {
            let _ = writeln!(text, "  - {{ path: \"/*\", upstream: app{route} }}");
        }
        Some(routes) => {
            for index in 0..routes {
                let (host, path) = messages::route(index);
                let _ = writeln!(text, "  - {{ vHost: {host}, path: \"{path}/*\", upstream: app }}");
            }
        }
    }
    text
}

/// The list of what it proves itself with, if it is to.
fn certificates(pairs: &[Pair]) -> String {
    let title = if pairs.is_empty() { "" } else { "certificates:\n" };
    pairs.iter().fold(title.to_owned(), |mut list, Pair { cert, key }| {
        let (cert, key) = (cert.display(), key.display());
        // Writing to a string cannot fail.
        let _ = writeln!(list, "  - {{ cert: \"{cert}\", key: \"{key}\" }}");
        list
    })
}
