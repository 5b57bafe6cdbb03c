use serde_json::json;

use super::*;

#[test]
fn keys_are_recognised_by_each_of_their_lines() {
    let key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqG\nshort\nSM49AwEHBG0wawIBAQQgx\n-----END PRIVATE KEY-----\n";
    assert_eq!(fill::needles(key), ["MIGHAgEAMBMGByqGSM49AgEGCCqG", "SM49AwEHBG0wawIBAQQgx"]);
    assert_eq!(fill::needles("a secret of some length"), ["a secret of some length"]);
}

#[test]
fn a_document_with_a_place_left_is_none() {
    let error = fill::document(&[("cert", "x")]).unwrap_err().to_string();
    assert!(error.starts_with("nothing is filled in for"), "{error}");
}

#[test]
fn secrets_panics_and_errors_are_found_in_a_log() {
    let secrets = ["hush-hush-hush".to_owned()];
    assert!(log_findings("{\"level\":\"INFO\"}\n{\"level\":\"WARN\"}", &secrets).is_empty());
    let log = "it is hush-hush-hush\nthread 'x' panicked at y\n{\"level\":\"ERROR\"}";
    assert_eq!(log_findings(log, &secrets).len(), 3);
}

#[test]
fn texts_that_are_sent_may_be_numbers_and_others_not() {
    let mut document = json!({
        "paths": { "/": { "put": { "requestBody": { "$ref": "#/components/schemas/Sent" } } } },
        "components": { "schemas": {
            "Sent": { "properties": {
                "name": { "type": ["string", "null"] },
                "kind": { "type": "string", "enum": ["a"] },
                "part": { "$ref": "#/components/schemas/Part" },
            } },
            "Part": { "type": "string" },
            "Answered": { "type": "string" },
        } },
    });
    specification::widen_texts(&mut document);
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Sent"]["properties"]["name"]["type"], json!(["string", "null", "number", "boolean"]));
    assert_eq!(schemas["Sent"]["properties"]["kind"]["type"], "string");
    assert_eq!(schemas["Part"]["type"], json!(["string", "number", "boolean"]));
    assert_eq!(schemas["Answered"]["type"], "string");
}

#[test]
fn secrets_are_found_in_answers_and_not_in_what_was_sent() {
    let entry = |sent: &str, field: &str, text: &str| {
        json!({
            "request": { "method": "PUT", "url": "/x", "postData": { "text": sent } },
            "response": { "status": 200, "headers": [{ "name": "x", "value": field }], "content": { "text": text } },
        })
    };
    let record = |more: serde_json::Value| -> record::Record {
        let entries: Vec<_> =
            std::iter::repeat_n(entry("hush-hush-hush", "", ""), 100).chain([more]).collect();
        serde_json::from_value(json!({ "log": { "entries": entries } })).unwrap()
    };
    let secrets = ["hush-hush-hush".to_owned()];
    assert_eq!(record(entry("", "", "")).report(&secrets).unwrap(), [""; 0]);
    for shown in [entry("", "a hush-hush-hush", ""), entry("", "", "{\"key\":\"hush-hush-hush\"}")] {
        assert_eq!(record(shown).report(&secrets).unwrap(), ["PUT /x shows a secret"]);
    }
}

#[test]
fn a_record_without_writes_that_were_accepted_says_nothing() {
    let record: record::Record = serde_json::from_value(json!({ "log": { "entries": [] } })).unwrap();
    assert!(record.report(&[]).unwrap_err().to_string().starts_with("only 0 of 0"));
}
