//! Backends that fail under load, each in its way, and come back: the client does not notice.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use harness::{Backend, Connection, Document, Frail, Message, PATIENCE, Proxyd, Refusing, Socket};

const SETTINGS: &str = "\
    timeout: 200ms, retries: 3, slowStart: off, \
    passive: { firstProbe: 200ms, longestProbe: 500ms }, \
    outlierEjection: { consecutiveErrors: 3, consecutiveResets: 3, baseTime: 700ms, maxTime: 700ms, jitter: 0 }";

/// What clients saw.
#[derive(Default)]
struct Seen {
    is_over: AtomicBool,
    asked: AtomicU64,
}

impl Seen {
    /// Asks on one connection after another until it is over, every fourth time by POST. Returns what was not answered
    /// with 200.
    fn load(&self, address: &Socket, client: u64) -> Vec<String> {
        let mut failures = Vec::new();
        let mut connection = Connection::to(address);
        for number in 0.. {
            if self.is_over.load(Ordering::Relaxed) {
                return failures;
            }
            let target = format!("/{client}/{number}");
            let (method, body) = if number % 4 == 3 { ("POST", "hello") } else { ("GET", "") };
            let length = body.len();
            let request = format!(
                "{method} {target} HTTP/1.1\r\nHost: a.test\r\nContent-Length: {length}\r\n\r\n{body}"
            );
            let answer = connection.try_ask(&request);
            self.asked.fetch_add(1, Ordering::Relaxed);
            let is_over = answer.as_ref().is_none_or(Message::closes);
            match answer {
                Some(answer) if answer.status() == 200 => {}
                Some(answer) => failures.push(format!("{method} {target}: {}", answer.status())),
                None => failures.push(format!("{method} {target}: nothing")),
            }
            if failures.len() as u64 > number / 2 + 100 {
                return failures;
            }
            if is_over {
                connection = Connection::to(address);
            }
        }
        failures
    }

    /// Waits until so many more were asked.
    fn wait(&self, more: u64) {
        let until = self.asked.load(Ordering::Relaxed) + more;
        let ends = Instant::now() + PATIENCE;
        while self.asked.load(Ordering::Relaxed) < until {
            assert!(Instant::now() < ends, "the clients have stopped");
            std::thread::yield_now();
        }
    }
}

/// One of four is killed, one stopped, one answers 503, one after the other and each coming back.
#[test]
fn backends_that_are_killed_stopped_or_failing_cost_no_get_and_double_no_post() {
    let mut backends: Vec<Frail> = (0..4).map(|_| Frail::start(env!("CARGO_BIN_EXE_frail"))).collect();
    let addresses: Vec<Socket> =
        backends.iter().map(|backend| Socket::parse(&format!("127.0.0.1:{}", backend.port()))).collect();
    let document = Document::new()
        .proxy("workers: 2")
        .upstream_at("app", &addresses, SETTINGS)
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    let (address, seen) = (proxyd.address(), Seen::default());
    let failures: Vec<String> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|client| {
                scope.spawn({
                    let (seen, address) = (&seen, &address);
                    move || seen.load(address, client)
                })
            })
            .collect();
        seen.wait(200);

        let began = Instant::now();
        backends[0].kill();
        proxyd.log().wait_for("backend is dead", 1);
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        seen.wait(200);
        let began = Instant::now();
        backends[0].start_again();
        proxyd.log().wait_for("backend is alive again", 1);
        assert!(began.elapsed() < Duration::from_millis(500 + 1000), "{:?}", began.elapsed());
        seen.wait(200);

        let began = Instant::now();
        backends[1].pause();
        proxyd.log().wait_for("is ejected", 1);
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        seen.wait(200);
        backends[1].go_on();
        let began = Instant::now();
        proxyd.log().wait_for("is back from its ejection", count(&proxyd, "is back from its ejection") + 1);
        assert!(began.elapsed() < Duration::from_millis(700 + 1000), "{:?}", began.elapsed());
        seen.wait(200);

        let (ejected, began) = (count(&proxyd, "is ejected"), Instant::now());
        backends[2].set_failing(true);
        proxyd.log().wait_for("is ejected", ejected + 1);
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        seen.wait(200);
        backends[2].set_failing(false);
        proxyd.log().wait_for("backend is back", count(&proxyd, "backend is back") + 1);
        seen.wait(400);

        seen.is_over.store(true, Ordering::Relaxed);
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    });
    let gets: Vec<_> = failures.iter().filter(|failure| failure.starts_with("GET")).collect();
    assert!(gets.is_empty(), "{gets:?}\n{:#?}", proxyd.log().lines());
    let mut posts = BTreeMap::<String, usize>::new();
    for post in backends.iter().flat_map(Frail::posts) {
        *posts.entry(post).or_default() += 1;
    }
    let twice: Vec<_> = posts.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty() && !posts.is_empty(), "{twice:?}");
    // Each takes part again.
    let before: Vec<usize> = backends.iter().map(|backend| backend.posts().len()).collect();
    for number in 0..40 {
        let post = format!("POST /after/{number} HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(proxyd.ask(post).status(), 200);
    }
    for (backend, before) in backends.iter().zip(before) {
        assert!(backend.posts().len() > before);
    }
}

fn count(proxyd: &Proxyd, text: &str) -> usize {
    proxyd.log().lines().iter().filter(|line| line.contains(text)).count()
}

#[test]
fn a_backend_that_answers_badly_is_ejected_and_the_last_one_never_is() {
    let bad = Backend::answering("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
    let worse = Backend::answering("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
    let document = Document::new()
        .upstream("app", &[&bad, &worse], "outlierEjection: { consecutiveErrors: 3, maxPercent: 100 }")
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    for _ in 0..40 {
        assert_eq!(proxyd.get("/").status(), 500);
    }
    assert_eq!(count(&proxyd, "is ejected"), 1);
    let (fewer, more) =
        (bad.request_count().min(worse.request_count()), bad.request_count().max(worse.request_count()));
    assert!(fewer <= 3 && more >= 37, "{fewer} {more}");
}

#[test]
fn answers_with_a_listed_status_are_asked_for_elsewhere_and_the_last_one_goes_to_the_client() {
    let busy = |body: &str| {
        Backend::answering(format!("HTTP/1.1 503 Busy\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
    };
    let (bad, good) = (busy("bad"), Backend::ok());
    let document = Document::new()
        .upstream("app", &[&bad, &good], "outlierEjection: { enabled: false }")
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    for _ in 0..6 {
        assert_eq!(proxyd.get("/").status(), 200);
    }
    let post = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n";
    let posts: Vec<u16> = (0..2).map(|_| proxyd.ask(post).status()).collect();
    assert!(posts.contains(&503) && posts.contains(&200), "{posts:?}");
    let (one, other) = (busy("one"), busy("other"));
    let document = Document::new()
        .upstream("app", &[&one, &other], "retries: 5, outlierEjection: { enabled: false }")
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    let answer = proxyd.get("/");
    assert_eq!((answer.status(), one.request_count(), other.request_count()), (503, 1, 1));
    assert!(["one", "other"].contains(&answer.text().as_str()), "{answer:?}");
}

#[test]
fn retry_after_is_respected_where_it_fits_into_the_requests_time() {
    let later = |seconds: u32| {
        Backend::answering(format!(
            "HTTP/1.1 503 Busy\r\nRetry-After: {seconds}\r\nContent-Length: 0\r\n\r\n"
        ))
    };
    let (soon, late) = (later(1), later(60));
    for (backend, is_repeated) in [(&soon, true), (&late, false)] {
        let good = Backend::ok();
        let document = Document::new()
            .upstream("app", &[backend, &good], "strategy: FIRST, outlierEjection: { enabled: false }")
            .route("path: /*, upstream: app, timeout: 5s");
        let proxyd = Proxyd::start(&document);
        let began = Instant::now();
        let answer = proxyd.get("/");
        assert_eq!(answer.status() == 200, is_repeated, "{answer:?}");
        assert_eq!(began.elapsed() >= Duration::from_secs(1), is_repeated);
        assert_eq!(good.request_count(), usize::from(is_repeated));
    }
}

#[test]
fn a_timed_out_attempt_is_made_again_elsewhere_if_it_is_idempotent() {
    let silent = Backend::start(|session| {
        let _ = session.request();
        session.hold();
    });
    let good = Backend::ok();
    let document = Document::new()
        .upstream("app", &[&silent, &good], "strategy: FIRST, timeout: 200ms")
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    assert_eq!(proxyd.get("/").status(), 200);
    let answer = proxyd.ask("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n");
    assert_eq!((answer.status(), answer.reason()), (504, "response_timeout"));
    // A body that was kept is sent again, whole.
    let answer = proxyd.ask("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello");
    assert_eq!(answer.status(), 200);
    assert_eq!(good.requests().last().unwrap().text(), "hello");
}

#[test]
fn several_failed_connects_can_be_asked_for_before_a_backend_is_dead() {
    let (refusing, good) = (Refusing::new(), Backend::ok());
    let document = Document::new()
        .upstream_at(
            "app",
            &[refusing.address(), good.address().clone()],
            "strategy: FIRST, passive: { failures: 3 }",
        )
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    for failures in 1..=3 {
        assert_eq!(count(&proxyd, "backend is dead"), 0, "after {failures}");
        assert_eq!(proxyd.get("/").status(), 200);
    }
    proxyd.log().wait_for("backend is dead", 1);
}

#[test]
fn an_open_circuit_answers_at_once_and_closes_with_one_probe() {
    let is_well = std::sync::Arc::new(AtomicBool::new(false));
    let backend = Backend::start({
        let is_well = std::sync::Arc::clone(&is_well);
        move |session| {
            while session.request().is_ok() {
                let status = if is_well.load(Ordering::Relaxed) { "200 OK" } else { "500 Oops" };
                session.send(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"));
            }
        }
    });
    let document = Document::new()
        .upstream("app", &[&backend], "circuitBreaker: { minimumRequests: 4, openDuration: 500ms }")
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    for _ in 0..4 {
        assert_eq!(proxyd.get("/").status(), 500);
    }
    let answer = proxyd.get("/");
    assert_eq!((answer.status(), answer.reason()), (503, "circuit_open"));
    assert_eq!((answer.proxy_error(), answer.field("Retry-After")), ("destination_unavailable", Some("1")));
    assert_eq!(backend.request_count(), 4);
    is_well.store(true, Ordering::Relaxed);
    let began = Instant::now();
    while proxyd.get("/").status() != 200 {
        assert!(began.elapsed() < Duration::from_secs(5));
    }
    assert_eq!(backend.request_count(), 5);
    assert_eq!(proxyd.get("/").status(), 200);
    proxyd.log().wait_for("circuit closed", 1);
}

#[test]
fn an_open_circuit_has_the_fallback_take_over() {
    let (bad, spare) =
        (Backend::answering("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), Backend::saying("spare"));
    let document = Document::new()
        .upstream("app", &[&bad], "circuitBreaker: { consecutiveFailures: 2 }")
        .upstream("spare", &[&spare], "")
        .route("path: /*, upstream: app, fallback: spare");
    let proxyd = Proxyd::start(&document);
    assert_eq!((proxyd.get("/").status(), proxyd.get("/").status()), (500, 500));
    assert_eq!(proxyd.get("/").text(), "spare");
}

#[test]
fn the_circuit_of_one_backend_leaves_the_others_alone() {
    let (bad, good) = (Backend::answering("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"), Backend::ok());
    let settings = "outlierEjection: { enabled: false }, backendCircuitBreaker: { consecutiveFailures: 2 }";
    let document = Document::new().upstream("app", &[&bad, &good], settings).route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    let failed = (0..20).filter(|_| proxyd.get("/").status() == 500).count();
    assert_eq!((failed, bad.request_count(), good.request_count()), (2, 2, 18));
}

#[test]
fn checks_take_a_backend_out_and_bring_it_back() {
    let is_well = std::sync::Arc::new(AtomicBool::new(true));
    let frail = Backend::start({
        let is_well = std::sync::Arc::clone(&is_well);
        move |session| {
            while let Ok(request) = session.request() {
                let is_fine = request.target() != "/health" || is_well.load(Ordering::Relaxed);
                let status = if is_fine { "200 OK" } else { "500 Oops" };
                session.send(format!("HTTP/1.1 {status}\r\nContent-Length: 7\r\n\r\nall fine"));
            }
        }
    });
    let good = Backend::ok();
    let check = "healthCheck: { type: http, path: /health, interval: 100ms, rise: 1, fall: 1, expect: { status: [200], body: \"^all\" } }, slowStart: off";
    let document = Document::new().upstream("app", &[&frail, &good], check).route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    is_well.store(false, Ordering::Relaxed);
    // The other one does not say what is expected either: more than half fail, and both are asked all the same.
    proxyd.log().wait_for("active checks fail", 2);
    assert_eq!(proxyd.get("/").status(), 200);
    is_well.store(true, Ordering::Relaxed);
    proxyd.log().wait_for("active checks pass", 1);
    let before = good.requests().iter().filter(|request| request.target() == "/").count();
    for _ in 0..10 {
        assert_eq!(proxyd.get("/").text(), "all fin");
    }
    assert_eq!(good.requests().iter().filter(|request| request.target() == "/").count(), before);
}

#[test]
fn an_agent_says_how_much_its_backend_may_get() {
    let says = std::sync::Arc::new(std::sync::Mutex::new("50%\n".to_owned()));
    let agent = Backend::start({
        let says = std::sync::Arc::clone(&says);
        move |session| {
            let line = says.lock().unwrap().clone();
            session.send(line);
        }
    });
    let (led, free) = (Backend::saying("led"), Backend::saying("free"));
    let document = Document::new()
        .raw_upstream(&format!(
            "name: led, backends: [{{ hostname: 127.0.0.1, port: {} }}], agentCheck: {{ port: {}, interval: 50ms }}",
            led.port(),
            agent.port()
        ))
        .upstream("free", &[&free], "")
        .route("path: /*, upstream: led, fallback: free");
    let proxyd = Proxyd::start(&document);
    proxyd.log().wait_for("agent has changed its mind", 1);
    assert_eq!(proxyd.get("/").text(), "led");
    for (number, (line, expected)) in
        [("drain\n", "free"), ("ready\n", "led"), ("down # disk full\n", "free"), ("up\n", "led")]
            .iter()
            .enumerate()
    {
        *says.lock().unwrap() = (*line).to_owned();
        proxyd.log().wait_for("agent has changed its mind", number + 2);
        assert_eq!(proxyd.get("/").text(), *expected, "{line}");
    }
}

/// A backend that answers each request but those to `/hang`.
fn hanging() -> Backend {
    Backend::start(|session| {
        while let Ok(request) = session.request() {
            if request.target() == "/hang" {
                session.hold();
                return;
            }
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine");
        }
    })
}

#[test]
fn a_backend_that_hangs_on_a_kept_connection_is_left_for_another_one() {
    let (hanging, good) = (hanging(), Backend::ok());
    let document = Document::new()
        .upstream("app", &[&hanging, &good], "strategy: FIRST, timeout: 200ms")
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    let mut connection = proxyd.connect();
    for target in ["/warm", "/hang"] {
        connection.ask(format!("GET {target} HTTP/1.1\r\nHost: a.test\r\n\r\n"));
        let expected = if target == "/hang" { "ok" } else { "fine" };
        assert_eq!(connection.response().unwrap().text(), expected);
    }
    let hung = hanging.requests().iter().filter(|request| request.target() == "/hang").count();
    assert_eq!((hung, good.request_count()), (1, 1));
}

#[test]
fn what_may_not_be_repeated_is_not_behind_a_kept_connection_that_hangs() {
    let hanging = hanging();
    let document = Document::new()
        .upstream("app", &[&hanging], "timeout: 200ms, retries: 0, retry: { on: [] }")
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    let mut connection = proxyd.connect();
    for (target, status) in [("/warm", 200), ("/hang", 504)] {
        connection.ask(format!("GET {target} HTTP/1.1\r\nHost: a.test\r\n\r\n"));
        assert_eq!(connection.response().unwrap().status(), status);
    }
    assert_eq!(hanging.request_count(), 2);
}

#[test]
fn a_backend_that_takes_all_of_a_requests_time_is_judged_for_it() {
    let (hanging, good) = (hanging(), Backend::ok());
    let settings = "strategy: FIRST, outlierEjection: { consecutiveResets: 2 }";
    let document = Document::new()
        .upstream("app", &[&hanging, &good], settings)
        .route("path: /*, upstream: app, timeout: 200ms");
    let proxyd = Proxyd::start(&document);
    for _ in 0..2 {
        let answer = proxyd.get("/hang");
        assert_eq!((answer.status(), answer.reason()), (504, "request_timeout"));
    }
    assert_eq!(proxyd.get("/hang").text(), "ok");
}

#[test]
fn an_attempt_may_be_shorter_than_a_request() {
    let (hanging, good) = (hanging(), Backend::ok());
    let document = Document::new()
        .upstream("app", &[&hanging, &good], "strategy: FIRST")
        .route("path: /*, upstream: app, timeout: 5s, attemptTimeout: 200ms");
    assert_eq!(Proxyd::start(&document).get("/hang").text(), "ok");
}

#[test]
fn a_check_that_passes_brings_back_what_a_failed_connect_took_out() {
    let mut frail = Frail::start(env!("CARGO_BIN_EXE_frail"));
    let settings =
        "passive: { firstProbe: 1m, longestProbe: 1m }, healthCheck: { interval: 100ms, fall: 100 }";
    let document = Document::new()
        .upstream_at("app", &[Socket::parse(&format!("127.0.0.1:{}", frail.port()))], settings)
        .route("path: /*, upstream: app");
    let proxyd = Proxyd::start(&document);
    frail.kill();
    assert_eq!(proxyd.get("/").reason(), "connect_refused");
    assert_eq!(proxyd.get("/").reason(), "no_backend");
    frail.start_again();
    proxyd.log().wait_for("backend is alive again", 1);
    assert_eq!(proxyd.get("/").status(), 200);
}

#[test]
fn a_bad_answer_to_a_second_attempt_never_beats_a_good_one_to_the_first() {
    let slow = Backend::start(|session| {
        while let Ok(request) = session.request() {
            if request.target() == "/slow" {
                std::thread::sleep(Duration::from_millis(300));
            }
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow");
        }
    });
    let bad = Backend::answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    let document = Document::new()
        .upstream("app", &[&slow, &bad], "strategy: FIRST, retries: 0")
        .route("path: /*, upstream: app, hedge: { minDelay: 20ms }");
    let proxyd = Proxyd::start(&document);
    let mut connection = proxyd.connect();
    for target in std::iter::repeat_n("/learn", 100).chain(["/slow"]) {
        connection.ask(format!("GET {target} HTTP/1.1\r\nHost: a.test\r\n\r\n"));
        assert_eq!(connection.response().unwrap().status(), 200, "{target}");
    }
    assert_eq!(bad.request_count(), 1);
}
