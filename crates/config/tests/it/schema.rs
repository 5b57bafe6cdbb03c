//! The JSON Schema.

use config::{Surroundings, parse_with};
use serde_json::Value;
use std::{fs, path::Path};

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

#[test]
fn every_key_of_a_built_part_is_documented() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = fs::read_to_string(page).unwrap();
    let schema = config::schema();
    let parts = [
        "Proxy",
        "Http2",
        "Listener",
        "Upstream",
        "Backend",
        "Route",
        "Match",
        "Respond",
        "Redirect",
        "FieldEdits",
        "Security",
        "Logging",
    ];
    for part in parts {
        for key in schema["$defs"][part]["properties"].as_object().unwrap().keys() {
            let named = [format!("`{key}`"), format!(".{key}`"), format!("`{key}:")]
                .iter()
                .any(|name| page.contains(name));
            assert!(named, "{part}: `{key}` is not documented");
        }
    }
    for key in schema["properties"].as_object().unwrap().keys() {
        assert!(page.contains(&format!("`{key}")), "`{key}` is not documented");
    }
}

#[test]
fn the_examples_of_the_documentation_load() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = fs::read_to_string(page).unwrap();
    let examples = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let whole: Vec<_> = examples.filter(|example| example.contains("upstreams:")).collect();
    assert!(whole.len() >= 2, "the examples are missing");
    let surroundings = Surroundings {
        environment: &|name| (name == "BACKEND_HOST").then(|| "localhost".into()),
        files: &|_| Err(std::io::ErrorKind::NotFound.into()),
    };
    for example in whole {
        let loaded = parse_with(example, "example.yaml", &surroundings).unwrap();
        assert_eq!(loaded.not_built(), []);
    }
}
