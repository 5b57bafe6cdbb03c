//! nginx: one worker, pooled backend connections, no access log, the fields that proxyd sends, too.

use std::path::Path;

use rustix::process::getuid;

use super::{Assignment, Pair};
use crate::bench::scenario::Task;

/// What is done with requests to a backend that speaks HTTP/1.1.
const HTTP: &str = "            proxy_pass http://app;
            proxy_set_header Connection \"\";
            add_header X-Request-Id $request_id always;
";

/// How it is done.
pub(super) const HTTP_SETTINGS: &str = "            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Request-Id $request_id;
            proxy_set_header Via \"1.1 nginx\";
            proxy_buffer_size 64k;
            proxy_buffers 16 64k;
            proxy_busy_buffers_size 128k;
            proxy_max_temp_file_size 0;
";

/// The same for a backend that speaks gRPC. Its messages are small, so buffers are as by default.
const GRPC: &str = "            grpc_pass grpc://app;
            grpc_set_header Host $http_host;
            grpc_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            grpc_set_header X-Forwarded-Proto $scheme;
            grpc_set_header X-Forwarded-Host $http_host;
            grpc_set_header X-Forwarded-Port $server_port;
            grpc_set_header X-Real-IP $remote_addr;
            grpc_set_header X-Request-Id $request_id;
            grpc_set_header Via \"2.0 nginx\";
            add_header X-Request-Id $request_id always;
";

pub(super) fn configuration(assignment: Assignment<'_>) -> String {
    let Assignment { port, protocol, folder, task, .. } = assignment;
    let http2 = if protocol.is_http2_from_clients() { " http2" } else { "" };
    let (ssl, certificate) = match assignment.certificates.first() {
        Some(pair) => (" ssl", over_tls(pair)),
        None => ("", String::new()),
    };
    let location =
        if protocol.is_http2_to_backend() { GRPC.to_owned() } else { format!("{HTTP}{HTTP_SETTINGS}") };
    let balance = if task == Task::Balance { "        least_conn;\n" } else { "" };
    let servers: String =
        assignment.backends.iter().map(|backend| format!("        server 127.0.0.1:{backend};\n")).collect();
    let servers = format!(
        "    upstream app {{
{balance}{servers}        keepalive 1024;
        keepalive_requests 1000000000;
        keepalive_timeout 600s;
    }}
    server {{
        listen 127.0.0.1:{port} reuseport backlog=4096{ssl}{http2};
{certificate}        location / {{
{location}        }}
    }}
"
    );
    whole(folder, &servers)
}

/// The whole of a configuration, of what is told about upstreams and `servers`.
pub(super) fn whole(folder: &Path, servers: &str) -> String {
    let folder = folder.display();
    // Workers of a master that runs as root would become another user, who may not write profiles.
    let user = if getuid().is_root() { "user root;\n" } else { "" };
    format!(
        "{user}daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/nginx.pid;
events {{
    worker_connections 16384;
}}
http {{
    access_log off;
    client_body_temp_path {folder}/client;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_timeout 600s;
    keepalive_requests 1000000000;
    http2_max_concurrent_streams 128;
    tcp_nodelay on;
{servers}}}
"
    )
}

/// What it proves itself with. Sessions lie in tickets, as by default; its cache of them, which is off by
/// default, is for clients of TLS 1.2 without tickets.
fn over_tls(pair: &Pair) -> String {
    let (cert, key) = (pair.cert.display(), pair.key.display());
    format!(
        "        ssl_certificate {cert};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.3;
        ssl_session_tickets on;
"
    )
}
