//! HAProxy: a backend for each route, found in a map of hosts with paths.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::{Changing, FIELD, id};
use crate::bench::subject::haproxy::{DEFAULTS, fields};

pub(super) fn configuration(changing: Changing<'_>) -> String {
    let Changing { port, http2_port, backend, folder, numbers, .. } = changing;
    let (fields, map) = (fields("http"), map_file(folder));
    let map = map.display();
    let mut text = format!(
        "global
    nbthread 1
    maxconn 9500
    tune.h2.max-concurrent-streams 128
{DEFAULTS}    timeout tunnel 600s
frontend clients
    bind 127.0.0.1:{port} backlog 4096
    bind 127.0.0.1:{http2_port} backlog 4096 proto h2
{fields}    use_backend %[base,map_beg({map})]
"
    );
    for (index, number) in (0..).zip(numbers) {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "backend {id}
    http-response set-header {FIELD} {number}
    server b0 127.0.0.1:{backend} pool-max-conn 1024
",
            id = id(index)
        );
    }
    text
}

/// Which hosts and paths belong to which backend.
pub(super) fn map(changing: Changing<'_>) -> String {
    (0..).zip(changing.numbers).fold(String::new(), |mut text, (index, _)| {
        let (host, path) = changing.layout.place(index);
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{host}{path}/ {}", id(index));
        text
    })
}

/// Where that lies.
pub(super) fn map_file(folder: &Path) -> PathBuf {
    folder.join("routes.map")
}
