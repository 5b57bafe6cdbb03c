use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use admin_api::Role;
use tracing_subscriber::fmt::MakeWriter;

use super::house::{House, request, settings};
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

#[tokio::test]
async fn writes_and_refusals_are_written_down_and_no_secret_is() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .json()
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
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
