//! What strangers may send to the API: whatever it is, it is answered or refused, and nothing else happens.

use std::fmt::Write as _;

use harness::{Answer, Api, Home, Proxyd};
use serde_json::{Value, json};

use crate::it::mutations::{PIECES, Random};

/// As much memory as the process may have had at the most: twice the bodies that it may hold at once, and what they become.
const MEMORY_MAX: u64 = 700 << 20;

fn start() -> Proxyd {
    let home = Home::new();
    home.write(
        "listeners: [{ address: 127.0.0.1:0 }]\n\
         admin: { rateLimit: { max: 1000000 } }\n\
         upstreams: [{ name: app, backends: [{ id: a, hostname: 127.0.0.1, port: 9 }] }]\n\
         routes: [{ id: tea, path: /tea, upstream: app }]\n",
    );
    let socket = home.socket();
    let text = std::fs::read_to_string(home.file()).unwrap();
    home.write(&text.replace("admin: {", &format!("admin: {{ address: 'unix:{}',", socket.display())));
    Proxyd::start_at(&home)
}

/// A request with a body that may be anything.
fn send(api: &Api, method: &str, path: &[u8], body: &[u8]) -> Option<Answer> {
    let mut request = format!("{method} /api/v1").into_bytes();
    request.extend_from_slice(path);
    let fields = format!(
        " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    request.extend_from_slice(fields.as_bytes());
    request.extend_from_slice(body);
    api.try_raw(method, &request)
}

/// Nothing failed inside, and what was served before is served.
#[track_caller]
fn check_and_stop(proxyd: Proxyd) {
    assert_eq!(proxyd.api().get("/routes/tea").body["id"], "tea");
    let memory = proxyd.memory("VmHWM");
    assert!(memory < MEMORY_MAX, "{memory} bytes");
    let log = proxyd.stop().log;
    let bad = log.iter().find(|line| line.contains("panicked") || line.contains("\"ERROR\""));
    assert_eq!(bad, None);
}

#[track_caller]
fn is_refused(answer: &Answer, shown: &str) {
    assert!((400..500).contains(&answer.status), "{shown}: {} {}", answer.status, answer.body);
    assert_eq!(answer.field("content-type"), "application/problem+json", "{shown}");
    assert_eq!(answer.body["status"], answer.status, "{shown}");
}

/// Heads with something wrong somewhere. A status of the server's own kind would mean that it, not they, had failed.
#[test]
fn requests_that_went_wrong_never_fail_inside() {
    const REQUESTS: &[&[u8]] = &[
        b"GET /api/v1/routes?limit=2&after=tea HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: \"x\"\r\n\r\n",
        b"PUT /api/v1/routes/b HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n{\"path\":\"/b\",\"respond\":{} }",
        b"PATCH /api/v1/upstreams/app?confirm=1s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nd\r\n{\"retries\":1}\r\n0\r\n\r\n",
        b"DELETE /api/v1/routes/%62 HTTP/1.1\r\nHost: localhost\r\nIf-Match: *\r\nIdempotency-Key: k\r\n\r\n",
        b"POST /api/v1/plan HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    ];
    let proxyd = start();
    let api = proxyd.api();
    let seed = 0x5eed_0003;
    for round in 0..1500 {
        let mut random = Random(seed + round * 7919);
        let mut bytes = random.mutate_with(random_of(round, REQUESTS), PIECES);
        // Whatever it has become, it is answered, or ended, at once.
        bytes.extend_from_slice(b"\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n");
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(answer) = api.try_hurried("GET", &bytes) {
            assert!(answer.status < 500, "round {round} of seed {seed}: {shown:?}: {}", answer.body);
        }
    }
    check_and_stop(proxyd);
}

fn random_of<'m>(round: u64, messages: &[&'m [u8]]) -> &'m [u8] {
    messages[usize::try_from(round).unwrap() % messages.len()]
}

#[test]
fn json_that_went_wrong_never_fails_inside() {
    const BODIES: &[&[u8]] = &[
        br#"{"id":"x","vHost":"a.test","path":"/x","backends":[{"id":"n","hostname":"10.0.0.1","port":80}]}"#,
        br#"{"routes":[{"id":"t","path":"/t","respond":{"status":418,"body":"s"}}],"proxy":{"timeout":"3s"}}"#,
        br#"{"name":"app","strategy":"HASH","hash":{"on":"header","name":"X"},"backends":[{"hostname":"::1"}]}"#,
        br#"{"domain":"a.test","cert":"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----","key":"secret:0f3c"}"#,
        br#"{"revision":1}"#,
    ];
    const JSON: &[&[u8]] = &[
        b"\"",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"null",
        b"true",
        b"1e999",
        b"-0",
        b"0.1",
        b"1e-400",
        b"\\",
        b"\\ud800",
        b"\\udc00\\ud800",
        b"\\u0000",
        b"\\u202e",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x98\x80",
        b"\xef\xbb\xbf",
        b"\0",
        b"18446744073709551616",
        b"9007199254740993",
        b"${HOME}",
        b"secret:00000000000000000000000000000000",
        b"/etc/passwd",
        b"unix:/x",
        b"*",
        b"~(",
        b"<<",
        b"&a",
        b"*a",
        b"!!str",
        b"\"id\":\"tea\",",
        b"\"source\":\"file\",",
    ];
    const PATHS: &[(&str, &[u8])] = &[
        ("POST", b"/routes"),
        ("PUT", b"/routes/x"),
        ("PATCH", b"/routes/tea"),
        ("POST", b"/routes/tea/backends"),
        ("PUT", b"/upstreams/app"),
        ("PATCH", b"/upstreams/app"),
        ("POST", b"/upstreams/app/backends"),
        ("POST", b"/certificates"),
        ("PATCH", b"/document"),
        ("PUT", b"/document"),
        ("POST", b"/plan"),
        ("POST", b"/apply?dryRun=true"),
        ("POST", b"/rollback?dryRun=true"),
        ("POST", b"/confirm"),
    ];
    let proxyd = start();
    let api = proxyd.api();
    let seed = 0x5eed_0004;
    for round in 0..3000 {
        let mut random = Random(seed + round * 7919);
        let (method, path) = PATHS[random.below(PATHS.len())];
        let body = random.one_of(BODIES);
        let body = random.mutate_with(body, JSON);
        let shown = String::from_utf8_lossy(&body);
        let answer = send(&api, method, path, &body).expect("it is answered");
        assert!(answer.status < 500, "round {round} of seed {seed}: {method} {shown:?}: {}", answer.body);
        assert!(
            answer.body.is_object() || answer.body.is_array() || answer.status == 204,
            "round {round}: {shown:?}"
        );
    }
    check_and_stop(proxyd);
}

#[test]
fn bodies_of_every_monstrous_kind_are_refused() {
    let deep =
        |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000)).into_bytes();
    let keys = |count: usize| {
        let mut text = String::from("{");
        for number in 0..count {
            write!(text, "\"k{number}\":0,").unwrap();
        }
        format!("{text}\"z\":0}}").into_bytes()
    };
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("deep lists", deep("[", "]")),
        ("deep maps", deep("{\"a\":", "}")),
        ("127 deep", [vec![b'['; 127], vec![b']'; 127]].concat()),
        ("a deep value", format!("{{\"routes\":{}{}}}", "[".repeat(120), "]".repeat(120)).into_bytes()),
        ("a large number", format!("{{\"revision\":{}}}", "9".repeat(1_000_000)).into_bytes()),
        ("a long fraction", format!("{{\"revision\":0.{}}}", "3".repeat(1_000_000)).into_bytes()),
        ("a large exponent", b"{\"revision\":1e99999999999}".to_vec()),
        ("a key twice", b"{\"a\":1,\"a\":2}".to_vec()),
        ("a deep key twice", b"{\"proxy\":{\"timeout\":1,\"timeout\":2}}".to_vec()),
        ("no UTF-8", b"{\"id\":\"\xff\xfe\"}".to_vec()),
        ("a surrogate in UTF-8", b"{\"id\":\"\xed\xa0\x80\"}".to_vec()),
        ("half a surrogate", b"{\"id\":\"\\ud800\"}".to_vec()),
        ("surrogates the wrong way round", b"{\"id\":\"\\udc00\\ud800\"}".to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{}".to_vec()),
        ("UTF-16", b"{\0}\0".to_vec()),
        ("two values", b"{}{}".to_vec()),
        ("a comment", b"{/* */}".to_vec()),
        ("YAML", b"routes: []".to_vec()),
        ("many keys", keys(30_000)),
        ("a key of 2 MB", format!("{{\"{}\":0}}", "k".repeat(2 << 20)).into_bytes()),
        ("many items", format!("{{\"routes\":[{}null]}}", "null,".repeat(100_000)).into_bytes()),
        ("a text of 2 MB", format!("{{\"id\":\"{}\"}}", "a".repeat(2 << 20)).into_bytes()),
        ("escapes of 1 MB", format!("{{\"id\":\"{}\"}}", "\\u0000".repeat(200_000)).into_bytes()),
        ("blanks of 10 MB", vec![b' '; 10 << 20]),
        ("more than 10 MB", vec![b' '; (10 << 20) + 1]),
        ("a merge key", b"{\"<<\":{\"routes\":[]}}".to_vec()),
    ];
    let proxyd = start();
    let api = proxyd.api();
    for (shown, body) in bodies {
        for (method, path) in
            [("POST", "/plan"), ("PUT", "/document"), ("POST", "/routes"), ("POST", "/confirm")]
        {
            let answer = send(&api, method, path.as_bytes(), &body).expect("it is answered");
            is_refused(&answer, &format!("{shown} to {path}"));
            assert!(answer.message.body.len() < 1 << 18, "{shown}: {} bytes", answer.message.body.len());
        }
    }
    check_and_stop(proxyd);
}

#[test]
fn a_document_with_thousands_of_routes_is_put_and_taken_back() {
    let proxyd = start();
    let api = proxyd.api();
    let routes = |count: usize| -> Vec<Value> {
        (0..count).map(|number| json!({ "id": format!("r{number}"), "vHost": format!("h{number}.test"), "upstream": "app" })).collect()
    };
    assert_eq!(api.put("/document", &json!({ "routes": routes(5000) })).status, 200);
    assert_eq!(api.get("/routes/h4999.test").body["id"], "r4999");
    assert_eq!(api.get("/routes").body.as_array().unwrap().len(), 5001);
    // The same twice over: everything that is wrong is told, and not more than can be read.
    let twice = [routes(5000), routes(5000)].concat();
    let refused = api.put("/document", &json!({ "routes": twice }));
    is_refused(&refused, "ids that come twice");
    assert!(refused.message.body.len() < 1 << 20, "{} bytes", refused.message.body.len());
    assert_eq!(api.put("/document", &json!({})).status, 200);
    assert_eq!(api.get("/routes").body.as_array().unwrap().len(), 1);
    check_and_stop(proxyd);
}

/// RFC 3986 section 2.1: an id is what its percent-encoding says, whatever bytes it has.
#[test]
fn ids_of_every_byte_are_found_again_or_refused() {
    let proxyd = start();
    let api = proxyd.api();
    let body = br#"{"path":"/x","respond":{}}"#;
    let mut accepted = 0;
    for byte in 0..=255_u8 {
        let encoded = format!("/routes/a%{byte:02X}b");
        let put = send(&api, "PUT", encoded.as_bytes(), body).expect("it is answered");
        if put.status != 201 {
            is_refused(&put, &encoded);
            continue;
        }
        accepted += 1;
        let id = put.body["id"].as_str().unwrap().to_owned();
        assert_eq!(id.as_bytes(), [b'a', byte, b'b'], "{encoded}");
        let location = put.field("location");
        let below = location.strip_prefix("/api/v1").expect("it is below the API");
        for path in [encoded.as_str(), below] {
            assert_eq!(api.get(path).body["id"], id, "{path}");
        }
        assert_eq!(send(&api, "DELETE", below.as_bytes(), b"").unwrap().status, 204, "{encoded}");
    }
    assert!(accepted > 60, "{accepted}");
    for raw in 0..=255_u8 {
        let path = [b"/routes/a".as_slice(), &[raw], b"b"].concat();
        if let Some(answer) = send(&api, "GET", &path, b"") {
            is_refused(&answer, &format!("the byte {raw:#04x}"));
        }
    }
    for path in [
        "/routes/%",
        "/routes/%2",
        "/routes/%zz",
        "/routes/%C3",
        "/routes/%C0%80",
        "/routes/%ED%A0%80",
        "/routes/%FF%FE",
    ] {
        is_refused(&send(&api, "GET", path.as_bytes(), b"").unwrap(), path);
    }
    for path in [
        "/routes/..%2Fdocument",
        "/routes/%2E%2E/document",
        "/routes/%2e",
        "//routes",
        "/routes//",
        "/routes/tea/",
        "/ROUTES",
    ] {
        is_refused(&send(&api, "GET", path.as_bytes(), b"").unwrap(), path);
    }
    check_and_stop(proxyd);
}
