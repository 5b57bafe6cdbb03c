use rcgen::{CertificateParams, KeyPair};

use super::*;

fn certificate() -> rcgen::Certificate {
    let key = KeyPair::generate().unwrap();
    CertificateParams::new(vec!["root.test".into()]).unwrap().self_signed(&key).unwrap()
}

#[test]
fn a_system_without_roots_is_refused_with_the_reason() {
    let refused = |found| match store(found) {
        Err(ClientError::NoSystemRoots { detail }) => detail,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(CertificateResult::default()), "");

    let mut found = CertificateResult::default();
    found.certs.push(CertificateDer::from(vec![1, 2, 3]));
    assert_eq!(refused(found), " (1 cannot be read)");

    let found = rustls_native_certs::load_certs_from_paths(Some("/nonexistent/roots.pem".as_ref()), None);
    let detail = refused(found);
    assert!(detail.contains("/nonexistent/roots.pem"), "{detail}");
    let error = ClientError::NoSystemRoots { detail };
    assert!(error.to_string().starts_with("no root certificates are found on this system ("), "{error}");
}

#[test]
fn what_the_system_has_beside_unreadable_certificates_is_used() {
    let mut found = CertificateResult::default();
    found.certs.push(CertificateDer::from(vec![1, 2, 3]));
    found.certs.push(certificate().der().clone());
    assert_eq!(store(found).unwrap().len(), 1);
}

#[test]
fn a_text_may_hold_several_roots_and_other_sections() {
    let key = KeyPair::generate().unwrap().serialize_pem();
    let (one, other) = (certificate(), certificate());
    let text = format!("# a comment\n{}\n{key}\n{}", one.pem(), other.pem());
    let (roots, given) = of_pem(text.as_bytes()).unwrap();
    assert_eq!(roots.len(), 2);
    assert_eq!(given, [one.der().clone(), other.der().clone()]);
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(of_pem(text.as_bytes()).unwrap_err().to_string(), expected);
}

#[test]
fn bad_roots_are_refused_with_their_reason() {
    let good = certificate().pem();
    let none = "the roots: there is no certificate in it (`-----BEGIN CERTIFICATE-----`)";
    check("", none);
    check("nothing of the kind", none);
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
    assert!(of_pem(begin.as_bytes()).unwrap_err().to_string().contains("breaks off"));
    check(&format!("{begin}\n%%%\n{end}\n"), "the roots: the PEM is broken: a section is not base64");
    check(&format!("{good}\n{begin}\nAQID\n{end}\n"), "the roots: certificate 2 cannot be read: BadEncoding");
}
