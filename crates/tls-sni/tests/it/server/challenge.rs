//! Validations by an ACME server (RFC 8737).

use std::sync::Arc;

use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tls_sni::{Certificate, Certificates, HandshakeFailure, Protocol, Server, TlsVersion, UnknownName};

use super::rig::{Authority, EACH, Ends, V12, Versions, Visitor, settings, shake, shown, table};

const NAME: &str = "a.test";
const ACME: &[u8] = b"acme-tls/1";

/// An ACME server looks at the certificate itself: nobody vouches for it.
#[derive(Debug)]
struct Anything;

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn challenge(name: &str) -> Certificate {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.custom_extensions.push(CustomExtension::new_acme_identifier(&[7; 32]));
    let pem = params.self_signed(&key).unwrap().pem();
    Certificate::for_challenge(pem.as_bytes(), key.serialize_pem().as_bytes()).unwrap()
}

struct House {
    authority: Authority,
    certificates: Certificates,
    server: Server,
    pending: Certificate,
}

impl House {
    /// One whose `a.test` is served and validated; `new.test` is only validated, `b.test` only served.
    fn new() -> Self {
        let authority = Authority::new("ours");
        let certificates = table(vec![authority.issue(&[NAME, "b.test"]).as_default()]);
        let pending = challenge(NAME);
        certificates.put_challenge("A.Test.", pending.clone());
        certificates.put_challenge("new.test", challenge("new.test"));
        let mut settings = settings();
        settings.protocols = vec![Protocol::Http2, Protocol::Http1];
        // None of these concerns a validation.
        settings.min_version = TlsVersion::V13;
        settings.unknown_name = UnknownName::Default;
        settings.client_auth = Some(authority.required());
        let server = Server::new(certificates.clone(), &settings).unwrap();
        Self { authority, certificates, server, pending }
    }

    fn client(&self, versions: Versions, protocols: &[&[u8]]) -> Arc<ClientConfig> {
        let mut config = Visitor { versions, protocols, ..Visitor::of(&self.authority) }.config();
        config.dangerous().set_certificate_verifier(Arc::new(Anything));
        Arc::new(config)
    }

    async fn validate(&self, name: &str) -> Ends {
        shake(&self.server, &self.client(rustls::ALL_VERSIONS, &[ACME]), name).await
    }
}

#[tokio::test]
async fn a_validation_gets_the_challenges_certificate() {
    let house = House::new();
    for versions in EACH {
        let client = house.client(versions, &[ACME]);
        let ends = shake(&house.server, &client, NAME).await;
        assert_eq!(ends.failure(), HandshakeFailure::Challenge);
        let theirs = ends.theirs.unwrap();
        assert_eq!(shown(&theirs).as_ref(), house.pending.leaf());
        assert_eq!(theirs.get_ref().1.alpn_protocol(), Some(ACME));
    }
    // There may be no other certificate for the name.
    assert_eq!(house.validate("new.test").await.failure(), HandshakeFailure::Challenge);
    assert_eq!(HandshakeFailure::Challenge.code(), "challenge");
}

#[tokio::test]
async fn a_validation_of_a_name_that_is_not_pending_is_refused() {
    let house = House::new();
    for name in ["b.test", "other.test", "x.a.test"] {
        let ends = house.validate(name).await;
        assert_eq!(ends.failure(), HandshakeFailure::UnknownName, "{name}");
        assert_eq!(ends.alert().await, AlertDescription::UnrecognisedName);
    }
    let mut config = ClientConfig::clone(&house.client(rustls::ALL_VERSIONS, &[ACME]));
    config.enable_sni = false;
    let ends = shake(&house.server, &Arc::new(config), NAME).await;
    assert_eq!(ends.failure(), HandshakeFailure::UnknownName);
}

#[tokio::test]
async fn an_answered_challenge_is_answered_no_longer() {
    let house = House::new();
    house.certificates.remove_challenge("A.test");
    assert_eq!(house.validate(NAME).await.failure(), HandshakeFailure::UnknownName);
    assert_eq!(house.validate("new.test").await.failure(), HandshakeFailure::Challenge);
}

#[tokio::test]
async fn whoever_offers_anything_beside_it_is_an_ordinary_client() {
    let house = House::new();
    let mut settings = settings();
    settings.protocols = vec![Protocol::Http2];
    house.server.replace(&settings).unwrap();
    for versions in EACH {
        for protocols in [&[ACME, b"h2"][..], &[b"h2", ACME], &[b"h2"], &[]] {
            // It verifies the certificate, which the challenge's would not stand.
            let client = Visitor { versions, protocols, ..Visitor::of(&house.authority) }.client();
            let session = shake(&house.server, &client, NAME).await.session();
            let expected = protocols.contains(&&b"h2"[..]).then_some(Protocol::Http2);
            assert_eq!(session.protocol, expected, "{protocols:?}");
        }
    }
    let client = house.client(&V12, &[ACME, ACME]);
    let ends = shake(&house.server, &client, NAME).await;
    assert_eq!(ends.failure(), HandshakeFailure::NoSharedParameters);
}
