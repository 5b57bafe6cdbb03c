use super::*;
use crate::{Problem, Secret, parse_with};
use serde_json::{Value, json};
use std::io;

/// Words from a seed (SplitMix64).
struct Words(u64);

impl Words {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound).unwrap()).unwrap()
    }

    fn one<'v>(&mut self, values: &[&'v str]) -> &'v str {
        values[self.below(values.len())]
    }

    fn rarely(&mut self) -> bool {
        self.below(8) == 0
    }
}

fn surroundings() -> Surroundings<'static> {
    Surroundings { environment: &|_| None, files: &|_| Err(io::ErrorKind::NotFound.into()) }
}

fn object(kind: Kind, id: &str, value: &Value) -> Object {
    Object::from_kept(Key::new(kind, id), value, "request", &|_| None).unwrap()
}

const IDS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const HOSTS: [&str; 5] = ["*", "a.test", "A.test", "*.b.test", "a..b"];

fn route(words: &mut Words) -> Value {
    let paths = ["/", "/x/*", "/y*", "z"];
    let choice = if words.rarely() { 4 } else { 3 };
    let path = paths[words.below(choice)];
    let mut route = json!({ "vHost": words.one(&HOSTS), "path": path });
    let names = ["u", "v", "w", "x"];
    match words.below(6) {
        0 => route["respond"] = json!({ "status": 200 + words.below(100) }),
        1 => route["redirect"] = json!({ "to": "/elsewhere" }),
        2 => {
            route["upstreams"] =
                json!([{ "name": words.one(&names) }, { "name": words.one(&names), "weight": 2 }]);
            route["upstreamsSticky"] = json!({ "cookie": words.one(&["one", "two"]) });
        }
        3 => route["backends"] = json!([{ "hostname": "h", "port": 1 + words.below(9) }]),
        _ => {
            route["upstream"] = words.one(&names).into();
            if words.rarely() {
                route["fallback"] = words.one(&names).into();
            }
            if words.rarely() {
                route["mirror"] = json!({ "upstream": words.one(&names) });
            }
        }
    }
    if words.below(4) == 0 {
        route["clientAuth"] = json!({ "ca": words.one(&["/a.pem", "/b.pem"]) });
    }
    if words.below(5) == 0 {
        route = json!({ "vHost": words.one(&HOSTS), "mode": "tcp", "upstream": words.one(&names) });
    }
    if words.rarely() {
        route["hsts"] = json!({ "maxAge": "365d" });
    }
    if words.below(40) == 0 {
        route["surprise"] = json!([{ "deep": null }]);
    }
    route
}

fn upstream(words: &mut Words) -> Value {
    let mut upstream = match words.below(4) {
        0 => json!({ "url": "https://h" }),
        1 => json!({ "backends": [{ "hostname": "h", "port": 1 + words.below(9) }] }),
        _ => json!({ "url": format!("h{}", words.below(9)) }),
    };
    if words.below(3) == 0 {
        upstream["sticky"] = json!({ "cookie": words.one(&["one", "two"]) });
    }
    if words.below(30) == 0 {
        upstream["retries"] = json!(words.below(20));
    }
    upstream
}

fn certificate(words: &mut Words) -> Value {
    let mut certificate = json!({ "cert": words.one(&["/a.pem", "/b.pem"]) });
    if words.below(4) == 0 {
        certificate["default"] = true.into();
    }
    if words.below(4) == 0 {
        certificate["names"] = json!([words.one(&HOSTS)]);
    }
    certificate
}

fn section(words: &mut Words) -> (&'static str, Value) {
    match words.below(6) {
        0 => ("listeners", json!([{ "address": "127.0.0.1:1", "tls": {} }, { "address": "127.0.0.1:2" }])),
        1 => (
            "listeners",
            json!([{ "address": "127.0.0.1:1", "tls": {} }, { "address": "127.0.0.1:3", "mode": "tcp" }]),
        ),
        2 => (
            "listeners",
            json!([
                { "address": "127.0.0.1:1", "tls": {} },
                { "address": "127.0.0.1:2", "mode": "tcp" },
                { "address": "127.0.0.1:3", "mode": "tcp", "upstream": words.one(&["u", "v", "w"]) },
            ]),
        ),
        3 => ("proxy", json!({ "port": words.below(3), "timeout": "5s" })),
        4 => ("routeOrder", words.one(&["written", "specific", "any"]).into()),
        _ => ("logging", json!({ "level": words.one(&["info", "warn"]) })),
    }
}

fn step(words: &mut Words) -> (Vec<Object>, Vec<Key>) {
    let (mut put, mut gone) = (Vec::new(), Vec::new());
    for _ in 0..=words.below(3) {
        let names = ["u", "v", "w", "x"];
        match words.below(20) {
            0..=7 => put.push(object(Kind::Route, words.one(&IDS), &route(words))),
            8..=11 => put.push(object(Kind::Upstream, words.one(&names), &upstream(words))),
            12..=13 => put.push(object(Kind::Certificate, words.one(&IDS), &certificate(words))),
            14 => {
                let (name, value) = section(words);
                put.push(object(Kind::Section, name, &value));
            }
            15..=16 => gone.push(Key::new(Kind::Route, words.one(&IDS))),
            17 => gone.push(Key::new(Kind::Upstream, words.one(&names))),
            18 => gone.push(Key::new(Kind::Certificate, words.one(&IDS))),
            _ => gone.push(Key::new(Kind::Section, words.one(&["proxy", "routeOrder", "logging"]))),
        }
    }
    (put, gone)
}

const FILE: &str = "\
listeners: [{ address: 127.0.0.1:1, tls: {} }, { address: 127.0.0.1:2, mode: tcp, upstream: w }]
certificates:
  - { cert: /a.pem, default: true }
upstreams:
  - { name: u, url: localhost }
  - { name: w, url: localhost }
routes:
  - { vHost: a.test, upstream: u, clientAuth: { ca: /a.pem } }
  - { id: b, path: /b, upstreams: [{ name: u }, { name: w }], upstreamsSticky: {} }
  - { vHost: a.test, path: /c, upstream: w }
";

#[test]
fn a_change_gives_what_all_objects_give() {
    let seed = 20_241;
    println!("seed {seed}");
    let mut words = Words(seed);
    let mut now = parse_with(FILE, "proxyd.yaml", &surroundings()).unwrap();
    let (mut made, mut refused, mut quick) = (0, 0, 0);
    for number in 0..20_000 {
        let (put, gone) = step(&mut words);
        let change = Change::new(&now, put.clone(), &gone);
        let is_asked = number % 8 == 0 && !change.concerns_sections();
        let is_quick = is_asked && change.read(&surroundings()).is_some();
        let objects: Vec<_> = change.objects.iter().map(|(object, _)| object.clone()).collect();
        let whole = Loaded::assemble(objects, &surroundings());
        match (now.with(put, &gone, &surroundings()), whole) {
            (Ok(changed), Ok(whole)) => {
                assert_eq!(changed.document, whole.document, "step {number}");
                made += 1;
                quick += usize::from(is_quick);
                let keys = |loaded: &Loaded| -> Vec<Key> {
                    loaded.objects().iter().map(|object| object.key().clone()).collect()
                };
                assert_eq!(keys(&changed), keys(&whole), "step {number}");
                now = changed;
            }
            (Err(changed), Err(whole)) => {
                assert!(!is_quick, "step {number}: {whole}");
                assert_eq!(changed, whole, "step {number}");
                refused += 1;
            }
            (Ok(_), Err(errors)) => panic!("step {number}: what is wrong was not seen: {errors}"),
            (Err(errors), Ok(_)) => panic!("step {number}: nothing is wrong: {errors}"),
        }
    }
    assert!(
        made > 3000 && refused > 3000 && quick > made / 16,
        "{made} made, {quick} of them quick, {refused} refused"
    );
}

fn many(count: usize) -> String {
    let mut text = String::from("upstreams:\n");
    for number in 0..100 {
        text.push_str(&format!("  - {{ name: u{number}, url: \"http://10.0.0.1:80\" }}\n"));
    }
    text.push_str("routes:\n");
    for number in 0..count {
        text.push_str(&format!(
            "  - {{ vHost: h{number}.test, path: /api/*, upstream: u{}, headers: {{ X-A: b }} }}\n",
            number % 100
        ));
    }
    text
}

#[test]
fn what_does_not_change_is_shared() {
    let before = parse_with(&many(10), "proxyd.yaml", &surroundings()).unwrap();
    let changed =
        object(Kind::Route, "h3.test/api/*", &json!({ "vHost": "h3.test", "path": "/api/*", "respond": {} }));
    let added = object(Kind::Upstream, "new", &json!({ "url": "h" }));
    let after = before
        .with(vec![changed, added], &[Key::new(Kind::Route, "h5.test/api/*")], &surroundings())
        .unwrap();
    let (before, after) = (before.document, after.document);
    assert_eq!(after.routes.len(), 9);
    assert_eq!(after.upstreams.last().unwrap().name, "new");
    assert!(std::iter::zip(&before.upstreams, &after.upstreams).all(|(one, other)| Arc::ptr_eq(one, other)));
    let shared: Vec<bool> = (0..9)
        .map(|index| {
            let from = if index < 5 { index } else { index + 1 };
            Arc::ptr_eq(&before.routes[from], &after.routes[index])
        })
        .collect();
    assert_eq!(shared, [true, true, true, false, true, true, true, true, true]);
}

fn shown(problem: &Problem) -> (String, String, Option<(String, String)>) {
    let object = problem.object.as_ref().map(|(key, path)| (key.to_string(), path.clone()));
    (problem.path.clone(), problem.message.clone(), object)
}

#[test]
fn problems_are_those_of_the_whole_document_and_name_their_object() {
    let before = parse_with(&many(20), "proxyd.yaml", &surroundings()).unwrap();
    let errors = before.with(Vec::new(), &[Key::new(Kind::Upstream, "u17")], &surroundings()).unwrap_err();
    let [problem] = errors.problems() else { panic!("{errors}") };
    let object = Some(("routes/h17.test/api/*".into(), "upstream".into()));
    let message = "there is no upstream `u17`".into();
    assert_eq!(shown(problem), ("routes[17].upstream".into(), message, object));
    assert_eq!(problem.place.map(|place| place.line), Some(120));
    assert!(problem.snippet.is_some());

    let added = object_with_secret();
    let errors = before.with(vec![added], &[], &surroundings()).unwrap_err();
    let [problem] = errors.problems() else { panic!("{errors}") };
    let object = Some(("routes/x".into(), "backends[0].port".into()));
    assert_eq!(shown(problem), ("routes[20].backends[0].port".into(), "must be at least 1".into(), object));
    assert_eq!((problem.place, problem.snippet.as_deref(), problem.file.as_str()), (None, None, "request"));
}

fn object_with_secret() -> Object {
    let value = json!({ "backends": [{ "hostname": "h", "port": 0 }], "upstreamsSticky": null });
    object(Kind::Route, "x", &value)
}

#[test]
fn files_of_what_does_not_change_are_not_read_again() {
    let text = "upstreams: [{ name: a, url: h, sticky: { secretFile: /secret } }]\nroutes: [{ upstream: a }]";
    let read = Surroundings { environment: &|_| None, files: &|_| Ok("hunter2".into()) };
    let before = parse_with(text, "proxyd.yaml", &read).unwrap();
    let added = object(Kind::Route, "x", &json!({ "upstream": "a", "path": "/x" }));
    let after = before.with(vec![added], &[], &surroundings()).unwrap();
    let sticky = after.document.upstreams[0].sticky.as_ref().unwrap();
    assert_eq!(sticky.secret.as_ref().map(Secret::expose), Some("hunter2"));
}

#[test]
fn a_listener_that_needs_a_route_is_none_of_other_routes_business() {
    let text = "\
listeners: [{ address: 127.0.0.1:1, mode: tcp }]
upstreams: [{ name: u, url: h }]
routes: [{ vHost: a.test, mode: tcp, upstream: u }]
";
    let before = parse_with(text, "proxyd.yaml", &surroundings()).unwrap();
    let added = object(Kind::Route, "x", &json!({ "respond": {} }));
    assert!(Change::new(&before, vec![added], &[]).read(&surroundings()).is_some());
    let gone = [Key::new(Kind::Route, "a.test")];
    assert!(Change::new(&before, Vec::new(), &gone).read(&surroundings()).is_none());
}
