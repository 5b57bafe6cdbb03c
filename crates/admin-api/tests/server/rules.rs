use super::house::{House, request, settings};

async fn check(house: &House, cases: &[(&str, &str, &str, &str)]) {
    for (line, fields, body, expected) in cases {
        let answer = house.ask(request(line, fields, body)).await;
        assert_eq!(answer.verdict(), *expected, "{line} {fields} {body}");
    }
}

const JSON: &str = "Content-Type: application/json";

#[tokio::test]
async fn requests_that_a_foreign_page_could_send_are_refused() {
    let house = House::open(settings());
    let port = house.tcp().port();
    let same =
        format!("Host: localhost:{port}\nOrigin: http://localhost:{port}\nSec-Fetch-Site: same-origin");
    check(
        &house,
        &[
            ("GET /who", "", "", "200"),
            ("GET /who", &same, "", "200"),
            ("GET /who", "Host: 127.0.0.1", "", "200"),
            ("GET /who", "Host: evil.example", "", "421 foreign_host"),
            ("GET /who", "Host: localhost.evil.example", "", "421 foreign_host"),
            ("GET http://evil.example/who", "", "", "421 foreign_host"),
            ("GET /who", "Host: a\nHost: b", "", "400 bad_host"),
            ("GET /who", "Host:", "", "400 bad_host"),
            ("GET /who", "Origin: http://evil.example", "", "403 foreign_origin"),
            ("GET /who", "Origin: null", "", "403 foreign_origin"),
            ("GET /who", "Sec-Fetch-Site: cross-site", "", "403 foreign_origin"),
            ("POST /change", "Sec-Fetch-Site: cross-site", "", "403 foreign_origin"),
            ("POST /echo", "Content-Type: text/plain", "{}", "415 unsupported_media_type"),
            (
                "POST /echo",
                "Content-Type: application/x-www-form-urlencoded",
                "a=1",
                "415 unsupported_media_type",
            ),
            (
                "OPTIONS /who",
                "Origin: http://evil.example\nAccess-Control-Request-Method: GET",
                "",
                "403 foreign_origin",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn bodies_are_json_and_bounded() {
    let mut settings = settings();
    settings.max_body = 64;
    let house = House::open(settings);
    let full = format!("\"{}\"", "a".repeat(62));
    let over = format!("\"{}\"", "a".repeat(63));
    check(
        &house,
        &[
            ("POST /echo", JSON, "{}", "200"),
            ("POST /echo", "", "", "200"),
            ("POST /echo", "Content-Type: application/json; charset=utf-8", "{}", "200"),
            ("POST /echo", "", "{}", "415 unsupported_media_type"),
            ("PUT /echo", "", "{}", "415 unsupported_media_type"),
            ("PATCH /echo", "Content-Type: application/merge-patch+json", "{}", "200"),
            ("PATCH /echo", JSON, "{}", "200"),
            ("PUT /echo", "Content-Type: application/merge-patch+json", "{}", "415 unsupported_media_type"),
            ("POST /echo", &format!("{JSON}\nContent-Encoding: gzip"), "{}", "415 unsupported_media_type"),
            ("POST /echo", JSON, &full, "200"),
            ("POST /echo", JSON, &over, "413 body_too_large"),
        ],
    )
    .await;
    let chunked = |chunk: &str, count: usize| {
        let chunks = format!("{:x}\r\n{chunk}\r\n", chunk.len()).repeat(count);
        let head = request("POST /echo", &format!("{JSON}\nTransfer-Encoding: chunked"), "");
        format!("{head}{chunks}0\r\n\r\n")
    };
    assert_eq!(house.ask(chunked("12345678", 8)).await.verdict(), "200");
    assert_eq!(house.ask(chunked("12345678", 9)).await.verdict(), "413 body_too_large");
    assert_eq!(house.ask(chunked("12345678", 100_000)).await.verdict(), "413 body_too_large");
    let broken =
        format!("{}zz\r\n", request("POST /echo", &format!("{JSON}\nTransfer-Encoding: chunked"), ""));
    assert_eq!(house.ask(broken).await.verdict(), "400 bad_body");
}

#[tokio::test]
async fn what_all_bodies_may_hold_is_bounded() {
    let mut settings = settings();
    (settings.max_body, settings.max_bodies) = (1024, 1024);
    let house = House::open(settings);
    let mut first = house.connect().await;
    let head = format!(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\n{JSON}\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n"
    );
    tokio::io::AsyncWriteExt::write_all(&mut first, head.as_bytes()).await.unwrap();
    super::house::until(&mut first, "100 Continue\r\n\r\n").await;
    tokio::io::AsyncWriteExt::write_all(&mut first, &[b' '; 999]).await.unwrap();
    // The first is served while the server waits for the second's answer: its bytes are there by then.
    let mut verdict = String::new();
    for _ in 0..1_000 {
        verdict = house.ask(request("POST /echo", JSON, &" ".repeat(1024))).await.verdict();
        if verdict != "200" {
            break;
        }
    }
    assert_eq!(verdict, "503 busy");
    drop(first);
}

#[tokio::test]
async fn heads_are_bounded() {
    let mut settings = settings();
    settings.hosts = vec!["admin.example".into()];
    let house = House::open(settings);
    let fields = |count: usize| (0..count).map(|at| format!("X-{at}: 1\n")).collect::<String>();
    check(
        &house,
        &[
            (&format!("GET /{}", "a".repeat(8 * 1024)), "", "", "414 uri_too_long"),
            (&format!("GET /{}", "a".repeat(60 * 1024)), "", "", "414 uri_too_long"),
            (&format!("GET /{}", "a".repeat(8 * 1024 - 1)), "", "", "404 not_found"),
            ("GET /who", &fields(98), "", "200"),
            ("GET /who", &fields(99), "", "431 head_too_large"),
            ("GET /who", &format!("X: {}", "a".repeat(63 * 1024)), "", "200"),
            ("GET /who", &format!("X: {}", "a".repeat(64 * 1024)), "", "431 head_too_large"),
            ("GET /who", &format!("X: {}", "a".repeat(512 * 1024)), "", "431 head_too_large"),
            ("GET /who", "Host: ADMIN.example:7", "", "200"),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_is_no_request_is_told_so() {
    let house = House::open(settings());
    for (bytes, expected) in [
        (b"\xff\xfe\x00\x01 garbage\r\n\r\n".as_slice(), "400 bad_request"),
        (b"GET /who\r\n\r\n", "400 bad_request"),
        (b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 bad_request"),
        (b"GET /who HTTP/1.1\r\nHost localhost\r\n\r\n", "400 bad_request"),
        (b"GET /who HTTP/1.1\r\nHost: localhost\r\nA: \x00\r\n\r\n", "400 bad_request"),
        (b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: +1\r\n\r\n", "400 bad_request"),
        (b"GET /who HTTP/1.1\r\nHost: \xc3\xa9\r\nConnection: close\r\n\r\n", "400 bad_host"),
        (b"GET /who HTTP/1.1\r\nConnection: close\r\n\r\n", "400 bad_host"),
        (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "400 bad_target"),
        (b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "400 bad_target"),
    ] {
        assert_eq!(house.ask(bytes).await.verdict(), expected, "{}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn a_caller_has_a_rate() {
    let mut settings = settings();
    settings.rate = admin_api::Rate::new(3, std::time::Duration::from_secs(3_000));
    let house = House::open(settings);
    check(
        &house,
        &[("GET /who", "", "", "200"), ("GET /who", "", "", "200"), ("GET /none", "", "", "404 not_found")],
    )
    .await;
    let answer = house.ask(request("GET /who", "", "")).await;
    assert_eq!(answer.verdict(), "429 rate_limited");
    let seconds: u64 = answer.field("retry-after").parse().unwrap();
    assert!((990..=1_000).contains(&seconds), "{seconds}");
}
