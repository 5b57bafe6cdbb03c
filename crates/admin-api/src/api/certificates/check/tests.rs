use std::time::Duration;

use axum::response::IntoResponse;
use http_body_util::BodyExt;
use rcgen::{CertificateParams, KeyPair};
use serde_json::Value;

use super::*;

fn made(names: &[&str]) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// The pointer and the sentence of what is wrong; `None` where nothing is.
fn wrong(domain: &str, cert: &str, key: &str) -> Option<(String, String)> {
    let problem = check(domain, cert, key, SystemTime::now()).err()?;
    assert_eq!((problem.status().as_u16(), problem.code()), (422, "invalid"));
    let body = futures_util::FutureExt::now_or_never(problem.into_response().into_body().collect());
    let body: Value = serde_json::from_slice(&body.unwrap().unwrap().to_bytes()).unwrap();
    let text = |name: &str| body["errors"][0][name].as_str().unwrap().to_owned();
    Some((text("pointer"), text("detail")))
}

#[track_caller]
fn refused(domain: &str, cert: &str, key: &str, pointer: &str, detail: &str) {
    let (at, told) = wrong(domain, cert, key).unwrap();
    assert_eq!(at, pointer, "{told}");
    assert!(told.contains(detail), "{told}");
}

#[test]
fn a_certificate_for_the_domain_is_taken() {
    let (cert, key) = made(&["a.test", "*.b.test"]);
    for domain in ["a.test", "*.b.test", "x.b.test"] {
        assert_eq!(wrong(domain, &cert, &key), None);
    }
    assert_eq!(wrong("a.test", &cert, "secret:0123456789abcdef0123456789abcdef"), None);
}

#[test]
fn what_is_wrong_is_told_where_it_is() {
    let (cert, key) = made(&["a.test"]);
    let (other_cert, other_key) = made(&["b.test"]);
    refused("b.test", &cert, &key, "/domain", "not for \"b.test\"");
    refused("x.a.test", &cert, &key, "/domain", "not for");
    refused("a.test", &cert, &other_key, "/key", "does not belong");
    refused("a.test", &other_cert, &key, "/key", "does not belong");
    refused("a.test", "/etc/cert.pem", &key, "/cert", "no PEM");
    refused("a.test", &key, &key, "/cert", "no certificate");
    refused("a.test", &cert, &cert, "/key", "no private key");
    refused("a.test", &cert, "x", "/key", "no private key");
    let cut = cert.get(..cert.len() / 2).unwrap();
    refused("a.test", cut, &key, "/cert", "PEM is broken");
    let cut = key.get(..key.len() / 2).unwrap();
    refused("a.test", &cert, cut, "/key", "PEM is broken");
}

#[test]
fn keys_are_not_told() {
    let (cert, key) = made(&["a.test"]);
    let broken = key.replace("PRIVATE KEY-----\n", "PRIVATE KEY-----\n!");
    let (_, told) = wrong("a.test", &cert, &broken).unwrap();
    let secret = key.lines().nth(1).unwrap();
    assert!(!told.contains(secret), "{told}");
}

#[test]
fn certificates_whose_time_is_over_are_refused() {
    let (cert, key) = made(&["a.test"]);
    let late = SystemTime::now() + Duration::from_secs(365 * 86_400 * 5000);
    let problem = check("a.test", &cert, &key, late);
    assert!(problem.is_err());
}
