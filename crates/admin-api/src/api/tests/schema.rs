//! Compares answers with what is documented.

use serde_json::Value;

use super::Answer;

/// Fails unless the answer is one that the operation may give: its status, its type, its body, the fields that it promises.
#[track_caller]
pub(super) fn check_answer(root: &Value, method: &str, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap_or_default();
    let Some(operation) = operation(root, method, path) else {
        assert!(
            matches!(answer.status, 404 | 405),
            "{method} {path} is not documented, and gave {}",
            answer.status
        );
        return;
    };
    let response = &operation["responses"][answer.status.to_string()];
    assert!(
        response.is_object(),
        "{method} {path} gave {}, which is not documented: {}",
        answer.status,
        answer.body
    );
    let content = answer.fields.get("content-type").map(|value| value.to_str().unwrap());
    match (response.get("content"), content) {
        (None, None) => assert_eq!(answer.body, Value::Null),
        (Some(documented), Some(content)) => {
            let schema = &documented[content]["schema"];
            assert!(schema.is_object(), "{method} {path} gave {content}, which is not documented");
            if let Err(wrong) = check(root, schema, &answer.body, "") {
                panic!("{method} {path} gave what is not documented: {wrong}\n{:#}", answer.body);
            }
        }
        (documented, content) => panic!("{method} {path} {}: {documented:?}, {content:?}", answer.status),
    }
}

fn operation<'r>(root: &'r Value, method: &str, path: &str) -> Option<&'r Value> {
    let fits = |template: &str| {
        let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
        template.len() == path.len()
            && template.iter().zip(&path).all(|(part, segment)| part.starts_with('{') || part == segment)
    };
    let paths = root["paths"].as_object().unwrap();
    let mut found: Vec<_> = paths.iter().filter(|(template, _)| fits(template)).collect();
    // What is written out wins.
    found.sort_by_key(|(template, _)| template.matches('{').count());
    found.first()?.1.get(method.to_lowercase())
}

/// As much of JSON Schema as our schemas use.
fn check(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let Some(rules) = schema.as_object() else { return Ok(()) };
    for (rule, wanted) in rules {
        let is_met = match rule.as_str() {
            "$ref" => {
                let target = root.pointer(wanted.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
                check(root, target, value, at)?;
                true
            }
            "type" => match wanted {
                Value::Array(names) => names.iter().any(|name| is_of(value, name.as_str().unwrap())),
                name => is_of(value, name.as_str().unwrap()),
            },
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= wanted.as_f64().unwrap()),
            "required" => wanted.as_array().unwrap().iter().all(|name| {
                value.as_object().is_none_or(|members| members.contains_key(name.as_str().unwrap()))
            }),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, wanted, item, &format!("{at}/{index}"))?;
                }
                true
            }
            "anyOf" => wanted.as_array().unwrap().iter().any(|one| check(root, one, value, at).is_ok()),
            "oneOf" => {
                wanted.as_array().unwrap().iter().filter(|one| check(root, one, value, at).is_ok()).count()
                    == 1
            }
            "allOf" => wanted.as_array().unwrap().iter().all(|one| check(root, one, value, at).is_ok()),
            "properties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = wanted.get(name) {
                        check(root, schema, member, &format!("{at}/{name}"))?;
                    }
                }
                true
            }
            "additionalProperties" => {
                for (name, member) in value.as_object().into_iter().flatten() {
                    if schema["properties"].get(name).is_some() {
                        continue;
                    }
                    if *wanted == Value::Bool(false) {
                        return Err(format!("{at}/{name} is not in the schema"));
                    }
                    check(root, wanted, member, &format!("{at}/{name}"))?;
                }
                true
            }
            _ => true,
        };
        if !is_met {
            return Err(format!("{at}: {value} does not meet {rule} {wanted}"));
        }
    }
    Ok(())
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("{name} is no type"),
    }
}
