use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use admin_api::Role;
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;
use tracing_subscriber::fmt::MakeWriter;

use super::house::{House, gated, in_time, request, settings};
use super::tokens::token;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn take(&self) -> Vec<String> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn listen(lines: &Lines) -> tracing::subscriber::DefaultGuard {
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .json()
        .finish();
    tracing::subscriber::set_default(subscriber)
}

#[tokio::test]
async fn a_write_that_is_cut_off_is_written_down() {
    let lines = Lines::default();
    let _guard = listen(&lines);
    let (begun, may_end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let mut settings = settings();
    settings.deadlines.drain = Duration::from_millis(50);
    let mut house = House::with(settings, gated(&begun, &may_end));
    let mut stream = house.connect().await;
    stream.write_all(request("POST /gated", "", "").as_bytes()).await.unwrap();
    in_time(begun.notified()).await;
    house.stop();
    house.ended().await;
    let all = lines.take();
    let audit: Vec<_> = all.iter().filter(|line| line.contains("proxyd::audit")).collect();
    let [one] = audit[..] else { panic!("{all:?}") };
    assert!(one.contains("a write was cut off") && one.contains("\"path\":\"/gated\""), "{one}");
}

#[tokio::test]
async fn writes_and_refusals_are_written_down_and_no_secret_is() {
    let lines = Lines::default();
    let _guard = listen(&lines);
    let mut settings = settings();
    settings.tokens = vec![token("ops", "sesame-1", Role::Write), token("eyes", "sesame-2", Role::Read)];
    let house = House::open(settings);
    let ops = "Authorization: Bearer sesame-1\nContent-Type: application/json";
    let eyes = "Authorization: Bearer sesame-2";
    for (line, fields, body, expected) in [
        (
            "POST /change?key=hush",
            ops,
            "",
            &[
                "\"actor\":\"ops\"",
                "\"status\":200",
                "\"revision\":42",
                "one route more",
                "\"method\":\"POST\"",
                "\"path\":\"/change\"",
                "\"level\":\"INFO\"",
                "took_ms",
            ][..],
        ),
        ("PUT /echo", ops, "\"hush\"", &["\"actor\":\"ops\"", "\"status\":200"]),
        ("POST /none%0a", ops, "", &["\"actor\":\"ops\"", "\"status\":404", "/none%0a"]),
        ("POST /change", eyes, "", &["\"actor\":\"eyes\"", "\"status\":403", "auth_denied"]),
        (
            "GET /who?token=hush",
            "Authorization: Bearer hush",
            "",
            &["\"actor\":\"-\"", "\"status\":401", "auth_invalid"],
        ),
        ("GET /who", "Host: evil.example", "", &["\"status\":421", "foreign_host"]),
        ("nonsense ", "", "", &["\"status\":400", "bad_request"]),
    ] {
        let answer = house.ask(request(line, fields, body)).await;
        let all = lines.take();
        let audit: Vec<_> = all.iter().filter(|line| line.contains("proxyd::audit")).collect();
        let [one] = audit[..] else { panic!("{line}: {all:?}") };
        for part in expected.iter().chain(&["\"address\":\"127.0.0.1:", answer.field("x-request-id")]) {
            assert!(one.contains(part), "{part} is not in {one}");
        }
        let ours: Vec<_> = all.iter().filter(|line| !line.contains("\"target\":\"hyper")).collect();
        for secret in ["hush", "sesame"] {
            assert!(!ours.iter().any(|line| line.contains(secret)), "{ours:?}");
        }
    }
    house.ask(request("GET /who", eyes, "")).await;
    assert!(!lines.take().iter().any(|line| line.contains("proxyd::audit")));
}

#[tokio::test]
async fn who_is_refused_again_and_again_fills_no_disk() {
    let lines = Lines::default();
    let _guard = listen(&lines);
    let mut settings = settings();
    settings.tokens = vec![token("ops", "sesame-1", Role::Write)];
    let house = House::open(settings);
    for _ in 0..100 {
        assert_ne!(house.ask(request("GET /who", "Authorization: Bearer wrong", "")).await.status, 200);
    }
    let count = lines.take().iter().filter(|line| line.contains("a request was refused")).count();
    // One more comes with every second.
    assert!((60..100).contains(&count), "{count}");
    let write = request("POST /change", "Authorization: Bearer sesame-1\nContent-Type: application/json", "");
    assert_eq!(house.ask(write).await.status, 200);
    assert!(
        lines.take().iter().any(|line| line.contains("a write was answered")),
        "what is done is always written"
    );
}
