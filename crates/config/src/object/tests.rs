use crate::{Errors, Key, Kind, Loaded, Object, Secret, Surroundings, parse_with};
use serde_json::{Value, json};
use std::io;

fn surroundings() -> Surroundings<'static> {
    Surroundings {
        environment: &|name| Some(name.to_ascii_lowercase()),
        files: &|_| Err(io::ErrorKind::NotFound.into()),
    }
}

fn loaded(text: &str) -> Loaded {
    parse_with(text, "proxyd.yaml", &surroundings()).unwrap()
}

const MARKER: &str = "secret:0123456789abcdef0123456789abcdef";

fn sealed(object: &Object) -> Value {
    object.to_json(&mut |_| MARKER.into())
}

fn sent(key: Key, value: &Value) -> Result<Object, Errors> {
    Object::from_json(key, value, "request", &|marker| (marker == MARKER).then(|| Secret::new("hunter2")))
}

#[track_caller]
fn check_refused(kind: Kind, id: &str, value: &Value, expected: &[(&str, &str)]) {
    let errors = sent(Key::new(kind, id), value).unwrap_err();
    let found: Vec<_> = errors.problems().iter().map(|problem| (&*problem.path, &*problem.message)).collect();
    assert_eq!(found, expected);
    for problem in errors.problems() {
        assert_eq!(problem.object, Some((Key::new(kind, id), problem.path.clone())));
        assert_eq!((problem.place, &problem.snippet), (None, &None));
    }
}

#[test]
fn a_file_is_taken_apart_in_the_order_of_the_document() {
    let loaded = loaded(
        "\
routes:
  - { path: /a, respond: {} }
  - id: b
    respond: {}
upstreams: [{ name: u, url: h }]
proxy: { port: 1 }
certificates: [{ cert: /a.pem }]
admin:
listeners: [{ address: 127.0.0.1:1, tls: {} }]
",
    );
    let found: Vec<_> = loaded
        .objects()
        .iter()
        .map(|object| {
            let (file, place) = object.file().unwrap();
            format!("{file}:{place} {}", object.key())
        })
        .collect();
    let expected = [
        "proxyd.yaml:6:1 proxy",
        "proxyd.yaml:9:1 listeners",
        "proxyd.yaml:7:16 certificates//a.pem",
        "proxyd.yaml:5:13 upstreams/u",
        "proxyd.yaml:2:5 routes/*/a",
        "proxyd.yaml:3:5 routes/b",
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_object_says_what_was_written_and_its_id() {
    let loaded = loaded(
        "\
upstreams:
  - { name: u, backends: [{ hostname: \"${HOST}\", port: 0080, weight: 2, isDead: true }], healthCheck: ~, source: file }
routes:
  - { path: /1.10, headers: { a: 1.10, b: \"1\", c: 1, d: true, e: \"true\", f: 1e3, g: 2.5 }, upstream: u }
",
    );
    let found: Vec<_> = loaded.objects().iter().map(sealed).collect();
    let upstream = json!({ "name": "u", "backends": [{ "hostname": "host", "port": "0080", "weight": 2 }] });
    let headers = json!({ "a": "1.10", "b": "1", "c": 1, "d": true, "e": "true", "f": "1e3", "g": 2.5 });
    let route = json!({ "id": "*/1.10", "path": "/1.10", "headers": headers, "upstream": "u" });
    assert_eq!(found, [upstream, route]);
}

#[test]
fn what_an_object_says_makes_the_same_object_again() {
    let text = "\
upstreams: [{ name: u, backends: [{ hostname: h, port: 0080 }], timeout: 5, retries: +1, slowStart: \"off\" }]
routes:
  - { path: /a, upstream: u, headers: { a: 1.10, b: \"007\", c: 007, d: \"true\", e: \"null\" }, mirror: { upstream: u, percent: 1.50 } }
";
    let loaded = loaded(text);
    let again = loaded.objects().iter().map(|object| sent(object.key().clone(), &sealed(object)).unwrap());
    let again = Loaded::assemble(again.collect(), &surroundings()).unwrap();
    assert_eq!(again.document, loaded.document);
    assert_eq!(
        again.objects().iter().map(sealed).collect::<Vec<_>>(),
        loaded.objects().iter().map(sealed).collect::<Vec<_>>()
    );
}

#[test]
fn texts_are_never_read_as_numbers_or_booleans() {
    let value = json!({ "backends": [{ "hostname": "h", "port": "80" }], "autoHttps": "true" });
    let object = sent(Key::new(Kind::Route, "a"), &value).unwrap();
    let errors = Loaded::assemble(vec![object], &surroundings()).unwrap_err();
    let paths: Vec<_> = errors.problems().iter().map(|problem| &*problem.path).collect();
    assert_eq!(paths, ["routes[0].autoHttps", "routes[0].backends[0].port"]);
}

#[test]
fn variables_of_the_environment_are_a_files_alone() {
    let value = json!({ "respond": { "body": "${HOME}" } });
    let object = sent(Key::new(Kind::Route, "a"), &value).unwrap();
    let loaded = Loaded::assemble(vec![object], &surroundings()).unwrap();
    assert_eq!(loaded.document.routes[0].respond.as_ref().unwrap().body, "${HOME}");
}

#[test]
fn secrets_are_sealed_and_come_back() {
    let text = "\
upstreams: [{ name: u, url: h, sticky: { secret: hunter2 } }]
routes: [{ upstream: u }]
";
    let loaded = loaded(text);
    let object = &loaded.objects()[0];
    let json = sealed(object);
    assert_eq!(json["sticky"]["secret"], MARKER);
    let mut seen = Vec::new();
    object.to_json(&mut |secret| {
        seen.push(secret.expose().to_owned());
        String::new()
    });
    assert_eq!(seen, ["hunter2"]);
    let again = sent(object.key().clone(), &json).unwrap();
    assert!(!format!("{again:?}").contains("hunter2"));
    let objects = vec![again, loaded.objects()[1].clone()];
    assert_eq!(Loaded::assemble(objects, &surroundings()).unwrap().document, loaded.document);
}

#[test]
fn a_text_that_looks_like_a_marker_is_sealed() {
    let loaded = loaded(&format!("routes: [{{ respond: {{ body: \"{}\" }} }}]", MARKER.replace('f', "e")));
    assert_eq!(sealed(&loaded.objects()[0])["respond"]["body"], MARKER);
}

#[test]
fn a_secret_cannot_be_had_shown_by_writing_its_marker_elsewhere() {
    let unknown = "secret:00000000000000000000000000000000";
    let value = json!({
        "respond": { "body": MARKER },
        "upstreamsSticky": { "secret": unknown, "cookie": "secret:0" },
    });
    check_refused(
        Kind::Route,
        "a",
        &value,
        &[
            ("respond.body", "this stands for a secret, and no secret belongs here"),
            ("upstreamsSticky.secret", "this stands for a secret that is not known"),
        ],
    );
}

#[test]
fn who_sends_an_object_has_no_say_in_which_files_are_read() {
    let files = "files of the proxy's machine can be named in its own file alone";
    let pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----";
    let value = json!({ "cert": "/etc/shadow", "keyFile": "/etc/shadow", "names": ["/etc/hosts"] });
    check_refused(Kind::Certificate, "a", &value, &[("cert", files), ("keyFile", files)]);
    let value = json!({
        "url": "https://h",
        "tls": { "ca": "/ca.pem", "crls": ["/crl.pem"], "cert": pem, "key": "/key" },
        "sticky": { "secretFile": "/secret" },
    });
    let expected =
        [("sticky.secretFile", files), ("tls.ca", files), ("tls.crls[0]", files), ("tls.key", files)];
    check_refused(Kind::Upstream, "a", &value, &expected);
    let value = json!([{ "address": "127.0.0.1:1", "tls": { "ticketKeys": "/keys", "clientAuth": { "ca": "/ca" } } }]);
    let expected = [("[0].tls.clientAuth.ca", files), ("[0].tls.ticketKeys", files)];
    check_refused(Kind::Section, "listeners", &value, &expected);
    let value = json!({ "tls": { "clientCa": "/ca" }, "tokens": [{ "name": "a", "hashFile": "/hash" }] });
    check_refused(Kind::Section, "admin", &value, &[("tls.clientCa", files), ("tokens[0].hashFile", files)]);

    let value = json!({ "upstream": "u", "headers": { "keyFile": "x", "crls": "y" } });
    sent(Key::new(Kind::Route, "a"), &value).unwrap();
    let kept = json!({ "cert": "/a.pem", "keyFile": "/a.key" });
    Object::from_kept(Key::new(Kind::Certificate, "a"), &kept, "kept", &|_| None).unwrap();
}

#[test]
fn an_id_is_that_of_the_key() {
    let other = "the `id` of `routes/a` cannot be another one";
    check_refused(Kind::Route, "a", &json!({ "id": "b", "respond": {} }), &[("id", other)]);
    let other = "the `name` of `upstreams/a` cannot be another one";
    check_refused(Kind::Upstream, "a", &json!({ "name": "b" }), &[("name", other)]);
    check_refused(Kind::Route, "", &json!({}), &[("", "the id of a route is empty")]);
    check_refused(Kind::Section, "routes", &json!([]), &[("", "`routes` lists objects, and is none")]);
    for id in [json!("a"), json!(""), json!(null)] {
        let object = sent(Key::new(Kind::Route, "a"), &json!({ "id": id, "respond": {} })).unwrap();
        assert_eq!(sealed(&object), json!({ "id": "a", "respond": {} }));
    }
}

#[test]
fn what_is_no_map_is_an_error_like_any_other() {
    for (kind, id, value, path) in [
        (Kind::Route, "a", json!(5), "routes[0]"),
        (Kind::Route, "a", json!([]), "routes[0]"),
        (Kind::Route, "a", json!({ "id": [], "respond": {} }), "routes[0].id"),
        (Kind::Section, "proxy", json!("x"), "proxy"),
        (Kind::Section, "nothing", json!({}), "nothing"),
    ] {
        let object = sent(Key::new(kind, id), &value).unwrap();
        let errors = Loaded::assemble(vec![object], &surroundings()).unwrap_err();
        assert_eq!(errors.problems()[0].path, path, "{value}");
        assert!(errors.problems()[0].object.is_some(), "{value}: {errors}");
    }
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    check_refused(Kind::Route, "a", &deep, &[("", "lists and maps are too deep in each other")]);
}

#[test]
fn objects_that_come_twice_are_refused() {
    let route = |id| sent(Key::new(Kind::Route, id), &json!({ "respond": {} })).unwrap();
    let errors = Loaded::assemble(vec![route("a"), route("b"), route("a")], &surroundings()).unwrap_err();
    let expected = "request: routes[2].id: the route id `a` is used twice\n  hint: the first one is `routes[0].id`\n1 error";
    assert_eq!(errors.to_string(), expected);
    let proxy = sent(Key::new(Kind::Section, "proxy"), &json!({})).unwrap();
    let errors = Loaded::assemble(vec![proxy.clone(), proxy], &surroundings()).unwrap_err();
    assert_eq!(errors.to_string(), "request: `proxy` is given twice\n1 error");
}

#[test]
fn a_file_of_the_clustered_proxy_is_native_objects_at_their_places() {
    let text = "\
server:
  listen: 80
  upstreams: [{ id: a, url: a }, { id: b, url: b }]
  headers: [{ key: x.y, value: \"1\" }]
  rules:
    - { path: /a/, upstreams: [a] }
    - { path: /b, upstreams: [b, a] }
";
    let loaded = loaded(text);
    let found: Vec<_> = loaded
        .objects()
        .iter()
        .map(|object| format!("{} {}: {}", object.file().unwrap().1, object.key(), sealed(object)))
        .collect();
    let expected = [
        r#"1:1 proxy: {"port":80}"#,
        r#"5:3 routeOrder: "written""#,
        r#"3:15 upstreams/a: {"name":"a","url":"http://a:80"}"#,
        r#"3:34 upstreams/b: {"name":"b","url":"http://b:80"}"#,
        r#"7:19 upstreams/b+a: {"backends":[{"hostname":"b","id":"b","port":80},{"hostname":"a","id":"a","port":80}],"hostHeader":"upstream","name":"b+a"}"#,
        r#"6:7 routes//a/: {"headers":{"x.y":"1"},"id":"/a/","path":"~^/a/","upstream":"a"}"#,
        r#"7:7 routes//b: {"headers":{"x.y":"1"},"id":"/b","path":"/b*","upstream":"b+a"}"#,
    ];
    assert_eq!(found, expected);
    let again = Loaded::assemble(loaded.objects().to_vec(), &surroundings()).unwrap();
    assert_eq!(again.document, loaded.document);
    let errors = loaded.with(Vec::new(), &[Key::new(Kind::Upstream, "a")], &surroundings()).unwrap_err();
    let expected = "\
proxyd.yaml:6:20: server.rules[0].upstreams: there is no upstream `a`
  |
6 |     - { path: /a/, upstreams: [a] }
  |                    ^^^^^^^^^
  hint: did you mean `b`?
1 error";
    assert_eq!(errors.to_string(), expected);
}
