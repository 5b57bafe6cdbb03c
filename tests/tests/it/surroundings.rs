//! What the proxy lives among: the environment, files, pipes, workers.

use std::collections::HashSet;

use harness::{Backend, Connection, Document, Proxyd, proxyd_in};

#[test]
fn the_file_is_found_by_the_environment_and_in_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("proxyd.yaml");
    std::fs::write(&path, "routes: [{ path: /x, respond: {} }]\n").unwrap();
    let here = proxyd_in(folder.path(), &[], &["check"]);
    assert_eq!(here.code, Some(0), "{here:?}");
    let other = tempfile::tempdir().unwrap();
    let named = proxyd_in(other.path(), &[("PROXYD_CONFIG", path.to_str().unwrap())], &["check"]);
    assert_eq!(named.code, Some(0), "{named:?}");
    let nothing = [("HOME", other.path().to_str().unwrap()), ("XDG_CONFIG_HOME", "")];
    let missing = proxyd_in(other.path(), &nothing, &["check"]);
    assert_eq!(missing.code, Some(78), "{missing:?}");
    assert!(missing.errors.contains("proxyd.yaml"), "{missing:?}");
}

#[test]
fn variables_of_the_environment_stand_in_values() {
    let folder = tempfile::tempdir().unwrap();
    let text = "upstreams: [{ name: app, url: \"http://${BACKEND_HOST}:${BACKEND_PORT:-80}\" }]\nroutes: [{ upstream: app }]\n";
    std::fs::write(folder.path().join("proxyd.yaml"), text).unwrap();
    let set = proxyd_in(folder.path(), &[("BACKEND_HOST", "a.test")], &["check"]);
    assert_eq!(set.code, Some(0), "{set:?}");
    let unset = proxyd_in(folder.path(), &[], &["check"]);
    assert_eq!(unset.code, Some(78));
    assert!(unset.errors.contains("BACKEND_HOST") && unset.errors.contains("proxyd.yaml:1:"), "{unset:?}");
    let wrong = proxyd_in(folder.path(), &[("BACKEND_HOST", "a.test"), ("BACKEND_PORT", "x")], &["check"]);
    assert_eq!(wrong.code, Some(78), "{wrong:?}");
}

/// CWE-117: one line per event, each a JSON object, whatever clients say.
#[test]
fn the_log_has_one_json_object_per_line() {
    let proxyd = Proxyd::start(&Document::new().line("logging: { level: debug }"));
    let hostile = "GET /%0A%7B%22a%22:1%7D?\"\\ HTTP/1.1\r\nHost: a.test\r\nUser-Agent: \"}\\x1b[31m{\"\r\n\
        X-Request-Id: \"},{\"\r\n\r\n";
    assert_eq!(proxyd.ask(hostile).status(), 404);
    let ended = proxyd.stop();
    assert!(ended.log.len() >= 4);
    for line in ended.log {
        assert!(line.starts_with("{\"timestamp\":\"") && line.ends_with('}'), "{line:?}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

#[test]
fn below_its_level_the_log_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let text =
        format!("listeners: [{{ address: \"unix:{}\" }}]\nlogging: {{ level: error }}\n", path.display());
    let proxyd = Proxyd::start_silent(&text, &path);
    let mut client = Connection::to(&harness::Socket::Unix(path));
    client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert_eq!(client.response().unwrap().status(), 404);
    assert_eq!(proxyd.stop().log, [""; 0], "nothing is an error");
}

/// A log that nobody reads loses lines, and no request.
#[test]
fn a_blocked_log_holds_up_no_request() {
    let proxyd = Proxyd::start(&Document::new().line("logging: { level: debug }"));
    proxyd.log().block();
    let mut client = proxyd.connect();
    for _ in 0..1500 {
        client.ask("GET /none HTTP/1.1\r\nHost: a.test\r\n\r\n");
        assert_eq!(client.response().unwrap().status(), 404);
    }
    proxyd.log().unblock();
    assert_eq!(proxyd.stop().code, Some(0));
}

/// Limits that somebody configured are exact, whichever worker a connection comes to.
#[test]
fn workers_share_the_load_and_the_limits() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend).proxy("workers: 2, maxConnections: 20"));
    let mut held = Vec::new();
    for _ in 0..20 {
        let mut client = proxyd.connect();
        client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
        assert_eq!(client.response().unwrap().status(), 200);
        held.push(client);
    }
    // Those that rest go for those that come, on whichever worker: never are there more than 20.
    held.extend((0..5).map(|_| proxyd.connect()));
    let request = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    let served = held.iter_mut().rev().filter_map(|client| client.try_ask(request)).count();
    assert!((15..=20).contains(&served), "{served} of 25 were served");
    assert_eq!(proxyd.stop().code, Some(0));
    // Each worker has connections of its own to the backend.
    assert!((1..=2).contains(&backend.connections()));
}

#[test]
fn ids_of_requests_are_unique_over_connections_and_workers() {
    let proxyd = Proxyd::start(&Document::new().proxy("workers: 2"));
    let mut ids = HashSet::new();
    for _ in 0..20 {
        let mut client = proxyd.connect();
        for _ in 0..20 {
            client.ask("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
            let answer = client.response().unwrap();
            assert!(ids.insert(answer.field("X-Request-Id").unwrap().to_owned()), "an id came twice");
        }
    }
}

/// RFC 7239 section 6: an IPv6 address stands in brackets and quotes.
#[test]
fn an_ipv6_client_is_named_as_each_field_wants_it() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend).listener("[::1]:0").proxy("forwarded: true"));
    assert_eq!(proxyd.get("/").status(), 200);
    let seen = backend.request();
    assert_eq!((seen.field("X-Real-IP"), seen.field("X-Forwarded-For")), (Some("::1"), Some("::1")));
    assert!(seen.field("Forwarded").unwrap().to_ascii_lowercase().contains("for=\"[::1]\""), "{seen:?}");
}

/// A crowd that does nothing takes no descriptor from those who ask for something.
#[test]
fn running_out_of_descriptors_is_survived() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start_with_descriptors(&Document::to(&backend), 64);
    let request = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    let crowd: Vec<_> = (0..100).map(|_| proxyd.connect()).collect();
    for _ in 0..3 {
        assert_eq!(proxyd.ask(request).status(), 200);
    }
    drop(crowd);
    assert_eq!(proxyd.get("/").status(), 200);
    let ended = proxyd.stop();
    assert_eq!((ended.code, ended.requests("internal")), (Some(0), 0));
}
