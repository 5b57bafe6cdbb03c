use std::time::SystemTime;

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ED25519, SignatureAlgorithm};
use rustls::SignatureScheme;

use super::*;

const ANY: &[SignatureScheme] =
    &[SignatureScheme::ECDSA_NISTP256_SHA256, SignatureScheme::ED25519, SignatureScheme::RSA_PSS_SHA256];

fn made(names: &[&str], algorithm: &'static SignatureAlgorithm) -> Certificate {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let chain = CertificateParams::new(names).unwrap().self_signed(&key).unwrap().pem();
    Certificate::parse(chain.as_bytes(), key.serialize_pem().as_bytes(), SystemTime::now()).unwrap()
}

fn ecdsa(names: &[&str]) -> Certificate {
    made(names, &PKCS_ECDSA_P256_SHA256)
}

fn found(certificates: &Certificates, name: &str) -> Option<Certificate> {
    certificates.table().of_name(name)?.choose(ANY).cloned()
}

#[test]
fn the_exact_name_goes_before_the_wildcard() {
    let (exact, wildcard) = (ecdsa(&["a.test"]), ecdsa(&["*.test"]));
    let certificates = Certificates::new();
    certificates.put("w", Served::new(wildcard.clone()));
    certificates.put("e", Served::new(exact.clone()));
    assert_eq!(found(&certificates, "a.test"), Some(exact));
    assert_eq!(found(&certificates, "b.test"), Some(wildcard));
    assert_eq!(found(&certificates, "a.b.test"), None);
    assert_eq!(found(&certificates, "test"), None);
}

#[test]
fn clients_get_the_kind_that_they_can_verify() {
    let (ecdsa, ed25519) = (ecdsa(&["a.test"]), made(&["a.test"], &PKCS_ED25519));
    let certificates = Certificates::new();
    certificates.put("1", Served::new(ed25519.clone()));
    certificates.put("2", Served::new(ecdsa.clone()));
    let table = certificates.table();
    let candidates = table.of_name("a.test").unwrap();
    assert_eq!(candidates.choose(ANY), Some(&ecdsa));
    assert_eq!(candidates.choose(&[SignatureScheme::ED25519]), Some(&ed25519));
    assert_eq!(candidates.choose(&[SignatureScheme::RSA_PSS_SHA256]), None);
}

#[test]
fn a_source_replaces_its_own_certificate_alone() {
    let (first, second, other) = (ecdsa(&["a.test"]), ecdsa(&["a.test"]), ecdsa(&["b.test"]));
    let certificates = Certificates::new();
    certificates.put("file:a", Served::new(first));
    certificates.put("file:b", Served::new(other.clone()));
    certificates.put("file:a", Served::new(second.clone()));
    assert_eq!(found(&certificates, "a.test"), Some(second.clone()));
    certificates.replace_matching("file:", vec![("file:c".into(), Served::new(second.clone()))]);
    assert_eq!(found(&certificates, "a.test"), Some(second));
    assert_eq!(found(&certificates, "b.test"), None);
    certificates.remove("file:c");
    assert!(certificates.list().is_empty() && !certificates.has("a.test"));
}

#[test]
fn names_may_be_others_than_its_own() {
    let one = ecdsa(&["a.test"]);
    let certificates = Certificates::new();
    let served =
        Served { names: Some(vec!["X.Test.".into(), "*.y.test".into()]), ..Served::new(one.clone()) };
    certificates.put("1", served);
    assert_eq!(found(&certificates, "a.test"), None);
    assert_eq!(found(&certificates, "x.test"), Some(one.clone()));
    assert_eq!(found(&certificates, "z.y.test"), Some(one));
}

#[test]
fn challenges_are_no_certificates() {
    let one = ecdsa(&["a.test"]);
    let certificates = Certificates::new();
    certificates.put_challenge("A.test", one);
    assert!(!certificates.has("a.test"));
    assert!(certificates.table().challenge("a.test").is_some());
    certificates.remove_challenge("a.test");
    assert!(certificates.table().challenge("a.test").is_none());
}
