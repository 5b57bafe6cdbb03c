//! The JSON Schema.

use serde_json::Value;

/// Every object with properties, with the path of its schema.
fn objects<'a>(schema: &'a Value, path: &str, found: &mut Vec<(String, &'a Value)>) {
    let Some(object) = schema.as_object() else { return };
    if object.contains_key("properties") {
        found.push((path.into(), schema));
    }
    for (key, value) in object {
        objects(value, &format!("{path}/{key}"), found);
    }
}

#[test]
fn every_key_is_described_and_has_a_default() {
    let schema = config::schema();
    let mut found = Vec::new();
    objects(&schema, "", &mut found);
    assert!(found.len() > 30, "{}", found.len());
    for (path, object) in found {
        assert_eq!(object["additionalProperties"], false, "{path} takes any key");
        for (key, property) in object["properties"].as_object().unwrap() {
            assert!(property["description"].is_string(), "{path}: {key} is not described");
            let ignored = property["readOnly"] == true;
            assert!(ignored || property.get("default").is_some(), "{path}: {key} has no default");
        }
    }
}

#[test]
fn bounds_of_fields_are_bounds_of_the_schema() {
    let schema = config::schema();
    let timeout = &schema["$defs"]["Proxy"]["properties"]["timeout"];
    assert_eq!((&timeout["minimum"], &timeout["maximum"]), (&1.into(), &86_400_000.into()));
    assert_eq!(timeout["default"], "30s");
    let retries = &schema["$defs"]["Upstream"]["properties"]["retries"];
    assert_eq!((&retries["maximum"], &retries["default"]), (&10.into(), &2.into()));
    assert_eq!(schema["$defs"]["Listener"]["required"][0], "address");
}

#[test]
fn the_schema_and_the_reader_know_the_same_keys() {
    let schema = config::schema();
    for key in schema["properties"].as_object().unwrap().keys() {
        let errors = config::parse(&format!("{key}: 0"), "x").unwrap_err();
        assert!(!errors.to_string().contains("unknown key"), "{errors}");
    }
}
