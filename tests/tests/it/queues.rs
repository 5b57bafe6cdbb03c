//! Limits of requests in flight, and those who wait.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use harness::{Backend, Connection, Document, Proxyd};

const GET: &str = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

/// A backend that answers when it is told to, and counts how many requests it has at a time.
struct Held {
    backend: Backend,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// How many more may be answered.
    free: Mutex<usize>,
    changed: Condvar,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Held {
    fn new() -> Self {
        let state = Arc::new(State::default());
        let backend = Backend::start({
            let state = Arc::clone(&state);
            move |session| {
                while let Ok(request) = session.request() {
                    let now = state.now.fetch_add(1, Ordering::SeqCst) + 1;
                    state.most.fetch_max(now, Ordering::SeqCst);
                    let free = state.changed.wait_while(state.free.lock().unwrap(), |free| *free == 0);
                    *free.unwrap() -= 1;
                    state.now.fetch_sub(1, Ordering::SeqCst);
                    let target = request.target();
                    let length = target.len();
                    session.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{target}"));
                }
            }
        });
        Self { backend, state }
    }

    fn answer(&self, count: usize) {
        *self.state.free.lock().unwrap() += count;
        self.state.changed.notify_all();
    }

    fn most(&self) -> usize {
        self.state.most.load(Ordering::SeqCst)
    }
}

/// A proxy that sends a backend one request at a time, has one in hand, and lets one more wait for so long.
fn busy(timeout: &str) -> (Held, Proxyd, Connection) {
    let held = Held::new();
    let limits = format!("reqActiveLength: 1, reqQueueLength: 1, queueTimeout: {timeout}");
    let document = Document::new()
        .upstream("app", &[&held.backend], "")
        .route(&format!("path: /*, upstream: app, {limits}"));
    let proxyd = Proxyd::start(&document);
    let mut first = proxyd.connect();
    first.ask("GET /first HTTP/1.1\r\nHost: a.test\r\n\r\n");
    held.backend.wait_for(1);
    (held, proxyd, first)
}

#[test]
fn one_at_a_time_is_one_at_a_time_however_many_workers_there_are() {
    let held = Held::new();
    held.answer(usize::MAX / 2);
    let document = Document::new()
        .proxy("workers: 4")
        .upstream("app", &[&held.backend], "")
        .route("path: /*, upstream: app, reqActiveLength: 1, reqQueueLength: 100, queueTimeout: 10s");
    let proxyd = Proxyd::start(&document);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let mut connection = proxyd.connect();
                for _ in 0..20 {
                    connection.ask(GET);
                    assert_eq!(connection.response().unwrap().status(), 200);
                }
            });
        }
    });
    assert_eq!((held.most(), held.backend.request_count()), (1, 320));
}

#[test]
fn who_finds_the_queue_full_is_told_at_once_and_who_waits_too_long_after_that_time() {
    let (held, proxyd, mut first) = busy("500ms");
    let mut second = proxyd.connect();
    second.ask("GET /second HTTP/1.1\r\nHost: a.test\r\n\r\n");
    // Whether the second one waits already is seen by the third.
    let refused = loop {
        let mut third = proxyd.connect();
        third.ask(GET);
        let answer = third.response().unwrap();
        if answer.reason() == "queue_full" {
            break answer;
        }
        assert_eq!(answer.reason(), "queue_timeout");
        second = proxyd.connect();
        second.ask("GET /second HTTP/1.1\r\nHost: a.test\r\n\r\n");
    };
    assert_eq!((refused.status(), refused.proxy_error()), (503, "connection_limit_reached"));
    assert!(refused.field("Retry-After").unwrap().parse::<u32>().unwrap() >= 1);
    let late = second.response().unwrap();
    assert_eq!((late.status(), late.reason()), (503, "queue_timeout"));
    held.answer(1);
    assert_eq!(first.response().unwrap().text(), "/first");
}

#[test]
fn those_that_wait_are_served_in_order_and_the_important_first() {
    let held = Held::new();
    let document = Document::new()
        .upstream(
            "app",
            &[&held.backend],
            "maxRequests: 1, queueLength: 10, queueTimeout: 10s, queueOrder: fifo",
        )
        .route("path: /low/*, upstream: app, priority: low")
        .route("path: /high/*, upstream: app, priority: high")
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    let mut connections = Vec::new();
    for target in ["/first", "/low/1", "/normal/1", "/high/1", "/low/2", "/normal/2", "/high/2"] {
        let mut connection = proxyd.connect();
        connection.ask(format!("GET {target} HTTP/1.1\r\nHost: a.test\r\n\r\n"));
        held.backend.wait_for(1);
        // One worker takes in what comes in the order in which it comes: the answer to another one says that it has.
        assert_eq!(proxyd.ask("GET /a/%00 HTTP/1.1\r\nHost: a.test\r\n\r\n").status(), 400);
        connections.push(connection);
    }
    held.answer(7);
    let answered = held.backend.wait_for(7);
    let order: Vec<&str> = answered.iter().map(|request| request.target()).collect();
    assert_eq!(order, ["/first", "/high/1", "/high/2", "/normal/1", "/normal/2", "/low/1", "/low/2"]);
    for mut connection in connections {
        assert_eq!(connection.response().unwrap().status(), 200);
    }
}

#[test]
fn a_client_that_leaves_leaves_its_place_in_the_queue() {
    let (held, proxyd, mut first) = busy("10s");
    let mut second = proxyd.connect();
    second.ask("GET /second HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let is_full = || {
        let mut probe = proxyd.connect();
        probe.ask("POST /probe HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n");
        probe.half_close();
        // A probe that waits is given up by being half closed; one that finds the queue full is answered.
        !probe.rest().0.is_empty()
    };
    while !is_full() {}
    drop(second);
    while is_full() {}
    let mut third = proxyd.connect();
    third.ask("GET /third HTTP/1.1\r\nHost: a.test\r\n\r\n");
    held.answer(2);
    assert_eq!(first.response().unwrap().text(), "/first");
    assert_eq!(third.response().unwrap().text(), "/third");
    assert!(held.backend.requests().iter().all(|request| request.target() != "/second"));
}

#[test]
fn a_backend_gets_no_more_than_it_may_have() {
    let (one, other) = (Held::new(), Held::new());
    let document = Document::new()
        .proxy("workers: 2")
        .upstream("app", &[&one.backend, &other.backend], "maxRequestsPerBackend: 2")
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    let mut connections: Vec<Connection> = (0..6).map(|_| proxyd.connect()).collect();
    for connection in &mut connections {
        connection.ask(GET);
    }
    for held in [&one, &other] {
        held.backend.wait_for(2);
        while held.state.now.load(Ordering::SeqCst) < 2 {
            std::thread::yield_now();
        }
    }
    one.answer(100);
    other.answer(100);
    for mut connection in connections {
        assert_eq!(connection.response().unwrap().status(), 200);
    }
    assert_eq!((one.most(), other.most()), (2, 2));
}

#[test]
fn connections_to_a_backend_are_limited_over_all_workers() {
    let held = Held::new();
    held.answer(usize::MAX / 2);
    let document = Document::new()
        .proxy("workers: 4")
        .upstream(
            "app",
            &[&held.backend],
            "maxConnectionsPerBackend: 2, maxRequests: 100, queueLength: 50, queueTimeout: 10s",
        )
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    assert_eq!(proxyd.ask(GET).status(), 200);
                }
            });
        }
    });
    assert!(held.most() <= 2, "{}", held.most());
}

#[test]
fn a_limit_that_is_learnt_lets_requests_through() {
    let held = Held::new();
    held.answer(usize::MAX / 2);
    for document in [
        Document::new()
            .upstream("app", &[&held.backend], "maxRequests: auto")
            .route("path: /*, upstream: app"),
        Document::new()
            .upstream("app", &[&held.backend], "")
            .route("path: /*, upstream: app, reqActiveLength: auto"),
    ] {
        let proxyd = Proxyd::start(&document);
        std::thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| {
                    let mut connection = proxyd.connect();
                    for _ in 0..20 {
                        connection.ask(GET);
                        assert_eq!(connection.response().unwrap().status(), 200);
                    }
                });
            }
        });
    }
}
