use std::sync::Mutex;
use std::time::{Duration, UNIX_EPOCH};

use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::client::ResolvesClientCert;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
    SupportedProtocolVersion,
};
use tokio::io::{AsyncReadExt, duplex};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;
use crate::certificates::Served;
use crate::client_auth::ClientAuthMode;
use crate::tickets::Tickets;

const NAME: &str = "a.test";

/// Verifies that the key is the client's, and goes by a clock that stands.
#[derive(Debug)]
struct Timeless;

impl ClientCertVerifier for Timeless {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

struct House {
    issuer: CertifiedIssuer<'static, KeyPair>,
    served: Certificate,
    keys: TicketKeys,
    rule: ClientAuth,
}

impl House {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let served = CertificateParams::new(vec![NAME.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        let served = Certificate::read(served.pem().as_bytes(), key.serialize_pem().as_bytes()).unwrap();
        let rule = ClientAuth::new(issuer.pem().as_bytes(), &[], ClientAuthMode::Required).unwrap();
        Self { issuer, served, keys: TicketKeys::random(), rule }
    }

    fn server(&self) -> Server {
        let mut settings = ServerSettings::new(self.keys.clone());
        settings.client_auth = Some(self.rule.clone());
        let certificates = Certificates::new();
        certificates.put("file:a", Served::new(self.served.clone()));
        Server::new(certificates, &settings).unwrap()
    }

    /// The same server in the past: it takes a certificate that was valid then.
    fn former(&self) -> TlsAcceptor {
        let builder = base(TlsVersion::V12).unwrap().with_client_cert_verifier(Arc::new(Timeless));
        let mut config = builder.with_cert_resolver(Fixed::of(self.served.key()));
        config.ticketer = Arc::new(Tickets::new(self.keys.clone(), self.rule.class));
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        TlsAcceptor::from(Arc::new(config))
    }

    /// A client's certificate that ends in that year.
    fn shown(&self, until: i32) -> Arc<CertifiedKey> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.not_after = date_time_ymd(until, 1, 1);
        let shown = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let key = provider().key_provider.load_private_key(key).unwrap();
        Arc::new(CertifiedKey::new(vec![shown.der().clone()], key))
    }

    fn client(&self, version: &'static SupportedProtocolVersion, shows: &Arc<Turning>) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_cert_resolver(Arc::clone(shows) as Arc<dyn ResolvesClientCert>);
        TlsConnector::from(Arc::new(config))
    }
}

/// Shows a certificate that is replaced in time.
#[derive(Debug)]
struct Turning(Mutex<Arc<CertifiedKey>>);

impl ResolvesClientCert for Turning {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.lock().unwrap()))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// What the server makes of a client that has a ticket under a certificate that ends in the first year, and shows one that
/// ends in the second: whether it is resumed.
async fn comes_again(
    version: &'static SupportedProtocolVersion,
    until: i32,
    next: i32,
) -> Result<bool, HandshakeFailure> {
    let house = House::new();
    let shows = Arc::new(Turning(Mutex::new(house.shown(until))));
    let client = house.client(version, &shows);
    let name = || ServerName::try_from(NAME).unwrap();
    let (near, far) = duplex(64 * 1024);
    let (ours, theirs) = tokio::join!(house.former().accept(near), client.connect(name(), far));
    // Whatever tickets there are have been sent.
    drop(ours.unwrap());
    assert!(theirs.unwrap().read(&mut [0]).await.is_err());
    let shown = house.shown(next);
    *shows.0.lock().unwrap() = Arc::clone(&shown);
    let (near, far) = duplex(64 * 1024);
    let server = house.server();
    let (ours, _theirs) = tokio::join!(server.accept(near), client.connect(name(), far));
    let session = Arc::clone(ours?.session());
    let is_new = session.client.as_ref().is_some_and(|client| client.certificate == shown.cert[0].to_vec());
    assert_ne!(is_new, session.is_resumed);
    Ok(session.is_resumed)
}

#[tokio::test]
async fn an_expired_client_does_not_come_back_by_a_ticket() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        assert_eq!(comes_again(version, 3000, 3000).await, Ok(true));
        assert_eq!(comes_again(version, 2001, 2001).await, Err(HandshakeFailure::ClientCertificate));
        // It may show a new one, for which it is not refused first.
        assert_eq!(comes_again(version, 2001, 3000).await, Ok(false));
    }
}

#[test]
fn a_client_is_somebody_until_its_certificate_ends() {
    let mut params = CertificateParams::default();
    params.not_after = date_time_ymd(2001, 1, 1);
    let shown = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let ends = UNIX_EPOCH + Duration::from_secs(978_307_200);
    let refused = Err(HandshakeFailure::ClientCertificate);
    assert!(identified(shown.der(), ends - Duration::from_secs(1)).is_ok());
    assert_eq!(identified(shown.der(), ends), refused);
    assert_eq!(identified(&CertificateDer::from(vec![0x30, 0]), UNIX_EPOCH), refused);
}
