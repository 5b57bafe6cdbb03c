//! What a request may be tried again for, and where.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

use harness::{Backend, Document, PATIENCE, Proxyd, Refusing, Session};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn post(path: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello")
}

/// Reads each request, and ends the connection without an answer.
fn dies(session: &mut Session) {
    let _ = session.request();
    session.reset();
}

fn pool(backends: &[&Backend], settings: &str) -> Document {
    Document::new().upstream("app", backends, settings).route("path: /*, upstream: app")
}

#[test]
fn a_refused_connect_goes_to_another_backend_whatever_the_method() {
    let refusing = Refusing::new();
    let backend = Backend::ok();
    let document = Document::new()
        .upstream_at("app", &[refusing.address(), backend.address().clone()], "")
        .route("path: /*, upstream: app");
    let chunked =
        "PATCH / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for request in ["GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", &post("/"), chunked] {
        let proxyd = Proxyd::start(&document);
        for _ in 0..6 {
            assert_eq!(proxyd.ask(request).status(), 200);
        }
    }
    assert_eq!(backend.requests().len(), 18);
    assert!(backend.requests()[6..].iter().all(|request| request.text() == "hello"));
}

#[test]
fn a_request_gets_as_many_attempts_as_it_may_retry_and_one() {
    for retries in [0, 1, 2, 4] {
        let refusing: Vec<Refusing> = (0..6).map(|_| Refusing::new()).collect();
        let addresses: Vec<_> = refusing.iter().map(Refusing::address).collect();
        let document = Document::new()
            .upstream_at("app", &addresses, &format!("retries: {retries}"))
            .route("path: /*, upstream: app")
            .line("logging: { level: debug }");
        let proxyd = Proxyd::start(&document);
        let answer = proxyd.get("/");
        assert_eq!((answer.status(), answer.reason()), (502, "connect_refused"));
        assert_eq!(answer.proxy_error(), "connection_refused");
        let dead = proxyd.stop().log.iter().filter(|line| line.contains("backend is dead")).count();
        assert_eq!(dead, retries + 1, "with {retries} retries");
    }
}

#[test]
fn with_every_backend_dead_requests_fail_at_once() {
    let refusing = Refusing::new();
    let document =
        Document::new().upstream_at("app", &[refusing.address()], "").route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    assert_eq!(proxyd.get("/").status(), 502);
    for _ in 0..3 {
        let answer = proxyd.get("/");
        assert_eq!((answer.status(), answer.reason()), (503, "no_backend"));
        assert_eq!(answer.proxy_error(), "destination_unavailable");
        assert!(answer.field("Retry-After").is_some());
        assert!(!answer.text().contains("127.0.0.1"), "{answer:?}");
    }
}

/// RFC 9110 section 9.2.2.
#[test]
fn an_idempotent_request_whose_attempt_dies_goes_to_the_other_backends_each_once() {
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let (bad, good) = (Backend::start(dies), Backend::ok());
        let proxyd = Proxyd::start(&pool(&[&bad, &good], "retries: 5"));
        for _ in 0..2 {
            let answer = proxyd.ask(format!("{method} / HTTP/1.1\r\nHost: a.test\r\n\r\n"));
            assert_eq!(answer.status(), 200, "{method}");
        }
        assert_eq!(good.requests().len(), 2);
        assert!(!bad.requests().is_empty());
    }

    let worse: Vec<Backend> = (0..4).map(|_| Backend::start(dies)).collect();
    let proxyd = Proxyd::start(&pool(&worse.iter().collect::<Vec<_>>(), "retries: 5"));
    let answer = proxyd.get("/");
    assert_eq!((answer.status(), answer.reason()), (502, "upstream_reset"));
    assert_eq!(answer.proxy_error(), "connection_terminated");
    assert_eq!(
        worse.iter().map(|backend| backend.requests().len()).sum::<usize>(),
        4,
        "each once, not more often"
    );
}

#[test]
fn retries_never_become_the_load() {
    let worse: Vec<Backend> = (0..2).map(|_| Backend::start(dies)).collect();
    let proxyd = Proxyd::start(&pool(&worse.iter().collect::<Vec<_>>(), ""));
    for _ in 0..100 {
        assert_eq!(proxyd.get("/").status(), 502);
    }
    let seen: usize = worse.iter().map(|backend| backend.requests().len()).sum();
    assert!((101..=125).contains(&seen), "100 requests became {seen}");
}

/// RFC 9110 section 9.2.2.
#[test]
fn a_post_is_never_sent_twice() {
    let (bad, good) = (Backend::start(dies), Backend::ok());
    let proxyd = Proxyd::start(&pool(&[&bad, &good], ""));
    let statuses: Vec<u16> = (0..10).map(|number| proxyd.ask(post(&format!("/{number}"))).status()).collect();
    let mut seen: Vec<String> = bad.requests().iter().map(|request| request.target().to_owned()).collect();
    assert_eq!(seen.len(), statuses.iter().filter(|status| **status == 502).count());
    seen.extend(good.requests().iter().map(|request| request.target().to_owned()));
    seen.sort();
    let all: Vec<String> = (0..10).map(|number| format!("/{number}")).collect();
    assert_eq!(seen, all);
    // Without a body it is a POST all the same.
    let bodiless = Backend::start(dies);
    let proxyd = Proxyd::start(&pool(&[&bodiless, &good], ""));
    for _ in 0..4 {
        proxyd.ask("POST /none HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n");
    }
    let count =
        |backend: &Backend| backend.requests().iter().filter(|request| request.target() == "/none").count();
    assert_eq!(count(&bodiless) + count(&good), 4);
}

#[test]
fn nothing_is_repeated_once_part_of_an_answer_was_passed_on() {
    for (begun, is_passed_on) in
        [("H", false), ("HTTP/1.1 200 OK\r\n", false), ("HTTP/1.1 103 Early Hints\r\n\r\n", true)]
    {
        let good = Backend::ok();
        let bad = Backend::start(move |session| {
            let _ = session.request();
            session.send(begun);
        });
        let proxyd = Proxyd::start(&pool(&[&bad, &good], ""));
        let statuses: Vec<u16> = (0..4).map(|_| proxyd.get("/").status()).collect();
        let failed = statuses.iter().filter(|status| **status == 502).count();
        if is_passed_on {
            assert_eq!((bad.requests().len(), good.requests().len()), (failed, 4 - failed), "{begun:?}");
            assert!(failed > 0);
        } else {
            assert_eq!(
                (bad.requests().is_empty(), good.requests().len(), failed),
                (false, 4, 0),
                "{begun:?}"
            );
        }
    }
}

/// The classic race: the backend closes an idle connection just when it is used again.
#[test]
fn a_connection_that_was_stale_costs_no_request_that_may_be_repeated() {
    let backend = Backend::start(|session| {
        if session.request().is_ok() {
            session.send(OK);
            // The second request on this connection is not answered.
            let _ = session.connection.head();
        }
    });
    let proxyd = Proxyd::start(&pool(&[&backend], "retries: 0"));
    for number in 0..5 {
        assert_eq!(proxyd.get(&format!("/{number}")).status(), 200, "request {number}");
    }
    let targets: Vec<String> = backend.requests().iter().map(|request| request.target().to_owned()).collect();
    assert_eq!(targets, ["/0", "/1", "/2", "/3", "/4"]);
    // A POST is not sent again: it may have been done.
    assert_eq!(proxyd.ask(post("/once")).status(), 502);
    let all: String = backend.bytes().iter().map(|seen| harness::latin1(seen)).collect();
    assert_eq!(all.matches("POST /once").count(), 1);
}

#[test]
fn a_connection_that_the_backend_has_closed_is_not_used() {
    let (closed, is_closed) = channel();
    let closed = Mutex::new(closed);
    let backend = Backend::start(move |session| {
        if session.request().is_ok() {
            session.send(OK);
            session.connection.half_close();
            closed.lock().unwrap().send(()).unwrap();
        }
    });
    let proxyd = Proxyd::start(&pool(&[&backend], ""));
    for _ in 0..4 {
        assert_eq!(proxyd.ask(post("/")).status(), 200);
        is_closed.recv_timeout(PATIENCE).unwrap();
    }
    assert_eq!((backend.requests().len(), backend.connections()), (4, 4));
}

#[test]
fn a_backend_killed_under_load_costs_no_get_an_error() {
    let backends = [Backend::ok(), Backend::ok(), Backend::ok()];
    let proxyd = Proxyd::start(&pool(&backends.iter().collect::<Vec<_>>(), "").proxy("workers: 2"));
    let done = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let mut client = proxyd.connect();
                for _ in 0..300 {
                    client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
                    let answer = client.response().unwrap();
                    assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"), "{answer:?}");
                    if done.fetch_add(1, Ordering::Relaxed) == 600 {
                        backends[0].kill();
                    }
                }
            });
        }
    });
    assert_eq!(done.load(Ordering::Relaxed), 1800);
    let ended = proxyd.stop();
    assert_eq!(ended.log.iter().filter(|line| line.contains("backend is dead")).count(), 1);
}

#[test]
fn a_dead_backend_comes_back_after_its_probe() {
    let refusing = Refusing::new();
    let good = Backend::saying("good");
    let document = Document::new()
        .upstream_at("app", &[refusing.address(), good.address().clone()], "")
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    let texts = || -> Vec<String> { (0..4).map(|_| proxyd.get("/").text()).collect() };
    assert_eq!(texts(), ["good"; 4]);
    proxyd.log().wait_for("backend is dead", 1);
    let back =
        refusing.rise(|session| session.answer_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nback"));
    proxyd.log().wait_for("backend is alive again", 1);
    assert!(texts().contains(&"back".to_owned()));
    assert!(!back.requests().is_empty());
}

#[test]
fn backends_share_requests_by_their_weights() {
    let backends = [Backend::ok(), Backend::ok()];
    let list: String = backends
        .iter()
        .zip(["weight: 3", "weight: 1"])
        .map(|(backend, weight)| format!("{{ hostname: 127.0.0.1, port: {}, {weight} }}, ", backend.port()))
        .collect();
    let document = Document::new()
        .raw_upstream(&format!("name: app, backends: [{list}]"))
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    for _ in 0..40 {
        assert_eq!(proxyd.get("/").status(), 200);
    }
    assert_eq!([backends[0].requests().len(), backends[1].requests().len()], [30, 10]);
}
