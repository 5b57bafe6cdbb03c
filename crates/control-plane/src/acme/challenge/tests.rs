use std::sync::{Arc, Mutex};

use tls_sni::Certificates;
use x509_parser::parse_x509_certificate;

use super::super::failure::Concern;
use super::super::settings::ChallengeKind;
use super::{Expected, Http01, Presenter, certificate};

/// Says what was done.
#[derive(Default)]
struct Table(Mutex<Vec<String>>);

impl Http01 for Table {
    fn put(&self, token: &str, key_authorization: &str) {
        self.0.lock().unwrap().push(format!("put {token} {key_authorization}"));
    }

    fn remove(&self, token: &str) {
        self.0.lock().unwrap().push(format!("remove {token}"));
    }
}

const DIGEST: [u8; 32] = [7; 32];

fn expected(token: &str) -> Expected<'_> {
    Expected { name: "a.example", token, key_authorization: "tok.thumb", digest: &DIGEST }
}

fn presenter() -> (Presenter, Arc<Table>) {
    let table = Arc::<Table>::default();
    (Presenter { http01: table.clone(), certificates: Certificates::new() }, table)
}

#[test]
fn an_answer_is_there_until_it_is_dropped() {
    let (presenter, table) = presenter();
    let presented = presenter.present(ChallengeKind::Http01, &expected("tok")).ok().unwrap();
    assert_eq!(*table.0.lock().unwrap(), ["put tok tok.thumb"]);
    drop(presented);
    assert_eq!(*table.0.lock().unwrap(), ["put tok tok.thumb", "remove tok"]);
}

#[test]
fn a_token_that_could_lead_elsewhere_is_refused() {
    let (presenter, table) = presenter();
    let long = "t".repeat(257);
    for token in ["", "../etc", "a/b", "a b", "a?b", "a%2fb", "\u{e9}", &long] {
        let failure = presenter.present(ChallengeKind::Http01, &expected(token)).err().unwrap();
        assert_eq!(failure.concerns, Concern::Authority, "{token}");
    }
    assert!(table.0.lock().unwrap().is_empty());
}

#[test]
fn an_answer_over_tls_is_for_the_one_name_and_carries_the_digest() {
    let certificate = certificate("a.example", &DIGEST).unwrap();
    assert_eq!(certificate.names(), ["a.example"]);
    let (_, parsed) = parse_x509_certificate(certificate.leaf()).unwrap();
    let identifier = x509_parser::oid_registry::asn1_rs::oid!(1.3.6.1.5.5.7.1.31);
    let extension = parsed.get_extension_unique(&identifier).unwrap().unwrap();
    assert!(extension.critical);
    // An octet string in an octet string: RFC 8737 section 3.
    assert_eq!(extension.value, [&[4, 32][..], &DIGEST].concat());
}

#[test]
fn what_is_no_digest_is_no_panic() {
    assert!(certificate("a.example", &DIGEST[..31]).is_err());
    assert!(certificate("b\u{fc}cher.example", &DIGEST).is_err());
}
