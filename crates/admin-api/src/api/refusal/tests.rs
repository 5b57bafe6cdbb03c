use std::io;
use std::time::{Duration, UNIX_EPOCH};

use axum::response::IntoResponse;
use config::{Key, Kind};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::*;

fn key() -> Key {
    Key::new(Kind::Route, "api")
}

fn body(problem: Problem) -> Value {
    let body = problem.into_response().into_body();
    let collected = futures_util::FutureExt::now_or_never(body.collect()).unwrap().unwrap();
    serde_json::from_slice(&collected.to_bytes()).unwrap()
}

#[track_caller]
fn check(error: &ChangeError, status: u16, code: &str) -> Value {
    let problem = refusal(error, &Places::Same);
    assert_eq!((problem.status().as_u16(), problem.code()), (status, code));
    let body = body(problem);
    assert_eq!((&body["status"], &body["code"]), (&status.into(), &code.into()));
    body
}

fn store(is_full: bool) -> ChangeError {
    let source = io::Error::other("it is so");
    ChangeError::Store { what: "a revision", path: "/state".into(), is_full, source }
}

#[test]
fn each_cause_has_a_status_and_a_code() {
    check(&ChangeError::Missing { key: key() }, 404, "not_found");
    check(&ChangeError::UnknownRevision { revision: 3 }, 404, "not_found");
    assert_eq!(check(&ChangeError::Exists { key: key() }, 409, "exists")["candidates"], json!(["api"]));
    let place = "proxyd.yaml:7".to_owned();
    let told = check(&ChangeError::FileOwned { key: key(), place }, 409, "file_owned");
    assert!(told["detail"].as_str().unwrap().contains("proxyd.yaml:7"));
    let until = UNIX_EPOCH + Duration::from_millis(1_769_423_445_123);
    let pending = check(&ChangeError::Pending { revision: 7, until }, 409, "pending");
    assert_eq!((&pending["revision"], &pending["until"]), (&json!(7), &json!("2026-01-26T10:30:45.123Z")));
    check(&ChangeError::NotPending { revision: 7 }, 409, "not_pending");
    check(&ChangeError::NeedsRestart { what: "listeners".into() }, 409, "needs_restart");
    let full = check(&store(true), 507, "storage_full");
    assert!(full["detail"].as_str().unwrap().ends_with("it is so"));
    check(&store(false), 503, "storage_failed");
    check(&ChangeError::InUse { path: "/state".into() }, 503, "storage_in_use");
    check(&ChangeError::Internal("x".into()), 500, "internal");
}

#[test]
fn what_has_changed_is_told_with_its_tag() {
    let tagged = refusal(&ChangeError::Condition { key: key(), tag: Some("ab".into()) }, &Places::Same);
    let response = tagged.into_response();
    assert_eq!(response.status(), 412);
    assert_eq!(response.headers()["etag"], "\"ab\"");
    let gone = refusal(&ChangeError::Condition { key: key(), tag: None }, &Places::Same);
    assert!(gone.into_response().headers().get("etag").is_none());
    check(&ChangeError::DocumentCondition { tag: "ab".into() }, 412, "changed");
}

#[test]
fn pointers_are_those_of_the_body() {
    let below = Places::Below("/backends/2".into());
    assert_eq!(below.in_body("/backends/2/port").as_deref(), Some("/port"));
    assert_eq!(below.in_body("/backends/2").as_deref(), Some(""));
    assert_eq!(below.in_body("/backends/21/port"), None);
    assert_eq!(below.in_body("/vHost"), None);
    let renamed = Places::Renamed(&[("/id", "/domain")]);
    assert_eq!(renamed.in_body("/id").as_deref(), Some("/domain"));
    assert_eq!(renamed.in_body("/cert").as_deref(), Some("/cert"));
    assert_eq!(Places::Nowhere.in_body("/x"), None);
}
