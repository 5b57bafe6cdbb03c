//! The disk of the state is full, or read-only: traffic goes on, and what was refused never comes back.
//!
//! The disk is a real one in memory, in a mount namespace that the proxy runs in. Where this user may not make one, nothing is
//! tried, which the test says.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use harness::tls::Authority;
use harness::{Home, Proxyd};
use serde_json::json;

use super::model::says;
use super::rig::{home, objects};
use crate::it::caller::Caller;

const PAGE: usize = 4096;

/// A disk of a few pages at the place of the state. It goes with what holds it.
struct Disk {
    holder: Child,
    home: Home,
}

impl Disk {
    /// `None` where there can be none.
    fn new() -> Option<Self> {
        let home = home();
        fs::create_dir(home.state()).unwrap();
        let script = "mount -t tmpfs -o size=512k,mode=0700 tmpfs \"$0\" && echo ready && exec cat";
        let mut holder = Command::new("unshare")
            .args(["-rm", "sh", "-c", script])
            .arg(home.state())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let mut said = String::new();
        let read = BufReader::new(holder.stdout.as_mut().unwrap()).read_line(&mut said);
        let disk = Self { holder, home };
        if read.is_err() || said != "ready\n" || !disk.enter(&["true"]) {
            let why = "skipped: this user may not mount a disk in a namespace (unshare, nsenter)";
            let _ = writeln!(std::io::stderr(), "{why}");
            return None;
        }
        Some(disk)
    }

    fn inside(&self) -> Vec<String> {
        let target = self.holder.id().to_string();
        ["nsenter", "-t", &target, "-U", "-m", "--preserve-credentials"].map(str::to_owned).to_vec()
    }

    fn enter(&self, command: &[&str]) -> bool {
        let inside = self.inside();
        let status = Command::new(&inside[0]).args(&inside[1..]).args(command).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    /// The directory of the state, as the proxy sees it.
    fn state(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.holder.id()));
        root.join(self.home.state().strip_prefix("/").unwrap())
    }

    /// Fills it up but for so many pages.
    fn fill(&self, but: usize) {
        let path = self.state().join("filler");
        let mut file = File::create(&path).unwrap();
        let mut length = 0;
        while let Ok(count) = file.write(&[b'x'; PAGE])
            && count == PAGE
        {
            length += PAGE;
        }
        file.set_len((length - but * PAGE) as u64).unwrap();
    }

    fn make_room(&self) {
        fs::remove_file(self.state().join("filler")).unwrap();
    }

    /// By another mount of it in front of it: one that has an open file cannot be made read-only.
    fn set_read_only(&self, is_so: bool) {
        let state = self.home.state();
        let state = state.to_str().unwrap();
        if is_so {
            assert!(self.enter(&["mount", "--bind", state, state]));
            assert!(self.enter(&["mount", "-o", "remount,bind,ro", state]));
        } else {
            assert!(self.enter(&["umount", state]));
        }
    }

    #[track_caller]
    fn start(&self) -> (Proxyd, Caller) {
        let proxyd = Proxyd::start_at_within(&self.home, &self.inside());
        let caller = Caller::of(&self.home);
        (proxyd, caller)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// What is served of the routes `r0` to `r3`.
fn said(proxyd: &Proxyd) -> Vec<String> {
    let ask = |host: String| proxyd.ask(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    assert_eq!(ask("file.test".into()).text(), "file", "traffic goes on");
    let answers = (0..4).map(|which| ask(format!("r{which}.test")));
    answers.map(|answer| if answer.status() == 200 { answer.text() } else { String::new() }).collect()
}

/// Writes of each kind, none of which is made.
#[track_caller]
fn refuses_all(caller: &mut Caller, status: u16) {
    let leaf = Authority::new("root").leaf(&["a.test"]);
    let certificate = json!({ "domain": "a.test", "cert": leaf.pem(), "key": leaf.key_pem() });
    let upstream = json!({ "backends": [{ "id": "a", "hostname": "127.0.0.1", "port": 2 }] });
    let writes = [
        ("PUT", "/routes/r0", Some(says(0, 99))),
        ("PUT", "/routes/r3?confirm=60s", Some(says(3, 99))),
        ("PATCH", "/routes/r1", Some(json!({ "respond": { "body": "99" } }))),
        ("DELETE", "/routes/r1", None),
        ("POST", "/certificates", Some(certificate)),
        ("PUT", "/upstreams/new", Some(upstream)),
        ("POST", "/upstreams/app/backends/a/dead", None),
        ("PATCH", "/document", Some(json!({ "security": { "blockedIPs": ["10.0.0.0/8"] } }))),
    ];
    for (method, path, body) in writes {
        let answer = caller.ask(method, path, &[], body.as_ref());
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        assert_eq!(answer.field("content-type"), "application/problem+json");
    }
}

/// What the tests below begin with: two routes and an upstream.
#[track_caller]
fn begin(caller: &mut Caller) {
    let upstream = json!({ "backends": [{ "id": "a", "hostname": "127.0.0.1", "port": 1 }] });
    for (path, body) in [("/routes/r0", says(0, 1)), ("/routes/r1", says(1, 1)), ("/upstreams/app", upstream)]
    {
        assert_eq!(caller.ask("PUT", path, &[], Some(&body)).status, 201);
    }
}

#[test]
fn a_full_disk_refuses_changes_and_nothing_else() {
    let Some(disk) = Disk::new() else { return };
    let (proxyd, mut caller) = disk.start();
    begin(&mut caller);
    let mut markers = BTreeMap::new();
    let before = objects(&mut caller, &mut markers);
    disk.fill(0);
    refuses_all(&mut caller, 507);
    assert_eq!(said(&proxyd), ["1", "1", "", ""]);
    assert_eq!(objects(&mut caller, &mut markers), before);
    proxyd.kill();
    // It starts all the same.
    let (proxyd, mut caller) = disk.start();
    assert_eq!(said(&proxyd), ["1", "1", "", ""]);
    assert_eq!(objects(&mut caller, &mut markers), before);
    refuses_all(&mut caller, 507);
    disk.make_room();
    let number = caller.revision();
    assert_eq!(caller.ask("PUT", "/routes/r2", &[], Some(&says(2, 2))).status, 201);
    assert!(caller.revision() > number);
    let after = objects(&mut caller, &mut markers);
    proxyd.kill();
    let (proxyd, mut caller) = disk.start();
    assert_eq!(said(&proxyd), ["1", "1", "2", ""]);
    assert_eq!(objects(&mut caller, &mut markers), after);
    let state = caller.get("/upstreams/app/backends/a");
    assert_eq!(state.body["outages"], json!([]), "{state:?}");
}

/// The room ends within a change: at its secrets, at its revision, at a name.
#[test]
fn a_disk_that_becomes_full_within_a_change_keeps_all_of_it_or_nothing() {
    let Some(disk) = Disk::new() else { return };
    let (mut proxyd, mut caller) = disk.start();
    begin(&mut caller);
    let (authority, mut markers) = (Authority::new("root"), BTreeMap::new());
    let mut now = objects(&mut caller, &mut markers);
    let mut statuses = Vec::new();
    for pages in 0..8 {
        disk.fill(pages);
        for number in 0..2 {
            let leaf = authority.leaf(&[&format!("c{pages}-{number}.test")]);
            let domain = format!("c{pages}-{number}.test");
            let body = json!({ "domain": domain, "cert": leaf.pem(), "key": leaf.key_pem() });
            let status = caller.ask("POST", "/certificates", &[], Some(&body)).status;
            assert!([201, 507].contains(&status), "{status}");
            statuses.push(status);
            let served = objects(&mut caller, &mut markers);
            assert_eq!(served != now, status == 201, "{pages}");
            now = served;
        }
        proxyd.kill();
        (proxyd, caller) = disk.start();
        assert_eq!(objects(&mut caller, &mut markers), now, "{:#?}", proxyd.log().lines());
        let lines = proxyd.log().lines();
        assert!(!lines.iter().any(|line| line.contains("\"ERROR\"")), "{lines:#?}");
        disk.make_room();
    }
    assert!(statuses.contains(&201) && statuses.contains(&507), "{statuses:?}");
}

#[test]
fn a_read_only_disk_refuses_changes_and_nothing_else() {
    let Some(disk) = Disk::new() else { return };
    let (proxyd, mut caller) = disk.start();
    begin(&mut caller);
    let mut markers = BTreeMap::new();
    let before = objects(&mut caller, &mut markers);
    disk.set_read_only(true);
    refuses_all(&mut caller, 503);
    assert_eq!(said(&proxyd), ["1", "1", "", ""]);
    proxyd.kill();
    let (proxyd, mut caller) = disk.start();
    assert_eq!(said(&proxyd), ["1", "1", "", ""]);
    refuses_all(&mut caller, 503);
    disk.set_read_only(false);
    assert_eq!(caller.ask("PUT", "/routes/r2", &[], Some(&says(2, 2))).status, 201);
    proxyd.kill();
    let (proxyd, mut caller) = disk.start();
    assert_eq!(said(&proxyd), ["1", "1", "2", ""]);
    let mut after = objects(&mut caller, &mut markers);
    assert!(after.remove(&("routes".to_owned(), "r2".to_owned())).is_some());
    assert_eq!(after, before);
}

/// That it is taken back cannot be noted: it is taken back again by the next process, and the next change goes on from there.
#[test]
fn what_nobody_confirms_is_taken_back_on_a_full_disk_too() {
    let Some(disk) = Disk::new() else { return };
    let (proxyd, mut caller) = disk.start();
    begin(&mut caller);
    assert_eq!(caller.ask("PUT", "/routes/r2?confirm=1s", &[], Some(&says(2, 2))).status, 201);
    let trial = caller.revision();
    disk.fill(0);
    proxyd.log().wait_for("revision is taken back", 1);
    assert_eq!(said(&proxyd), ["1", "1", "", ""]);
    let confirmed = caller.ask("POST", "/confirm", &[], Some(&json!({ "revision": trial })));
    assert_eq!(confirmed.status, 409);
    refuses_all(&mut caller, 507);
    proxyd.kill();
    let (proxyd, mut caller) = disk.start();
    assert_eq!(said(&proxyd), ["1", "1", "", ""]);
    disk.make_room();
    assert_eq!(caller.ask("PUT", "/routes/r3", &[], Some(&says(3, 3))).status, 201);
    assert!(caller.revision() > trial);
    proxyd.kill();
    let (proxyd, _) = disk.start();
    assert_eq!(said(&proxyd), ["1", "1", "", "3"]);
}
