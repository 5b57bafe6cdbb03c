//! The bytes that the load generator and the backend send, made once before anything is measured.

pub(crate) mod call;
pub(crate) mod grpc;

use clap::ValueEnum;

/// How many fields a message carries.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Style {
    /// 3 in a request, 6 in a response.
    Tiny,
    /// 15 in a request, 12 in a response.
    Browser,
}

impl Style {
    /// What `--style` calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::Browser => "browser",
        }
    }
}

const TINY_REQUEST: &str = "User-Agent: bench/1.0\r\nAccept: */*\r\n";

const BROWSER_REQUEST: &str = "Connection: keep-alive\r\n\
    Cache-Control: max-age=0\r\n\
    sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"\r\n\
    sec-ch-ua-mobile: ?0\r\n\
    sec-ch-ua-platform: \"Linux\"\r\n\
    Upgrade-Insecure-Requests: 1\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
    Sec-Fetch-Site: same-origin\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Sec-Fetch-Dest: document\r\n\
    Referer: https://app.example.test/account/overview\r\n\
    Accept-Language: en-GB,en;q=0.9,de;q=0.7\r\n\
    Cookie: session=6f1c2b7e9a4d4c0f8e35d1b2a7c9e0f4; theme=dark; consent=1\r\n";

const TINY_RESPONSE: &str = "Date: Thu, 01 Oct 2026 12:00:00 GMT\r\n\
    Server: backend\r\n\
    Content-Type: text/plain\r\n\
    Cache-Control: no-cache\r\n\
    ETag: \"5f2b-61c8\"\r\n";

const BROWSER_RESPONSE: &str = "Date: Thu, 01 Oct 2026 12:00:00 GMT\r\n\
    Server: backend\r\n\
    Content-Type: text/html; charset=utf-8\r\n\
    Cache-Control: private, max-age=0, must-revalidate\r\n\
    ETag: W/\"5f2b-61c8a0b7d4e1\"\r\n\
    Last-Modified: Wed, 30 Sep 2026 08:12:31 GMT\r\n\
    Vary: Accept-Encoding, Accept-Language\r\n\
    Set-Cookie: session=6f1c2b7e9a4d4c0f8e35d1b2a7c9e0f4; Path=/; HttpOnly; Secure; SameSite=Lax\r\n\
    X-Content-Type-Options: nosniff\r\n\
    X-Frame-Options: SAMEORIGIN\r\n\
    Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n";

/// The host of all requests that are not for a list of routes.
const HOST: &str = "app.example.test";

/// Routes share hosts, as they do in practice: so many paths each.
pub(crate) const PATHS_PER_HOST: u32 = 10;

/// At most so many different requests are made for a list of routes.
const DIFFERENT: u32 = 1_000;

/// The distance of certificates that are asked for one after the other. A prime, so that none is left out.
const STRIDE: u32 = 7_919;

/// The host and path of the route `index` of a list of routes.
pub(crate) fn route(index: u32) -> (String, String) {
    let (host, path) = (index / PATHS_PER_HOST, index % PATHS_PER_HOST);
    (format!("host-{host}.example.test"), format!("/service-{path}"))
}

/// The requests that take turns: one, or some for each of `routes` evenly spread routes.
pub(crate) fn requests(style: Style, routes: Option<u32>, close: bool) -> Vec<Vec<u8>> {
    let Some(routes) = routes else { return vec![request(style, HOST, "/", close)] };
    let count = routes.min(DIFFERENT);
    let step = routes / count.max(1);
    let made = (0..count).map(|turn| {
        // The remainder lets the paths of a host take turns, too.
        let (host, path) = route(turn * step + turn % step);
        request(style, &host, &format!("{path}/item"), close)
    });
    made.collect()
}

/// The host that the certificate `index` of a list of certificates is for. The first is for the host of all
/// requests that have no list.
pub(crate) fn certified(index: u32) -> String {
    if index == 0 { HOST.to_owned() } else { format!("host-{index}.example.test") }
}

/// One request for each of `certificates`, and the host that it is for.
///
/// Those that were made one after the other are not asked for so, unless there are very many.
pub(crate) fn certified_requests(style: Style, certificates: u32, close: bool) -> Vec<(String, Vec<u8>)> {
    let made = (0..certificates).map(|turn| {
        let host = certified(turn.wrapping_mul(STRIDE) % certificates);
        let request = request(style, &host, "/", close);
        (host, request)
    });
    made.collect()
}

/// Where the first of a list of routes leads, as `host` and `path`.
pub(crate) fn first_route() -> (String, String) {
    let (host, path) = route(0);
    (host, format!("{path}/item"))
}

/// The request that has a connection become a WebSocket, at the first of a list of routes.
pub(crate) fn upgrade(style: Style) -> Vec<u8> {
    let (host, path) = first_route();
    let fields = request_fields(style);
    // RFC 6455 section 1.3 has this key and what is to be answered.
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}{upgrade}\r\n").into_bytes()
}

/// The answer to [`upgrade`].
pub(crate) const UPGRADED: &str = "HTTP/1.1 101 Switching Protocols\r\n\
    Upgrade: websocket\r\n\
    Connection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A text of 16 bytes as clients send it over a WebSocket, masked with zeros (RFC 6455 section 5.2).
pub(crate) const SOCKET_MESSAGE: &[u8] = b"\x81\x90\0\0\0\x000123456789abcdef";

/// The lines of a request's fields, but for `Host`.
fn request_fields(style: Style) -> &'static str {
    match style {
        Style::Tiny => TINY_REQUEST,
        Style::Browser => BROWSER_REQUEST,
    }
}

fn request(style: Style, host: &str, path: &str, close: bool) -> Vec<u8> {
    let fields = request_fields(style);
    let close = if close { "Connection: close\r\n" } else { "" };
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}{close}\r\n").into_bytes()
}

/// The response with a body of `body` bytes.
pub(crate) fn response(style: Style, body: usize) -> Vec<u8> {
    let fields = match style {
        Style::Tiny => TINY_RESPONSE,
        Style::Browser => BROWSER_RESPONSE,
    };
    let mut message = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {body}\r\n\r\n").into_bytes();
    message.extend((0..body).map(|index| b'a' + u8::try_from(index % 26).unwrap_or_default()));
    message
}

#[cfg(test)]
mod tests;
