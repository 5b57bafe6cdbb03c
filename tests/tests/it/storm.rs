//! Many changes in a few seconds, under load: nobody notices but by what was changed.

mod clients;
mod learnt;
mod many;
mod site;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use harness::{Backend, Connection, Home, Proxyd};
use serde_json::{Value, json};

use self::clients::{Download, Tunnel, Upload, over_http1, over_http2};
use self::site::{PIECE, backend, file};
use crate::it::caller::Caller;

const CHANGES: u64 = 200;
const HTTP1_CLIENTS: usize = 4;
const HTTP2_CLIENTS: usize = 2;

/// What is changed, for clients to compare with what they see.
#[derive(Default)]
struct Shown {
    /// What every request shows at the least that begins now.
    acknowledged: AtomicU64,
    /// What a response shows at the most that has come.
    asked: AtomicU64,
    is_over: AtomicBool,
}

/// Ends the clients, also where the test fails.
struct End<'s>(&'s Shown);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::SeqCst);
    }
}

/// Each client has one connection for all of it.
#[test]
fn two_hundred_changes_under_load_cost_no_request_no_stream_and_no_connection() {
    let backends = [backend(), backend(), backend()];
    let (home, shown) = (Home::new(), Shown::default());
    home.write(&file(&backends, 0));
    let proxyd = Proxyd::start_at(&home);
    let address = proxyd.address();
    let counts = std::thread::scope(|scope| {
        let end = End(&shown);
        let http1: Vec<_> =
            (0..HTTP1_CLIENTS).map(|_| scope.spawn(|| over_http1(&address, &shown))).collect();
        let http2: Vec<_> =
            (0..HTTP2_CLIENTS).map(|_| scope.spawn(|| over_http2(&address, &shown))).collect();
        let mut storm = Storm::new(&proxyd, &home, &backends, &shown);
        let began = Instant::now();
        for number in 0..CHANGES {
            storm.change(number);
            storm.go_on(number);
        }
        let took = began.elapsed();
        storm.end();
        drop(end);
        let count = |client: std::thread::ScopedJoinHandle<'_, u64>| client.join().unwrap();
        let counts: [u64; 2] = [http1.into_iter().map(count).sum(), http2.into_iter().map(count).sum()];
        println!("{CHANGES} changes in {took:?}; requests over HTTP/1.1 and HTTP/2: {counts:?}");
        counts
    });
    assert!(counts.iter().all(|count| *count > CHANGES), "{counts:?}");
    let ended = proxyd.stop();
    assert_eq!(ended.code, Some(0));
}

/// The changes, and what goes on slowly all the time.
struct Storm<'t> {
    proxyd: &'t Proxyd,
    home: &'t Home,
    backends: &'t [Backend; 3],
    shown: &'t Shown,
    caller: Caller,
    tunnels: Vec<Tunnel>,
    download: Download,
    upload: Upload,
    /// Asks for the route that the file changes.
    of_file: Connection,
    file: u64,
}

impl<'t> Storm<'t> {
    #[track_caller]
    fn new(proxyd: &'t Proxyd, home: &'t Home, backends: &'t [Backend; 3], shown: &'t Shown) -> Self {
        let address = proxyd.address();
        Self {
            proxyd,
            home,
            backends,
            shown,
            caller: Caller::of(home),
            tunnels: (0..4).map(|_| Tunnel::to(&address)).collect(),
            download: Download::of(&address, CHANGES * PIECE),
            upload: Upload::of(&address, CHANGES * PIECE),
            of_file: Connection::to(&address),
            file: 0,
        }
    }

    #[track_caller]
    fn change(&mut self, number: u64) {
        if number.is_multiple_of(2) {
            return self.change_shown();
        }
        let backend = |which: usize, weight: u64| {
            let id = ["a", "b", "c"][which];
            json!({ "id": id, "hostname": "127.0.0.1", "port": self.backends[which].port(), "weight": weight })
        };
        let path = "/upstreams/app/backends";
        match number / 2 % 8 {
            0 => self.make("POST", path, Some(&backend(2, 3))),
            1 => {
                let backends = [backend(0, number % 5 + 1), backend(1, 2), backend(2, number % 3 + 1)];
                self.make("PATCH", "/upstreams/app", Some(&json!({ "backends": backends })));
            }
            // What goes on slowly has one of these.
            2 => self.make("DELETE", &format!("{path}/a"), None),
            3 => self.make("POST", path, Some(&backend(0, 1))),
            4 => {
                let strategy = if number % 32 < 16 { "LEAST_CONNECTIONS" } else { "RANDOM" };
                self.make("PATCH", "/upstreams/app", Some(&json!({ "strategy": strategy })));
            }
            5 => self.make("DELETE", &format!("{path}/c"), None),
            6 => {
                let route = json!({ "vHost": "other.test", "respond": { "body": number.to_string() } });
                self.make("PUT", "/routes/other", Some(&route));
            }
            _ => self.change_file(),
        }
    }

    #[track_caller]
    fn make(&mut self, method: &str, path: &str, body: Option<&Value>) {
        let answer = self.caller.ask(method, path, &[], body);
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
    }

    /// Changes the route under load.
    #[track_caller]
    fn change_shown(&mut self) {
        let next = self.shown.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let patch = json!({ "responseHeaders": { "set": { "X-Shown": next.to_string() } } });
        self.make("PATCH", "/routes/all", Some(&patch));
        self.shown.acknowledged.store(next, Ordering::SeqCst);
    }

    #[track_caller]
    fn change_file(&mut self) {
        self.file += 1;
        self.home.write(&file(self.backends, self.file));
        self.proxyd.hang_up();
        let ends = Instant::now() + harness::PATIENCE;
        loop {
            self.of_file.ask("GET / HTTP/1.1\r\nHost: file.test\r\n\r\n");
            let said = self.of_file.response().unwrap().text();
            if said == self.file.to_string() {
                return;
            }
            assert_eq!(said, (self.file - 1).to_string());
            assert!(Instant::now() < ends, "{:#?}", self.proxyd.log().lines());
        }
    }

    #[track_caller]
    fn go_on(&mut self, number: u64) {
        self.download.read(PIECE);
        self.upload.send(PIECE);
        for tunnel in &mut self.tunnels {
            tunnel.echo(number);
        }
    }

    #[track_caller]
    fn end(mut self) {
        self.download.end();
        self.upload.end();
        for tunnel in &mut self.tunnels {
            tunnel.echo(CHANGES);
        }
    }
}
