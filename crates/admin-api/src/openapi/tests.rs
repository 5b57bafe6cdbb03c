use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use super::*;
use crate::api::operation::{Content, Effect, Operation};

fn specification() -> Value {
    document(env!("CARGO_PKG_VERSION"))
}

#[test]
fn the_document_is_the_one_in_docs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let made = format!("{:#}\n", specification());
    if env::var_os("BLESS").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    assert!(kept == made, "docs/openapi.json is old: run this test with BLESS=1");
}

#[test]
fn every_operation_is_there_once() {
    let specification = specification();
    let mut ids = BTreeSet::new();
    let mut count = 0;
    for operation in operations() {
        let method = operation.method.as_str().to_lowercase();
        let call = &specification["paths"][operation.path][&method];
        assert_eq!(call["operationId"], operation.id, "two of {method} {}", operation.path);
        assert!(ids.insert(operation.id), "two are called {}", operation.id);
        assert!(!operation.gives.is_empty() && !operation.summary.ends_with('.'), "{}", operation.id);
        count += 1;
    }
    let paths = specification["paths"].as_object().unwrap();
    assert_eq!(paths.values().map(|path| path.as_object().unwrap().len()).sum::<usize>(), count);
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_used() {
    let specification = specification();
    let mut seen = BTreeSet::new();
    follow(&specification["paths"], &specification, &mut seen);
    follow(&specification["components"]["headers"], &specification, &mut seen);
    let schemas = specification["components"]["schemas"].as_object().unwrap();
    let unused: Vec<_> =
        schemas.keys().filter(|name| !seen.contains(&format!("{}{name}", schemas::AT))).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

fn follow(value: &Value, root: &Value, seen: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                let target = root.pointer(reference.strip_prefix('#').unwrap());
                let target = target.unwrap_or_else(|| panic!("{reference} leads nowhere"));
                if seen.insert(reference.to_owned()) {
                    follow(target, root, seen);
                }
            }
            members.values().for_each(|member| follow(member, root, seen));
        }
        Value::Array(items) => items.iter().for_each(|item| follow(item, root, seen)),
        _ => {}
    }
}

#[test]
fn every_change_can_be_planned_and_sent_again() {
    let specification = specification();
    for operation in operations().filter(|operation| operation.effect == Effect::Change) {
        let names = names(&specification, operation);
        for name in ["dryRun", "confirm", "revertOn", "Idempotency-Key"] {
            assert!(names.contains(name), "{} lacks {name}", operation.id);
        }
        let responses =
            &specification["paths"][operation.path][operation.method.as_str().to_lowercase()]["responses"];
        for status in ["200", "400", "401", "403", "409", "422", "429", "500", "503", "507"] {
            assert!(responses.get(status).is_some(), "{} lacks {status}", operation.id);
        }
    }
}

fn names(specification: &Value, operation: &Operation) -> BTreeSet<String> {
    let call = &specification["paths"][operation.path][operation.method.as_str().to_lowercase()];
    let parameters = call["parameters"].as_array().unwrap().iter();
    parameters.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn examples_are_what_they_are_examples_of() {
    for body in operations().filter_map(|operation| operation.body) {
        let example: Value = serde_json::from_str(body.example).unwrap();
        assert!(example.is_object(), "{example}");
    }
    for parameter in operations().flat_map(Operation::query_parameters) {
        assert_eq!(parameter.value.refuse(parameter.example), None, "{}", parameter.name);
    }
}

#[test]
fn objects_that_exist_have_tags() {
    for operation in operations().filter(|operation| operation.path.ends_with('}')) {
        let gives_object = operation.gives.iter().any(|given| {
            matches!(given.content, Content::One("Route" | "Upstream" | "Backend" | "CertificateStatus"))
        });
        assert!(operation.is_tagged || !gives_object, "{}", operation.id);
    }
}
