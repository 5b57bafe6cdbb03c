//! Who a client is, by a certificate that may say anything.

use std::net::Ipv6Addr;

use rcgen::string::{BmpString, Ia5String, TeletexString};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, DnType, DnValue, SanType, SigningKey};
use rustls::pki_types::CertificateDer;
use tls_sni::{ClientIdentity, Server};

use super::rig::{Authority, Issued, Visitor, settings, shake, table};

const NAME: &str = "a.test";

struct House {
    authority: Authority,
    clients: Authority,
    server: Server,
}

impl House {
    fn new() -> Self {
        let (authority, clients) = (Authority::new("ours"), Authority::new("clients"));
        let mut settings = settings();
        settings.client_auth = Some(clients.required());
        let server = Server::new(table(vec![authority.issue(&[NAME]).served()]), &settings).unwrap();
        Self { authority, clients, server }
    }

    /// Who the server takes a client for that shows this.
    async fn taken_for(&self, shown: &Issued) -> ClientIdentity {
        let client = Visitor { shows: Some(shown), ..Visitor::of(&self.authority) }.client();
        shake(&self.server, &client, NAME).await.session().client.clone().unwrap()
    }
}

/// What is made of a client whose certificate says this.
async fn identity(change: impl FnOnce(&mut CertificateParams)) -> ClientIdentity {
    let house = House::new();
    let shown = house.clients.issue_with(&[], change);
    let client = house.taken_for(&shown).await;
    assert_eq!(client.certificate, shown.der.to_vec());
    assert_eq!(client.fingerprint.len(), 64);
    assert!(client.fingerprint.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f')));
    for text in client.names.iter().chain([&client.subject]) {
        assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{text:?}");
    }
    client
}

async fn subject(all: Vec<(DnType, DnValue)>) -> String {
    let mut name = DistinguishedName::new();
    all.into_iter().for_each(|(kind, value)| name.push(kind, value));
    identity(|params| params.distinguished_name = name).await.subject
}

fn utf8(text: &str) -> DnValue {
    DnValue::Utf8String(text.to_owned())
}

#[tokio::test]
async fn a_subject_is_written_in_the_certificates_order() {
    let all = vec![
        (DnType::CommonName, utf8("alice")),
        (DnType::OrganizationName, DnValue::PrintableString("Example".try_into().unwrap())),
        (DnType::CountryName, DnValue::PrintableString("CH".try_into().unwrap())),
        (DnType::CustomDnType(vec![1, 2, 3, 4]), DnValue::Ia5String(Ia5String::try_from("x").unwrap())),
    ];
    assert_eq!(subject(all).await, "CN=alice, O=Example, C=CH, 1.2.3.4=x");
    assert_eq!(subject(Vec::new()).await, "");
}

#[tokio::test]
async fn no_subject_looks_like_another() {
    let one = |text: &str| vec![(DnType::CommonName, utf8(text))];
    for (text, expected) in [
        ("alice, O=Admins", "CN=alice\\2c O=Admins"),
        ("alice + O=Admins", "CN=alice \\2b O=Admins"),
        ("a\\2c b", "CN=a\\5c2c b"),
        ("a\"b;c<d>", "CN=a\\22b\\3bc\\3cd\\3e"),
        (" a b ", "CN=\\20a b\\20"),
        ("#a#", "CN=\\23a#"),
        ("a=b", "CN=a=b"),
        ("", "CN="),
    ] {
        assert_eq!(subject(one(text)).await, expected);
    }
}

#[tokio::test]
async fn no_subject_breaks_a_line() {
    let of = |value: DnValue| vec![(DnType::CommonName, value)];
    for (value, expected) in [
        (utf8("a\r\nX-Admin: yes"), "CN=a\\0d\\0aX-Admin: yes"),
        (utf8("b\u{fc}cher\0\u{7f}"), "CN=b\\c3\\bccher\\00\\7f"),
        (utf8("\u{202e}\u{1f980}"), "CN=\\e2\\80\\ae\\f0\\9f\\a6\\80"),
        (DnValue::BmpString(BmpString::try_from("b\u{fc},").unwrap()), "CN=b\\c3\\bc\\2c"),
        (DnValue::TeletexString(TeletexString::try_from("a,b").unwrap()), "CN=a\\2cb"),
    ] {
        assert_eq!(subject(of(value)).await, expected);
    }
}

#[tokio::test]
async fn names_have_their_kinds() {
    let text = |text: &str| Ia5String::try_from(text).unwrap();
    let client = identity(|params| {
        params.subject_alt_names = vec![
            SanType::DnsName(text("A.example.test")),
            SanType::URI(text("spiffe://example.test/a,b")),
            SanType::Rfc822Name(text("a@example.test")),
            SanType::IpAddress([192, 0, 2, 1].into()),
            SanType::IpAddress(Ipv6Addr::LOCALHOST.into()),
            SanType::OtherName((vec![1, 3, 6, 1], "other".into())),
        ];
    })
    .await;
    let expected = [
        "DNS:A.example.test",
        "URI:spiffe://example.test/a\\2cb",
        "email:a@example.test",
        "IP:192.0.2.1",
        "IP:::1",
    ];
    assert_eq!(client.names, expected);
}

#[tokio::test]
async fn no_name_looks_like_another() {
    let uri = |uri: &str| SanType::URI(Ia5String::try_from(uri).unwrap());
    let client = identity(|params| {
        params.subject_alt_names = vec![uri("a, DNS:admin.test"), uri("a\r\nX: y"), uri("a\\2c"), uri(" a ")];
    })
    .await;
    assert_eq!(
        client.names,
        ["URI:a\\2c DNS:admin.test", "URI:a\\0d\\0aX: y", "URI:a\\5c2c", "URI:\\20a\\20"]
    );
}

#[tokio::test]
async fn a_client_without_names_has_a_subject_alone() {
    let client = identity(|_| ()).await;
    assert_eq!(client.subject, "CN=rcgen self signed cert");
    assert_eq!(client.names, [""; 0]);
}

/// The same certificate with these bytes in place of those, signed again.
fn altered(authority: &Authority, issued: Issued, from: &[u8], to: &[u8]) -> Issued {
    let at = issued.der.windows(from.len()).position(|window| window == from).unwrap();
    let mut der = issued.der.to_vec();
    der[at..at + to.len()].copy_from_slice(to);
    // SEQUENCE { what is signed, SEQUENCE { OID of ecdsa-with-SHA256 }, BIT STRING }.
    assert_eq!((der[0], der[1], der[4], der[5]), (0x30, 0x82, 0x30, 0x82));
    let signed = 4..8 + usize::from(u16::from_be_bytes([der[6], der[7]]));
    let signature = authority.issuer.key().sign(&der[signed.clone()]).unwrap();
    let mut body = der[signed.start..signed.end + 12].to_vec();
    body.extend([3, u8::try_from(signature.len() + 1).unwrap(), 0]);
    body.extend(signature);
    let mut whole = vec![0x30, 0x82];
    whole.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    whole.extend(body);
    Issued { der: CertificateDer::from(whole), ..issued }
}

fn padded(params: &mut CertificateParams) {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "mallory");
    params.distinguished_name = name;
    // Long enough for its length to take two bytes.
    params.custom_extensions.push(CustomExtension::from_oid_content(&[1, 2, 3], vec![0; 200]));
}

#[tokio::test]
async fn bytes_that_are_no_text_are_shown_as_they_are() {
    let house = House::new();
    let issued = house.clients.issue_with(&[], padded);
    // A T61String in Latin-1, as old authorities wrote it.
    let shown = altered(&house.clients, issued, b"\x0c\x07mallory", b"\x14\x07m\xfcller,");
    assert_eq!(house.taken_for(&shown).await.subject, "CN=m\\fcller\\2c");
}
