use tokio::io::AsyncWriteExt;

use super::house::{Answer, House, rest, settings};

/// Pieces of requests, right and wrong ones.
const METHODS: &[&str] =
    &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "", "g\u{e9}t", "PRI"];
const TARGETS: &[&str] = &[
    "/who",
    "/echo",
    "/change",
    "/",
    "*",
    "//",
    "/%zz",
    "/%00",
    "/a?b=c#d",
    "http://localhost/who",
    "http://evil/",
    "localhost:1",
    "/\u{e9}",
    "/who ",
    "",
];
const VERSIONS: &[&str] = &["HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9", "http/1.1", ""];
const FIELDS: &[&str] = &[
    "Host: localhost",
    "Host: 127.0.0.1:80",
    "Host: evil",
    "Host: [",
    "Host:",
    "Origin: null",
    "Origin: http://localhost",
    "Sec-Fetch-Site: none",
    "Sec-Fetch-Site: cross-site",
    "Authorization: Bearer x",
    "Authorization: \u{e9}",
    "Content-Type: application/json",
    "Content-Type: application/merge-patch+json",
    "Content-Type: ;;",
    "Content-Length: 2",
    "Content-Length: 0",
    "Content-Length: 99999999999999999999",
    "Content-Length: -1",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Expect: 100-continue",
    "Connection: close",
    "Connection: upgrade",
    "Upgrade: h2c",
    "Content-Encoding: gzip",
    "TE: trailers",
    "Range: bytes=0-1",
    " folded",
    "no colon",
    ": x",
    "A: \u{0}",
];
const BODIES: &[&str] = &[
    "",
    "{}",
    "2\r\n{}\r\n0\r\n\r\n",
    "2;x=y\r\n{}\r\n0\r\nA: b\r\n\r\n",
    "zz\r\n",
    "\u{0}\u{0}",
    "0\r\n\r\n",
];
const ENDS: &[&str] = &["\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n\r\n"];

/// One of them, and mostly one of the first three, which are right.
fn pick(random: &mut fastrand::Rng, all: &[&str]) -> String {
    let count = if random.u8(..8) == 0 { all.len() } else { 3 };
    all[random.usize(..count)].to_owned()
}

fn message(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut text = [METHODS, TARGETS, VERSIONS].map(|all| pick(random, all)).join(" ");
    text += &pick(random, ENDS);
    if random.u8(..8) > 0 {
        text += "Host: localhost\r\n";
    }
    for _ in 0..random.usize(..4) {
        text += FIELDS[random.usize(..FIELDS.len())];
        text += &pick(random, ENDS);
    }
    text += "\r\n";
    text += &pick(random, BODIES);
    let mut bytes = text.into_bytes();
    if random.u8(..4) == 0 && !bytes.is_empty() {
        let at = random.usize(..bytes.len());
        bytes[at] = random.u8(..);
    }
    if random.u8(..8) == 0 {
        bytes.truncate(random.usize(..=bytes.len()));
    }
    bytes
}

#[tokio::test]
async fn whatever_is_sent_is_the_client_s_fault() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut settings = settings();
    settings.rate = admin_api::Rate::new(1_000_000, std::time::Duration::from_secs(1));
    settings.failures = settings.rate;
    let house = House::open(settings);
    let mut answered = [0; 6];
    for _ in 0..2_000 {
        let bytes = message(&mut random);
        let mut stream = house.connect().await;
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        let received = rest(&mut stream).await;
        let text = String::from_utf8_lossy(&received);
        let shown = String::from_utf8_lossy(&bytes);
        if let Some(answer) =
            Answer::parse(text.trim_start_matches("HTTP/1.1 100 Continue\r\n\r\n").as_bytes())
        {
            assert!(answer.status < 500, "seed {seed}: {shown:?} -> {text}");
            answer.check_dress();
            answered[usize::from(answer.status / 100)] += 1;
        }
    }
    // Neither all of it was nonsense, nor none of it.
    assert!(answered[2] > 20 && answered[4] > 200, "seed {seed}: {answered:?}");
    assert_eq!(house.ask(super::house::request("GET /who", "", "")).await.status, 200);
}
