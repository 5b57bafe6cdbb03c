//! The OpenAPI document, made from the same operations and structs as the API itself.

mod call;
mod schemas;

use serde_json::{Map, Value, json};

use crate::api::operations;

/// The OpenAPI 3.1 document of a version.
pub(crate) fn document(version: &str) -> Value {
    let mut paths = Map::new();
    for operation in operations() {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(operation.method.as_str().to_ascii_lowercase(), call::call(operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "proxyd",
            "version": version,
            "description": "The control plane of proxyd. Every change is a revision that can be planned, applied, confirmed \
                            and rolled back.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(),
        // Where there are no tokens, the address or a client's certificate says who asks.
        "security": [{ "token": [] }, {}],
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": schemas::schemas(),
            "headers": call::headers(),
        },
    })
}

fn tags() -> Value {
    json!([
        { "name": "routes", "description": "What clients may ask for, and who answers." },
        { "name": "upstreams", "description": "Named pools of backends." },
        { "name": "certificates", "description": "What is served by server name." },
        { "name": "document", "description": "All of it at once, and its revisions." },
        { "name": "state", "description": "How the proxy does." },
    ])
}

#[cfg(test)]
mod tests;
