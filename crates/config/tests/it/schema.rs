//! The JSON Schema.

use config::{Surroundings, parse_with};
use serde_json::Value;
use std::{fs, path::Path, sync::Arc};

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
    let bounded = &schema["$defs"]["Upstream"]["properties"]["boundedLoad"];
    assert_eq!((&bounded["minimum"], &bounded["maximum"]), (&100.into(), &1000.into()));
    assert_eq!(bounded["default"], "off");
    let percent = &schema["$defs"]["Mirror"]["properties"]["percent"];
    assert_eq!((&percent["minimum"], &percent["maximum"]), (&0.0.into(), &100.0.into()));
    assert_eq!(schema["$defs"]["AgentCheck"]["properties"]["port"]["minimum"], 1);
    assert_eq!(schema["$defs"]["AgentCheck"]["required"][0], "port");
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

/// Whether a value is what a schema allows, as far as this crate's schemas go.
fn allows(schema: &Value, root: &Value, value: &Value) -> bool {
    if let Some(reference) = schema["$ref"].as_str() {
        return allows(root.pointer(reference.trim_start_matches('#')).unwrap(), root, value);
    }
    let has_type = |name: &Value| match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("the type {other} is new here"),
    };
    let is_of_type = match &schema["type"] {
        Value::Null => true,
        Value::Array(names) => names.iter().any(has_type),
        name => has_type(name),
    };
    let is_any = schema["anyOf"].as_array().is_none_or(|any| any.iter().any(|one| allows(one, root, value)));
    let keys = value.as_object().into_iter().flatten();
    let is_known = |(key, value): (&String, &Value)| match schema["properties"].get(key) {
        Some(property) => allows(property, root, value),
        None => schema["additionalProperties"] != false,
    };
    let items = value.as_array().into_iter().flatten();
    let required = schema["required"].as_array().into_iter().flatten();
    let count = value.as_object().map_or(0, serde_json::Map::len);
    let is_alone = schema["if"].is_null()
        || !allows(&schema["if"], root, value)
        || count <= schema["then"]["maxProperties"].as_u64().unwrap().try_into().unwrap();
    is_of_type
        && is_any
        && is_alone
        && keys.into_iter().all(is_known)
        && items.into_iter().all(|item| allows(&schema["items"], root, item))
        && required.into_iter().all(|key| value.get(key.as_str().unwrap()).is_some())
}

const CLUSTER: &str = r#"{ "server": {
    "listen": 8080,
    "workers": 2,
    "upstreams": [
        { "id": "jsonplaceholder", "url": "jsonplaceholder.typicode.com" },
        { "id": "dummy", "url": "dummyjson.com" }
    ],
    "headers": [
        { "key": "x-forward-for", "value": "$ip" },
        { "key": "Authorization", "value": "Bearer xyz" }
    ],
    "rules": [
        { "path": "/test", "upstreams": ["dummy"] },
        { "path": "/", "upstreams": ["jsonplaceholder"] }
    ]
} }"#;

#[test]
fn the_clustered_proxys_file_is_one_that_the_schema_allows() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/contract/c-cluster.yaml");
    let (file, json) = (config::load(&file).unwrap(), config::parse(CLUSTER, "x").unwrap());
    assert_eq!(file.document, json.document, "it is the same file");
    let schema = config::schema();
    let check = |text: &str, expected: bool| {
        let value = serde_json::from_str(text).unwrap();
        assert_eq!(allows(&schema, &schema, &value), expected, "{text}");
    };
    check(CLUSTER, true);
    check(&CLUSTER.replace("\"workers\"", "\"worker\""), false);
    check(&CLUSTER.replace("\"id\": \"dummy\", ", ""), false);
    check(&CLUSTER.replace("[\"dummy\"]", "\"dummy\""), false);
    check(&CLUSTER.replacen('{', "{ \"routes\": [],", 1), false);
    check("{ \"routes\": [{ \"path\": \"/*\", \"respond\": {} }] }", true);
    check("{ \"routes\": {} }", false);
}

#[test]
fn what_is_printed_is_what_the_schema_allows_and_the_reader_reads() {
    let text = include_str!("native.yaml").replace("secret: ...", "secret: \"***\"");
    let surroundings =
        Surroundings { environment: &|_| None, files: &|_| Err(std::io::ErrorKind::NotFound.into()) };
    let read = |text: &str| parse_with(text, "x", &surroundings).unwrap().document;
    let document = read(&text);
    let (listeners, mut upstreams) = (document.listeners, document.upstreams);
    // What is printed says of a URL that there are no `backends`, and of a secret nothing.
    let backends = upstreams[1].backends.clone();
    let first = Arc::make_mut(&mut upstreams[0]);
    (first.backends, first.url, first.tls) = (backends, None, None);
    let mut printed = serde_json::json!({ "upstreams": upstreams, "listeners": listeners });
    let again = read(&printed.to_string());
    assert_eq!((again.listeners, again.upstreams), (listeners, upstreams));
    for part in ["upstreams", "listeners"] {
        for item in printed[part].as_array_mut().unwrap() {
            item.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        }
    }
    let schema = config::schema();
    assert!(allows(&schema, &schema, &printed), "{printed}");
}

#[test]
fn null_stands_for_what_is_absent_where_that_may_be() {
    let schema = config::schema();
    let check = |text: &str| {
        let value: Value = serde_json::from_str(text).unwrap();
        let is_read = config::parse(text, "x").is_ok();
        assert_eq!(allows(&schema, &schema, &value), is_read, "{text}");
        is_read
    };
    for key in schema["properties"].as_object().unwrap().keys().filter(|key| *key != "server") {
        assert!(check(&format!("{{ \"{key}\": null }}")), "{key}");
    }
    for (kind, list, needed) in [
        ("Upstream", "upstreams", r#""name": "a", "url": "http://localhost""#),
        ("Route", "routes", r#""path": "/", "respond": {}"#),
        ("Listener", "listeners", r#""address": "127.0.0.1:0""#),
    ] {
        for key in schema["$defs"][kind]["properties"].as_object().unwrap().keys() {
            if !needed.contains(&format!("{key:?}")) {
                assert!(
                    check(&format!("{{ \"{list}\": [{{ {needed}, \"{key}\": null }}] }}")),
                    "{kind}.{key}"
                );
            }
        }
    }
    assert!(!check(r#"{ "server": null }"#));
    assert!(!check(r#"{ "upstreams": [{ "name": null, "url": "http://localhost" }] }"#));
    assert!(!check(r#"{ "listeners": [{ "address": null }] }"#));
}

/// The documentation of the file.
fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    fs::read_to_string(page).unwrap()
}

fn examples(page: &str) -> impl Iterator<Item = &str> {
    page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap())
}

#[test]
fn every_key_of_a_built_part_is_documented() {
    let page = page();
    let schema = config::schema();
    let parts = [
        "Proxy",
        "Http2",
        "Listener",
        "ListenerTls",
        "ClientAuth",
        "ProxyProtocol",
        "Certificate",
        "Ssl",
        "Acme",
        "ExternalAccount",
        "OnDemand",
        "Hsts",
        "UpstreamTls",
        "Upstream",
        "HashKey",
        "Sticky",
        "Retry",
        "Passive",
        "OutlierEjection",
        "Panic",
        "HealthCheck",
        "Expect",
        "AgentCheck",
        "CircuitBreaker",
        "Backend",
        "Route",
        "WeightedUpstream",
        "Mirror",
        "Hedge",
        "StateDir",
        "Admin",
        "AdminTls",
        "AdminClient",
        "AdminRateLimit",
        "Token",
        "Match",
        "Respond",
        "Redirect",
        "FieldEdits",
        "Security",
        "Logging",
        "Cluster",
        "ClusterUpstream",
        "ClusterField",
        "ClusterRule",
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
    let page = page();
    let whole: Vec<_> = examples(&page).filter(|example| example.contains("upstreams:")).collect();
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

#[test]
fn the_documentation_shows_a_file_of_the_clustered_proxy_in_both_forms() {
    let page = page();
    let mut examples = examples(&page).skip_while(|example| !example.starts_with("server:"));
    let mut document = || config::parse(examples.next().unwrap(), "example.yaml").unwrap().document;
    assert_eq!(document(), document());
}
