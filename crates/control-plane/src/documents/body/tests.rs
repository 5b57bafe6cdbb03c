use config::{Key, Kind};
use serde_json::{Value, json};

use super::*;

fn keys(document: Value) -> Vec<String> {
    let body = Body::of(document);
    assert_eq!(body.faults, []);
    body.objects.into_iter().map(|(key, _, at)| format!("{key} {at}")).collect()
}

#[track_caller]
fn refused(document: Value, expected: &[(&str, &str)]) {
    let faults = Body::of(document).faults;
    let faults: Vec<_> = faults.iter().map(|(at, message)| (at.as_str(), message.as_str())).collect();
    assert_eq!(faults, expected);
}

#[test]
fn a_document_is_taken_apart_in_the_order_of_kinds() {
    let document = json!({
        "routes": [{ "id": "b" }, { "id": "a" }],
        "proxy": { "timeout": "5s" },
        "upstreams": [{ "name": "u" }],
        "certificates": [{ "id": "a.test" }],
    });
    let expected = [
        "proxy /proxy",
        "certificates/a.test /certificates/0",
        "upstreams/u /upstreams/0",
        "routes/b /routes/0",
        "routes/a /routes/1",
    ];
    assert_eq!(keys(document), expected);
}

#[test]
fn routes_without_an_id_get_the_one_that_a_file_would_give_them() {
    let routes = json!({ "routes": [
        { "vHost": "A.test", "path": "/x/*" },
        {},
        { "vHost": "a.test", "path": "/x/*" },
        { "id": "*/*#2" },
        { "path": "/*" },
        { "vHost": "t.test", "mode": "tcp" },
    ]});
    let expected = ["a.test/x/*", "*/*", "a.test/x/*#2", "*/*#2", "*/*#3", "t.test"];
    let expected: Vec<String> =
        expected.iter().enumerate().map(|(index, id)| format!("routes/{id} /routes/{index}")).collect();
    assert_eq!(keys(routes), expected);
}

#[test]
fn the_id_is_written_into_the_object() {
    let body = Body::of(json!({ "routes": [{ "vHost": "a.test" }] }));
    assert_eq!(body.objects[0].1, json!({ "vHost": "a.test", "id": "a.test/*" }));
}

#[test]
fn what_is_nothing_is_not_there() {
    assert_eq!(keys(json!({ "routes": null, "proxy": null, "upstreams": [] })), Vec::<String>::new());
}

#[test]
fn what_cannot_be_taken_apart_is_told_at_its_place() {
    refused(json!([]), &[("", "a document is an object")]);
    refused(json!({ "routes": {} }), &[("/routes", "`routes` is a list")]);
    refused(
        json!({ "upstreams": [{}, { "name": "" }] }),
        &[("/upstreams/0", "an upstream needs a `name`"), ("/upstreams/1", "an upstream needs a `name`")],
    );
    refused(
        json!({ "certificates": [{ "cert": "x" }] }),
        &[("/certificates/0", "a certificate needs an `id`")],
    );
    refused(json!({ "routes": [7] }), &[("/routes/0", "a route needs an `id`")]);
    refused(
        json!({ "routes": [{ "id": "a" }, { "id": "a" }] }),
        &[("/routes/1", "the route `a` is there twice; the first one is item 0")],
    );
}

#[test]
fn a_sections_value_may_be_anything() {
    let body = Body::of(json!({ "routeOrder": "written", "a/b": 1 }));
    let keys: Vec<_> = body.objects.iter().map(|(key, _, at)| (key.clone(), at.as_str())).collect();
    assert_eq!(
        keys,
        [(Key::new(Kind::Section, "a/b"), "/a~1b"), (Key::new(Kind::Section, "routeOrder"), "/routeOrder"),]
    );
}

#[test]
fn the_next_number_is_found_at_once_however_many_there_are() {
    let mut taken = Taken::default();
    for number in 1..=50_000 {
        let id = taken.fresh("a");
        assert_eq!(id, if number == 1 { "a".into() } else { format!("a#{number}") });
        taken.ids.insert(id, number);
    }
    taken.ids.insert("b".into(), 0);
    taken.ids.insert("b#2".into(), 1);
    assert_eq!(taken.fresh("b"), "b#3");
}

#[test]
fn a_hundred_faults_are_enough() {
    assert_eq!(Body::of(json!({ "routes": vec![json!(0); 1000] })).faults.len(), 100);
    assert_eq!(Body::of(json!({ "upstreams": vec![json!({ "name": "a" }); 1000] })).faults.len(), 100);
}

#[test]
fn a_document_has_a_bounded_number_of_objects() {
    let upstreams: Vec<_> = (0..OBJECTS_MAX).map(|number| json!({ "name": number.to_string() })).collect();
    assert_eq!(Body::of(json!({ "upstreams": upstreams })).faults, []);
    let body = Body::of(json!({ "upstreams": upstreams, "routes": [{}] }));
    assert_eq!(
        body.faults,
        [("/routes".into(), "a document has at most 200000 routes, upstreams and certificates".into())]
    );
}

#[test]
fn what_is_null_is_absent_but_known() {
    assert_eq!(keys(json!({ "proxy": null, "telemetry": null, "routes": null })), [""; 0]);
    refused(json!({ "proxies": null, "": null }), &[("/", "unknown key"), ("/proxies", "unknown key")]);
}
