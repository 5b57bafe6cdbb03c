//! `proxyd ctl` against a proxy that runs.

use std::fs;
use std::path::Path;

use harness::tls::{Authority, Files};
use harness::{Backend, Finished, Proxyd, proxyd_in, start_proxyd};
use serde_json::{Value, json};

use super::{get, home, home_with, until};

/// A proxy and what tells `ctl` where it is.
struct Place {
    proxyd: Proxyd,
    address: String,
    files: Files,
}

impl Place {
    fn of(proxyd: Proxyd) -> Self {
        let address = format!("unix:{}", proxyd.home().socket().display());
        proxyd.log().wait_for("\"the API is served\"", 1);
        Self { proxyd, address, files: Files::new() }
    }

    /// With one upstream, `app`, with the backend `a`, and a route of `a.test` to it.
    fn new(backend: &Backend) -> Self {
        Self::of(Proxyd::start_at(&home(backend, "routes: [{ id: r, vHost: a.test, upstream: app }]")))
    }

    #[track_caller]
    fn ctl(&self, arguments: &[&str]) -> Finished {
        let all: Vec<&str> = ["ctl"].iter().chain(arguments).copied().collect();
        proxyd_in(Path::new("."), &[("PROXYD_ADMIN", &self.address)], &all)
    }

    /// What it prints where all goes well.
    #[track_caller]
    fn well(&self, arguments: &[&str]) -> String {
        let done = self.ctl(arguments);
        assert_eq!(done.code, Some(0), "{arguments:?}: {done:#?}");
        done.output
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.well(&[&["--json"], arguments].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }

    #[track_caller]
    fn fails(&self, code: i32, says: &str, arguments: &[&str]) {
        let done = self.ctl(arguments);
        assert_eq!(done.code, Some(code), "{arguments:?}: {done:#?}");
        assert!(done.errors.contains(says), "{arguments:?}: {done:#?}");
    }
}

#[test]
fn routes_are_put_shown_and_removed() {
    let backend = Backend::ok();
    let place = Place::new(&backend);
    let listed = place.well(&["routes"]);
    assert!(listed.contains("a.test") && listed.contains("app") && listed.contains("file"), "{listed}");
    let file = place.files.write("new.yaml", "vHost: b.test\nrespond: { status: 200, body: 1.10 }\n");
    let put = place.well(&["routes", "put", "new", "-f", &file]);
    assert!(put.contains("new"), "{put}");
    assert_eq!(place.proxyd.ask(get("b.test")).text(), "1.10");
    // What is shown can be put again.
    let shown = place.ctl(&["routes", "get", "b.test"]);
    assert_eq!(shown.code, Some(0), "{shown:#?}");
    let tag = place.proxyd.api().get("/routes/new").field("etag");
    assert!(shown.errors.contains(tag.trim_matches('"')), "{shown:#?}");
    let again = place.files.write("again.json", &shown.output);
    place.well(&["routes", "put", "-f", &again, "--if-match", tag.trim_matches('"')]);
    place.fails(3, "", &["routes", "put", "-f", &again, "--if-match", "0000"]);
    let planned = place.well(&["routes", "delete", "new", "--dry-run"]);
    assert!(planned.contains("- route new"), "{planned}");
    place.well(&["routes", "delete", "new"]);
    assert_eq!(place.proxyd.ask(get("b.test")).status(), 404);
    place.fails(1, "new", &["routes", "delete", "new"]);
    place.fails(3, "proxyd.yaml", &["routes", "delete", "r"]);
    let wrong = place.files.write("wrong.yaml", "vHost: 1\npathh: 2\n");
    place.fails(1, "pathh", &["routes", "put", "x", "-f", &wrong]);
    place.fails(2, "", &["routes", "put"]);
    let refused = place.ctl(&["--json", "routes", "get", "none"]);
    let problem: Value = serde_json::from_str(&refused.output).unwrap();
    assert_eq!((refused.code, &problem["code"]), (Some(1), &json!("not_found")));
}

#[test]
fn upstreams_and_their_backends_are_changed() {
    let (one, other) = (Backend::saying("one"), Backend::saying("other"));
    let place = Place::new(&one);
    let address = format!("127.0.0.1:{}", other.port());
    assert!(place.well(&["upstreams"]).contains("app"));
    let added = place.well(&["backends", "add", "app", &address, "--weight", "2"]);
    assert!(added.contains(&address), "{added}");
    place.fails(3, "", &["backends", "add", "app", &address]);
    let listed = place.json(&["backends", "list", "app"]);
    assert_eq!((&listed[1]["id"], &listed[1]["weight"]), (&json!(address), &json!(2)));
    assert!(place.well(&["backends", "list"]).contains(&address));
    assert!(place.well(&["backends", "list", "--route", "a.test"]).contains(&address));
    for command in
        [&["drain", "app", "a"][..], &["backends", "drain", "app", "a"], &["backends", "dead", "app", "a"]]
    {
        place.well(command);
        for _ in 0..5 {
            assert_eq!(place.proxyd.get("/").text(), "other", "{command:?}");
        }
        place.well(&["backends", "ready", "app", "a"]);
    }
    place.well(&["backends", "remove", "app", &address]);
    for _ in 0..5 {
        assert_eq!(place.proxyd.get("/").text(), "one");
    }
    place.fails(1, "", &["backends", "remove", "app", &address]);
    place.fails(1, "", &["drain", "app", "nobody"]);
    let file = place
        .files
        .write("upstream.yaml", format!("backends: [{{ hostname: 127.0.0.1, port: {} }}]\n", other.port()));
    place.well(&["upstreams", "put", "second", "-f", &file]);
    assert!(place.json(&["upstreams", "get", "second"])["backends"].is_array());
    place.well(&["upstreams", "delete", "second"]);
    place.fails(1, "second", &["upstreams", "get", "second"]);
}

#[test]
fn certificates_are_put_shown_and_removed() {
    let authority = Authority::new("root");
    let place = Place::of(Proxyd::start_at(&home_with("")));
    let leaf = authority.leaf(&["a.test"]);
    let (cert, key) = (place.files.write("a.pem", leaf.pem()), place.files.write("a.key", leaf.key_pem()));
    for _ in 0..2 {
        place.well(&["certs", "put", "a.test", "--cert", &cert, "--key", &key]);
    }
    assert!(place.well(&["certs"]).contains("a.test"));
    let shown = place.well(&["certs", "get", "a.test"]);
    assert!(shown.contains("notAfter") && !shown.contains("PRIVATE"), "{shown}");
    let other = place.files.write("other.key", authority.leaf(&["a.test"]).key_pem());
    place.fails(1, "", &["certs", "put", "a.test", "--cert", &cert, "--key", &other]);
    place.well(&["certs", "delete", "a.test"]);
    place.fails(1, "a.test", &["certs", "get", "a.test"]);
}

#[test]
fn documents_are_planned_applied_confirmed_and_rolled_back() {
    let backend = Backend::ok();
    let place = Place::new(&backend);
    let says = |name: &str, body: &str| {
        let route = format!("{{ id: new, vHost: b.test, respond: {{ status: 200, body: {body} }} }}");
        place.files.write(name, format!("routes: [{route}]\n"))
    };
    let said = || place.proxyd.ask(get("b.test")).text();
    let (one, two) = (says("one.yaml", "one"), says("two.yaml", "two"));
    let planned = place.well(&["plan", "-f", &one]);
    assert!(planned.contains("+ route new"), "{planned}");
    assert_eq!(place.proxyd.ask(get("b.test")).status(), 404);
    let first = place.json(&["apply", "-f", &one])["revision"].as_u64().unwrap();
    assert_eq!(said(), "one");
    let tag = place.proxyd.api().get("/document").field("etag");
    let tag = tag.trim_matches('"');
    let applied = place.well(&[
        "apply",
        "-f",
        &two,
        "--if-match",
        tag,
        "--confirm",
        "60s",
        "--revert-on",
        "errors=5%,p99=2x",
    ]);
    let second = first + 1;
    assert!(applied.contains(&format!("proxyd ctl confirm {second}")), "{applied}");
    place.fails(3, &second.to_string(), &["apply", "-f", &one]);
    place.fails(3, "", &["confirm", &first.to_string()]);
    place.well(&["confirm", &second.to_string()]);
    assert_eq!(said(), "two");
    place.fails(3, "", &["apply", "-f", &one, "--if-match", tag]);
    let revisions = place.well(&["revisions"]);
    assert!(revisions.lines().count() >= 3, "{revisions}");
    assert_eq!(place.json(&["revisions", &second.to_string()])["revision"], second);
    assert!(place.well(&["rollback", &first.to_string(), "--dry-run"]).contains("~ route new"));
    place.well(&["rollback", &first.to_string()]);
    assert_eq!(said(), "one");
    place.fails(1, "999", &["rollback", "999"]);
    let whole = place.json(&["document"]);
    assert_eq!(whole["routes"].as_array().unwrap().len(), 2);
    assert_eq!(place.json(&["document", "--layer", "api"])["routes"].as_array().unwrap().len(), 1);
    place.well(&["reload"]);
    let wrong = place.files.write("wrong.yaml", "routes: [{ path: 1, pathh: 2 }]\nupstreems: []\n");
    place.fails(1, "pathh", &["plan", "-f", &wrong]);
    fs::write(place.proxyd.home().file(), "routes: [").unwrap();
    place.fails(1, "", &["reload"]);
}

#[test]
fn figures_health_and_what_happens_are_shown() {
    let backend = Backend::ok();
    let place = Place::new(&backend);
    let following = start_proxyd(
        &[("PROXYD_ADMIN", &place.address)],
        &["ctl", "--json", "events", "--types", "revision.applied"],
    );
    let file = place.files.write("new.yaml", "vHost: b.test\nrespond: { status: 200 }\n");
    // Nobody tells when it listens.
    let mut count = 0;
    until("no event is told", || {
        count += 1;
        place.well(&[
            "routes",
            "put",
            &format!("n{count}"),
            "-f",
            &place.files.write("next.yaml", format!("vHost: n{count}.test\nrespond: {{}}\n")),
        ]);
        !following.output.lines().is_empty()
    });
    let event: Value = serde_json::from_str(&following.output.lines()[0]).unwrap();
    assert_eq!(event["event"], "revision.applied");
    assert!(event["data"]["revision"].is_u64() && event["id"].is_u64() | event["id"].is_string(), "{event}");
    place.well(&["routes", "put", "new", "-f", &file]);
    for _ in 0..5 {
        assert_eq!(place.proxyd.get("/").status(), 200);
    }
    until("the requests are not counted", || place.json(&["stats", "a.test"])["requests"] == 5);
    assert!(!place.well(&["stats"]).is_empty());
    let routes = place.well(&["stats", "--routes"]);
    assert!(routes.contains("R/S") && routes.contains("new"), "{routes}");
    assert_eq!(place.json(&["stats", "--upstream", "app"])["requests"], 5);
    assert_eq!(place.json(&["stats", "--upstream", "app", "--backend", "a"])["requests"], 5);
    assert!(place.json(&["stats", "--history"])["history"].is_array());
    place.fails(1, "none", &["stats", "none"]);
    let health = place.json(&["health"]);
    assert_eq!((&health["status"], &health["upstreams"]), (&json!("UP"), &json!(1)));
    assert!(place.well(&["health"]).contains("UP"));
    let top = place.well(&["top", "--once"]);
    assert!(top.contains("ROUTE") && top.contains("new") && top.contains("app"), "{top}");
}

#[test]
fn a_proxy_that_is_not_there_is_told() {
    let backend = Backend::ok();
    let mut place = Place::new(&backend);
    let config = place.proxyd.home().file();
    let config = config.to_str().unwrap();
    // The configuration says nothing of an address, and the default socket is where the service manager says.
    let run = place.proxyd.home().socket();
    let run = run.parent().unwrap().to_str().unwrap();
    let found =
        proxyd_in(Path::new("."), &[("RUNTIME_DIRECTORY", run)], &["ctl", "--config", config, "health"]);
    assert_eq!(found.code, Some(0), "{found:#?}");
    place.address = "unix:/nowhere/admin.sock".into();
    place.fails(1, "/nowhere/admin.sock", &["health"]);
    place.address = "127.0.0.1:1".into();
    place.fails(1, "127.0.0.1:1", &["health"]);
    place.fails(2, "", &["healthy"]);
    place.fails(2, "", &["confirm", "x"]);
}
