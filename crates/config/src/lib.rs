//! The document: its model, YAML and JSON, validation with places, JSON Schema.
