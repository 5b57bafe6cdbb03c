//! The calls of contract A, as it writes them.

use std::sync::mpsc;

use harness::tls::{Authority, Client};
use harness::{Api, Backend, Proxyd, Refusing, fixture};
use serde_json::{Value, json};

use super::{ask, at, document, get, home_with, until};

/// The route object that the contract shows.
fn example() -> Value {
    let text = std::fs::read_to_string(fixture("contract/a-route-config.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Whether a value has all that another one says.
fn has(value: &Value, said: &Value) -> bool {
    match (value, said) {
        (Value::Object(value), Value::Object(said)) => {
            said.iter().all(|(name, said)| value.get(name).is_some_and(|value| has(value, said)))
        }
        (Value::Array(value), Value::Array(said)) => {
            value.len() == said.len() && value.iter().zip(said).all(|(value, said)| has(value, said))
        }
        _ => value == said,
    }
}

fn nothing() -> Proxyd {
    Proxyd::start_at(&home_with(""))
}

/// A route of `a.test` to backends without ids, and more.
fn route(backends: &[&Backend], more: &Value) -> Value {
    let backends: Vec<Value> = backends.iter().map(|backend| at(backend)).collect();
    let mut route = json!({ "vHost": "a.test", "backends": backends });
    route.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    route
}

#[track_caller]
fn ids(list: &Value) -> Vec<&str> {
    let all = list.as_array().unwrap_or_else(|| panic!("no bare array: {list:#}"));
    all.iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[test]
fn the_route_of_the_contract_goes_through_every_call() {
    let home = home_with("");
    home.write(&document("").replace("127.0.0.1:0 }", "127.0.0.1:0 }, { address: 127.0.0.1:0, tls: {} }"));
    let proxyd = Proxyd::start_at(&home);
    let api = proxyd.api();
    assert_eq!(api.get("/routes").is(200).body, json!([]));
    let created = api.post("/routes", &example()).is(201);
    assert_eq!(created.field("location"), "/api/v1/routes/service-a");
    assert!(has(&created.body, &example()), "{:#}", created.body);
    let again = api.post("/routes", &example()).refuses(409, "exists");
    assert_eq!(again.body["candidates"], json!(["service-a"]));
    assert_eq!(ids(&api.get("/routes").is(200).body), ["service-a"]);
    for named in ["api.myapp.com", "API.MyApp.com", "service-a"] {
        let shown = api.get(&format!("/routes/{named}")).is(200);
        assert!(has(&shown.body, &example()), "{named}: {:#}", shown.body);
    }
    // `autoHttps`: there is no need of a backend to be sent away.
    let moved = proxyd.ask(get("api.myapp.com"));
    let secure = format!("https://api.myapp.com:{}/", proxyd.nth_address(2).port());
    assert_eq!((moved.status(), moved.field("location")), (308, Some(secure.as_str())));
    let backend = json!({ "hostname": "10.0.0.3", "port": 3000 });
    let added = api.post("/routes/api.myapp.com/backends", &backend).is(201);
    assert!(has(&added.body, &json!({ "id": "10.0.0.3:3000", "isDead": false, "failureCount": 0 })));
    let location = added.field("location");
    let path = location.strip_prefix("/api/v1").unwrap();
    assert!(has(&api.get(path).is(200).body, &backend), "{path}");
    api.post("/routes/api.myapp.com/backends", &backend).refuses(409, "exists");
    let dead = api.ask("POST", "/routes/api.myapp.com/backends/node-1/dead", &[], None).is(200);
    assert_eq!((&dead.body["id"], &dead.body["isDead"]), (&json!("node-1"), &json!(true)));
    api.delete("/routes/api.myapp.com/backends/node-2").is(204);
    api.delete("/routes/api.myapp.com/backends/node-2").refuses(404, "not_found");
    assert_eq!(ids(&api.get("/routes/api.myapp.com/backends").body), ["node-1", "10.0.0.3:3000"]);
    api.delete("/routes/api.myapp.com").is(204);
    api.delete("/routes/api.myapp.com").refuses(404, "not_found");
    api.get("/routes/api.myapp.com").refuses(404, "not_found");
    assert_eq!(api.get("/routes").body, json!([]));
    assert_eq!(proxyd.ask(get("api.myapp.com")).status(), 404);
}

#[test]
fn a_route_is_known_by_its_host_its_wildcard_and_its_id() {
    let proxyd = nothing();
    let api = proxyd.api();
    let says = |host: &str, path: &str, body: &str| json!({ "vHost": host, "path": path, "respond": { "status": 200, "body": body } });
    let created = api.post("/routes", &says("*.example.com", "/*", "wild")).is(201);
    assert_eq!(created.field("location"), "/api/v1/routes/%2A.example.com%2F%2A");
    for named in ["%2A.example.com", "*.example.com", "%2a.example.com", "%2A.example.com%2F%2A"] {
        assert_eq!(api.get(&format!("/routes/{named}")).is(200).body["vHost"], "*.example.com", "{named}");
    }
    api.get("/routes/x.example.com").refuses(404, "not_found");
    assert_eq!(proxyd.ask(get("x.example.com")).text(), "wild");
    api.post("/routes", &says("*.example.com", "/v1/*", "deep")).is(201);
    let candidates = json!(["*.example.com/*", "*.example.com/v1/*"]);
    for (method, path) in [
        ("GET", "/routes/%2A.example.com"),
        ("DELETE", "/routes/%2A.example.com"),
        ("GET", "/stats/%2A.example.com"),
        ("GET", "/routes/%2A.example.com/backends"),
    ] {
        let refused = api.ask(method, path, &[], None).refuses(409, "ambiguous");
        assert_eq!(refused.body["candidates"], candidates, "{method} {path}");
    }
    api.delete("/routes/%2A.example.com%2Fv1%2F%2A").is(204);
    api.delete("/routes/%2A.example.com").is(204);
    assert_eq!(proxyd.ask(get("x.example.com")).status(), 404);
}

#[test]
fn a_backend_that_is_marked_dead_or_removed_gets_no_request() {
    let (one, other) = (Backend::saying("one"), Backend::saying("other"));
    let proxyd = nothing();
    let api = proxyd.api();
    api.post("/routes", &route(&[&one], &json!({}))).is(201);
    let mut client = proxyd.connect();
    assert_eq!(ask(&mut client, "a.test").text(), "one");
    let added = api.post("/routes/a.test/backends", &at(&other)).is(201);
    let path = added.field("location").strip_prefix("/api/v1").unwrap().to_owned();
    assert_eq!(added.body["id"], format!("127.0.0.1:{}", other.port()));
    // A new backend gets its share slowly.
    let mut asked = |wanted: usize| {
        for _ in 0..1000 {
            if other.request_count() == wanted {
                return;
            }
            assert_eq!(ask(&mut client, "a.test").status(), 200);
        }
        panic!("it gets no requests");
    };
    asked(2);
    for (call, status) in [("dead", "dead"), ("drain", "draining")] {
        let before = other.request_count();
        let out = api.post(&format!("{path}/{call}"), &json!({})).is(200).body;
        assert_eq!((&out["status"], &out["isDead"]), (&json!(status), &json!(call == "dead")));
        assert_eq!(out["deadSince"].is_string(), call == "dead", "{out:#}");
        assert_eq!(api.get(&path).is(200).body["deadSince"], out["deadSince"], "{call}");
        for _ in 0..30 {
            assert_eq!(proxyd.get("/").text(), "one", "{call}");
        }
        assert_eq!(other.request_count(), before, "{call}");
        let ready = api.post(&format!("{path}/ready"), &json!({})).is(200);
        assert_eq!((&ready.body["status"], &ready.body["isDead"]), (&json!("ready"), &json!(false)));
        assert_eq!(ready.body.get("deadSince"), None);
        asked(before + 2);
    }
    let before = other.request_count();
    api.delete(&path).is(204);
    for _ in 0..30 {
        assert_eq!(proxyd.get("/").text(), "one");
    }
    assert_eq!(other.request_count(), before);
}

#[test]
fn a_backend_that_refuses_connections_is_told_to_be_dead_and_clients_see_nothing_of_it() {
    let (good, bad) = (Backend::ok(), Refusing::new());
    let proxyd = nothing();
    let api = proxyd.api();
    let mut body = route(&[&good], &json!({}));
    let port = bad.address().port();
    body["backends"]
        .as_array_mut()
        .unwrap()
        .insert(0, json!({ "id": "bad", "hostname": "127.0.0.1", "port": port }));
    api.post("/routes", &body).is(201);
    wait_until_counted(&api, "/stats/a.test");
    let mut client = proxyd.connect();
    for _ in 0..4 {
        assert_eq!(ask(&mut client, "a.test").status(), 200);
    }
    assert_eq!(good.request_count(), 4);
    until("the backend is not dead", || {
        let shown = api.get("/routes/a.test/backends/bad").is(200).body;
        shown["isDead"] == true && shown["failureCount"].as_u64() >= Some(1)
    });
    let since = api.get("/routes/a.test/backends/bad").body["deadSince"].clone();
    assert!(since.as_str().is_some_and(|since| since.len() == "2026-01-01T00:00:00Z".len()), "{since}");
    assert_eq!(api.get("/routes/a.test").body["backends"][1]["isDead"], false);
}

#[test]
fn what_is_only_read_is_accepted_and_ignored() {
    let backend = Backend::ok();
    let proxyd = nothing();
    let mut body = route(&[&backend], &json!({ "source": "file", "shadows": true }));
    let read_only = json!({ "isDead": true, "deadSince": "2026-01-01T00:00:00Z", "failureCount": 77 });
    body["backends"][0].as_object_mut().unwrap().extend(read_only.as_object().unwrap().clone());
    let created = proxyd.api().post("/routes", &body).is(201);
    let shown = &created.body["backends"][0];
    assert_eq!((&shown["isDead"], &shown["failureCount"]), (&json!(false), &json!(0)));
    assert_eq!((&created.body["source"], created.body.get("shadows")), (&json!("api"), None));
    assert_eq!(proxyd.get("/").status(), 200);
    let mut more = at(&backend);
    more.as_object_mut().unwrap().extend(read_only.as_object().unwrap().clone());
    more["id"] = "second".into();
    assert_eq!(proxyd.api().post("/routes/a.test/backends", &more).is(201).body["isDead"], false);
}

#[test]
fn every_strategy_of_the_contract_is_accepted_and_does_what_its_name_says() {
    let backends = [Backend::ok(), Backend::ok(), Backend::ok()];
    let all: Vec<&Backend> = backends.iter().collect();
    let proxyd = nothing();
    let api = proxyd.api();
    let shares = |strategy: &str| -> Vec<usize> {
        let (method, path) = if api.get("/routes/a.test").status == 404 {
            ("POST", "/routes")
        } else {
            ("PUT", "/routes/a.test")
        };
        let put = api.ask(method, path, &[], Some(&route(&all, &json!({ "strategy": strategy }))));
        assert_eq!(put.body["strategy"], strategy, "{:#}", put.body);
        let before: Vec<usize> = backends.iter().map(Backend::request_count).collect();
        let mut client = proxyd.connect();
        for _ in 0..60 {
            assert_eq!(ask(&mut client, "a.test").status(), 200, "{strategy}");
        }
        backends.iter().zip(before).map(|(backend, before)| backend.request_count() - before).collect()
    };
    assert_eq!(shares("ROUND_ROBIN"), [20, 20, 20]);
    let mut by_address = shares("IP_HASH");
    by_address.sort_unstable();
    assert_eq!(by_address, [0, 0, 60]);
    // One of three gets nothing of sixty once in ten billion times.
    assert!(shares("RANDOM").iter().all(|count| *count > 0));
    assert_eq!(shares("LEAST_LATENCY").iter().sum::<usize>(), 60);
    let refused = api.patch("/routes/a.test", &json!({ "strategy": "BEST" })).refuses(422, "invalid");
    assert_eq!(refused.pointers(), ["/strategy"]);
}

#[test]
fn limits_of_a_route_hold_from_the_moment_they_are_put() {
    let (release, released) = mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let backend = Backend::start(move |session| {
        while session.request().is_ok() {
            if released.lock().unwrap().recv().is_err() {
                return;
            }
            session.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    let proxyd = nothing();
    let api = proxyd.api();
    api.post("/routes", &route(&[&backend], &json!({ "reqActiveLength": 1, "reqQueueLength": 1 }))).is(201);
    let mut first = proxyd.connect();
    first.ask(get("a.test"));
    backend.wait_for(1);
    let mut second = proxyd.connect();
    second.ask(get("a.test"));
    // The figures say when it waits: it is in flight for the route then, and not at the backend.
    until("the second request does not wait", || api.get("/stats/a.test").is(200).body["inFlight"] == 2);
    let third = proxyd.get("/");
    assert_eq!((third.status(), backend.request_count()), (503, 1), "{third:?}");
    api.patch("/routes/a.test", &json!({ "reqActiveLength": 2 })).is(200);
    let mut fourth = proxyd.connect();
    fourth.ask(get("a.test"));
    backend.wait_for(2);
    for _ in 0..3 {
        release.send(()).unwrap();
    }
    for mut client in [first, second, fourth] {
        assert_eq!(client.response().unwrap().status(), 200);
    }
}

#[test]
fn fields_are_added_to_the_request_and_set_by_the_route() {
    let backend = Backend::ok();
    let proxyd = nothing();
    let body = route(&[&backend], &json!({ "headers": { "X-Tenant": "acme" } }));
    proxyd.api().post("/routes", &body).is(201);
    let request = "GET / HTTP/1.1\r\nHost: a.test\r\nX-Tenant: other\r\n\r\n";
    assert_eq!(proxyd.ask(request).status(), 200);
    let seen = backend.request();
    for (name, value) in [
        ("X-Tenant", "acme"),
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Real-IP", "127.0.0.1"),
        ("X-Forwarded-Proto", "http"),
    ] {
        assert_eq!(seen.all(name), [value], "{name}");
    }
}

#[test]
fn a_certificate_is_added_and_replaced_while_clients_come() {
    let (authority, backend) = (Authority::new("root"), Backend::ok());
    let home = home_with("");
    home.write(&document("").replace("127.0.0.1:0 }", "127.0.0.1:0, tls: {} }"));
    let proxyd = Proxyd::start_at(&home);
    let api = proxyd.api();
    api.post("/routes", &route(&[&backend], &json!({}))).is(201);
    let client = Client::new(&authority);
    assert!(client.try_to(&proxyd.address(), "a.test").is_err());
    let mut old = None;
    for status in [201, 200] {
        let leaf = authority.leaf(&["a.test"]);
        let body = json!({ "domain": "a.test", "cert": leaf.pem(), "key": leaf.key_pem() });
        let answer = api.post("/certificates", &body).is(status);
        assert_eq!(answer.body["names"], json!(["a.test"]));
        assert!(!answer.message.text().contains("PRIVATE"), "{:#}", answer.body);
        let mut connection = client.to(&proxyd.address(), "a.test");
        assert_eq!(connection.tls().leaf, leaf.der(), "{status}");
        assert_eq!(ask(&mut connection, "a.test").status(), 200);
        old.get_or_insert(connection);
    }
    // Whoever came with the former one stays.
    assert_eq!(ask(&mut old.unwrap(), "a.test").status(), 200);
    assert_eq!(ids(&api.get("/certificates").is(200).body), ["a.test"]);
    api.delete("/certificates/a.test").is(204);
    assert!(client.try_to(&proxyd.address(), "a.test").is_err());
}

#[test]
fn a_route_brings_its_own_certificate() {
    let (authority, backend) = (Authority::new("root"), Backend::ok());
    let home = home_with("");
    home.write(&document("").replace("127.0.0.1:0 }", "127.0.0.1:0, tls: {} }"));
    let proxyd = Proxyd::start_at(&home);
    let leaf = authority.leaf(&["a.test"]);
    let ssl = json!({ "ssl": { "cert": leaf.pem(), "key": leaf.key_pem() } });
    let created = proxyd.api().post("/routes", &route(&[&backend], &ssl)).is(201);
    assert!(!created.message.text().contains("PRIVATE"), "{:#}", created.body);
    let client = Client::new(&authority);
    let mut connection = client.to(&proxyd.address(), "a.test");
    assert_eq!(connection.tls().leaf, leaf.der());
    assert_eq!(ask(&mut connection, "a.test").status(), 200);
    proxyd.api().delete("/routes/a.test").is(204);
    assert!(client.try_to(&proxyd.address(), "a.test").is_err());
}

#[test]
fn figures_count_the_requests_that_were_made() {
    let (backend, bad) = (Backend::ok(), Refusing::new());
    let proxyd = nothing();
    let api = proxyd.api();
    api.post("/routes", &route(&[&backend], &json!({}))).is(201);
    let port = bad.address().port();
    let bad_route = json!({ "vHost": "b.test", "backends": [{ "hostname": "127.0.0.1", "port": port }] });
    api.post("/routes", &bad_route).is(201);
    wait_until_counted(&api, "/stats/a.test");
    wait_until_counted(&api, "/stats/b.test");
    let still = api.get("/stats").is(200).body;
    assert_eq!((&still["requests"], &still["errors"]), (&json!(0), &json!(0)));
    let mut client = proxyd.connect();
    for _ in 0..7 {
        assert_eq!(ask(&mut client, "a.test").status(), 200);
    }
    for _ in 0..3 {
        assert!(ask(&mut client, "b.test").status() >= 502);
    }
    check_figures(&api, "/stats", 10, 3);
    check_figures(&api, "/stats/a.test", 7, 0);
    check_figures(&api, "/stats/b.test", 3, 3);
    api.get("/stats/c.test").refuses(404, "not_found");
    let history = api.get("/stats?history=true").is(200).body;
    assert!(history["history"].is_array(), "{history:#}");
}

/// Waits until whoever counts has seen what is counted.
#[track_caller]
fn wait_until_counted(api: &Api, path: &str) {
    until("it is not counted", || api.get(path).is(200).body["windowSeconds"].as_f64() > Some(0.0));
}

#[track_caller]
fn check_figures(api: &Api, path: &str, requests: u64, errors: u64) {
    let mut told = Value::Null;
    until("the requests are not counted", || {
        told = api.get(path).is(200).body;
        told["requests"] == requests
    });
    assert_eq!(told["errors"], errors, "{path}: {told:#}");
    for name in ["requestsPerSecond", "windowSeconds"] {
        assert!(told[name].as_f64() > Some(0.0), "{path}: {name}: {told:#}");
    }
    let latency = ["mean", "p50", "p95", "p99"].map(|name| told["latency"][name].as_f64().unwrap());
    assert!(latency[0] > 0.0 && latency[1] <= latency[2] && latency[2] <= latency[3], "{path}: {told:#}");
}
