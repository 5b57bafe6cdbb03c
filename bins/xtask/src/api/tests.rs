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
