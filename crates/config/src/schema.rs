//! The JSON Schema of the document.

use crate::{
    Document,
    dialect::{ClusterFile, SERVER},
};
use serde_json::{Map, Value, json};

/// The JSON Schema of the document, made from the same structs that read it. It takes files of the clustered proxy, too.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Document).to_value();
    let cluster = schemars::schema_for!(ClusterFile).to_value();
    for path in ["/properties", "/$defs"] {
        let (Some(Value::Object(into)), Some(Value::Object(from))) =
            (schema.pointer_mut(path), cluster.pointer(path))
        else {
            continue;
        };
        into.extend(from.clone());
    }
    if let Some(root) = schema.as_object_mut() {
        // Nothing stands beside it.
        root.insert("if".into(), json!({ "required": [SERVER] }));
        root.insert("then".into(), json!({ "maxProperties": 1 }));
    }
    let properties = schema.pointer_mut("/properties").and_then(Value::as_object_mut);
    let native = properties.into_iter().flatten().filter(|(key, _)| *key != SERVER);
    native.for_each(|(_, property)| allow_null(property));
    let definitions = schema.pointer_mut("/$defs").and_then(Value::as_object_mut);
    definitions.into_iter().flat_map(Map::values_mut).for_each(allow_nulls);
    schema
}

/// Says where `null` counts as absent, as the reader has it: wherever a key may be absent.
fn allow_nulls(schema: &mut Value) {
    let required = schema.get("required").cloned().unwrap_or_default();
    let is_required = |key: &str| required.as_array().is_some_and(|keys| keys.iter().any(|held| held == key));
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (key, property) in properties {
        if is_required(key) { forbid_nothing(property) } else { allow_null(property) }
    }
}

fn allow_null(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    match members.get_mut("type") {
        Some(Value::Array(types)) if types.iter().all(|held| held != "null") => types.push("null".into()),
        Some(Value::String(one)) if one != "null" => {
            let one = std::mem::take(one);
            members.insert("type".into(), json!([one, "null"]));
        }
        _ => {}
    }
    if let Some(Value::Array(values)) = members.get_mut("enum")
        && !values.contains(&Value::Null)
    {
        values.push(Value::Null);
    }
    match members.get_mut("anyOf") {
        Some(Value::Array(choices)) if choices.iter().all(|choice| !is_null(choice)) => {
            choices.push(json!({ "type": "null" }));
        }
        _ => {}
    }
    for key in ["$ref", "oneOf"] {
        if let Some(held) = members.remove(key) {
            members.insert("anyOf".into(), json!([{ key: held }, { "type": "null" }]));
        }
    }
}

/// Says that what is required is neither `null` nor an empty text.
fn forbid_nothing(schema: &mut Value) {
    let Some(members) = schema.as_object_mut() else { return };
    if members.get("type").is_some_and(|held| held == "string") {
        members.insert("minLength".into(), 1.into());
    }
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|held| held != "null");
    }
    if let Some(Value::Array(choices)) = members.get_mut("anyOf") {
        choices.retain(|choice| !is_null(choice));
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|held| held == "null")
}
