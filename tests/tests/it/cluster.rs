//! Files of the clustered proxy.

use harness::{Backend, Finished, Message, Proxyd, Refusing, fixture, proxyd};

/// The contract's file, with backends of this machine behind its upstreams and a free port of it.
fn contract(posts: &Backend, dummy: &Backend) -> String {
    let text = std::fs::read_to_string(fixture("contract/c-cluster.yaml")).unwrap();
    text.replace("jsonplaceholder.typicode.com", &format!("127.0.0.1:{}", posts.port()))
        .replace("dummyjson.com", &format!("localhost:{}", dummy.port()))
        .replace("listen: 8080", "listen: 127.0.0.1:0")
}

/// A file with these upstreams, at `127.0.0.1`, and what else stands below `server`.
fn with(upstreams: &[(&str, u16)], rest: &str) -> String {
    let mut text = String::from("server:\n  listen: 127.0.0.1:0\n  workers: 1\n  upstreams:\n");
    for (id, port) in upstreams {
        text.push_str(&format!("    - {{ id: {id}, url: \"127.0.0.1:{port}\" }}\n"));
    }
    text + rest
}

/// Backends that say their names, and the file with a rule for each path.
fn saying(rules: &[(&str, &str)]) -> (Vec<Backend>, String) {
    let backends: Vec<_> = rules.iter().map(|(_, id)| (*id, Backend::saying(id))).collect();
    let ports: Vec<_> = backends.iter().map(|(id, backend)| (*id, backend.port())).collect();
    let rules: String =
        rules.iter().map(|(path, id)| format!("    - {{ path: {path}, upstreams: [{id}] }}\n")).collect();
    let text = with(&ports, &format!("  rules:\n{rules}"));
    (backends.into_iter().map(|(_, backend)| backend).collect(), text)
}

#[track_caller]
fn check(proxyd: &Proxyd, cases: &[(&str, &str)]) {
    for (path, expected) in cases {
        let answer = proxyd.get(path);
        let found = if answer.status() == 200 { answer.text() } else { answer.reason().to_owned() };
        assert_eq!(found, *expected, "{path}");
    }
}

#[test]
fn the_contracts_file_serves_its_rules_with_its_headers() {
    let (posts, dummy) = (Backend::saying("posts"), Backend::saying("dummy"));
    let proxyd = Proxyd::start_text(&contract(&posts, &dummy));
    let cases = [
        ("/test", "dummy"),
        ("/testing?x=/", "dummy"),
        ("/test/1", "dummy"),
        ("/", "posts"),
        ("/tes", "posts"),
        ("/a/test", "posts"),
        ("/Test", "posts"),
    ];
    check(&proxyd, &cases);
    proxyd.ask("GET /test HTTP/1.1\r\nHost: a.test\r\nX-Forward-For: 9.9.9.9\r\nauthorization: mine\r\n\r\n");
    let own =
        [(&posts, format!("127.0.0.1:{}", posts.port())), (&dummy, format!("localhost:{}", dummy.port()))];
    for (backend, host) in own {
        for request in backend.requests() {
            assert_eq!(request.all("Host"), [host.as_str()], "the upstream's own name");
            assert_eq!(request.all("X-Forward-For"), ["127.0.0.1"]);
            assert_eq!(request.all("Authorization"), ["Bearer xyz"]);
        }
    }
    assert_eq!(posts.requests()[1].target(), "/tes", "the path is passed on as it is");
}

#[test]
fn the_contracts_file_passes_check_as_it_is() {
    let finished = proxyd(&["check", "--config", &fixture("contract/c-cluster.yaml")]);
    assert_eq!((finished.code, finished.errors.as_str()), (Some(0), ""), "{finished:?}");
    assert!(finished.output.starts_with("ok\n"), "{finished:?}");
    assert!(finished.output.contains("1 listener, 2 upstreams, 2 backends, 2 routes"), "{finished:?}");
}

#[test]
fn as_many_workers_serve_as_the_file_says() {
    for workers in [1, 3] {
        let (backend, text) = saying(&[("/", "a")]);
        let text = text.replace("workers: 1", &format!("workers: {workers}"));
        let proxyd = Proxyd::start_text(&text);
        proxyd.log().wait_for(&format!("\"workers\":{workers},"), 1);
        check(&proxyd, &[("/", "a")]);
        assert_eq!(backend[0].request_count(), 1);
    }
}

#[test]
fn a_port_alone_is_one_of_every_address() {
    let (_backends, text) = saying(&[("/", "a")]);
    let proxyd = Proxyd::start_text(&text.replace("127.0.0.1:0\n", "0\n"));
    proxyd.log().wait_for("\"address\":\"0.0.0.0:", 1);
    check(&proxyd, &[("/", "a")]);
}

#[test]
fn the_first_rule_that_matches_wins_however_long_later_ones_are() {
    let (_backends, text) = saying(&[("/a", "first"), ("/abc", "longer"), ("/b/c", "c"), ("/b", "b")]);
    let cases = [
        ("/abc", "first"),
        ("/a", "first"),
        ("/b/cd", "c"),
        ("/b/x", "b"),
        ("/bbb", "b"),
        ("/", "no_route"),
        ("/x/a", "no_route"),
    ];
    check(&Proxyd::start_text(&text), &cases);
}

#[test]
fn a_slash_at_the_end_of_a_prefix_is_a_letter_like_any_other() {
    let (_backends, text) = saying(&[("/api/", "api"), ("/a.c/", "dot"), ("/x", "x")]);
    let cases = [
        ("/api/", "api"),
        ("/api/v1", "api"),
        ("/api/../api//v1", "api"),
        ("/api", "no_route"),
        ("/apis", "no_route"),
        ("/a.c/d", "dot"),
        ("/abc/d", "no_route"),
        ("/b/api/", "no_route"),
    ];
    check(&Proxyd::start_text(&text), &cases);
}

#[test]
fn without_a_rule_the_answer_is_404() {
    let (backends, text) = saying(&[("/a", "a")]);
    let answer = Proxyd::start_text(&text).get("/b");
    assert_eq!((answer.status(), answer.reason()), (404, "no_route"));
    assert_eq!(backends[0].connections(), 0);
}

#[test]
fn several_upstreams_of_a_rule_take_turns_each_asked_for_its_own_name() {
    let backends = ["a", "b", "c"].map(|id| (id, Backend::saying(id)));
    let ports: Vec<_> = backends.iter().map(|(id, backend)| (*id, backend.port())).collect();
    let rules = "  rules: [{ path: /two, upstreams: [a, b] }, { path: /, upstreams: [a, b, c] }]\n";
    let proxyd = Proxyd::start_text(&with(&ports, rules));
    for _ in 0..12 {
        assert_eq!(proxyd.get("/").status(), 200);
    }
    for _ in 0..4 {
        assert_eq!(proxyd.get("/two").status(), 200);
    }
    for ((id, backend), count) in backends.iter().zip([6, 6, 4]) {
        assert_eq!(backend.request_count(), count, "{id}");
        let own = format!("127.0.0.1:{}", backend.port());
        for request in backend.requests() {
            assert_eq!(request.all("Host"), [own.as_str()]);
        }
    }
}

#[test]
fn an_upstream_that_is_listed_twice_has_twice_the_requests() {
    let (a, b) = (Backend::ok(), Backend::ok());
    let text = with(&[("a", a.port()), ("b", b.port())], "  rules: [{ path: /, upstreams: [a, b, a] }]\n");
    let proxyd = Proxyd::start_text(&text);
    for _ in 0..9 {
        assert_eq!(proxyd.get("/").status(), 200);
    }
    assert_eq!((a.request_count(), b.request_count()), (6, 3));
}

#[test]
fn an_upstream_that_is_down_costs_no_request_of_a_rule_with_others() {
    let (up, down) = (Backend::saying("up"), Refusing::new());
    let ports = [("down", down.address().port()), ("up", up.port())];
    let proxyd = Proxyd::start_text(&with(&ports, "  rules: [{ path: /, upstreams: [down, up] }]\n"));
    for _ in 0..6 {
        assert_eq!(proxyd.get("/").text(), "up");
    }
}

#[test]
fn values_of_headers_may_have_variables_of_the_request() {
    let backend = Backend::ok();
    let rest = "  headers: [{ key: X-All, value: \"$ip|$host|$scheme|$request_id|$route|$$5\" }]\n  \
                rules: [{ path: /a, upstreams: [a] }]\n";
    let proxyd = Proxyd::start_text(&with(&[("a", backend.port())], rest));
    proxyd.ask("GET /ab HTTP/1.1\r\nHost: A.test:81\r\nX-All: mine\r\n\r\n");
    let request: Message = backend.request();
    let id = request.field("X-Request-Id").unwrap();
    assert_eq!(request.all("X-All"), [format!("127.0.0.1|a.test|http|{id}|/a|$5")]);
}

/// Runs a command with a file of this text.
fn finish(command: &[&str], text: &str) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.yaml");
    std::fs::write(&path, text).unwrap();
    proxyd(&[command, &["--config", path.to_str().unwrap()]].concat())
}

const WRONG: &str = "\
server:
  listen: 8080
  upstreams:
    - { id: dummy, url: dummyjson.com }
    - { id: dummy, uri: dummyjson.com }
  headers:
    - { key: bad name, value: $ipp }
  rules:
    - { path: test, upstreams: [dumy] }
    - { path: /, upstreams: [] }
";

#[test]
fn every_error_is_told_in_one_run_before_anything_is_served() {
    for command in ["check", "run"] {
        let finished = finish(&[command], WRONG);
        assert_eq!(finished.code, Some(78), "{finished:?}");
        for part in [
            "config.yaml:5:13: server.upstreams[1].id: the upstream id `dummy` is used twice",
            "config.yaml:5:20: server.upstreams[1].uri: unknown key `uri`",
            "did you mean `url`?",
            "config.yaml:7:14: server.headers[0].key: `bad name` is not a field name",
            "config.yaml:7:31: server.headers[0].value: unknown variable `$ipp`",
            "did you mean `$ip`?",
            "config.yaml:9:15: server.rules[0].path: `test` must start with /",
            "config.yaml:9:33: server.rules[0].upstreams[0]: there is no upstream `dumy`",
            "did you mean `dummy`?",
            "config.yaml:10:18: server.rules[1].upstreams: a rule's `upstreams` need at least one",
            "9 |     - { path: test, upstreams: [dumy] }",
        ] {
            assert!(finished.errors.contains(part), "{command} does not say {part:?}:\n{}", finished.errors);
        }
        assert!(!finished.errors.contains("listening"), "{finished:?}");
    }
    let json = finish(&["check", "--format", "json"], WRONG);
    assert!(json.output.contains("\"path\": \"server.rules[0].upstreams[0]\""), "{}", json.output);
}

#[test]
fn keys_of_our_own_do_not_stand_beside_it() {
    let (_backends, text) = saying(&[("/", "a")]);
    let finished = finish(&["run"], &format!("{text}routes: []\nlogging: {{ level: info }}\n"));
    assert_eq!(finished.code, Some(78), "{finished:?}");
    let message = "`server` is the whole configuration of the clustered proxy; `routes`, `logging` cannot stand beside it";
    assert!(finished.errors.contains(message), "{}", finished.errors);
}

#[test]
fn upstreams_may_speak_tls_as_in_a_document_of_our_own() {
    let text = "server: { listen: 0, upstreams: [{ id: a, url: \"https://a.test\" }], rules: [{ path: /, upstreams: [a] }] }\n";
    let checked = finish(&["check"], text);
    assert_eq!((checked.code, checked.errors.as_str()), (Some(0), ""), "{checked:?}");
}
