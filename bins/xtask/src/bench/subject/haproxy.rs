//! HAProxy: one thread, shared and pooled backend connections, the fields that proxyd sends, too.

use std::fmt::Write;

use super::{Assignment, Pair, Subject};
use crate::bench::scenario::Task;

pub(super) fn configuration(subject: Subject, assignment: Assignment<'_>) -> String {
    let Assignment { port, protocol, task, .. } = assignment;
    let splice = subject == Subject::HaproxySplice;
    let (from_clients, scheme) = match assignment.certificates.first() {
        Some(pair) => (over_tls(pair), "https"),
        None if protocol.is_http2_from_clients() => (" proto h2".to_owned(), "http"),
        None => (String::new(), "http"),
    };
    let to_backend = if protocol.is_http2_to_backend() { " proto h2" } else { "" };
    // Its default of 100 is what clients use in one of the scenarios: streams must not have to wait.
    let streams =
        if protocol.is_http2_from_clients() { "    tune.h2.max-concurrent-streams 128\n" } else { "" };
    // Pipes count as open files, of which a share of maxconn would be too many.
    let pipes = if splice { "    maxpipes 256\n" } else { "" };
    let splice = if splice { "    option splice-response\n" } else { "" };
    let (app, server) = match (task, subject) {
        (Task::Forward, _) => ("", ""),
        (Task::Balance, Subject::HaproxyRandom) => ("    balance random\n", ""),
        (Task::Balance, _) => ("    balance leastconn\n", ""),
        (Task::Limit, _) => ("    timeout queue 500ms\n", " maxconn 8"),
    };
    let servers =
        assignment.backends.iter().enumerate().fold(String::new(), |mut lines, (index, backend)| {
            let address = format!("127.0.0.1:{backend}");
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "    server b{index} {address} pool-max-conn 1024{to_backend}{server}");
            lines
        });
    let (defaults, fields) = (DEFAULTS, fields(scheme));
    format!(
        "global
    nbthread 1
    maxconn 9500
{pipes}{streams}{defaults}{splice}frontend clients
    bind 127.0.0.1:{port} backlog 4096{from_clients}
{fields}    default_backend app
backend app
{app}{servers}"
    )
}

/// What goes for all connections.
pub(super) const DEFAULTS: &str = "defaults
    mode http
    option http-keep-alive
    http-reuse always
    timeout connect 5s
    timeout client 600s
    timeout server 600s
    timeout http-keep-alive 600s
    timeout http-request 30s
";

/// The fields that are sent to backends and clients.
pub(super) fn fields(scheme: &str) -> String {
    format!(
        "    option forwardfor
    unique-id-format %[uuid()]
    unique-id-header X-Request-Id
    http-request set-header X-Forwarded-Proto {scheme}
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request set-header X-Forwarded-Port %[dst_port]
    http-request set-header X-Real-IP %[src]
    http-request add-header Via \"1.1 haproxy\"
    http-response set-header X-Request-Id %[unique-id]
"
    )
}

/// How it listens with the certificate of `pair`, whose key it finds beside it. Its session cache and tickets
/// are as by default.
fn over_tls(pair: &Pair) -> String {
    format!(" ssl crt {} alpn h2,http/1.1 ssl-min-ver TLSv1.3", pair.cert.display())
}
