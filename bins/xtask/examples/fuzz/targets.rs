//! What can be fuzzed. A new function needs a line here and, if it is to begin well, inputs.

/// A function that takes any bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    /// What the user calls it, and its folder of inputs under `tests/fixtures/corpus`.
    pub(crate) name: &'static str,
    /// Where the function is, for people.
    pub(crate) function: &'static str,
    pub(crate) run: fn(&[u8]),
    /// Inputs to begin with, beside those in the folder.
    pub(crate) seeds: &'static [&'static str],
    /// What the format is made of.
    pub(crate) words: &'static [&'static str],
}

/// All of them.
pub(crate) const TARGETS: &[Target] = &[
    Target {
        name: "http1-request",
        function: "http1::fuzz::fuzz_request",
        run: http1::fuzz::fuzz_request,
        seeds: REQUESTS,
        words: HTTP,
    },
    Target {
        name: "http1-response",
        function: "http1::fuzz::fuzz_response",
        run: http1::fuzz::fuzz_response,
        seeds: RESPONSES,
        words: HTTP,
    },
    Target {
        name: "http1-chunked",
        function: "http1::fuzz::fuzz_chunked",
        run: http1::fuzz::fuzz_chunked,
        seeds: CHUNKED,
        words: CHUNKS,
    },
    Target {
        name: "http1-authority",
        function: "http1::fuzz::fuzz_authority",
        run: http1::fuzz::fuzz_authority,
        seeds: &["example.test:8080", "[::1]:80", "127.0.0.1"],
        words: &[":", "[", "]", "%", "::ffff:", "65536", "xn--", "@", ".", ".."],
    },
    Target {
        name: "http1-target",
        function: "http1::fuzz::fuzz_target",
        run: http1::fuzz::fuzz_target,
        seeds: &["/a?b", "http://example.test/a?b", "*", "https://[::1]:8443"],
        words: &["://", "http", "https", "?", "#", "@", "//", "*", ":", "%"],
    },
    Target {
        name: "core-path",
        function: "proxy_core::fuzz::fuzz_path",
        run: proxy_core::fuzz::fuzz_path,
        seeds: &["/", "/a/b/../c/./d", "/%2e%2E/a%2fb", "//a///b", "/a;b=c/%41?q", "/\u{e4}"],
        words: &[
            "/", "//", "/./", "/../", "/..", "%2e", "%2E%2e/", "%2f", "%5c", "%00", "%", "%4", "\\", ";",
            "?", "#",
        ],
    },
    Target {
        name: "core-http2-frames",
        function: "proxy_core::fuzz::fuzz_frames",
        run: proxy_core::fuzz::fuzz_frames,
        seeds: FRAMES,
        words: &[
            "\0\0\0",
            "\0\0\x01",
            "\x01\x04",
            "\x01\x0c",
            "\x01\x2d",
            "\x09\x04",
            "\0\0\0\x01",
            "\0\0\0\x03",
            "\x02",
            "\x08\x03103",
            "\x0f\x7f",
            "\x04\x05:path",
            "\x40\x01a\x01b",
        ],
    },
    Target {
        name: "core-proxy-protocol",
        function: "proxy_core::fuzz::fuzz_proxy_protocol",
        run: proxy_core::fuzz::fuzz_proxy_protocol,
        seeds: PROXY_HEADERS,
        words: &[
            "PROXY ",
            "TCP4 ",
            "TCP6 ",
            "UNKNOWN",
            "\r\n",
            " ",
            "::ffff:",
            "65536",
            "0",
            "\x20",
            "\x21",
            "\x11",
            "\x31",
            "\0\x0c",
            "\0\x24",
            "\x03\0\x04",
            "\x04\0\0",
            "\x0f\x7f",
        ],
    },
    Target {
        name: "core-client-hello",
        function: "proxy_core::fuzz::fuzz_client_hello",
        run: proxy_core::fuzz::fuzz_client_hello,
        seeds: CLIENT_HELLOS,
        words: &[
            "\x16\x03\x01\0\x01",
            "\x16\x03\x03\0\x10",
            "\x01\0\0",
            "\x03\x03",
            "\0\0\0",
            "\0\x10\0",
            "\0\x01",
            "\0\0\0\x0b\0\x09\0\0\x06a.test",
            "\0\x10\0\x05\0\x03\x02h2",
            ".test",
            ".",
            "127.0.0.1",
        ],
    },
    Target {
        name: "tls-hello",
        function: "tls_sni::fuzz::fuzz_hello",
        run: tls_sni::fuzz::fuzz_hello,
        seeds: HELLOS,
        words: &[
            "\x16\x03\x01\0\x01",
            "\x16\x03\x03\0\x10",
            "\x14\x03\x03\0\x01\x01",
            "\x15\x03\x03\0\x02\x02\x28",
            "\x01\0\0",
            "\0\0\0\x0b\0\x09\0\0\x06a.test",
            "\0\x0a\0\x04\0\x02\0\x1d",
            "\0\x0d\0\x04\0\x02\x04\x03",
            "\0\x10\0\x0d\0\x0b\x0aacme-tls/1",
            "\0\x2b\0\x03\x02\x03\x04",
            "\0\x33\0\x02\0\0",
            "\0\x2a\0\0",
            "\u{329}",
            "\x13\x01",
        ],
    },
    Target {
        name: "config-document",
        function: "config::fuzz_document",
        run: config::fuzz_document,
        seeds: DOCUMENTS,
        words: YAML,
    },
];

/// SETTINGS, then a request with trailers that hold a pseudo-header; HEADERS with padding and priority, continued.
const FRAMES: &[&str] = &[
    "\x05\0\0\0\x04\0\0\0\0\0\0\0\x02\x01\x04\0\0\0\x01\x02\x04\0\0\x01\x01\x05\0\0\0\x01\x02",
    "\x01\0\0\x08\x01\x28\0\0\0\x01\x01\0\0\0\0\x10\x02\0\0\0\x04\x09\x04\0\0\0\x01\0\x01a\0",
];

const PROXY_HEADERS: &[&str] = &[
    "PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n",
    "PROXY TCP6 2001:db8::1 ::ffff:192.0.2.1 1 65535\r\n",
    "PROXY UNKNOWN and more\r\nGET / HTTP/1.1\r\n",
    "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0",
    "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01\x0a\0\0\x02\x12\x34\x01\x50",
    // A vector of padding behind addresses of IPv6, and one that is a checksum, which is wrong.
    "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x29\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\0\x01\0\x02\x04\0\x02ab",
    "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13\x7f\0\0\x01\x0a\0\0\x02\x12\x34\x01\x50\x03\0\x04\0\0\0\0",
];

/// With a name and a protocol, the same in two records, and one without extensions.
const CLIENT_HELLOS: &[&str] = &[
    "\x16\x03\x01\0\x45\x01\0\0\x41\x03\x03rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\0\0\x02\x13\x01\x01\0\0\x18\0\0\0\x0b\0\x09\0\0\x06a.test\0\x10\0\x05\0\x03\x02h2",
    "\x16\x03\x01\0\x03\x01\0\0\x16\x03\x01\0\x42\x41\x03\x03rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\0\0\x02\x13\x01\x01\0\0\x18\0\0\0\x0b\0\x09\0\0\x06a.test\0\x10\0\x05\0\x03\x02h2",
    "\x16\x03\x01\0\x2d\x01\0\0\x29\x03\x01rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\0\0\x02\0\x2f\x01\0",
];

/// Bodies of TLS 1.3 with a share for X25519, the same as a validation by ACME, and with a ticket that nobody sealed; of TLS 1.2
/// with ChaCha20 (whose number is text) and a ticket; and one that is whole.
const HELLOS: &[&str] = &[
    "\x03\x03rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\0\0\x04\x13\x01\x13\x03\x01\0\0f\0\0\0\x0b\0\x09\0\0\x06a.test\0\x0a\0\x06\0\x04\0\x1d\0\x17\0\x0d\0\x06\0\x04\x04\x03\x08\x04\0\x33\0&\0$\0\x1d\0 kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\0+\0\x03\x02\x03\x04\0\x10\0\x0e\0\x0c\x02h2\x08http/1.1",
    "\x03\x03rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\0\0\x02\x13\x01\x01\0\0e\0\0\0\x0b\0\x09\0\0\x06a.test\0\x0a\0\x06\0\x04\0\x1d\0\x17\0\x0d\0\x06\0\x04\x04\x03\x08\x04\0\x33\0&\0$\0\x1d\0 kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\0+\0\x03\x02\x03\x04\0\x10\0\x0d\0\x0b\x0aacme-tls/1",
    "\x03\x03rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\0\0\x02\x13\x01\x01\0\x01\0\0\x0a\0\x06\0\x04\0\x1d\0\x17\0\x0d\0\x06\0\x04\x04\x03\x08\x04\0\x33\0&\0$\0\x1d\0 kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\0+\0\x03\x02\x03\x04\0-\0\x02\x01\x01\0\x15\0b\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0)\0K\0&\0 tttttttttttttttttttttttttttttttt\0\0\0\0\0! bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
    "\x03\x03rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\0\0\x02\u{329}\x01\0\0]\0\0\0\x0b\0\x09\0\0\x06a.test\0\x0a\0\x06\0\x04\0\x1d\0\x17\0\x0d\0\x06\0\x04\x04\x03\x08\x04\0\x17\0\0\0\x10\0\x0e\0\x0c\x02h2\x08http/1.1\0#\0 tttttttttttttttttttttttttttttttt",
    "\x16\x03\x01\0R\x01\0\0N\x03\x03rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\0\0\x02\u{329}\x01\0\0#\0\0\0\x0b\0\x09\0\0\x06a.test\0\x0a\0\x06\0\x04\0\x1d\0\x17\0\x0d\0\x06\0\x04\x04\x03\x08\x04",
];

const REQUESTS: &[&str] = &[
    "GET / HTTP/1.1\r\nHost: example.test\r\n\r\n",
    "POST /a?b=c HTTP/1.1\r\nHost: example.test:80\r\nContent-Length: 3\r\n\r\nabc",
    "PUT http://example.test/ HTTP/1.1\r\nHost: example.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "CONNECT example.test:443 HTTP/1.1\r\nHost: example.test:443\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: example.test\r\nConnection: close, x-private\r\nX-Private: 1\r\n\r\n",
    "GET /chat HTTP/1.1\r\nHost: example.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nExpect: 100-continue\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
];

const RESPONSES: &[&str] = &[
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "HTTP/1.0 304 \r\nETag: \"a\"\r\n\r\n",
];

const HTTP: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    "\r\n\r\n",
    "\r\n ",
    "\0",
    ":",
    ", ",
    "\t",
    "Content-Length: 0\r\n",
    "Content-Length: 18446744073709551616\r\n",
    "Content-Length: 1, 1\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding: identity\r\n",
    "Connection: close\r\n",
    "Connection: keep-alive, upgrade, host\r\n",
    "Host: a\r\n",
    "Host : a\r\n",
    "Upgrade: h2c\r\n",
    "TE: trailers\r\n",
    "HTTP/1.1",
    "HTTP/1.0",
    "HTTP/2.0",
    "%2e%2e/",
    "%00",
    "\u{80}",
];

/// The first byte says where the body is cut.
const CHUNKED: &[&str] = &[
    "\u{1}5\r\nhello\r\n0\r\n\r\n",
    "\u{4}a;name=value\r\n0123456789\r\n1;q=\"a\\\"b\"\r\nx\r\n0\r\n\r\n",
    "\u{7}0\r\nTrailer-One: 1\r\nTrailer-Two: 2\r\n\r\n",
];

const CHUNKS: &[&str] = &[
    "0\r\n\r\n",
    "0\r\n",
    "\r\n",
    "\n",
    ";",
    "=\"",
    "FFFFFFFFFFFFFFFF\r\n",
    "10000000000000000\r\n",
    "0x1\r\n",
    "+1\r\n",
    " ",
    "a: b\r\n",
    "Content-Length: 1\r\n",
];

const DOCUMENTS: &[&str] = &[
    "proxy: { port: 3000, workers: auto, timeout: 30s, maxBodySize: 10mb, trustedProxies: [\"10.0.0.0/8\"] }\n",
    "upstreams:\n  - name: app\n    backends:\n      - { id: a, hostname: 127.0.0.1, port: 8080, weight: 2 }\nroutes:\n  - path: /*\n    upstream: app\n",
    "listeners: [ { address: \"[::]:80\" }, { address: unix:/run/proxyd.sock } ]\nroutes:\n  - { vHost: \"*.example.test\", path: /a*, methods: [GET], respond: { status: 418, body: tea } }\n",
    "upstreams: [ { name: api, url: \"https://api.example.test\", hostHeader: upstream } ]\nroutes: [ { upstream: api, match: { headers: { X-A: \"1\" }, query: { v: \"2\" } }, headers: { X-Id: \"$request_id\" } } ]\n",
    "proxy: { port: \"${PORT:-3000}\" }\nroutes: [ { path: \"~^/(a|b)$\", redirect: { to: \"https://example.test$uri\", status: 308 } } ]\n",
    "{ \"proxy\": { \"port\": 1 }, \"routes\": [] }",
];

const YAML: &[&str] = &[
    "\n",
    "\n  - ",
    ": ",
    "{ ",
    " }",
    "[",
    "]",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: ",
    "!!binary ",
    "--- ",
    "|\n ",
    ">-\n ",
    "# ",
    "${",
    "${A:-",
    "$uri",
    "null",
    "~",
    "-1",
    "1e9",
    "30s",
    "10mb",
    "routes:",
    "upstreams:",
    "listeners:",
    "unknown:",
    "\u{feff}",
    "\t",
    "*.",
    "/*",
];
