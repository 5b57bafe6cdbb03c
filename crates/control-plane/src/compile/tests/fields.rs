use proxy_core::spec::{FieldEdits, Template};

use super::{plan, route};

/// The changes of a route's request and response.
#[track_caller]
fn compiled(keys: &str) -> (FieldEdits, FieldEdits) {
    let text = format!("upstreams: [{{ name: app, url: a }}]\nroutes: [{{ id: it, {keys} }}]");
    let plan = plan(&text);
    let route = route(&plan, "it");
    (route.request_fields.clone(), route.response_fields.clone())
}

fn fields(list: &[(&str, &str)]) -> Vec<(String, Template)> {
    list.iter().map(|(name, value)| ((*name).into(), Template::parse(value).unwrap())).collect()
}

#[test]
fn request_fields_are_set_added_and_removed() {
    let (request, response) = compiled(
        "upstream: app, headers: { X-A: \"$ip\" }, \
         requestHeaders: { set: { X-B: b }, add: { X-C: c }, remove: [X-D] }",
    );
    assert_eq!(request.set, fields(&[("X-B", "b"), ("X-A", "$ip")]));
    assert_eq!(request.add, fields(&[("X-C", "c")]));
    assert_eq!(request.remove, ["X-D"]);
    assert!(response.is_empty());
}

#[test]
fn response_fields_are_set_added_and_removed() {
    let (request, response) = compiled(
        "upstream: app, responseHeaders: { set: { X-B: \"$request_id\" }, add: { X-C: c }, remove: [Server] }",
    );
    assert!(request.is_empty());
    assert_eq!(response.set, fields(&[("X-B", "$request_id")]));
    assert_eq!(response.add, fields(&[("X-C", "c")]));
    assert_eq!(response.remove, ["Server"]);
}

#[test]
fn fields_of_an_answer_are_taken_as_they_are_written() {
    let (_, response) =
        compiled("respond: { headers: { X-Price: \"$5\" } }, responseHeaders: { set: { X-R: \"$route\" } }");
    assert_eq!(response.add, fields(&[("X-Price", "$$5")]));
    assert_eq!(response.set, fields(&[("X-R", "$route")]));
}
