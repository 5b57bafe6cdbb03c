//! Objects of the document over the API: what is read, what is written, what is refused.

use std::fs;

use harness::tls::{Authority, Files};
use harness::{Answer, Api, Backend, Proxyd};
use serde_json::{Value, json};

use super::{at, document, get, home, home_with, upstream};

/// A route that the proxy answers itself.
fn says(host: &str, body: &str) -> Value {
    json!({ "vHost": host, "respond": { "status": 200, "body": body } })
}

#[track_caller]
fn revision(api: &Api) -> u64 {
    api.get("/health").is(200).body["revision"].as_u64().unwrap()
}

#[test]
fn a_write_under_a_condition_is_made_if_nobody_was_faster() {
    let proxyd = Proxyd::start_at(&home_with(""));
    let api = proxyd.api();
    let create = [("If-None-Match", "*")];
    let first = api.ask("PUT", "/routes/r", &create, Some(&says("a.test", "one"))).is(201);
    let again = api.ask("PUT", "/routes/r", &create, Some(&says("a.test", "two"))).refuses(412, "changed");
    assert_eq!(again.field("etag"), first.field("etag"));
    let old = first.field("etag");
    assert!(old.starts_with('"'), "{old}");
    let known = [("If-None-Match", old.as_str())];
    let same = api.ask("GET", "/routes/r", &known, None).is(304);
    assert_eq!((same.message.text().as_str(), same.field("etag")), ("", old.clone()));
    let condition = [("If-Match", old.as_str())];
    let second = api.ask("PUT", "/routes/r", &condition, Some(&says("a.test", "two"))).is(200);
    assert_ne!(second.field("etag"), old);
    assert_eq!(api.get("/routes/r").field("etag"), second.field("etag"));
    for (method, body) in
        [("PUT", Some(says("a.test", "three"))), ("PATCH", Some(json!({}))), ("DELETE", None)]
    {
        let late = api.ask(method, "/routes/r", &condition, body.as_ref()).refuses(412, "changed");
        assert_eq!(late.field("etag"), second.field("etag"), "{method}");
    }
    assert_eq!(proxyd.get("/").text(), "two");
    api.ask("DELETE", "/routes/r", &[("If-Match", "*")], None).is(204);
    api.ask("PUT", "/routes/r", &[("If-Match", "*")], Some(&says("a.test", "four"))).refuses(412, "changed");
    api.ask("PUT", "/routes/r", &[("If-Match", "r")], Some(&says("a.test", "x")))
        .refuses(400, "invalid_condition");
}

#[test]
fn where_conditions_are_asked_for_nothing_is_changed_without_one() {
    let proxyd = Proxyd::start_at(&home_with("admin: { requireIfMatch: true }\n"));
    let api = proxyd.api();
    api.post("/routes", &says("a.test", "one")).is(201);
    let path = "/routes/a.test";
    for (method, body) in [
        ("PUT", Some(says("a.test", "two"))),
        ("PATCH", Some(json!({ "respond": { "body": "two" } }))),
        ("DELETE", None),
    ] {
        api.ask(method, path, &[], body.as_ref()).refuses(428, "precondition_required");
    }
    api.put("/document", &json!({})).refuses(428, "precondition_required");
    assert_eq!(proxyd.get("/").text(), "one");
    let tag = api.get(path).field("etag");
    api.ask("PATCH", path, &[("If-Match", &tag)], Some(&json!({ "respond": { "body": "two" } }))).is(200);
    assert_eq!(proxyd.get("/").text(), "two");
}

#[test]
fn a_patch_changes_what_it_names_and_null_takes_away() {
    let proxyd = Proxyd::start_at(&home_with(""));
    let api = proxyd.api();
    let mut route = says("a.test", "one");
    route["responseHeaders"] = json!({ "set": { "X-One": "1", "X-Two": "2" } });
    api.post("/routes", &route).is(201);
    let patch = json!({ "responseHeaders": { "set": { "X-One": null, "X-Two": "3" } }, "respond": { "body": "two" } });
    for kind in ["application/merge-patch+json", "application/json"] {
        let patched = api.ask("PATCH", "/routes/a.test", &[("Content-Type", kind)], Some(&patch)).is(200);
        assert_eq!(patched.body["responseHeaders"], json!({ "set": { "X-Two": "3" } }));
    }
    let answer = proxyd.get("/");
    assert_eq!(
        (answer.text().as_str(), answer.field("X-One"), answer.field("X-Two")),
        ("two", None, Some("3"))
    );
    let refused = api.patch("/routes/a.test", &json!({ "id": "other" })).refuses(422, "invalid");
    assert_eq!(refused.pointers(), ["/id"]);
}

#[test]
fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let (backend, authority) = (Backend::ok(), Authority::new("root"));
    let proxyd = Proxyd::start_at(&home(&backend, "routes: [{ id: r, vHost: a.test, upstream: app }]"));
    let api = proxyd.api();
    api.post("/routes", &says("b.test", "b")).is(201);
    let before = (revision(&api), api.get("/document").body, api.get("/certificates").body);
    let leaf = authority.leaf(&["a.test"]);
    let certificate = json!({ "domain": "a.test", "cert": leaf.pem(), "key": leaf.key_pem() });
    for (method, path, body, change, id) in [
        ("POST", "/routes", Some(says("c.test", "c")), "added", "c.test/*"),
        ("PUT", "/routes/new", Some(says("c.test", "c")), "added", "new"),
        ("PUT", "/routes/b.test", Some(says("b.test", "c")), "changed", "b.test/*"),
        ("PATCH", "/routes/b.test", Some(json!({ "respond": { "body": "c" } })), "changed", "b.test/*"),
        ("DELETE", "/routes/b.test", None, "removed", "b.test/*"),
        (
            "POST",
            "/upstreams/app/backends",
            Some(json!({ "hostname": "127.0.0.1", "port": 1 })),
            "changed",
            "app",
        ),
        ("POST", "/certificates", Some(certificate), "added", "a.test"),
        (
            "PUT",
            "/document",
            Some(json!({ "security": { "blockedIPs": ["10.0.0.0/8"] } })),
            "added",
            "security",
        ),
    ] {
        let planned = api.ask(method, &format!("{path}?dryRun=true"), &[], body.as_ref()).is(200);
        assert_eq!(planned.body["revision"], before.0, "{method} {path}");
        let changes = planned.body["changes"].as_array().unwrap();
        let found = changes.iter().find(|one| one["id"] == id && one["change"] == change);
        assert!(found.is_some(), "{method} {path}: {:#}", planned.body);
    }
    api.post("/routes?dryRun=true", &json!({ "vHost": 1 })).refuses(422, "invalid");
    assert_eq!((revision(&api), api.get("/document").body, api.get("/certificates").body), before);
    assert_eq!(proxyd.ask(get("b.test")).text(), "b");
    assert_eq!(proxyd.ask(get("c.test")).status(), 404);
}

#[test]
fn a_write_that_is_sent_twice_with_its_key_is_made_once() {
    let proxyd = Proxyd::start_at(&home_with(""));
    let api = proxyd.api();
    let key = [("Idempotency-Key", "a-1")];
    let first = api.ask("POST", "/routes", &key, Some(&says("a.test", "a"))).is(201);
    let after = revision(&api);
    let again = api.ask("POST", "/routes", &key, Some(&says("a.test", "a"))).is(201);
    assert_eq!((&again.body, again.field("etag")), (&first.body, first.field("etag")));
    assert_eq!((again.field("idempotency-replayed").as_str(), revision(&api)), ("true", after));
    api.ask("POST", "/routes", &key, Some(&says("b.test", "b"))).refuses(422, "idempotency_mismatch");
    api.post("/routes", &says("a.test", "a")).refuses(409, "exists");
}

#[test]
fn methods_that_a_path_has_not_are_refused_with_those_that_it_has() {
    let proxyd = Proxyd::start_at(&home_with(""));
    for (method, path, allowed) in [
        ("DELETE", "/routes", "GET, POST, HEAD"),
        ("POST", "/routes/r", "GET, PUT, PATCH, DELETE, HEAD"),
        ("PUT", "/stats", "GET, HEAD"),
        ("GET", "/plan", "POST"),
    ] {
        let body = json!({});
        let body = Some(&body).filter(|_| method != "GET" && method != "DELETE");
        let refused = proxyd.api().ask(method, path, &[], body).refuses(405, "method_not_allowed");
        assert_eq!(refused.field("allow"), allowed, "{method} {path}");
    }
    proxyd.api().get("/nothing").refuses(404, "not_found");
}

#[test]
fn bodies_that_are_no_json_are_refused_by_what_is_wrong_with_them() {
    let proxyd = Proxyd::start_at(&home_with("admin: { maxBodySize: 1kb }\n"));
    let api = proxyd.api();
    let post = |fields: &str, body: &str| -> Answer {
        let length = body.len();
        let request = format!(
            "POST /api/v1/routes HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{fields}Content-Length: {length}\r\n\r\n{body}"
        );
        api.raw("POST", request.as_bytes())
    };
    let json = "Content-Type: application/json\r\n";
    for fields in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: application/merge-patch+json\r\n",
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
    ] {
        post(fields, &says("a.test", "a").to_string()).refuses(415, "unsupported_media_type");
    }
    post("Content-Type: application/json; charset=utf-8\r\n", "{}").is(422);
    let broken = post(json, "{\n \"vHost\": a }").refuses(400, "invalid_json");
    assert_eq!((&broken.body["line"], &broken.body["column"]), (&json!(2), &json!(11)));
    for body in ["", "{", "{} {}", "{\"vHost\":\"a\",\"vHost\":\"b\"}", "\u{feff}{}", "{\"a\":NaN}"] {
        post(json, body).refuses(400, "invalid_json");
    }
    post(json, &format!("{{\"id\":\"{}\"}}", "x".repeat(1024))).refuses(413, "body_too_large");
    // The same without a length that tells it beforehand.
    let chunk = format!("401\r\n{}\r\n0\r\n\r\n", " ".repeat(0x401));
    let request = format!(
        "POST /api/v1/routes HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{json}Transfer-Encoding: chunked\r\n\r\n{chunk}"
    );
    api.raw("POST", request.as_bytes()).refuses(413, "body_too_large");
    assert_eq!(api.get("/routes").body, json!([]));
}

#[test]
fn everything_that_is_wrong_with_an_object_is_told_at_once() {
    let proxyd = Proxyd::start_at(&home_with(""));
    let api = proxyd.api();
    let body = json!({
        "vHost": "a.test",
        "pathh": "/x",
        "reqActiveLength": "many",
        "strategy": ["RANDOM"],
        "backends": [
            { "hostname": "10.0.0.1", "port": 3000 },
            { "hostname": "10.0.0.2", "port": 99_999, "wait": 1 },
        ],
    });
    for (method, path) in [("POST", "/routes"), ("PUT", "/routes/r")] {
        let refused = api.ask(method, path, &[], Some(&body)).refuses(422, "invalid");
        let mut pointers = refused.pointers();
        pointers.sort_unstable();
        let expected = ["/backends/1/port", "/backends/1/wait", "/pathh", "/reqActiveLength", "/strategy"];
        assert_eq!(pointers, expected, "{:#}", refused.body);
        let hint = refused.body["errors"].as_array().unwrap().iter().find(|one| one["pointer"] == "/pathh");
        assert!(hint.unwrap()["hint"].as_str().unwrap().contains("path"), "{:#}", refused.body);
    }
    // What is wrong between objects is told, too.
    let refused =
        api.post("/routes", &json!({ "vHost": "a.test", "upstream": "none" })).refuses(422, "invalid");
    assert_eq!(refused.pointers(), ["/upstream"]);
    api.post("/upstreams", &json!({ "name": "app", "backends": [{ "hostname": "10.0.0.1", "port": 1 }] }))
        .is(201);
    api.post("/routes", &json!({ "vHost": "a.test", "upstream": "app" })).is(201);
    let refused = api.delete("/upstreams/app").refuses(422, "invalid");
    assert!(refused.body.to_string().contains("upstream"), "{:#}", refused.body);
    assert_eq!(api.get("/upstreams").body.as_array().unwrap().len(), 1);
}

#[test]
fn long_lists_come_in_pages_that_lead_to_each_other() {
    let proxyd = Proxyd::start_at(&home_with(""));
    let api = proxyd.api();
    for host in ["a.test", "b.test", "c.test", "d.test", "e.test"] {
        api.post("/routes", &says(host, "")).is(201);
    }
    let whole = api.get("/routes").is(200);
    assert_eq!((whole.body.as_array().unwrap().len(), whole.field("link").as_str()), (5, ""));
    let (mut path, mut all) = ("/routes?limit=2".to_owned(), Vec::new());
    loop {
        let page = api.get(&path).is(200);
        let items = page.body.as_array().unwrap();
        assert!(items.len() <= 2, "{:#}", page.body);
        all.extend(items.iter().map(|route| route["vHost"].as_str().unwrap().to_owned()));
        let link = page.field("link");
        if link.is_empty() {
            break;
        }
        path = link.strip_prefix("</api/v1").unwrap().strip_suffix(">; rel=\"next\"").unwrap().to_owned();
    }
    assert_eq!(all, ["a.test", "b.test", "c.test", "d.test", "e.test"]);
}

/// A document with much in it.
fn rich(backend: &Backend, certificate: &str) -> String {
    let port = backend.port();
    document(&format!(
        r#"security: {{ blockedIPs: ["203.0.113.0/24"] }}
logging: {{ level: info }}
certificates:
  - {{ {certificate} }}
upstreams:
  - name: app
    strategy: LEAST_REQUESTS
    timeout: 5s
    retries: 2
    sticky: {{ cookie: who, secret: "{SECRET}" }}
    circuitBreaker: {{ enabled: true, failureThreshold: 50, minimumRequests: 20, window: 10s, openDuration: 30s }}
    backends:
      - {{ id: a, hostname: 127.0.0.1, port: {port}, weight: 2 }}
      - {{ hostname: 127.0.0.1, port: {port} }}
  - {{ name: site, url: "http://localhost:{port}" }}
  - {{ name: socket, backends: [{{ hostname: "unix:/nowhere.sock" }}] }}
routes:
  - id: everything
    vHost: "*.a.test"
    path: /api/*
    methods: [GET, POST]
    match: {{ headers: {{ X-Canary: "1" }}, query: {{ v: "1.10" }}, clientIp: ["127.0.0.0/8"] }}
    upstreams: [{{ name: app, weight: 3 }}, {{ name: site }}]
    stripPrefix: /api
    reqActiveLength: 50
    reqQueueLength: 100
    queueTimeout: 1s
    autoHttps: false
    headers: {{ X-Tenant: acme }}
    responseHeaders: {{ set: {{ X-Two: "2" }}, remove: [Server] }}
    timeout: 2m
    maxBodySize: 1mb
  - {{ vHost: inline.test, strategy: RANDOM, backends: [{{ hostname: 127.0.0.1, port: {port} }}] }}
  - {{ path: "~^/[0-9]+$", upstream: socket }}
  - {{ path: /teapot, respond: {{ status: 418, body: "short and stout" }} }}
  - {{ vHost: old.test, redirect: {{ to: "https://new.test$uri", status: 301 }} }}
"#
    ))
}

const SECRET: &str = "a secret that nobody may see anywhere";

#[test]
fn what_was_shown_can_be_put_again_and_changes_nothing() {
    let (authority, files, backend) = (Authority::new("root"), Files::new(), Backend::ok());
    let home = home_with("");
    home.write(&rich(&backend, &files.put("a", &authority.leaf(&["a.test"]))));
    let proxyd = Proxyd::start_at(&home);
    let api = proxyd.api();
    api.post("/routes", &says("api.test", "api")).is(201);
    api.put("/upstreams/app", &api.get("/upstreams/app").body).is(200);
    let before = (revision(&api), api.get("/document").body);
    for list in ["routes", "upstreams"] {
        let all = api.get(&format!("/{list}")).is(200).body;
        assert!(all.as_array().unwrap().len() >= 3);
        for object in all.as_array().unwrap() {
            let id = object[if list == "routes" { "id" } else { "name" }].as_str().unwrap();
            let path = format!("/{list}/{}", id.replace('/', "%2F"));
            let shown = api.get(&path).is(200);
            assert_eq!(&shown.body, object, "{path}");
            let put = api.put(&path, &shown.body).is(200);
            assert_eq!((&put.body, put.field("etag")), (&shown.body, shown.field("etag")), "{path}");
            assert_eq!(revision(&api), before.0, "{path}");
        }
    }
    let put = api.put("/document", &before.1).is(200);
    assert_eq!((revision(&api), &put.body), (before.0, &before.1));
    let again = api.post("/plan", &before.1).is(200);
    assert_eq!(again.body["changes"], json!([]));
    assert_eq!(proxyd.ask("GET /teapot HTTP/1.1\r\nHost: x\r\n\r\n").status(), 418);
}

#[test]
fn an_object_of_the_api_hides_the_file_s_until_it_is_removed() {
    let home = home_with("routes:\n  - { id: r, vHost: a.test, respond: { status: 200, body: file } }\n");
    let proxyd = Proxyd::start_at(&home);
    let api = proxyd.api();
    assert_eq!(api.get("/routes/r").is(200).body["source"], "file");
    let refused = api.delete("/routes/r").refuses(409, "file_owned");
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("proxyd.yaml:4"), "{detail}");
    let put = api.put("/routes/r", &says("a.test", "api")).is(200);
    assert_eq!((&put.body["source"], &put.body["shadows"]), (&json!("api"), &json!(true)));
    assert_eq!(proxyd.get("/").text(), "api");
    assert_eq!(api.get("/document?layer=file").body["routes"][0]["respond"]["body"], "file");
    assert_eq!(api.get("/document?layer=api").body["routes"][0]["respond"]["body"], "api");
    assert_eq!(api.get("/document").body["routes"].as_array().unwrap().len(), 1);
    api.delete("/routes/r").is(204);
    assert_eq!(proxyd.get("/").text(), "file");
    let back = api.get("/routes/r").is(200).body;
    assert_eq!((&back["source"], back.get("shadows")), (&json!("file"), None));
    api.delete("/routes/r").refuses(409, "file_owned");
}

#[test]
fn a_backend_that_is_added_to_the_file_s_upstream_makes_it_the_api_s() {
    let (one, other) = (Backend::saying("one"), Backend::saying("other"));
    let proxyd = Proxyd::start_at(&home(&one, "routes: [{ id: r, vHost: a.test, upstream: app }]"));
    let api = proxyd.api();
    api.post("/routes/a.test/backends", &at(&other)).is(201);
    let shown = api.get("/upstreams/app").is(200).body;
    assert_eq!((&shown["source"], &shown["shadows"]), (&json!("api"), &json!(true)));
    assert_eq!(api.get("/routes/r").body["source"], "file");
    // A new backend gets its share slowly.
    assert!((0..1000).any(|_| proxyd.get("/").text() == "other"));
    api.delete("/upstreams/app").is(204);
    assert_eq!(api.get("/upstreams/app/backends").body.as_array().unwrap().len(), 1);
}

#[test]
fn the_whole_document_is_put_and_what_the_file_alone_has_stays() {
    let file = "routes:\n  - { id: file, vHost: f.test, respond: { status: 200, body: file } }\n";
    let proxyd = Proxyd::start_at(&home_with(file));
    let api = proxyd.api();
    api.put("/routes/old", &says("old.test", "old")).is(201);
    let whole = api.get("/document").is(200);
    let mut next = whole.body.clone();
    let routes = next["routes"].as_array_mut().unwrap();
    routes.retain(|route| route["id"] != "old");
    let mut new = says("new.test", "new");
    new["id"] = "new".into();
    routes.push(new);
    let tag = whole.field("etag");
    let put = api.ask("PUT", "/document", &[("If-Match", &tag)], Some(&next)).is(200);
    assert_ne!(put.field("etag"), tag);
    api.ask("PUT", "/document", &[("If-Match", &tag)], Some(&next)).refuses(412, "changed");
    for (host, text) in [("f.test", "file"), ("new.test", "new")] {
        assert_eq!(proxyd.ask(get(host)).text(), text);
    }
    assert_eq!(proxyd.ask(get("old.test")).status(), 404);
    let applied = api.post("/apply", &json!({ "routes": [] })).is(200).body;
    assert_eq!(applied["changes"].as_array().unwrap().len(), 1, "{applied:#}");
    assert!(applied["warnings"].to_string().contains("file"), "{applied:#}");
    assert_eq!(proxyd.ask(get("f.test")).text(), "file");
    assert_eq!(proxyd.ask(get("new.test")).status(), 404);
    let refused = api.put("/document", &json!({ "listeners": [{ "address": "127.0.0.1:1" }] }));
    refused.refuses(409, "needs_restart");
}

#[test]
fn secrets_are_seen_nowhere() {
    let (authority, files, backend) = (Authority::new("root"), Files::new(), Backend::ok());
    let leaves = [authority.leaf(&["a.test"]), authority.leaf(&["b.test"]), authority.leaf(&["c.test"])];
    let home = home_with("");
    home.write(&format!(
        "{}admin: {{ address: \"unix:{}\" }}\n",
        rich(&backend, &files.put("a", &leaves[0])).replace("level: info", "level: trace"),
        home.socket().display()
    ));
    fs::create_dir(home.socket().parent().unwrap()).unwrap();
    let proxyd = Proxyd::start_at(&home);
    let api = proxyd.api();
    let certificate = json!({ "domain": "b.test", "cert": leaves[1].pem(), "key": leaves[1].key_pem() });
    let mut route = says("c.test", "c");
    route["ssl"] = json!({ "cert": leaves[2].pem(), "key": leaves[2].key_pem() });
    let mut answers = vec![
        api.post("/certificates", &certificate).is(201),
        api.post("/routes", &route).is(201),
        api.patch("/upstreams/app", &json!({ "sticky": { "secret": format!("{SECRET}, another") } })).is(200),
    ];
    // What is refused is not told either.
    let mismatched = json!({ "domain": "b.test", "cert": leaves[2].pem(), "key": leaves[1].key_pem() });
    answers.push(api.post("/certificates", &mismatched).refuses(422, "invalid"));
    answers.push(api.post("/routes", &json!({ "ssl": leaves[1].key_pem() })).refuses(422, "invalid"));
    answers.push(api.post("/routes", &json!({ "vHost": leaves[1].key_pem() })).refuses(422, "invalid"));
    answers.push(
        api.post(
            "/plan",
            &json!({ "upstreams": [{ "name": "app", "sticky": { "secret": { "x": SECRET } } }] }),
        )
        .refuses(422, "invalid"),
    );
    for path in [
        "/routes",
        "/routes/c.test",
        "/upstreams",
        "/certificates",
        "/certificates/b.test",
        "/document",
        "/document?layer=api",
        "/document?layer=file",
        "/revisions",
        "/revisions/2",
        "/revisions/3",
        "/stats",
        "/health",
    ] {
        answers.push(api.get(path).is(200));
    }
    let marked = answers.iter().any(|answer| answer.message.text().contains("secret:"));
    assert!(marked, "nothing is sealed");
    // What was sealed keeps its secret when it is put again.
    let shown = api.get("/routes/c.test").body;
    answers.push(api.put("/routes/c.test", &shown).is(200));
    answers.push(api.put("/document", &api.get("/document").body).is(200));
    let mut texts: Vec<String> = answers.iter().map(|answer| answer.message.text()).collect();
    let revisions = home.state().join("revisions");
    texts.extend(
        fs::read_dir(revisions).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()),
    );
    texts.extend(proxyd.stop().log);
    let lines = leaves.iter().flat_map(|leaf| leaf.key_pem().lines().map(str::to_owned).collect::<Vec<_>>());
    let mut secrets: Vec<String> = lines.filter(|line| line.len() == 64).collect();
    assert!(secrets.len() >= 3);
    secrets.push(SECRET.to_owned());
    for text in texts {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{secret} is in {text}");
        }
    }
}

#[test]
fn an_upstream_is_put_listed_and_removed() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start_at(&home_with(&upstream("file", &[&backend])));
    let api = proxyd.api();
    let body = json!({ "name": "app", "backends": [at(&backend)] });
    assert_eq!(api.post("/upstreams", &body).is(201).field("location"), "/api/v1/upstreams/app");
    api.post("/upstreams", &body).refuses(409, "exists");
    let names: Vec<Value> =
        api.get("/upstreams").body.as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["file", "app"]);
    api.post("/routes", &json!({ "vHost": "a.test", "upstream": "app" })).is(201);
    assert_eq!(proxyd.get("/").status(), 200);
    api.delete("/routes/a.test").is(204);
    api.delete("/upstreams/app").is(204);
    api.delete("/upstreams/file").refuses(409, "file_owned");
}
