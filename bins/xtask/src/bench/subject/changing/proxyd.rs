//! proxyd with an API at a Unix socket, and a state, so that each change is durable.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::{Changing, id};

pub(super) fn configuration(changing: Changing<'_>) -> String {
    let Changing { port, http2_port, backend, folder, layout, numbers } = changing;
    let (socket, state) = (socket(folder), folder.join("state"));
    let (socket, state) = (socket.display(), state.display());
    let mut text = format!(
        "proxy: {{ workers: 1 }}
listeners: [ {{ address: \"127.0.0.1:{port}\" }}, {{ address: \"127.0.0.1:{http2_port}\" }} ]
admin: {{ address: \"unix:{socket}\" }}
state: {{ dir: \"{state}\" }}
upstreams: [ {{ name: app, backends: [ {{ hostname: 127.0.0.1, port: {backend} }} ] }} ]
routes:
"
    );
    for (index, number) in (0..).zip(numbers) {
        let (host, path) = layout.place(index);
        let id = id(index);
        let edit = format!("responseHeaders: {{ set: {{ {}: \"{number}\" }} }}", super::FIELD);
        // Writing to a string cannot fail.
        let _ =
            writeln!(text, "  - {{ id: {id}, vHost: {host}, path: \"{path}/*\", upstream: app, {edit} }}");
    }
    text
}

/// Where the API listens.
pub(super) fn socket(folder: &Path) -> PathBuf {
    folder.join("admin.sock")
}
