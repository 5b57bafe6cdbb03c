use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};

use super::*;

/// A key, and a certificate of it for these names, that signed itself.
fn own(names: &[&str]) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let certificate = params(names).self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap()
}

fn parse(chain: &str, key: &str) -> Result<Certificate, CertificateError> {
    Certificate::parse(chain.as_bytes(), key.as_bytes(), SystemTime::now())
}

#[track_caller]
fn check_refused(chain: &str, key: &str, expected: &str) {
    assert_eq!(parse(chain, key).unwrap_err().to_string(), expected);
}

#[test]
fn a_certificate_tells_what_it_is_for() {
    let (chain, key) = own(&["A.Test", "*.w.test", "192.0.2.1", "xn--bcher-kva.test"]);
    let certificate = parse(&chain, &key).unwrap();
    assert_eq!(certificate.names(), ["*.w.test", "192.0.2.1", "a.test", "xn--bcher-kva.test"]);
    for (name, expected) in [
        ("a.test", true),
        ("A.TEST.", true),
        ("b.a.test", false),
        ("x.w.test", true),
        ("w.test", false),
        ("x.y.w.test", false),
        ("192.0.2.1", true),
        ("192.0.2.2", false),
        ("*.w.test", true),
        (".w.test", false),
    ] {
        assert_eq!(certificate.covers(name), expected, "{name}");
    }
    assert_eq!(certificate.kind(), KeyKind::Ecdsa);
    assert_eq!(certificate.fingerprint().len(), 64);
    assert!(!format!("{certificate:?}").contains("PRIVATE"));
}

#[test]
fn key_and_certificate_may_stand_in_one_text() {
    let (chain, key) = own(&["a.test"]);
    let both = format!("{key}{chain}");
    assert!(parse(&both, &both).is_ok());
}

#[test]
fn what_cannot_be_served_is_refused_with_its_reason() {
    let ((chain, key), (_, other)) = (own(&["a.test"]), own(&["a.test"]));
    check_refused(&key, &key, "there is no certificate in it (`-----BEGIN CERTIFICATE-----`)");
    check_refused(&chain, &chain, "there is no private key in it (`-----BEGIN PRIVATE KEY-----`)");
    check_refused("", "", "there is no private key in it (`-----BEGIN PRIVATE KEY-----`)");
    check_refused(&chain, &format!("{key}{other}"), "there is more than one private key in it");
    check_refused(&chain, &other, "the private key does not belong to the first certificate");
    let encrypted = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    check_refused(
        &chain,
        &encrypted,
        "the private key is encrypted; write it without a password (`openssl pkey -in key.pem`)",
    );
    let truncated = chain.get(..chain.len() / 2).unwrap();
    check_refused(truncated, &key, "the PEM is broken: it breaks off before `-----END CERTIFICATE-----`");
    let garbled = chain.replacen("MII", "!!!", 1);
    check_refused(&garbled, &key, "the PEM is broken: a section is not base64");
}

#[test]
fn no_reason_shows_a_key() {
    let (chain, key) = own(&["a.test"]);
    let body: String = key.lines().nth(1).unwrap().chars().take(16).collect();
    for broken in [key.replacen("END", "ENT", 1), key.replacen('M', "!", 1), format!("{key}{key}")] {
        let error = parse(&chain, &broken).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&body), "{error:?}");
    }
}

#[test]
fn each_certificate_is_issued_by_the_next() {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(authority.clone(), KeyPair::generate().unwrap()).unwrap();
    // Another of the same name.
    let impostor = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf = params(&["a.test"]).signed_by(&key, &issuer).unwrap();
    let text = key.serialize_pem();
    assert!(parse(&format!("{}{}", leaf.pem(), issuer.pem()), &text).is_ok());
    let wrong = "certificate 1 is not issued by the one behind it; the chain begins with the server's own";
    check_refused(&format!("{}{}", leaf.pem(), impostor.pem()), &text, wrong);
    check_refused(&format!("{}{}", issuer.pem(), leaf.pem()), &text, wrong);
}

#[test]
fn a_certificate_has_its_time() {
    let key = KeyPair::generate().unwrap();
    let mut params = params(&["a.test"]);
    (params.not_before, params.not_after) = (date_time_ymd(2030, 1, 1), date_time_ymd(2031, 1, 1));
    let chain = params.self_signed(&key).unwrap().pem();
    let at = |days: u64| {
        let now = UNIX_EPOCH + Duration::from_secs(days * 86_400);
        Certificate::parse(chain.as_bytes(), key.serialize_pem().as_bytes(), now)
    };
    // 2030-01-01 is day 21,915.
    assert!(matches!(at(21_914), Err(CertificateError::NotYetValid { .. })));
    assert!(at(21_915).is_ok() && at(21_915 + 364).is_ok());
    assert!(matches!(at(21_915 + 365), Err(CertificateError::Expired { .. })));
    let error = at(30_000).unwrap_err().to_string();
    assert!(error.contains("2031"), "{error}");
}

#[test]
fn a_certificate_for_nobody_is_refused() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    let chain = params.self_signed(&key).unwrap().pem();
    assert_eq!(parse(&chain, &key.serialize_pem()).unwrap_err(), CertificateError::Nameless);
}
