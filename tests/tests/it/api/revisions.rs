//! Revisions over the API: planned, applied, confirmed, taken back.

use std::time::Instant;

use harness::{Api, Backend, Home, PATIENCE, Proxyd, Refusing};
use serde_json::{Value, json};

use super::{ask, document, get, home, home_with, until};

const TAKEN_BACK: &str = "revision is taken back";

/// A document with one route that answers by itself.
fn says(body: &str) -> Value {
    json!({ "routes": [{ "id": "r", "vHost": "a.test", "respond": { "status": 200, "body": body } }] })
}

#[track_caller]
fn revision(api: &Api) -> u64 {
    api.get("/health").is(200).body["revision"].as_u64().unwrap()
}

#[track_caller]
fn number(value: &Value) -> u64 {
    value["revision"].as_u64().unwrap_or_else(|| panic!("no number: {value:#}"))
}

/// What `a.test` says; its status where that is not 200.
#[track_caller]
fn said(proxyd: &Proxyd) -> String {
    let answer = proxyd.get("/");
    if answer.status() == 200 { answer.text() } else { answer.status().to_string() }
}

#[test]
fn what_is_planned_is_what_is_applied() {
    let proxyd = Proxyd::start_at(&home_with(""));
    let api = proxyd.api();
    let before = revision(&api);
    let planned = api.post("/plan", &says("one")).is(200).body;
    let changes = json!([{ "kind": "route", "id": "r", "change": "added", "source": "api", "fields": [] }]);
    assert_eq!((&planned["changes"], number(&planned)), (&changes, before));
    assert!(planned["connections"].is_object() && planned["warnings"].is_array(), "{planned:#}");
    assert_eq!((revision(&api), said(&proxyd).as_str()), (before, "404"));
    let applied = api.post("/apply", &says("one")).is(200).body;
    assert_eq!((&applied["changes"], &applied["changed"]), (&changes, &json!(true)));
    assert_eq!((number(&applied), revision(&api), said(&proxyd).as_str()), (before + 1, before + 1, "one"));
    let shown = api.get(&format!("/revisions/{}", before + 1)).is(200).body;
    assert_eq!((&shown["what"], &shown["changes"]), (&json!("write"), &changes));
    let planned = api.post("/plan", &says("two")).is(200).body;
    assert_eq!(planned["changes"][0]["change"], "changed");
    assert_eq!(planned["changes"][0]["fields"], json!(["/respond/body"]));
    let again = api.post("/apply", &says("one")).is(200).body;
    assert_eq!(
        (&again["changed"], number(&again), &again["changes"]),
        (&json!(false), before + 1, &json!([]))
    );
    api.post("/plan", &json!({ "routes": [{ "path": 1 }] })).refuses(422, "invalid");
    api.get("/revisions/999").refuses(404, "not_found");
}

#[test]
fn a_revision_that_waits_keeps_others_out_until_it_is_confirmed_by_its_number() {
    let home = home_with("");
    let proxyd = Proxyd::start_at(&home);
    let api = proxyd.api();
    let applied = api.post("/apply?confirm=60s", &says("one")).is(200).body;
    let made = number(&applied);
    assert!(applied["pending"]["until"].is_string(), "{applied:#}");
    assert_eq!(said(&proxyd), "one");
    assert_eq!(api.get("/health").body["pending"]["revision"], made);
    let route = json!({ "vHost": "b.test", "respond": { "status": 200 } });
    for (method, path, body) in [
        ("POST", "/routes", Some(route)),
        ("PUT", "/document", Some(json!({}))),
        ("DELETE", "/routes/r", None),
        ("POST", "/rollback", Some(json!({ "revision": made - 1 }))),
    ] {
        let refused = api.ask(method, path, &[], body.as_ref()).refuses(409, "pending");
        assert_eq!(refused.body["revision"], made, "{method} {path}");
        assert_eq!(refused.body["until"], applied["pending"]["until"], "{method} {path}");
    }
    // Neither is a backend's state a revision, nor a plan.
    api.post("/plan", &says("two")).is(200);
    api.post("/confirm", &json!({ "revision": made + 1 })).refuses(409, "not_pending");
    api.post("/confirm", &json!({ "revision": "1" })).refuses(422, "invalid");
    let confirmed = api.post("/confirm", &json!({ "revision": made })).is(200).body;
    assert_eq!((number(&confirmed), confirmed.get("pending")), (made, None));
    api.post("/confirm", &json!({ "revision": made })).refuses(409, "not_pending");
    proxyd.kill();
    let proxyd = Proxyd::start_at(&home);
    assert_eq!((said(&proxyd).as_str(), revision(&proxyd.api())), ("one", made));
    proxyd.api().post("/apply", &says("two")).is(200);
    assert_eq!(said(&proxyd), "two");
}

#[test]
fn a_revision_that_nobody_confirms_is_taken_back() {
    let proxyd = Proxyd::start_at(&home_with(""));
    let api = proxyd.api();
    api.post("/apply", &says("one")).is(200);
    let made = number(&api.post("/apply?confirm=1s", &says("two")).is(200).body);
    assert_eq!(said(&proxyd), "two");
    proxyd.log().wait_for(TAKEN_BACK, 1);
    assert_eq!(said(&proxyd), "one");
    api.post("/confirm", &json!({ "revision": made })).refuses(409, "not_pending");
    let newest = &api.get("/revisions?limit=1").is(200).body[0];
    assert_eq!((&newest["what"], &newest["of"], number(newest)), (&json!("revert"), &json!(made), made + 1));
    assert!(newest["why"].as_str().unwrap().contains("nobody confirmed"), "{newest:#}");
    api.post("/apply", &says("three")).is(200);
    assert_eq!(said(&proxyd), "three");
}

#[test]
fn every_write_of_the_document_can_wait_for_its_confirmation() {
    let proxyd = Proxyd::start_at(&home_with(""));
    let api = proxyd.api();
    let route = says("one")["routes"][0].clone();
    let mut taken_back = 0;
    for (method, path, body) in [
        ("POST", "/routes?confirm=1s", Some(&route)),
        ("PUT", "/routes/r?confirm=1s", Some(&route)),
        ("PUT", "/document?confirm=1s", Some(&says("one"))),
    ] {
        let answer = api.ask(method, path, &[], body);
        assert!(answer.status < 300, "{method} {path}: {:#}", answer.body);
        assert_eq!(said(&proxyd), "one", "{method} {path}");
        taken_back += 1;
        proxyd.log().wait_for(TAKEN_BACK, taken_back);
        assert_eq!(said(&proxyd), "404", "{method} {path}");
    }
    for confirm in ["0s", "25h", "soon", ""] {
        let refused = api.post(&format!("/routes?confirm={confirm}"), &route);
        refused.refuses(400, "invalid_parameter");
    }
}

#[test]
fn a_restart_before_the_confirmation_starts_the_revision_before() {
    let home = home_with("");
    let proxyd = Proxyd::start_at(&home);
    let before = number(&proxyd.api().post("/apply", &says("one")).is(200).body);
    let made = number(&proxyd.api().post("/apply?confirm=1h", &says("two")).is(200).body);
    assert_eq!(said(&proxyd), "two");
    proxyd.kill();
    let proxyd = Proxyd::start_at(&home);
    let api = proxyd.api();
    assert_eq!(said(&proxyd), "one");
    api.post("/confirm", &json!({ "revision": made })).refuses(409, "not_pending");
    let next = number(&api.post("/apply", &says("three")).is(200).body);
    assert!(next > made && made > before, "{before} {made} {next}");
    // A proxy that is told to end does the same.
    api.post("/apply?confirm=1h", &says("four")).is(200);
    assert_eq!(proxyd.stop().code, Some(0));
    assert_eq!(said(&Proxyd::start_at(&home)), "three");
}

#[test]
fn a_former_revision_is_served_again_as_a_new_one() {
    let home = home_with("");
    let proxyd = Proxyd::start_at(&home);
    let api = proxyd.api();
    let made: Vec<u64> = ["one", "two", "three"]
        .iter()
        .map(|body| number(&api.post("/apply", &says(body)).is(200).body))
        .collect();
    let planned = api.post("/rollback?dryRun=true", &json!({ "revision": made[0] })).is(200).body;
    assert_eq!((planned["changes"].as_array().unwrap().len(), said(&proxyd).as_str()), (1, "three"));
    let back = api.post("/rollback", &json!({ "revision": made[0] })).is(200).body;
    assert_eq!((number(&back), said(&proxyd).as_str()), (made[2] + 1, "one"));
    let newest = &api.get("/revisions?limit=1").body[0];
    assert_eq!((&newest["what"], &newest["of"]), (&json!("rollback"), &json!(made[0])));
    // Behind it nothing is lost: forward is a way back, too.
    api.post("/rollback", &json!({ "revision": made[1] })).is(200);
    assert_eq!(said(&proxyd), "two");
    api.post("/rollback?confirm=1s", &json!({ "revision": 1 })).is(200);
    assert_eq!(said(&proxyd), "404");
    proxyd.log().wait_for(TAKEN_BACK, 1);
    assert_eq!(said(&proxyd), "two");
    api.post("/rollback", &json!({ "revision": 999 })).refuses(404, "not_found");
    proxyd.kill();
    assert_eq!(said(&Proxyd::start_at(&home)), "two");
}

fn with_file(body: &str) -> String {
    document(&format!("routes: [{{ id: r, vHost: a.test, respond: {{ status: 200, body: {body} }} }}]"))
}

#[test]
fn a_rollback_over_a_change_of_the_file_holds_until_the_file_changes_again() {
    let home = Home::new();
    home.write(&with_file("one"));
    let proxyd = Proxyd::start_at(&home);
    let api = proxyd.api();
    let route = json!({ "vHost": "b.test", "respond": { "status": 200, "body": "b" } });
    api.post("/routes", &route).is(201);
    let first = revision(&api);
    home.write(&with_file("two"));
    proxyd.hang_up();
    until("the file is not served", || said(&proxyd) == "two");
    api.post("/rollback", &json!({ "revision": first })).is(200);
    assert_eq!((said(&proxyd).as_str(), proxyd.ask(get("b.test")).text().as_str()), ("one", "b"));
    proxyd.kill();
    let proxyd = Proxyd::start_at(&home);
    assert_eq!(said(&proxyd), "one");
    proxyd.api().post("/reload", &json!({})).is(200);
    assert_eq!(said(&proxyd), "two");
    proxyd.api().post("/rollback", &json!({ "revision": first })).is(200);
    assert_eq!(said(&proxyd), "one");
    home.write(&with_file("three"));
    until("the file is not served", || said(&proxyd) == "three");
}

#[test]
fn what_was_done_is_remembered_over_a_restart() {
    let home = home_with("");
    let proxyd = Proxyd::start_at(&home);
    let api = proxyd.api();
    for body in ["one", "two"] {
        api.post("/apply", &says(body)).is(200);
    }
    api.delete("/routes/r").is(204);
    let before = api.get("/revisions").is(200).body;
    assert!(before.as_array().unwrap().len() >= 4, "{before:#}");
    proxyd.kill();
    let proxyd = Proxyd::start_at(&home);
    assert_eq!(proxyd.api().get("/revisions").is(200).body, before);
    let two = before[1]["revision"].as_u64().unwrap();
    proxyd.api().post("/rollback", &json!({ "revision": two })).is(200);
    assert_eq!(said(&proxyd), "two");
}

#[test]
fn only_so_many_revisions_are_remembered() {
    let home = home_with("state: { history: 3 }\n");
    let proxyd = Proxyd::start_at(&home);
    let api = proxyd.api();
    for number in 0..6 {
        api.post("/apply", &says(&format!("n{number}"))).is(200);
    }
    let all = api.get("/revisions").is(200).body;
    assert_eq!(all.as_array().unwrap().len(), 3, "{all:#}");
    api.post("/rollback", &json!({ "revision": 1 })).refuses(404, "not_found");
    proxyd.kill();
    let proxyd = Proxyd::start_at(&home);
    assert_eq!(said(&proxyd), "n5");
    assert_eq!(proxyd.api().get("/revisions").is(200).body, all);
}

/// Asks until the route answers well again; how often it failed.
#[track_caller]
fn failures(proxyd: &Proxyd) -> usize {
    let ends = Instant::now() + PATIENCE;
    let mut client = proxyd.connect();
    let mut failed = 0;
    while ask(&mut client, "a.test").status() != 200 {
        failed += 1;
        assert!(Instant::now() < ends, "it does not come back");
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
    failed
}

#[test]
fn a_change_that_fails_requests_is_taken_back_by_itself() {
    let (backend, bad) = (Backend::ok(), Refusing::new());
    let routes = "routes: [{ id: r, vHost: a.test, upstream: app }]";
    let proxyd = Proxyd::start_at(&home(&backend, routes));
    let api = proxyd.api();
    let upstream =
        json!({ "name": "bad", "backends": [{ "hostname": "127.0.0.1", "port": bad.address().port() }] });
    api.post("/upstreams", &upstream).is(201);
    let mut client = proxyd.connect();
    assert_eq!(ask(&mut client, "a.test").status(), 200);
    let trial = "revertOn=errors=5%25,least=5";
    let mut moved = api.get("/routes/r").body;
    moved["upstream"] = "bad".into();
    // A route that is led elsewhere, an upstream whose backend is another one, and a new route in front of an old one.
    let changes = [
        ("PUT", "/routes/r", moved),
        ("PUT", "/upstreams/app", json!({ "backends": upstream["backends"] })),
        ("POST", "/routes", json!({ "id": "new", "vHost": "a.test", "path": "/", "upstream": "bad" })),
    ];
    for (count, (method, path, body)) in (1..).zip(changes) {
        let answer = api.ask(method, &format!("{path}?{trial}"), &[], Some(&body));
        assert!(answer.status < 300, "{method} {path}: {:#}", answer.body);
        assert!(failures(&proxyd) >= 5, "{method} {path}");
        let line = proxyd.log().wait_for(TAKEN_BACK, count);
        assert!(line.contains("of the requests failed"), "{line}");
    }
    let newest = &api.get("/revisions?limit=1").body[0];
    assert_eq!(newest["what"], "revert");
    api.delete("/upstreams/bad").is(204);
}

/// Whatever stands behind what is moved gets other requests, though the document says nothing else of it.
#[test]
fn an_order_that_fails_requests_is_taken_back_by_itself() {
    let (backend, bad) = (Backend::ok(), Refusing::new());
    let proxyd = Proxyd::start_at(&home(&backend, "routeOrder: written"));
    let api = proxyd.api();
    let bad = json!([{ "hostname": "127.0.0.1", "port": bad.address().port() }]);
    let routes = [
        json!({ "id": "a", "vHost": "a.test", "upstream": "app" }),
        json!({ "id": "b", "vHost": "b.test", "upstream": "app" }),
        json!({ "id": "c", "vHost": "*", "backends": bad }),
    ];
    routes.iter().for_each(|route| drop(api.post("/routes", route).is(201)));
    assert_eq!(proxyd.get("/").status(), 200);
    let order = |api: &Api| -> Vec<String> {
        let routes = api.get("/routes").body;
        routes.as_array().unwrap().iter().map(|route| route["id"].as_str().unwrap().to_owned()).collect()
    };
    let mut document = api.get("/document").is(200).body;
    document["routes"].as_array_mut().unwrap().rotate_right(1);
    let moved = api.post("/apply?revertOn=errors=5%25,least=5", &document).is(200).body;
    assert_eq!(moved["changes"].as_array().unwrap().len(), 1, "{moved:#}");
    assert_eq!(order(&api), ["c", "a", "b"]);
    assert!(failures(&proxyd) >= 5);
    proxyd.log().wait_for(TAKEN_BACK, 1);
    assert_eq!(order(&api), ["a", "b", "c"]);
}

#[test]
fn a_change_that_stands_its_trial_stays() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start_at(&home(&backend, ""));
    let api = proxyd.api();
    let route = json!({ "id": "r", "vHost": "a.test", "upstream": "app" });
    api.post("/routes?revertOn=errors=5%25,watch=1s,least=1", &route).is(201);
    api.delete("/routes/r").refuses(409, "pending");
    assert_eq!(proxyd.get("/").status(), 200);
    proxyd.log().wait_for("has stood its trial", 1);
    assert_eq!(proxyd.get("/").status(), 200);
    api.delete("/routes/r").is(204);
    for wrong in ["errors=5", "errors=101%25", "p99=0x", "nothing=1", "errors=1%25,errors=2%25", "watch=2s"] {
        let refused = api.post(&format!("/routes?revertOn={wrong}"), &route);
        if wrong == "errors=5" {
            // Without the sign it is a share all the same.
            refused.is(201);
            api.post("/confirm", &json!({ "revision": revision(&api) })).is(200);
            api.delete("/routes/r").is(204);
        } else {
            refused.refuses(400, "invalid_parameter");
        }
    }
}
