//! The JSON Schema of the document.

use crate::{
    Document,
    dialect::{ClusterFile, SERVER},
};
use serde_json::{Value, json};

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
    schema
}
