//! What is behind the proxy in a storm.

use std::fmt::Write as _;

use harness::{Backend, Session};

/// So many bytes of a slow body pass with each change.
pub(super) const PIECE: u64 = 32 * 1024;

pub(super) const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// The file: one route that everybody asks for, and one that says how often the file has changed.
pub(super) fn file(backends: &[Backend; 3], number: u64) -> String {
    let mut text = String::from(
        "proxy: { workers: 2 }\nlisteners: [{ address: 127.0.0.1:0 }]\nstate: { history: 1000 }\n\
         admin: { rateLimit: { max: 1000000, windowMs: 1000 } }\nupstreams: [{ name: app, backends: [",
    );
    for (id, backend) in ["a", "b"].iter().zip(backends) {
        let _ = write!(text, "{{ id: {id}, hostname: 127.0.0.1, port: {} }}, ", backend.port());
    }
    let _ = write!(
        text,
        "] }}]\nroutes:\n- {{ id: all, vHost: a.test, upstream: app, responseHeaders: {{ set: {{ X-Shown: \"0\" }} }} }}\n\
         - {{ id: file, vHost: file.test, respond: {{ body: \"{number}\" }} }}\n"
    );
    text
}

/// The byte at a place of a slow body.
pub(super) fn byte_at(place: u64) -> u8 {
    (place % 251) as u8
}

/// The bytes of a slow body from a place on.
pub(super) fn bytes_from(place: u64, count: u64) -> Vec<u8> {
    (place..place + count).map(byte_at).collect()
}

/// A backend that answers at once, echoes, sends much and takes much.
pub(super) fn backend() -> Backend {
    Backend::start(serve)
}

fn serve(session: &mut Session) {
    while let Ok(request) = session.request() {
        let target = request.target().to_owned();
        if target == "/ws" {
            session.send(SWITCH);
            while session.connection.goes_on() {
                let byte = session.connection.exactly(1).unwrap();
                session.send(byte);
            }
            return;
        }
        let body = if let Some(size) = target.strip_prefix("/down/") {
            bytes_from(0, size.parse().unwrap())
        } else if target == "/up" {
            let is_whole = request.body == bytes_from(0, request.body.len() as u64);
            format!("{} {is_whole}", request.body.len()).into_bytes()
        } else {
            b"ok".to_vec()
        };
        session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()));
        session.send(body);
    }
}
