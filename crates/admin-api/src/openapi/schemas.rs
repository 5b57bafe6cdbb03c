//! The schemas of bodies and answers.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::dto;

/// Where schemas are found.
pub(super) const AT: &str = "#/components/schemas/";

/// Every schema by its name: those of the document, as the reader of files has them, and those of answers.
pub(super) fn schemas() -> Map<String, Value> {
    let mut schemas = of_document();
    schemas.extend(of_answers());
    for kind in ["Route", "Upstream"] {
        show_owner(schemas.get_mut(kind));
        patch(&mut schemas, kind);
    }
    patch(&mut schemas, "Document");
    show_state(schemas.get_mut("Backend"));
    schemas.insert("Nothing".into(), json!({ "type": "object", "additionalProperties": false }));
    schemas
}

fn of_document() -> Map<String, Value> {
    let mut root = config::schema();
    let definitions = root.get_mut("$defs").and_then(Value::as_object_mut).map(std::mem::take);
    let mut schemas = definitions.unwrap_or_default();
    if let Some(members) = root.as_object_mut() {
        // Files of the clustered proxy are taken as files alone.
        ["$defs", "$schema", "title", "if", "then"].iter().for_each(|name| drop(members.remove(*name)));
        if let Some(properties) = members.get_mut("properties").and_then(Value::as_object_mut) {
            properties.remove("server");
        }
    }
    schemas.retain(|name, _| !name.starts_with("Cluster") && name != "FieldValue");
    schemas.insert("Document".into(), root);
    schemas.values_mut().for_each(adapt);
    schemas
}

fn of_answers() -> Map<String, Value> {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    // In the order of the name, whatever the order here.
    add::<dto::ProblemBody>(&mut generator);
    add::<dto::ErrorAt>(&mut generator);
    add::<dto::Plan>(&mut generator);
    add::<dto::Applied>(&mut generator);
    add::<dto::Revision>(&mut generator);
    add::<dto::RevisionNumber>(&mut generator);
    add::<dto::CertificateStatus>(&mut generator);
    add::<dto::CertificateInput>(&mut generator);
    add::<dto::Stats>(&mut generator);
    add::<dto::RouteStats>(&mut generator);
    add::<dto::Health>(&mut generator);
    add::<dto::Live>(&mut generator);
    add::<dto::Ready>(&mut generator);
    generator.take_definitions(true)
}

fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
    generator.subschema_for::<T>();
}

/// Has references lead to where the schemas are here, and takes off what holds for files alone: here, a secret is shown as its
/// marker, and no variable is put in.
fn adapt(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.remove("writeOnly");
            // Whoever sends one of these sends nothing, or something that is refused.
            let is_empty = |held: &Value| held.is_null() || *held == json!([]) || *held == json!("");
            if members.get("default").is_some_and(is_empty) {
                members.remove("default");
            }
            if let Some(Value::String(pattern)) = members.get_mut("pattern") {
                *pattern = pattern.replace(r"|.*\$\{.*", "").replace(r"|\$\{", "");
            }
            if let Some(Value::String(reference)) = members.get_mut("$ref")
                && let Some(name) = reference.strip_prefix("#/$defs/")
            {
                *reference = format!("{AT}{name}");
            }
            members.values_mut().for_each(adapt);
        }
        Value::Array(items) => items.iter_mut().for_each(adapt),
        _ => {}
    }
}

fn show_owner(schema: Option<&mut Value>) {
    let owner =
        json!({ "type": "string", "enum": ["file", "api"], "readOnly": true, "description": "Whose it is." });
    let shadows = json!({
        "type": "boolean", "readOnly": true, "description": "True where it hides the file's one of the same name.",
    });
    show(schema, [("source", owner), ("shadows", shadows)]);
}

fn show_state(schema: Option<&mut Value>) {
    let read_only = |mut schema: Value, says: &str| {
        if let Some(members) = schema.as_object_mut() {
            members.insert("readOnly".into(), true.into());
            members.insert("description".into(), says.into());
        }
        schema
    };
    let causes = json!({ "type": "array", "items": { "type": "string" } });
    let status = json!({ "type": "string", "enum": ["ready", "draining", "dead"] });
    let whole = json!({ "type": "integer", "minimum": 0 });
    let is_dead = read_only(
        json!({ "type": "boolean" }),
        "Whether it gets no requests, for another reason than draining.",
    );
    let since = read_only(
        json!({ "type": "string", "format": "date-time" }),
        "Since when this process knows it as dead, the last of its addresses if it has several; missing while it is not.",
    );
    let failures = read_only(whole.clone(), "Attempts that failed in the last time.");
    let status = read_only(status, "How it is; `state` is what the document says.");
    let causes = read_only(causes, "Why it gets no requests, or not those of everybody.");
    let in_flight = read_only(whole, "Requests that it has in hand.");
    let latency = read_only(
        json!({ "type": "number", "minimum": 0 }),
        "What a request is expected to take, where that is measured.",
    );
    show(
        schema,
        [
            ("isDead", is_dead),
            ("deadSince", since),
            ("failureCount", failures),
            ("status", status),
            ("outages", causes),
            ("inFlight", in_flight),
            ("latencyMs", latency),
        ],
    );
}

/// Adds what is shown alone.
fn show<const N: usize>(schema: Option<&mut Value>, members: [(&str, Value); N]) {
    let properties = schema.and_then(|schema| schema.get_mut("properties")?.as_object_mut());
    let Some(properties) = properties else { return };
    properties.extend(members.map(|(name, member)| (name.to_owned(), member)));
}

/// Adds the schema of merge patches (RFC 7396) of another one: the same members, each of which may be `null`, and none of which
/// is required.
fn patch(schemas: &mut Map<String, Value>, name: &str) {
    let properties = schemas.get(name).and_then(|schema| schema.get("properties")?.as_object());
    let members: Map<_, _> = properties
        .into_iter()
        .flatten()
        // What is an object may be patched in part.
        .map(|(member, _)| (member.clone(), json!({})))
        .collect();
    let patch = json!({
        "type": "object",
        "description": format!("A merge patch (RFC 7396) of `{name}`: what is `null` is removed, what is absent stays."),
        "properties": members,
        // What is not there can be removed as well: nothing changes then.
        "additionalProperties": { "type": "null" },
    });
    schemas.insert(format!("{name}Patch"), patch);
}
