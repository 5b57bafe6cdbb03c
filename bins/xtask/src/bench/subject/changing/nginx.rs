//! nginx: a server for each host, a location for each route.

use std::fmt::Write;

use super::{Changing, FIELD};
use crate::bench::subject::nginx::{HTTP_SETTINGS, whole};

pub(super) fn configuration(changing: Changing<'_>) -> String {
    let Changing { port, http2_port, backend, folder, layout, numbers } = changing;
    // Connections are kept, but for those that become WebSockets.
    let mut servers = format!(
        "    map $http_upgrade $connection_upgrade {{
        default upgrade;
        '' '';
    }}
    upstream app {{
        server 127.0.0.1:{backend};
        keepalive 1024;
        keepalive_requests 1000000000;
        keepalive_timeout 600s;
    }}
"
    );
    let mut open: Option<String> = None;
    for (index, number) in (0..).zip(numbers) {
        let (host, path) = layout.place(index);
        if open.as_ref() != Some(&host) {
            if open.is_some() {
                servers.push_str("    }\n");
            }
            servers.push_str(&server(&host, [port, http2_port], open.is_none()));
            open = Some(host);
        }
        // Writing to a string cannot fail.
        let _ = write!(
            servers,
            "        location {path}/ {{
            proxy_pass http://app;
            add_header X-Request-Id $request_id always;
            add_header {FIELD} {number} always;
        }}
"
        );
    }
    if open.is_some() {
        servers.push_str("    }\n");
    }
    whole(folder, &servers)
}

/// The head of a server. What is told of the sockets is told once.
fn server(host: &str, [http1, http2]: [u16; 2], is_first: bool) -> String {
    let sockets = if is_first { " reuseport backlog=4096" } else { "" };
    format!(
        "    server {{
        listen 127.0.0.1:{http1}{sockets};
        listen 127.0.0.1:{http2}{sockets} http2;
        server_name {host};
{HTTP_SETTINGS}            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
"
    )
}
