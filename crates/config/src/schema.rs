//! The JSON Schema of the document.

use crate::Document;

/// The JSON Schema of the document, made from the same structs that read it.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Document).to_value()
}
