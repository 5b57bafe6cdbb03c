//! Who gets a request.

use std::collections::{BTreeMap, BTreeSet};

use harness::{Backend, Document, Message, Proxyd};

fn backends() -> [Backend; 3] {
    ["a", "b", "c"].map(Backend::saying)
}

fn start(backends: &[Backend; 3], settings: &str) -> Proxyd {
    let document = Document::new()
        .proxy("trustedProxies: [127.0.0.1]")
        .upstream("app", &backends.each_ref(), settings)
        .route("path: /*, upstream: app");
    Proxyd::start(&document)
}

fn with(proxyd: &Proxyd, target: &str, field: &str) -> Message {
    proxyd.ask(format!("GET {target} HTTP/1.1\r\nHost: a.test\r\n{field}\r\n"))
}

/// How often each backend answers.
fn shares(proxyd: &Proxyd, count: usize, field: impl Fn(usize) -> String) -> BTreeMap<String, usize> {
    let mut shares = BTreeMap::new();
    for number in 0..count {
        *shares.entry(with(proxyd, "/", &field(number)).text()).or_default() += 1;
    }
    shares
}

#[test]
fn every_strategy_works_under_each_of_its_names() {
    let backends = backends();
    for name in [
        "ROUND_ROBIN",
        "round_robin",
        "roundRobin",
        "RANDOM",
        "random",
        "LEAST_REQUESTS",
        "least_conn",
        "LEAST_LATENCY",
        "least_latency",
        "latency",
        "IP_HASH",
        "ip_hash",
        "FIRST",
    ] {
        let proxyd = start(&backends, &format!("strategy: {name}"));
        for _ in 0..5 {
            assert_eq!(proxyd.get("/").status(), 200, "{name}");
        }
    }
}

#[test]
fn the_same_key_goes_to_the_same_backend_and_keys_are_spread() {
    let backends = backends();
    for (settings, field) in [
        ("strategy: IP_HASH", "X-Forwarded-For: 10.0.0.N"),
        ("strategy: HASH, hash: { on: header, name: X-User }", "X-User: user-N"),
        ("strategy: HASH, hash: { on: cookie, name: user }", "Cookie: a=b; user=user-N"),
        ("strategy: HASH, hash: { on: header, name: X-User }, boundedLoad: 125", "X-User: user-N"),
    ] {
        let proxyd = start(&backends, settings);
        let mut seen = BTreeSet::new();
        for number in 0..20 {
            let field = format!("{}\r\n", field.replace('N', &number.to_string()));
            let answers: BTreeSet<String> = (0..3).map(|_| with(&proxyd, "/", &field).text()).collect();
            assert_eq!(answers.len(), 1, "{settings}: {field}");
            seen.extend(answers);
        }
        assert_eq!(seen.len(), 3, "{settings}");
    }
    for (on, targets) in [
        ("uri", ["/N?x=1", "/N?x=1"]),
        ("path", ["/N?x=1", "/N?x=2"]),
        ("query, name: id", ["/a?id=N", "/b?id=N"]),
    ] {
        let proxyd = start(&backends, &format!("strategy: HASH, hash: {{ on: {on} }}"));
        for number in 0..10 {
            let answers: BTreeSet<String> = targets
                .iter()
                .map(|target| with(&proxyd, &target.replace('N', &number.to_string()), "").text())
                .collect();
            assert_eq!(answers.len(), 1, "{on}");
        }
    }
}

#[test]
fn a_backend_that_dies_takes_only_its_own_keys_along() {
    let backends = backends();
    let proxyd = start(&backends, "strategy: HASH, hash: { on: header, name: X-User }");
    let answer = |number: usize| with(&proxyd, "/", &format!("X-User: user-{number}\r\n")).text();
    let before: Vec<String> = (0..40).map(answer).collect();
    backends[0].kill();
    for (number, before) in before.iter().enumerate() {
        let after = answer(number);
        assert!(after == *before || before == "a" && after != "a", "{number}: {before} {after}");
    }
}

#[test]
fn a_cookie_keeps_a_client_where_it_is() {
    let backends = backends();
    let proxyd = start(&backends, "sticky: {}");
    let first = proxyd.get("/");
    let cookie = first.field("Set-Cookie").unwrap();
    assert!(cookie.starts_with("proxyd_backend=") && cookie.contains("; Path=/"), "{cookie}");
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().unwrap();
    for _ in 0..10 {
        let again = with(&proxyd, "/", &format!("Cookie: {pair}\r\n"));
        assert_eq!((again.text(), again.field("Set-Cookie")), (first.text(), None));
    }
    // Another one is found where that backend is gone, and whoever makes up a cookie gets nowhere in particular.
    let gone = backends.iter().zip(["a", "b", "c"]).find(|(_, name)| *name == first.text()).unwrap().0;
    gone.kill();
    let moved = with(&proxyd, "/", &format!("Cookie: {pair}\r\n"));
    assert!(moved.text() != first.text() && moved.field("Set-Cookie").is_some());
    assert!(with(&proxyd, "/", "Cookie: proxyd_backend=0000000000000000\r\n").field("Set-Cookie").is_some());
}

#[test]
fn requests_are_split_by_weight_and_a_client_stays_with_its_version() {
    let [old, new, _] = backends();
    let document = Document::new()
        .upstream("old", &[&old], "")
        .upstream("new", &[&new], "")
        .route("path: /sticky, upstreams: [{ name: old, weight: 1 }, { name: new, weight: 1 }], upstreamsSticky: {}")
        .route("path: /*, upstreams: [{ name: old, weight: 9 }, { name: new, weight: 1 }]");
    let proxyd = Proxyd::start(&document);
    let shares = shares(&proxyd, 400, |_| String::new());
    assert!((320..=395).contains(&shares["a"]) && shares["a"] + shares["b"] == 400, "{shares:?}");
    let first = proxyd.get("/sticky");
    let cookie = first.field("Set-Cookie").unwrap().split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("proxyd_upstream="), "{cookie}");
    for _ in 0..20 {
        assert_eq!(with(&proxyd, "/sticky", &format!("Cookie: {cookie}\r\n")).text(), first.text());
    }
}

#[test]
fn backups_are_asked_while_nobody_else_can_be() {
    let [one, other, backup] = backends();
    let text = format!(
        "name: app, backends: [{{ hostname: 127.0.0.1, port: {}, backup: true }}, {{ hostname: 127.0.0.1, port: {}, priority: 1 }}, \
         {{ hostname: 127.0.0.1, port: {} }}]",
        backup.port(),
        other.port(),
        one.port()
    );
    let proxyd = Proxyd::start(&Document::new().raw_upstream(&text).route("path: /*, upstream: app"));
    assert_eq!(shares(&proxyd, 10, |_| String::new()), BTreeMap::from([("a".to_owned(), 10)]));
    one.kill();
    assert_eq!(shares(&proxyd, 10, |_| String::new()), BTreeMap::from([("b".to_owned(), 10)]));
    other.kill();
    assert_eq!(shares(&proxyd, 10, |_| String::new()), BTreeMap::from([("c".to_owned(), 10)]));
}

#[test]
fn a_backend_that_is_drained_or_dead_by_hand_gets_nothing() {
    let [one, other, third] = backends();
    let text = format!(
        "name: app, backends: [{{ hostname: 127.0.0.1, port: {}, state: drain }}, {{ hostname: 127.0.0.1, port: {}, state: dead }}, \
         {{ hostname: 127.0.0.1, port: {} }}]",
        one.port(),
        other.port(),
        third.port()
    );
    let proxyd = Proxyd::start(&Document::new().raw_upstream(&text).route("path: /*, upstream: app"));
    assert_eq!(shares(&proxyd, 10, |_| String::new()), BTreeMap::from([("c".to_owned(), 10)]));
}

#[test]
fn a_mirror_gets_copies_and_is_never_waited_for() {
    let [app, mirror, _] = backends();
    let document = Document::new()
        .upstream("app", &[&app], "")
        .upstream("mirror", &[&mirror], "")
        .route("path: /*, upstream: app, mirror: { upstream: mirror }");
    let proxyd = Proxyd::start(&document);
    assert_eq!(proxyd.get("/get").text(), "a");
    let post = "POST /post HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello";
    assert_eq!(proxyd.ask(post).text(), "a");
    let chunked =
        "PUT /put HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    assert_eq!(proxyd.ask(chunked).text(), "a");
    let mut copies: Vec<(String, String)> =
        mirror.wait_for(3).iter().map(|copy| (copy.target().to_owned(), copy.text())).collect();
    copies.sort();
    let expected = [("/get", ""), ("/post", "hello"), ("/put", "hello")];
    assert_eq!(copies, expected.map(|(target, text)| (target.to_owned(), text.to_owned())));
    mirror.kill();
    for _ in 0..5 {
        assert_eq!(proxyd.get("/").text(), "a");
    }
    assert_eq!(app.request_count(), 8);
}

#[test]
fn a_second_attempt_is_answered_where_the_first_takes_too_long() {
    let slow = Backend::start(|session| {
        while let Ok(request) = session.request() {
            if request.target() == "/slow" {
                session.hold();
                return;
            }
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow");
        }
    });
    let quick = Backend::saying("quick");
    let document = Document::new()
        .upstream("app", &[&slow, &quick], "strategy: FIRST")
        .route("path: /*, upstream: app, hedge: { minDelay: 20ms }");
    let proxyd = Proxyd::start(&document);
    let mut connection = proxyd.connect();
    for _ in 0..100 {
        connection.ask("GET /learn HTTP/1.1\r\nHost: a.test\r\n\r\n");
        assert_eq!(connection.response().unwrap().text(), "slow");
    }
    assert_eq!(proxyd.get("/slow").text(), "quick");
    // What may do something twice is not done twice.
    assert_eq!(quick.request_count(), 1);
}
