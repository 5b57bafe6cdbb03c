//! The OpenAPI document as the tool gets it: with examples that change something, and with what is known to be taken beside it.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::subject::Subject;

const SCHEMAS: &str = "/components/schemas/";

/// The document of `subject`, adapted.
///
/// # Errors
/// When it is not as it is expected.
pub(super) fn adapted(subject: &Subject) -> Result<Value> {
    let mut document = subject.specification()?;
    let certificate = document
        .pointer_mut("/paths/~1api~1v1~1certificates/post/requestBody/content/application~1json/example");
    let certificate = certificate.context("the document has no example of a certificate")?;
    certificate["cert"] = subject.sent.cert.clone().into();
    certificate["key"] = subject.sent.key.clone().into();
    widen_texts(&mut document);
    let paths = document["paths"].as_object_mut().context("the document has no paths")?;
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(|path| path.values_mut()) {
        if let Some(parameters) = operation["parameters"].as_array_mut() {
            adapt(parameters);
        }
    }
    Ok(document)
}

/// Changes are made, not only planned, and they are not made under conditions of which one is always false.
fn adapt(parameters: &mut Vec<Value>) {
    let has_if_match = parameters.iter().any(|parameter| parameter["name"] == "If-Match");
    parameters.retain(|parameter| !(has_if_match && parameter["name"] == "If-None-Match"));
    for parameter in parameters.iter_mut().filter(|parameter| parameter["name"] == "dryRun") {
        parameter["example"] = false.into();
    }
}

/// Where a document has a text, a number, true or false is taken for the text that it is written with, as it is in a file. The
/// document does not say so, since nobody should send that.
pub(super) fn widen_texts(document: &mut Value) {
    let mut sent = BTreeSet::new();
    let bodies = document["paths"].as_object().into_iter().flat_map(|paths| paths.values());
    for operation in bodies.filter_map(Value::as_object).flat_map(|path| path.values()) {
        reach(&operation["requestBody"], document, &mut sent);
    }
    for name in sent {
        if let Some(schema) = document.pointer_mut(&format!("{SCHEMAS}{name}")) {
            widen(schema);
        }
    }
}

/// The schemas that a value refers to, and those refer to.
fn reach(value: &Value, document: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            let name = reference.and_then(|reference| reference.strip_prefix('#')?.strip_prefix(SCHEMAS));
            if let Some(name) = name
                && found.insert(name.to_owned())
                && let Some(schema) = document.pointer(&format!("{SCHEMAS}{name}"))
            {
                reach(schema, document, found);
            }
            members.values().for_each(|member| reach(member, document, found));
        }
        Value::Array(items) => items.iter().for_each(|item| reach(item, document, found)),
        _ => {}
    }
}

fn widen(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let is_free = !members.contains_key("enum") && !members.contains_key("const");
            if let Some(held) = members.get("type").filter(|_| is_free) {
                let mut types: Vec<_> = match held {
                    Value::Array(types) => types.clone(),
                    one => vec![one.clone()],
                };
                let is_text = types.contains(&json!("string")) && !types.contains(&json!("integer"));
                if is_text {
                    types.extend(
                        [json!("number"), json!("boolean")].into_iter().filter(|more| !held_in(held, more)),
                    );
                    members.insert("type".into(), types.into());
                }
            }
            members.values_mut().for_each(widen);
        }
        Value::Array(items) => items.iter_mut().for_each(widen),
        _ => {}
    }
}

fn held_in(types: &Value, more: &Value) -> bool {
    types == more || types.as_array().is_some_and(|types| types.contains(more))
}
