//! Versions, protocols and signatures that both sides know.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::{AlertDescription, ClientConfig, SignatureScheme};
use tls_sni::{HandshakeFailure, Protocol, Server, TlsVersion};

use super::rig::{Authority, EACH, Issued, V12, V13, Visitor, client, serving, settings, shake, table};

const NAME: &str = "a.test";

fn is_ecdsa(scheme: SignatureScheme) -> bool {
    use SignatureScheme as S;
    matches!(scheme, S::ECDSA_NISTP256_SHA256 | S::ECDSA_NISTP384_SHA384 | S::ECDSA_NISTP521_SHA512)
}

/// A provider that verifies no signatures but these.
fn verifying(is_known: impl Fn(SignatureScheme) -> bool) -> CryptoProvider {
    let mut provider = aws_lc_rs::default_provider();
    let all = provider.signature_verification_algorithms.mapping.iter();
    let known: Vec<_> = all.filter(|(scheme, _)| is_known(*scheme)).copied().collect();
    provider.signature_verification_algorithms.mapping = known.leak();
    provider
}

async fn shown(server: &Server, client: &Arc<ClientConfig>) -> Vec<u8> {
    shake(server, client, NAME).await.shown().to_vec()
}

#[tokio::test]
async fn who_knows_rsa_alone_gets_the_rsa_certificate() {
    let authority = Authority::new("ours");
    let (ecdsa, rsa) = (authority.issue(&[NAME]), authority.issue_rsa(&[NAME]));
    let server = serving(&[&rsa, &ecdsa]);
    for versions in EACH {
        let ordinary = Visitor { versions, ..Visitor::of(&authority) };
        let provider = verifying(|scheme| !is_ecdsa(scheme));
        let old = Visitor { provider, ..ordinary.clone() };
        assert_eq!(shown(&server, &ordinary.client()).await, ecdsa.der.to_vec());
        assert_eq!(shown(&server, &old.client()).await, rsa.der.to_vec());
    }
}

#[tokio::test]
async fn who_has_cipher_suites_for_rsa_alone_gets_the_rsa_certificate() {
    let authority = Authority::new("ours");
    let (ecdsa, rsa) = (authority.issue(&[NAME]), authority.issue_rsa(&[NAME]));
    let server = serving(&[&rsa, &ecdsa]);
    // It lists signatures with ECDSA all the same, as most do: in TLS 1.2 the suite decides. RFC 5246 section 7.4.3.
    let mut provider = aws_lc_rs::default_provider();
    provider.cipher_suites = vec![aws_lc_rs::cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256];
    let old = Visitor { versions: &V12, provider, ..Visitor::of(&authority) };
    assert_eq!(shown(&server, &old.client()).await, rsa.der.to_vec());
    let server = serving(&[&ecdsa]);
    let ends = shake(&server, &old.client(), NAME).await;
    assert_eq!(ends.failure(), HandshakeFailure::NoSharedParameters);
    assert_eq!(ends.alert().await, AlertDescription::HandshakeFailure);
}

#[tokio::test]
async fn who_can_verify_no_certificate_is_told() {
    let authority = Authority::new("ours");
    let server = serving(&[&authority.issue_rsa(&[NAME])]);
    for versions in EACH {
        let one = Visitor { versions, provider: verifying(is_ecdsa), ..Visitor::of(&authority) };
        let ends = shake(&server, &one.client(), NAME).await;
        assert_eq!(ends.failure(), HandshakeFailure::NoSharedParameters);
        assert_eq!(ends.alert().await, AlertDescription::HandshakeFailure);
    }
}

fn speaking(issued: &Issued, protocols: &[Protocol], min_version: TlsVersion) -> Server {
    let mut settings = settings();
    settings.protocols = protocols.to_vec();
    settings.min_version = min_version;
    Server::new(table(vec![issued.served()]), &settings).unwrap()
}

#[tokio::test]
async fn the_servers_preference_decides_on_the_protocol() {
    let authority = Authority::new("ours");
    let issued = authority.issue(&[NAME]);
    let (h1, h2) = (Protocol::Http1, Protocol::Http2);
    type Case = (&'static [Protocol], &'static [&'static [u8]], Option<Protocol>);
    let cases: [Case; 7] = [
        (&[Protocol::Http2, Protocol::Http1], &[b"http/1.1", b"h2"], Some(h2)),
        (&[Protocol::Http1, Protocol::Http2], &[b"h2", b"http/1.1"], Some(h1)),
        (&[Protocol::Http2, Protocol::Http1], &[b"http/1.1"], Some(h1)),
        (&[Protocol::Http2, Protocol::Http1], &[b"http/1.0", b"spdy/3", b"h2"], Some(h2)),
        (&[Protocol::Http2, Protocol::Http1], &[], None),
        (&[], &[b"h2"], None),
        (&[], &[], None),
    ];
    for (spoken, protocols, expected) in cases {
        let server = speaking(&issued, spoken, TlsVersion::V12);
        for versions in EACH {
            let client = Visitor { versions, protocols, ..Visitor::of(&authority) }.client();
            let (ours, theirs) = shake(&server, &client, NAME).await.both();
            assert_eq!(ours.session().protocol, expected, "{spoken:?} {protocols:?}");
            assert_eq!(theirs.get_ref().1.alpn_protocol(), expected.map(Protocol::alpn));
        }
    }
}

#[tokio::test]
async fn who_offers_no_protocol_that_is_spoken_is_told() {
    let authority = Authority::new("ours");
    let server = speaking(&authority.issue(&[NAME]), &[Protocol::Http2, Protocol::Http1], TlsVersion::V12);
    let client = Visitor { protocols: &[b"smtp", b"H2"], ..Visitor::of(&authority) }.client();
    let ends = shake(&server, &client, NAME).await;
    assert_eq!(ends.failure(), HandshakeFailure::NoSharedParameters);
    assert_eq!(ends.alert().await, AlertDescription::NoApplicationProtocol);
}

#[tokio::test]
async fn the_oldest_version_is_a_setting() {
    let authority = Authority::new("ours");
    let issued = authority.issue(&[NAME]);
    for (versions, min, expected) in [
        (&V12, TlsVersion::V12, Some(TlsVersion::V12)),
        (&V13, TlsVersion::V12, Some(TlsVersion::V13)),
        (&V13, TlsVersion::V13, Some(TlsVersion::V13)),
        (&V12, TlsVersion::V13, None),
    ] {
        let server = speaking(&issued, &[], min);
        let client = Visitor { versions, ..Visitor::of(&authority) }.client();
        let ends = shake(&server, &client, NAME).await;
        match expected {
            Some(version) => assert_eq!(ends.session().version, version),
            None => {
                assert_eq!(ends.failure(), HandshakeFailure::NoSharedParameters);
                assert_eq!(ends.alert().await, AlertDescription::ProtocolVersion);
            }
        }
    }
}

#[tokio::test]
async fn a_client_that_does_not_believe_the_certificate_breaks_off() {
    let (authority, other) = (Authority::new("ours"), Authority::new("other"));
    let server = serving(&[&authority.issue(&[NAME])]);
    for versions in EACH {
        let client = Visitor { versions, ..Visitor::of(&other) }.client();
        assert_eq!(shake(&server, &client, NAME).await.failure(), HandshakeFailure::Alert);
    }
    assert_eq!(HandshakeFailure::Alert.code(), "alert");
    assert!(shake(&server, &client(&authority), NAME).await.ours.is_ok());
}
