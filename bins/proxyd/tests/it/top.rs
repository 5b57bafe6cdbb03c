//! `proxyd ctl top` in a terminal, and without one.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::fake::{Asked, Fake, Reply, json, problem};
use crate::process::{output, proxyd, stdout};

fn answer(asked: &Asked) -> Option<Reply> {
    let figures = r#""requestsPerSecond":12.5,"errors":1,"latency":{"mean":1.0,"p50":1.0,"p95":2.0,"p99":3.0},"windowSeconds":60"#;
    let body = match asked.line.strip_prefix("GET /api/v1/")? {
        "health" => r#"{"status":"UP","version":"1.2.3","revision":7}"#.into(),
        "stats/routes" => format!(r#"[{{"id":"api",{figures}}}]"#),
        "upstreams" => r#"[{"name":"app","backends":[{"id":"n1","isDead":false,"inFlight":2}]}]"#.into(),
        "routes" => "[]".into(),
        _ => format!("{{{figures}}}"),
    };
    Some(json("200 OK", &body))
}

#[test]
fn without_a_terminal_one_table_is_printed() {
    let fake = Fake::serving(answer);
    for arguments in [&["ctl", "top", "--once"][..], &["ctl", "top"]] {
        let told = output(&[arguments, &["--address", &fake.address()]].concat());
        assert_eq!(told.status.code(), Some(0));
        let text = stdout(&told);
        assert!(text.contains("\nROUTE   R/S") && text.contains("\napi    12.5"), "{text}");
        assert!(
            text.contains("\napp       n1       ready          2  12.5       1    1.00    3.00\n"),
            "{text}"
        );
        assert!(!text.contains('\u{1b}'));
    }
    assert!(fake.lines().contains(&"GET /api/v1/stats/upstreams/app/backends/n1".into()));
}

#[test]
fn backends_without_figures_are_asked_about_once() {
    let fake = Fake::serving(|asked| match asked.line.ends_with("/backends/n1") {
        true => Some(problem("404 Not Found", "{}")),
        false => answer(asked),
    });
    let mut terminal = Terminal::start(&fake);
    while fake.lines().iter().filter(|line| line.ends_with("/health")).count() < 5 {
        terminal.seen.clear();
        terminal.see("q quit");
    }
    terminal.master.write_all(b"q").unwrap();
    terminal.end(0);
    assert_eq!(fake.lines().iter().filter(|line| line.ends_with("/backends/n1")).count(), 1);
}

/// A terminal with `proxyd ctl top` in it.
struct Terminal {
    /// The side of who types and sees.
    master: File,
    /// The other side; as long as it is open, what the terminal is set to can be asked.
    slave: File,
    child: Child,
    seen: String,
}

impl Terminal {
    fn start(fake: &Fake) -> Self {
        Self::start_with(fake, &[])
    }

    fn start_with(fake: &Fake, arguments: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let size = Winsize { ws_row: 20, ws_col: 70, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&slave, size).unwrap();
        let stdio = || Stdio::from(slave.try_clone().unwrap());
        let mut command = proxyd(&[&["ctl", "top", "--address", &fake.address()], arguments].concat());
        let child = command.stdin(stdio()).stdout(stdio()).stderr(Stdio::piped()).spawn().unwrap();
        Self { master: master.into(), slave, child, seen: String::new() }
    }

    /// Reads until this is seen.
    #[track_caller]
    fn see(&mut self, wanted: &str) {
        while !self.seen.contains(wanted) {
            let mut bytes = [0; 4096];
            let read = self.master.read(&mut bytes).unwrap();
            self.seen.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
    }

    fn is_raw(&self) -> bool {
        !tcgetattr(&self.slave).unwrap().local_modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// Waits for its end, which must leave the terminal as it was.
    #[track_caller]
    fn end(mut self, code: i32) {
        self.see("\u{1b}[?1049l");
        let told = self.child.wait().unwrap();
        assert_eq!(told.code(), Some(code), "{}", self.seen);
        assert!(!self.is_raw());
        assert!(self.seen.contains("\u{1b}[?25h"), "the cursor is there again");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn in_a_terminal_it_watches_until_q_is_pressed() {
    let fake = Fake::serving(answer);
    let mut terminal = Terminal::start(&fake);
    terminal.see("s sort: requests per second");
    assert!(terminal.is_raw());
    assert!(terminal.seen.starts_with("\u{1b}[?1049h"), "{:?}", terminal.seen);
    assert!(terminal.seen.contains("proxyd 1.2.3 at unix:"), "{:?}", terminal.seen);
    terminal.master.write_all(b"s").unwrap();
    terminal.see("s sort: errors");
    terminal.master.write_all(b"q").unwrap();
    terminal.end(0);
}

#[test]
fn a_signal_gives_the_terminal_back() {
    for signal in ["-TERM", "-INT", "-HUP", "-QUIT"] {
        let fake = Fake::serving(answer);
        let mut terminal = Terminal::start(&fake);
        terminal.see("q quit");
        let id = terminal.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        terminal.end(0);
    }
}

#[test]
fn a_change_of_size_is_followed() {
    let fake = Fake::serving(answer);
    let mut terminal = Terminal::start(&fake);
    terminal.see("q quit");
    terminal.seen.clear();
    let size = Winsize { ws_row: 10, ws_col: 30, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&terminal.slave, size).unwrap();
    let id = terminal.child.id().to_string();
    assert!(Command::new("kill").args(["-WINCH", &id]).status().unwrap().success());
    terminal.see("q quit  s sort: requests per \u{2026}");
    terminal.master.write_all(b"\x03").unwrap();
    terminal.end(0);
}

#[test]
fn a_proxy_that_goes_away_is_shown_and_waited_for() {
    let mut answers = 0;
    let fake = Fake::serving(move |asked| {
        answers += 1;
        if (12..=14).contains(&answers) {
            Some(Reply::Last(b"nonsense\r\n\r\n".to_vec()))
        } else {
            answer(asked)
        }
    });
    let mut terminal = Terminal::start(&fake);
    terminal.see("no answer in HTTP/1.1");
    terminal.seen.clear();
    terminal.see("proxyd 1.2.3 at unix:");
    terminal.master.write_all(b"q").unwrap();
    terminal.end(0);
}

#[test]
fn keys_do_not_wait_for_a_proxy_that_is_silent() {
    let mut answers = 0;
    let fake = Fake::serving(move |asked| {
        answers += 1;
        if answers > 11 { Some(Reply::Silence) } else { answer(asked) }
    });
    let mut terminal = Terminal::start_with(&fake, &["--timeout", "1h"]);
    terminal.see("s sort: requests per second");
    terminal.master.write_all(b"s").unwrap();
    terminal.see("s sort: errors");
    terminal.master.write_all(b"q").unwrap();
    terminal.end(0);
}
