//! One operation, described.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::schemas::AT;
use crate::api::operation::{Body, Content, Effect, Form, Given, Operation};
use crate::api::parameter::{Parameter, Value as Kind};

/// `*`, or tags (RFC 9110 section 8.8.3).
const TAGS: &str = r#"^(\*|((W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*"){0,99})?)$"#;

/// An operation.
pub(super) fn call(operation: &Operation) -> Value {
    let mut call = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "tags": [tag(operation)],
        "parameters": parameters(operation),
        "responses": responses(operation),
    });
    if let (Some(body), Some(call)) = (operation.body, call.as_object_mut()) {
        call.insert("requestBody".into(), request_body(body));
    }
    call
}

/// Fields of responses, by name.
pub(super) fn headers() -> Value {
    let text = |says: &str| json!({ "description": says, "schema": { "type": "string" } });
    json!({
        "ETag": text("A strong tag of what the document says of it, for `If-Match`."),
        "Location": text("Where it is."),
        "Link": text("The next page, as `rel=\"next\"`, where there is one."),
        "Allow": text("The methods that there are."),
        "Retry-After": text("Seconds to wait."),
        "Idempotency-Replayed": text("`true` where the answer is that of a former request with the same key."),
    })
}

fn tag(operation: &Operation) -> &'static str {
    let below = operation.path.strip_prefix("/api/v1/").unwrap_or("state");
    match below.split('/').next() {
        Some("routes") => "routes",
        Some("upstreams") => "upstreams",
        Some("certificates") => "certificates",
        Some("document" | "plan" | "apply" | "confirm" | "rollback" | "reload" | "revisions") => "document",
        _ => "state",
    }
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let mut parameters: Vec<_> = operation.path_parameters().map(in_path).collect();
    parameters.extend(operation.query_parameters().map(in_query));
    parameters.extend(conditions(operation));
    if operation.effect != Effect::Look {
        let says = "The answer is remembered for ten minutes, and given again for the same key; the same key with another \
                    request is refused.";
        let key = json!({ "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$" });
        parameters.push(in_header("Idempotency-Key", says, &key));
    }
    parameters
}

fn conditions(operation: &Operation) -> Vec<Value> {
    let mut conditions = Vec::new();
    if !operation.is_tagged {
        return conditions;
    }
    let tags = json!({ "type": "string", "pattern": TAGS });
    if operation.effect == Effect::Look {
        conditions.push(in_header("If-None-Match", "304 where it has one of these tags.", &tags));
        return conditions;
    }
    let mut is = in_header("If-Match", "412 unless it is there, with one of these tags.", &tags);
    is["example"] = "*".into();
    conditions.push(is);
    if operation.may_create_or_replace() {
        let says = "412 where it is there already.";
        conditions.push(in_header("If-None-Match", says, &json!({ "type": "string", "const": "*" })));
    }
    conditions
}

fn in_path(name: &str) -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    let (says, schema, example) = match name {
        "route" => ("The id of a route, or its vHost, percent-encoded.", text, json!("service-a")),
        "upstream" => ("The name of an upstream.", text, json!("api")),
        "backend" => ("The id of a backend.", text, json!("node-1")),
        "certificate" => {
            ("A domain, with `*` as `%2A`, or the id of a certificate.", text, json!("api.myapp.com"))
        }
        _ => ("The number of a revision.", json!({ "type": "integer", "minimum": 1 }), json!(3)),
    };
    json!({ "name": name, "in": "path", "required": true, "description": says, "schema": schema, "example": example })
}

fn in_header(name: &str, says: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "header", "required": false, "description": says, "schema": schema })
}

fn in_query(parameter: &Parameter) -> Value {
    let (schema, example) = match parameter.value {
        Kind::Flag => (json!({ "type": "boolean" }), json!(parameter.example == "true")),
        Kind::Number(least, most) => (
            json!({ "type": "integer", "minimum": least, "maximum": most }),
            parameter.example.parse::<u64>().map_or(Value::Null, Value::from),
        ),
        Kind::OneOf(values) => (json!({ "type": "string", "enum": values }), parameter.example.into()),
        Kind::Text(most) => {
            (json!({ "type": "string", "minLength": 1, "maxLength": most }), parameter.example.into())
        }
        Kind::Written(pattern) => {
            (json!({ "type": "string", "minLength": 1, "pattern": pattern }), parameter.example.into())
        }
    };
    json!({
        "name": parameter.name, "in": "query", "required": false, "description": parameter.says,
        "schema": schema, "example": example,
    })
}

fn request_body(body: Body) -> Value {
    let schema = reference(body.schema);
    // The examples are JSON: a test reads them.
    let example: Value = serde_json::from_str(body.example).unwrap_or_default();
    let content = json!({ "schema": schema, "example": example });
    let types: &[&str] = match body.form {
        Form::Patch => &["application/merge-patch+json", "application/json"],
        Form::Json | Form::Optional => &["application/json"],
    };
    let content: Map<_, _> = types.iter().map(|name| ((*name).to_owned(), content.clone())).collect();
    json!({ "required": body.form != Form::Optional, "content": content })
}

fn responses(operation: &Operation) -> Map<String, Value> {
    let mut responses = BTreeMap::new();
    for given in operation.gives {
        responses.insert(given.status, success(operation, given));
    }
    if operation.effect == Effect::Change {
        let plan = reference("Plan");
        let ok =
            responses.entry(200).or_insert_with(|| json!({ "description": "What would change (`dryRun`)." }));
        let schema = match ok.pointer("/content/application~1json/schema") {
            Some(schema) => json!({ "anyOf": [schema, plan] }),
            None => plan,
        };
        if let Some(ok) = ok.as_object_mut() {
            ok.insert("content".into(), json!({ "application/json": { "schema": schema } }));
        }
    }
    for status in refusals(operation) {
        let refused = refused(status);
        match responses.get_mut(&status) {
            None => {
                responses.insert(status, refused);
            }
            // A status that tells two things, by the type of the body.
            Some(response) => {
                let both = response.pointer_mut("/content").and_then(Value::as_object_mut);
                both.into_iter().for_each(|content| content.extend(problem_content()));
            }
        }
    }
    responses.into_iter().map(|(status, response)| (status.to_string(), response)).collect()
}

fn success(operation: &Operation, given: &Given) -> Value {
    let mut response = json!({ "description": given.says });
    let Some(members) = response.as_object_mut() else { return response };
    let json_of = |schema: Value| json!({ "application/json": { "schema": schema } });
    let content = match given.content {
        Content::Nothing => None,
        Content::One(name) => Some(json_of(reference(name))),
        Content::List(name) => Some(json_of(json!({ "type": "array", "items": reference(name) }))),
        Content::Any => Some(json_of(json!({ "type": "object" }))),
        Content::Events => Some(json!({ "text/event-stream": { "schema": { "type": "string" } } })),
    };
    members.extend(content.map(|content| ("content".to_owned(), content)));
    let is_paged = operation.query.iter().any(|parameter| parameter.name == Parameter::LIMIT.name);
    let mut names = Vec::new();
    names.extend((given.status == 201).then_some("Location"));
    names.extend((operation.is_tagged && given.status != 204).then_some("ETag"));
    names.extend(is_paged.then_some("Link"));
    names.extend((operation.effect != Effect::Look).then_some("Idempotency-Replayed"));
    if !names.is_empty() {
        members.insert("headers".into(), named_headers(&names));
    }
    response
}

/// Every status of an error that the operation can have, whoever finds it.
fn refusals(operation: &Operation) -> Vec<u16> {
    // The server's own, for every request.
    let mut statuses = vec![400, 401, 403, 414, 421, 429, 431, 500, 503];
    statuses.extend(operation.path_parameters().next().map(|_| 404));
    if operation.body.is_some() {
        statuses.extend([408, 413, 415, 422]);
    }
    match operation.effect {
        Effect::Look => {}
        Effect::Act => statuses.extend([409, 422, 507]),
        Effect::Change => statuses.extend([409, 422, 507]),
    }
    if operation.is_tagged {
        statuses.push(412);
        statuses.extend((operation.effect == Effect::Change).then_some(428));
    }
    statuses.extend(operation.refuses);
    statuses
}

fn refused(status: u16) -> Value {
    let says = match status {
        400 => "The request, its JSON or a parameter is malformed.",
        401 => "A token is missing or wrong.",
        403 => "The caller may not do this, or comes from another site.",
        404 => "There is nothing of this name.",
        408 => "The body did not come in time.",
        409 => "It cannot be as things are: `code` says why.",
        412 => "It is not as it was expected.",
        413 => "The body is too large.",
        414 => "The path and its query are too long.",
        415 => "The body is no JSON by its type.",
        421 => "The request is for another host.",
        422 => "What the body says is wrong: everything is listed.",
        428 => "`If-Match` is required.",
        429 => "There were too many requests.",
        431 => "The head is too large.",
        503 => "It cannot be done now.",
        507 => "There is no room to keep it.",
        _ => "It failed.",
    };
    let mut refused = json!({ "description": says, "content": problem_content() });
    let field = match status {
        412 => Some("ETag"),
        429 => Some("Retry-After"),
        _ => None,
    };
    if let (Some(field), Some(members)) = (field, refused.as_object_mut()) {
        members.insert("headers".into(), named_headers(&[field]));
    }
    debug_assert!(StatusCode::from_u16(status).is_ok());
    refused
}

fn problem_content() -> Map<String, Value> {
    let content = json!({ "schema": reference("Problem") });
    Map::from_iter([("application/problem+json".to_owned(), content)])
}

fn named_headers(names: &[&str]) -> Value {
    let header =
        |name: &&str| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
    Value::Object(names.iter().map(header).collect())
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("{AT}{schema}") })
}
