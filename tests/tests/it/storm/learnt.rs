//! What was learnt of backends, and who waits, outlives changes of all that is around it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use harness::{Backend, Connection, Home, PATIENCE, Proxyd, Refusing, Session, Socket};
use serde_json::{Value, json};

use crate::it::caller::Caller;

const CHANGES: u64 = 60;
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A proxy with one upstream, `app`, of these backends, `a`, `b` and so on, and these settings.
struct Site {
    proxyd: Proxyd,
    caller: Caller,
    home: Home,
    backends: Vec<Value>,
    settings: Value,
}

impl Site {
    #[track_caller]
    fn new(addresses: &[Socket], settings: Value) -> Self {
        let backends = addresses.iter().zip('a'..);
        let backends: Vec<Value> = backends
            .map(|(address, id)| json!({ "id": id.to_string(), "hostname": "127.0.0.1", "port": address.port() }))
            .collect();
        let home = Home::new();
        home.write(&Self::file(&backends, &settings, 0));
        let proxyd = Proxyd::start_at(&home);
        let caller = Caller::of(&home);
        Self { proxyd, caller, home, backends, settings }
    }

    /// JSON is YAML as well.
    fn file(backends: &[Value], settings: &Value, number: u64) -> String {
        let mut upstream = settings.clone();
        upstream["name"] = "app".into();
        upstream["backends"] = backends.into();
        let document = json!({
            "proxy": { "workers": 1 },
            "listeners": [{ "address": "127.0.0.1:0" }],
            "admin": { "rateLimit": { "max": 1_000_000, "windowMs": 1000 } },
            "upstreams": [upstream],
            "routes": [
                { "id": "all", "vHost": "a.test", "upstream": "app" },
                { "id": "file", "vHost": "file.test", "respond": { "body": number.to_string() } },
            ],
        });
        document.to_string()
    }

    /// Changes all that is around the backend `of`, and that one's weight.
    #[track_caller]
    fn change(&mut self, number: u64, of: usize) {
        let (method, path, body) = match number % 6 {
            0 => {
                let patch = json!({ "responseHeaders": { "set": { "X-Number": number.to_string() } } });
                ("PATCH", "/routes/all".to_owned(), patch)
            }
            1 => {
                let mut backends = self.backends.clone();
                backends[of]["weight"] = (number % 5 + 2).into();
                ("PATCH", "/upstreams/app".to_owned(), json!({ "backends": backends }))
            }
            2 => ("PATCH", "/upstreams/app".to_owned(), json!({ "timeout": format!("{}s", 20 + number) })),
            3 => {
                let backends = json!([{ "id": "x", "hostname": "127.0.0.1", "port": number + 1 }]);
                ("PUT", format!("/upstreams/other{}", number % 4), json!({ "backends": backends }))
            }
            4 => {
                let route = json!({ "vHost": "new.test", "respond": { "body": number.to_string() } });
                ("PUT", format!("/routes/new{number}"), route)
            }
            _ => return self.change_file(number),
        };
        let answer = self.caller.ask(method, &path, &[], Some(&body));
        assert!((200..300).contains(&answer.status), "{method} {path}: {answer:?}");
    }

    #[track_caller]
    fn change_file(&mut self, number: u64) {
        self.home.write(&Self::file(&self.backends, &self.settings, number));
        let answer = self.caller.ask("POST", "/reload", &[], None);
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    #[track_caller]
    fn backend(&mut self, id: &str) -> Value {
        self.caller.get(&format!("/upstreams/app/backends/{id}")).body
    }
}

#[test]
fn a_backend_that_is_dead_stays_dead() {
    let (good, gone) = (Backend::ok(), Refusing::new());
    let settings = json!({ "passive": { "firstProbe": "3600s", "longestProbe": "3600s" } });
    let mut site = Site::new(&[good.address().clone(), gone.address()], settings);
    while !site.proxyd.log().lines().iter().any(|line| line.contains("backend is dead")) {
        assert_eq!(site.proxyd.get("/").status(), 200);
    }
    // It could be asked from now on, and nobody knows.
    let risen = gone.rise(|session| session.answer_all(OK.as_bytes()));
    for number in 0..CHANGES {
        site.change(number, 1);
        assert_eq!(site.proxyd.get("/").status(), 200);
        assert_eq!(site.backend("b")["outages"], json!(["connect_failed"]), "{number}");
    }
    assert_eq!(risen.connections(), 0);
}

#[test]
fn a_backend_that_is_ejected_stays_ejected() {
    let is_failing = AtomicBool::new(true);
    let failing = Backend::start(move |session| {
        while session.request().is_ok() {
            let is_failing = is_failing.swap(true, Ordering::SeqCst);
            session.send(if is_failing { "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n" } else { OK });
        }
    });
    let good = Backend::ok();
    let settings = json!({
        "retries": 0,
        "outlierEjection": { "consecutiveErrors": 3, "baseTime": "3600s", "maxTime": "3600s" },
    });
    let mut site = Site::new(&[good.address().clone(), failing.address().clone()], settings);
    while !site.proxyd.log().lines().iter().any(|line| line.contains("is ejected")) {
        site.proxyd.get("/");
    }
    let before = failing.request_count();
    for number in 0..CHANGES {
        site.change(number, 1);
        assert_eq!(site.proxyd.get("/").status(), 200);
    }
    assert_eq!(failing.request_count(), before);
    assert_eq!(site.backend("b")["outages"], json!(["ejected"]));
}

#[test]
fn a_circuit_that_is_open_stays_open() {
    let failing = Backend::answering("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    let settings = json!({
        "retries": 0,
        "outlierEjection": { "enabled": false },
        "circuitBreaker": { "consecutiveFailures": 3, "openDuration": "3600s" },
    });
    let mut site = Site::new(&[failing.address().clone()], settings);
    for _ in 0..3 {
        assert_eq!(site.proxyd.get("/").status(), 500);
    }
    for number in 0..CHANGES {
        let answer = site.proxyd.get("/");
        assert_eq!((answer.status(), answer.reason()), (503, "circuit_open"), "{number}");
        site.change(number, 0);
    }
    assert_eq!(failing.request_count(), 3);
}

#[test]
fn latencies_that_were_learnt_are_known() {
    let slow = Backend::start(|session| serve_slowly(session, 120, u64::MAX));
    // Once slow, or nobody would be curious about the other one.
    let fast = Backend::start(|session| serve_slowly(session, 40, 1));
    let settings = json!({ "strategy": "LEAST_LATENCY" });
    let mut site = Site::new(&[slow.address().clone(), fast.address().clone()], settings);
    let is_known = |site: &mut Site, id: &str| site.backend(id)["latencyMs"].as_f64().is_some();
    while !(is_known(&mut site, "a") && is_known(&mut site, "b")) {
        assert_eq!(site.proxyd.get("/").status(), 200);
    }
    for number in 0..CHANGES {
        site.change(number, 0);
        let learnt = site.backend("a")["latencyMs"].as_f64();
        // What is learnt fades with time; what is forgotten is gone at once.
        assert!(learnt.is_some_and(|latency| latency > 1.0), "{number}: {learnt:?}");
    }
    let before = slow.request_count();
    for _ in 0..20 {
        assert_eq!(site.proxyd.get("/").status(), 200);
    }
    assert!(slow.request_count() - before <= 5, "{}", slow.request_count() - before);
}

/// Answers so many requests after so many milliseconds, and the others at once.
fn serve_slowly(session: &mut Session, millis: u64, many: u64) {
    let mut served = 0;
    while session.request().is_ok() {
        if served < many {
            // This is how slow it is.
            std::thread::park_timeout(Duration::from_millis(millis));
        }
        served += 1;
        session.send(OK);
    }
}

/// One is in flight, one waits for its place, and both are answered.
#[test]
fn who_waits_keeps_the_place() {
    let (go, gone) = channel::<()>();
    let gone = Mutex::new(gone);
    let backend = Backend::start(move |session: &mut Session| {
        while let Ok(request) = session.request() {
            if request.target() == "/first" {
                gone.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            }
            session.send(OK);
        }
    });
    let settings = json!({ "maxRequests": 1, "queueLength": 1, "queueTimeout": "9s" });
    let mut site = Site::new(&[backend.address().clone()], settings);
    let address = site.proxyd.address();
    let ask = |path: &str| {
        let mut client = Connection::to(&address);
        client.ask(format!("GET {path} HTTP/1.1\r\nHost: a.test\r\n\r\n"));
        client
    };
    let mut first = ask("/first");
    backend.wait_for(1);
    let mut second = ask("/second");
    // A third one has no place once the second one has it.
    let ends = std::time::Instant::now() + PATIENCE;
    loop {
        let mut third = ask("/third");
        let answer = third.response().unwrap();
        if (answer.status(), answer.reason()) == (503, "queue_full") {
            break;
        }
        assert!(std::time::Instant::now() < ends, "{answer:?}");
    }
    for number in 0..CHANGES {
        site.change(number, 0);
        let answer = site.proxyd.get("/third");
        assert_eq!((answer.status(), answer.reason()), (503, "queue_full"), "{number}");
    }
    go.send(()).unwrap();
    assert_eq!(first.response().unwrap().text(), "ok");
    assert_eq!(second.response().unwrap().text(), "ok");
    let targets: Vec<String> = backend.requests().iter().map(|seen| seen.target().to_owned()).collect();
    assert_eq!(targets, ["/first", "/second"]);
}
